//! Feeds: a row for each tenant, which numbers its events, and a row for each event.

use std::sync::Arc;

use async_trait::async_trait;
use tokio_postgres::Row;

use super::push::odd;
use super::{PostgresQueue, Shared, ms, number};
use crate::feed::{FEED_EVENTS, FeedEvent, feed_lifetime};
use crate::feed_writer::Batch;
use crate::{EventId, FeedPage, Feeds, QueueError};

/// One row for each event, or one without an event. An id of an earlier epoch is before all of this one.
const PAGE: &str = "\
    SELECT f.epoch, f.last, (SELECT min(number) FROM feed_event WHERE tenant = f.tenant) AS first, e.number, e.body \
    FROM feed AS f LEFT JOIN LATERAL ( \
        SELECT number, body FROM feed_event WHERE tenant = f.tenant AND number > CASE \
            WHEN f.epoch = $2 THEN $3 WHEN f.epoch < $2 THEN f.last ELSE 0 END \
        ORDER BY number LIMIT $4 \
    ) AS e ON true \
    WHERE f.tenant = $1 ORDER BY e.number";

#[async_trait]
impl Feeds for PostgresQueue {
    fn announce(&self, tenant: Option<&str>, event: FeedEvent) {
        self.shared.feeds.announce(tenant, &event);
    }

    async fn flush_feeds(&self) {
        self.shared.feeds.flush().await;
    }

    async fn feed(&self, tenant: Option<&str>, after: Option<EventId>, limit: usize) -> Result<FeedPage, QueueError> {
        let tenant = tenant.unwrap_or_default();
        let (epoch, after) = after.map_or((0, 0), |after| (number(after.epoch), number(after.number)));
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows = self.shared.database.query("read a feed", PAGE, &[&tenant, &epoch, &after, &limit]).await?;
        page(&rows).map_err(|_| odd())
    }
}

fn page(rows: &[Row]) -> Result<FeedPage, tokio_postgres::Error> {
    let mut page = FeedPage::default();
    for row in rows {
        let epoch: i64 = row.try_get(0)?;
        let id = |number: i64| EventId { epoch: epoch.unsigned_abs(), number: number.unsigned_abs() };
        page.last = Some(id(row.try_get(1)?));
        page.first = row.try_get::<_, Option<i64>>(2)?.map(id);
        if let (Some(number), Some(body)) = (row.try_get::<_, Option<i64>>(3)?, row.try_get::<_, Option<&str>>(4)?) {
            page.events.push((id(number), FeedEvent::from_json(body)));
        }
    }
    Ok(page)
}

/// The writing task.
pub(super) async fn write_feeds(shared: Arc<Shared>) {
    let write = |batch: Arc<Batch>| {
        let shared = Arc::clone(&shared);
        async move { shared.add_to_feeds(&batch).await }
    };
    shared.feeds.run(write).await;
}

impl Shared {
    async fn add_to_feeds(&self, batch: &Batch) -> Result<(), QueueError> {
        let tenants: Vec<&str> = batch.iter().map(|(tenant, _)| tenant.as_str()).collect();
        let events: Vec<&str> = batch.iter().map(|(_, event)| event.as_str()).collect();
        let (kept, lifetime) = (number(FEED_EVENTS), ms(feed_lifetime(self.rules.result_ttl)));
        let sql = "SELECT announce($1, $2, $3, $4)";
        self.database.query_once("add to feeds", sql, &[&tenants, &events, &kept, &lifetime]).await.map(drop)
    }
}
