//! Webhooks that are still to be sent: a sorted set for each language, by the time at which each is due.

use std::sync::atomic::Ordering;
use std::time::Duration;

use async_trait::async_trait;

use super::script::{Args, COLLECT, SETTLE};
use super::{RedisQueue, Shared, ms};
use crate::{DeliveryOutcome, Outbox, QueueError, WebhookDelivery};

/// A job outlives its time for as long as its webhook may have to be tried again.
pub(super) const KEPT: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// A webhook that cannot be read is removed after this many leases: about half an hour.
const UNREADABLE_CLAIMS: u64 = 50;
/// The languages that ever had a job with a webhook.
pub(super) const HOOKED: &str = "hooked";

#[async_trait]
impl Outbox for RedisQueue {
    async fn collect(&self, lease: Duration, limit: usize) -> Result<Vec<WebhookDelivery>, QueueError> {
        let languages: Vec<String> = self.shared.entries(HOOKED).await?.into_iter().collect();
        let first = self.shared.turn.fetch_add(1, Ordering::Relaxed) % languages.len().max(1);
        let mut found = Vec::new();
        for language in languages.iter().cycle().skip(first).take(languages.len()) {
            let room = limit - found.len();
            if room == 0 {
                break;
            }
            found.extend(self.shared.collect(language, lease, room).await?);
        }
        Ok(found)
    }

    async fn settle(&self, delivery: &WebhookDelivery, sent: DeliveryOutcome) -> Result<(), QueueError> {
        let Some(language) = self.shared.route(delivery.id).await? else { return Ok(()) };
        let (after, tries) = match sent {
            DeliveryOutcome::Done => (String::new(), delivery.tries),
            DeliveryOutcome::Retry { after, tries } => (ms(after).to_string(), tries),
        };
        let args = Args::default().with(delivery.id.to_string()).with(delivery.claim).with(after).with(tries);
        let args = args.with(ms(self.shared.rules.result_ttl));
        self.shared.run::<u8>("settle a webhook", &SETTLE, &language, &args).await.map(drop)
    }
}

type Row = (String, Vec<u8>, String, u32, u64, Vec<u8>, u32);

impl Shared {
    async fn collect(&self, language: &str, lease: Duration, limit: usize) -> Result<Vec<WebhookDelivery>, QueueError> {
        let args = Args::default().with(ms(lease)).with(limit);
        let rows: Vec<Row> = self.run_once("collect webhooks", &COLLECT, language, &args).await?;
        let mut found = Vec::new();
        for row in rows {
            let (id, claim) = (row.0.clone(), row.4);
            match delivery(row) {
                Some(delivery) => found.push(delivery),
                None => self.skip_unreadable(language, &id, claim).await?,
            }
        }
        Ok(found)
    }

    /// Leaves a webhook that another version wrote to a process that can read it, and removes it when none could.
    async fn skip_unreadable(&self, language: &str, id: &str, claim: u64) -> Result<(), QueueError> {
        if claim < UNREADABLE_CLAIMS {
            tracing::warn!(job = id, claim, "a webhook cannot be read by this version, and is left for another");
            return Ok(());
        }
        tracing::error!(job = id, claim, "a webhook that no version could read is removed");
        let args = Args::default().with(id).with(claim).with("").with(0).with(ms(self.rules.result_ttl));
        self.run::<u8>("remove a webhook", &SETTLE, language, &args).await.map(drop)
    }
}

/// `None`: it was written by hand, or by another version.
fn delivery((id, webhook, tenant, tries, claim, report, generation): Row) -> Option<WebhookDelivery> {
    Some(WebhookDelivery {
        id: id.parse().ok()?,
        tenant: Some(tenant).filter(|tenant| !tenant.is_empty()),
        webhook: serde_json::from_slice(&webhook).ok()?,
        generation,
        tries,
        claim,
        report: serde_json::from_slice(&report).ok(),
    })
}
