//! Webhooks that are still to be sent: rows with a time at which each is due.

use std::time::Duration;

use async_trait::async_trait;
use optimus_core::JobId;
use tokio_postgres::Row;

use super::push::odd;
use super::{PostgresQueue, ms, number};
use crate::{DeliveryOutcome, Outbox, QueueError, WebhookDelivery};

/// A job outlives its time for as long as its webhook may have to be tried again.
pub(super) const KEPT: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// A webhook that cannot be read is removed after this many leases: about half an hour.
const UNREADABLE_CLAIMS: u64 = 50;

const COLLECT: &str = "\
    WITH due AS (SELECT id FROM job WHERE webhook_due <= clock_timestamp() \
        ORDER BY webhook_due LIMIT $2 FOR UPDATE SKIP LOCKED) \
    UPDATE job SET webhook_due = clock_timestamp() + $1::bigint * interval '1 ms', webhook_claim = webhook_claim + 1 \
    FROM due WHERE job.id = due.id \
    RETURNING job.id, tenant, webhook, generation, webhook_tries, webhook_claim, report";

const SETTLE: &str = "\
    UPDATE job SET webhook_due = clock_timestamp() + $3::bigint * interval '1 ms', webhook_tries = $4, \
        expires = CASE WHEN $3::bigint IS NULL THEN clock_timestamp() + $5::bigint * interval '1 ms' ELSE expires END \
    WHERE id = $1 AND webhook_claim = $2 AND webhook_due IS NOT NULL";

#[async_trait]
impl Outbox for PostgresQueue {
    async fn collect(&self, lease: Duration, limit: usize) -> Result<Vec<WebhookDelivery>, QueueError> {
        let (lease, limit) = (ms(lease), number(limit as u64));
        let rows = self.shared.database.query_once("collect webhooks", COLLECT, &[&lease, &limit]).await?;
        let mut found = Vec::new();
        for row in &rows {
            let collected = collected(row).map_err(|_| odd())?;
            match collected.1 {
                Some(delivery) => found.push(delivery),
                None => self.skip_unreadable(collected.0).await?,
            }
        }
        found.sort_by_key(|delivery| delivery.id);
        Ok(found)
    }

    async fn settle(&self, delivery: &WebhookDelivery, sent: DeliveryOutcome) -> Result<(), QueueError> {
        let (after, tries) = match sent {
            DeliveryOutcome::Done => (None, delivery.tries),
            DeliveryOutcome::Retry { after, tries } => (Some(ms(after)), tries),
        };
        self.settle_claim((delivery.id, delivery.claim), after, tries).await
    }
}

/// A job and the claim on its webhook.
type Claim = (JobId, u64);

impl PostgresQueue {
    async fn settle_claim(&self, (id, claim): Claim, after: Option<i64>, tries: u32) -> Result<(), QueueError> {
        let (claim, tries) = (number(claim), i32::try_from(tries).unwrap_or(i32::MAX));
        let ttl = ms(self.shared.rules.result_ttl);
        let params: super::database::Params<'_> = &[&id.0, &claim, &after, &tries, &ttl];
        self.shared.database.query("settle a webhook", SETTLE, params).await.map(drop)
    }

    /// Leaves a webhook that another version wrote to a process that can read it, and removes it when none could.
    async fn skip_unreadable(&self, (id, claim): Claim) -> Result<(), QueueError> {
        if claim < UNREADABLE_CLAIMS {
            tracing::warn!(job = %id, claim, "a webhook cannot be read by this version, and is left for another");
            return Ok(());
        }
        tracing::error!(job = %id, claim, "a webhook that no version could read is removed");
        self.settle_claim((id, claim), None, 0).await
    }
}

/// Without a delivery: it was written by hand, or by another version.
fn collected(row: &Row) -> Result<(Claim, Option<WebhookDelivery>), tokio_postgres::Error> {
    let (id, tenant, webhook) = (JobId(row.try_get(0)?), row.try_get::<_, String>(1)?, row.try_get::<_, &str>(2)?);
    let (generation, tries, claim): (i32, i32, i64) = (row.try_get(3)?, row.try_get(4)?, row.try_get(5)?);
    let (claim, report) = (claim.unsigned_abs(), row.try_get::<_, Option<&str>>(6)?);
    let delivery = serde_json::from_str(webhook).ok().map(|webhook| WebhookDelivery {
        id,
        tenant: Some(tenant).filter(|tenant| !tenant.is_empty()),
        webhook,
        generation: generation.unsigned_abs(),
        tries: tries.unsigned_abs(),
        claim,
        report: report.and_then(|json| serde_json::from_str(json).ok()),
    });
    Ok(((id, claim), delivery))
}
