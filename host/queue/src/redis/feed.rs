//! Feeds: one stream for each tenant, with a slot of its own in a cluster.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use async_trait::async_trait;
use redis::Script;

use super::shared_connection::Request;
use super::{RedisQueue, Shared, ms};
use crate::feed::{FEED_EVENTS, FeedEvent, feed_lifetime};
use crate::feed_writer::Batch;
use crate::{EventId, FeedPage, Feeds, QueueError};

static ANNOUNCE: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("lua/announce.lua")));

type Row = (String, Vec<String>);

#[async_trait]
impl Feeds for RedisQueue {
    fn announce(&self, tenant: Option<&str>, event: FeedEvent) {
        self.shared.feeds.announce(tenant, &event);
    }

    async fn flush_feeds(&self) {
        self.shared.feeds.flush().await;
    }

    async fn feed(&self, tenant: Option<&str>, after: Option<EventId>, limit: usize) -> Result<FeedPage, QueueError> {
        let feed = self.shared.feed_key(tenant.unwrap_or_default());
        let from = after.map_or_else(|| "-".to_owned(), |after| format!("({after}"));
        let mut pipe = redis::pipe();
        pipe.cmd("XRANGE").arg(&feed).arg("-").arg("+").arg("COUNT").arg(1);
        pipe.cmd("XREVRANGE").arg(&feed).arg("+").arg("-").arg("COUNT").arg(1);
        if limit > 0 {
            pipe.cmd("XRANGE").arg(&feed).arg(from).arg("+").arg("COUNT").arg(limit);
        }
        let parts: Vec<Vec<Row>> = self.shared.connection.send_retrying("read a feed", Request::Pipe(&pipe)).await?;
        let id = |at: usize| parts.get(at)?.first()?.0.parse().ok();
        let rows = parts.get(2).into_iter().flatten();
        let event = |(id, fields): &Row| Some((id.parse().ok()?, FeedEvent::from_json(fields.get(1)?)));
        Ok(FeedPage { first: id(0), last: id(1), events: rows.filter_map(event).collect() })
    }
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
        let lifetime = ms(feed_lifetime(self.rules.result_ttl));
        let mut of_tenants: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (tenant, event) in batch {
            of_tenants.entry(tenant).or_default().push(event);
        }
        for (tenant, events) in of_tenants {
            let mut invocation = ANNOUNCE.prepare_invoke();
            invocation.key(self.feed_key(tenant)).arg(FEED_EVENTS).arg(lifetime);
            for event in events {
                invocation.arg(event);
            }
            self.connection.send_once::<u8>("add to a feed", Request::Script(&invocation)).await?;
        }
        Ok(())
    }

    fn feed_key(&self, tenant: &str) -> String {
        format!("{}:feed:{{{tenant}}}", self.prefix)
    }
}
