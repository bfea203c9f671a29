//! The outbox of webhooks that are still to be sent. A webhook enters it in the transaction that stores the report, and
//! stays until it is settled. The queue itself sends nothing.

use std::time::Duration;

use async_trait::async_trait;
use optimus_core::{JobId, Report, Webhook};

use crate::QueueError;

/// Leases due webhooks to a sender, and records the results.
#[async_trait]
pub trait Outbox: Send + Sync {
    /// Leases at most `limit` due deliveries, oldest first. After `lease` an unsettled delivery is due again.
    async fn collect(&self, lease: Duration, limit: usize) -> Result<Vec<WebhookDelivery>, QueueError>;

    /// Records the result of an attempt. Has no effect when another caller holds the delivery by now.
    async fn settle(&self, delivery: &WebhookDelivery, sent: DeliveryOutcome) -> Result<(), QueueError>;
}

/// A webhook to send: the report of one finished job.
#[derive(Debug, Clone, PartialEq)]
pub struct WebhookDelivery {
    /// Id of the job.
    pub id: JobId,
    /// Tenant of the job.
    pub tenant: Option<String>,
    /// The URL, and the secret of this webhook if the job set one.
    pub webhook: Webhook,
    /// Number of times that the dead-lettered job was requeued; each generation ends with a webhook of its own.
    pub generation: u32,
    /// Failed attempts so far.
    pub tries: u32,
    /// Grows with each `collect` that returns it; only the newest claim may settle it.
    pub claim: u64,
    /// The report; `None` when it has expired.
    pub report: Option<Box<Report>>,
}

/// Result of an attempt to deliver a webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryOutcome {
    /// Delivered, or given up: the webhook leaves the outbox.
    Done,
    /// Failed; the webhook is retried.
    Retry {
        /// Delay before the next attempt.
        after: Duration,
        /// Failed attempts so far.
        tries: u32,
    },
}
