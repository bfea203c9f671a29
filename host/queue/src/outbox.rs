//! Webhooks that are still to be sent: entered in the same step that stores a job's report, and kept until they are
//! settled. The queue sends nothing itself.

use std::time::Duration;

use async_trait::async_trait;
use optimus_core::{JobId, Report, Webhook};

use crate::QueueError;

/// Webhooks that are still to be sent.
#[async_trait]
pub trait Outbox: Send + Sync {
    /// At most `limit` deliveries that are due, the oldest first. No other caller gets them within `lease`; afterwards they
    /// are due again, unless they were settled.
    async fn collect(&self, lease: Duration, limit: usize) -> Result<Vec<WebhookDelivery>, QueueError>;

    /// Records the result of a try. Without effect if another caller has got the delivery meanwhile.
    async fn settle(&self, delivery: &WebhookDelivery, sent: Sent) -> Result<(), QueueError>;
}

/// A webhook to send: the end of one job.
#[derive(Debug, Clone, PartialEq)]
pub struct WebhookDelivery {
    /// The job.
    pub id: JobId,
    /// The job's tenant.
    pub tenant: Option<String>,
    /// Its URL, and a secret of its own if it has one.
    pub webhook: Webhook,
    /// How often the job was requeued after it was given up: each time its end is another event.
    pub generation: u32,
    /// Failed tries so far.
    pub tries: u32,
    /// Grows with each `collect` that returns it; only the newest claim may settle it.
    pub claim: u64,
    /// The report; `None` if it has expired by now.
    pub report: Option<Box<Report>>,
}

/// The result of a try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// It arrived, or never will: it is removed.
    Done,
    /// It is tried again.
    Later {
        /// After this long.
        after: Duration,
        /// Failed tries so far.
        tries: u32,
    },
}
