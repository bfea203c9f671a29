//! The queue: holds jobs until a worker takes them, and stores their reports.
//!
//! In: jobs. Out: deliveries to workers, job states to clients, webhooks to the sender. The queue reads only the
//! language and the tenant of a job, and never judges. Execution is at-least-once and results are exactly-once: a
//! delivery carries a fence, and only the newest delivery of a job can finish it.

pub mod background;
mod dead;
pub mod embedded;
mod error;
mod event_id;
mod feed;
mod feed_writer;
mod outbox;
pub mod postgres;
mod publisher;
pub mod redis;
mod shared;
mod unjudged;

use std::collections::BTreeSet;
use std::num::NonZeroU32;
use std::time::Duration;

use async_trait::async_trait;
use optimus_core::{Event, Fault, Job, JobId, Report, Webhook};
use serde::{Deserialize, Serialize};
use tokio_stream::StreamExt as _;

pub use dead::{DeadJob, DeadLetters};
pub use embedded::{EmbeddedConfig, EmbeddedQueue};
pub use error::QueueError;
pub use event_id::{EventId, EventStream, NumberedEvent, NumberedEventStream};
pub use feed::{FEED_EVENTS, FeedEvent, FeedPage, Feeds, LOST};
pub use outbox::{DeliveryOutcome, Outbox, WebhookDelivery};
pub use postgres::{Migrated, PostgresConfig, PostgresQueue, PostgresState};
pub use redis::{RedisConfig, RedisQueue};
pub use shared::{SharedCounts, SharedStore, SharedValues};
pub use unjudged::unjudged;
use unjudged::{unreadable, worker_lost};

/// A complete queue backend.
pub trait Backend: Queue + Leases + JobAdmin + Events + Feeds + Outbox + DeadLetters {}

impl<T: Queue + Leases + JobAdmin + Events + Feeds + Outbox + DeadLetters> Backend for T {}

/// Limits and timeouts that every backend enforces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// Maximum number of jobs that wait or run; a further push fails with `Full`.
    pub cap: u64,
    /// Maximum number of jobs of one tenant that wait or run; a further push fails with `TenantFull`. Jobs without a
    /// tenant count only for `cap`.
    pub tenant_cap: u64,
    /// Maximum number of jobs of one tenant that run at the same time (with Redis: per language). Further jobs wait without
    /// delaying other tenants. Fair turns alone are not enough, because running jobs are not interrupted. Jobs without
    /// a tenant do not count.
    pub tenant_slots: Option<NonZeroU32>,
    /// Maximum bytes of one tenant's jobs that wait or run (with Redis: per language); a further push fails with
    /// `TenantBytes`.
    pub tenant_queue_bytes: u64,
    /// Maximum bytes of one tenant's stored reports and dead-lettered jobs (with Redis: per language). Above it the
    /// oldest expire early; the newest always stays.
    pub tenant_result_bytes: u64,
    /// A worker that sends no heartbeat for this long loses its lease.
    pub lease: Duration,
    /// Attempts to judge a job before it becomes a dead letter.
    pub max_attempts: u32,
    /// Delay before the second attempt; it doubles with each further attempt, up to one minute.
    pub backoff: Duration,
    /// Lifetime of a report and of an idempotency key.
    pub result_ttl: Duration,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            cap: 100_000,
            tenant_cap: 1_000,
            tenant_slots: None,
            tenant_queue_bytes: 2 << 30,
            tenant_result_bytes: 512 << 20,
            lease: Duration::from_secs(15),
            max_attempts: 3,
            backoff: Duration::from_secs(1),
            result_ttl: Duration::from_secs(24 * 60 * 60),
        }
    }
}

impl Rules {
    /// The delay before the next attempt after attempt number `attempt` (from 1) failed.
    pub fn backoff_after(&self, attempt: u32) -> Duration {
        const MOST: Duration = Duration::from_secs(60);
        self.backoff.saturating_mul(1 << attempt.saturating_sub(1).min(16)).min(MOST.max(self.backoff))
    }
}

/// After higher priorities were served this many times in a row, one job of a lower priority is served.
const PASSED_OVER: u32 = 8;

/// Pushes, takes and finishes jobs.
#[async_trait]
pub trait Queue: Send + Sync {
    /// Appends a job. Returns once it is durable: it survives `kill -9`.
    async fn push(&self, job: Job, options: PushOptions) -> Result<Pushed, QueueError>;

    /// Waits for the next job in one of `languages` (empty: any) and leases it. Cancel-safe. Higher priorities are
    /// served first, but lower ones do not starve. Within a priority tenants take turns, and each tenant's jobs are
    /// served oldest first.
    async fn take(&self, languages: &BTreeSet<String>) -> Result<Delivery, QueueError>;

    /// Stores the report and removes the job; returns once that is durable. Fails with `Superseded` when the lease was
    /// lost; the report is then dropped.
    async fn finish(&self, lease: &Lease, report: Report) -> Result<(), QueueError>;

    /// The state of a job; `None` when it was never pushed or its report has expired.
    async fn status(&self, id: JobId) -> Result<Option<Status>, QueueError>;
}

/// Extends or returns the lease of a delivery.
#[async_trait]
pub trait Leases: Send + Sync {
    /// Extends the lease and reports whether the job is to be cancelled. Fails with `Superseded` when the lease was lost:
    /// the worker stops judging.
    async fn heartbeat(&self, lease: &Lease) -> Result<Heartbeat, QueueError>;

    /// Returns the job to the queue. `counted`: our machinery failed, so the attempt counts, the job is retried with
    /// backoff, and after the last attempt its report carries `reason`. Not counted: the worker shuts down.
    async fn release(&self, lease: &Lease, reason: Fault, counted: bool) -> Result<(), QueueError>;
}

/// Cancels, inspects and lists jobs, for the API and the operator.
#[async_trait]
pub trait JobAdmin: Send + Sync {
    /// Cancels a queued job immediately, and a running job with the next heartbeat of its worker.
    async fn cancel(&self, id: JobId) -> Result<Cancelled, QueueError>;

    /// The tenant of a job: `None` for an unknown job, `Some(None)` for a job without a tenant.
    async fn owner(&self, id: JobId) -> Result<Option<Option<String>>, QueueError>;

    /// Queue depths and ages, for metrics.
    async fn stats(&self) -> Result<Stats, QueueError>;

    /// Lists jobs, newest first: at most `limit`, and only jobs older than `before`.
    async fn list(&self, filter: &Filter, before: Option<JobId>, limit: usize) -> Result<Vec<Summary>, QueueError>;
}

/// Live events of jobs. Delivery is lossy on purpose, except for `Done`. The queue publishes `Queued`, `Started` and
/// `Done`; workers publish the events in between.
#[async_trait]
pub trait Events: Send + Sync {
    /// Publishes an event to all subscribers without waiting. A slow subscriber loses events.
    fn publish(&self, id: JobId, event: Event);

    /// Subscribes to a job: first its state (`Queued` or `Started`), then every further event, at last `Done`. A
    /// finished job yields only `Done`. With `after`, the stream starts with the retained events after that one instead
    /// of the state. `None` for an unknown job. A stream that ends without `Done` means that the queue closed.
    async fn follow(&self, id: JobId, after: Option<EventId>) -> Result<Option<NumberedEventStream>, QueueError>;

    /// Subscribes to a job from now on, without event ids.
    async fn subscribe(&self, id: JobId) -> Result<Option<EventStream>, QueueError> {
        let without_ids =
            |events: NumberedEventStream| -> EventStream { Box::pin(events.map(|numbered| numbered.event)) };
        Ok(self.follow(id, None).await?.map(without_ids))
    }
}

/// Options of one push.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PushOptions {
    /// Deduplication: a push with a known key and the same body returns the earlier job.
    pub idempotency: Option<Idempotency>,
    /// Priority among waiting jobs.
    pub priority: Priority,
    /// URL that is called when the job is done.
    pub webhook: Option<Webhook>,
    /// Quota of the API key that submitted the job.
    pub quota: Option<Quota>,
    /// The client waits for the report anyway, so `push` may return a few milliseconds later to share a commit.
    pub may_delay_commit: bool,
}

/// Maximum number of jobs of one API key that wait or run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quota {
    /// Id of the API key.
    pub key: String,
    /// Maximum number of jobs; a further push fails with `QuotaFull`.
    pub most: u64,
}

/// An idempotency key, chosen by the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idempotency {
    /// The key as sent; unique within the tenant.
    pub key: String,
    /// SHA-256 of the request body: a known key with another body is refused with `KeyReused`.
    pub fingerprint: [u8; 32],
}

/// Priority among waiting jobs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Priority {
    High,
    #[default]
    Normal,
    Low,
}

/// Result of a push.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pushed {
    /// Id of the job, or of the earlier job when the idempotency key was known.
    pub id: JobId,
    /// The key was known, and no job was added.
    pub duplicate: bool,
}

/// A leased job.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// The job to judge.
    pub job: Job,
    /// The right to finish it.
    pub lease: Lease,
    /// Number of this attempt, from 1.
    pub attempt: u32,
    /// Time between submission and this delivery.
    pub waited: Duration,
}

/// The right to finish a job. It lasts until the job is leased again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// Id of the job.
    pub id: JobId,
    /// Grows with each delivery of the job.
    pub fence: u64,
    /// The lease ends this long after the last heartbeat.
    pub duration: Duration,
}

/// Answer to a heartbeat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heartbeat {
    /// Keep judging.
    Continue,
    /// Cancellation was requested: stop the job and finish with verdict `cancelled`.
    Cancel,
}

/// State of a job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum Status {
    /// The job waits for a worker.
    Queued,
    /// A worker judges the job.
    Running,
    /// The job is over; the report tells whether it was judged, cancelled or dead-lettered.
    Done {
        /// The stored report.
        report: Box<Report>,
    },
}

/// Result of a cancellation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cancelled {
    /// The job had not started; its verdict is now `cancelled`.
    AtOnce,
    /// The job runs; its worker stops it with the next heartbeat.
    Asked,
    /// The job was already finished.
    TooLate,
    /// The job is unknown.
    Unknown,
}

/// Selects the jobs of a list; an absent field matches all.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Filter {
    pub tenant: Option<String>,
    pub language: Option<String>,
    /// `queued`, `running` or `done`.
    pub state: Option<String>,
}

/// A row of a list of jobs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Summary {
    pub id: JobId,
    pub language: String,
    pub state: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<optimus_core::Verdict>,
    /// Submission time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<optimus_core::Timestamp>,
}

/// Queue depths and ages.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stats {
    /// One row per language with jobs that wait or run.
    pub languages: Vec<LanguageStats>,
    /// Number of dead-lettered jobs.
    pub dead: u64,
    /// Time since this process last searched for expired leases. `None`: no search yet, or the backend needs none.
    pub since_reaped: Option<Duration>,
}

/// Queue depth and age of one language.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct LanguageStats {
    pub language: String,
    pub queued: u64,
    pub running: u64,
    /// Age of the oldest waiting job.
    pub oldest: Duration,
}
