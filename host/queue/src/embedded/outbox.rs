//! Webhooks that are still to be told: when each is due is in memory, all else in the file.

use std::collections::{BTreeSet, HashMap};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use optimus_core::JobId;

use super::EmbeddedQueue;
use super::record::HookRecord;
use super::writer::Op;
use crate::{Outbox, QueueError, Sent, WebhookDelivery};

/// When each is due, and who has it.
#[derive(Default)]
pub(super) struct Pending {
    due: BTreeSet<(Instant, JobId)>,
    at: HashMap<JobId, (Instant, u64)>,
    claims: u64,
}

impl Pending {
    pub(super) fn put(&mut self, id: JobId, due: Instant) {
        let claim = self.remove(id);
        self.due.insert((due, id));
        self.at.insert(id, (due, claim));
    }

    /// Returns its last claim; 0, if it never had one.
    pub(super) fn remove(&mut self, id: JobId) -> u64 {
        let Some((due, claim)) = self.at.remove(&id) else { return 0 };
        self.due.remove(&(due, id));
        claim
    }

    fn claim(&mut self, lease: Duration, limit: usize) -> Vec<(JobId, u64)> {
        let now = Instant::now();
        let due: Vec<JobId> =
            self.due.iter().take_while(|(due, _)| *due <= now).map(|(_, id)| *id).take(limit).collect();
        let claim = |id: JobId| {
            self.put(id, now + lease);
            self.claims += 1;
            if let Some((_, claim)) = self.at.get_mut(&id) {
                *claim = self.claims;
            }
            (id, self.claims)
        };
        due.into_iter().map(claim).collect()
    }

    fn is_held(&self, id: JobId, claim: u64) -> bool {
        self.at.get(&id).is_some_and(|(_, last)| *last == claim)
    }
}

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

    async fn settle(&self, delivery: &WebhookDelivery, sent: Sent) -> Result<(), QueueError> {
        let written = {
            let mut index = self.shared.lock();
            if !index.pending.is_held(delivery.id, delivery.claim) {
                return Ok(());
            }
            let record = match sent {
                Sent::Done => {
                    index.pending.remove(delivery.id);
                    None
                }
                Sent::Later { after, tries } => {
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
