//! The outbox of webhooks: due times and claims are in memory ([`super::pending`]), records are in the file.

use std::time::{Duration, Instant};

use async_trait::async_trait;

use super::EmbeddedQueue;
use super::record::HookRecord;
use super::request::Op;
use crate::{DeliveryOutcome, Outbox, QueueError, WebhookDelivery};

#[async_trait]
impl Outbox for EmbeddedQueue {
    async fn collect(&self, lease: Duration, limit: usize) -> Result<Vec<WebhookDelivery>, QueueError> {
        let claimed = {
            let mut index = self.shared.lock();
            if index.closed {
                return Err(QueueError::Closed);
            }
            index.pending.claim(lease, limit)
        };
        if claimed.is_empty() {
            return Ok(Vec::new());
        }
        self.read(move |shared| {
            let delivery = |(id, claim)| {
                let Some(HookRecord { webhook, tenant, generation, tries, .. }) = shared.store.hook(id)? else {
                    return Ok(None);
                };
                let report = shared.store.report(id)?.map(Box::new);
                Ok(Some(WebhookDelivery { id, tenant, webhook, generation, tries, claim, report }))
            };
            claimed.into_iter().map(delivery).filter_map(Result::transpose).collect()
        })
        .await
    }

    async fn settle(&self, delivery: &WebhookDelivery, sent: DeliveryOutcome) -> Result<(), QueueError> {
        let written = {
            let mut index = self.shared.lock();
            if !index.pending.is_held(delivery.id, delivery.claim) {
                return Ok(());
            }
            let record = match sent {
                DeliveryOutcome::Done => {
                    index.pending.remove(delivery.id);
                    None
                }
                DeliveryOutcome::Retry { after, tries } => {
                    index.pending.put(delivery.id, Instant::now() + after);
                    let (webhook, tenant) = (delivery.webhook.clone(), delivery.tenant.clone());
                    let after = u64::try_from(after.as_millis()).unwrap_or(u64::MAX);
                    Some(HookRecord {
                        webhook,
                        tenant,
                        generation: delivery.generation,
                        tries,
                        due_ms: super::now_ms().saturating_add(after),
                    })
                }
            };
            self.send(&index, Op::Hook { id: delivery.id, record })?
        };
        written.wait().await
    }
}
