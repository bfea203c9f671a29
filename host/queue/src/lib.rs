//! Where jobs wait, and where their reports are kept.
//!
//! In: jobs. Out: deliveries to workers, states to whoever asks, webhooks to whoever delivers them. This room never
//! looks into a job beyond its language and tenant, and never judges. Runs are at-least-once, results exactly-once: a
//! delivery carries a fence, and only the newest delivery of a job can finish it.

pub mod background;
mod dead;
pub mod embedded;
mod error;
mod marks;
mod outbox;
pub mod redis;
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
pub use marks::{EventStream, Mark, Marked, MarkedStream};
pub use outbox::{Outbox, Sent, WebhookDelivery};
pub use redis::{RedisConfig, RedisQueue};
pub use unjudged::unjudged;
use unjudged::{unreadable, worker_lost};

/// All that a backend does.
pub trait Backend: Queue + Leases + Oversight + Events + Outbox + DeadLetters {}

impl<T: Queue + Leases + Oversight + Events + Outbox + DeadLetters> Backend for T {}

/// What holds on every backend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// Jobs waiting or running; beyond, `Full`.
    pub cap: u64,
    /// The same of one tenant; beyond, `TenantFull`. Jobs without a tenant count only for `cap`.
    pub tenant_cap: u64,
    /// Jobs of one tenant that run at once (at Redis: in each language); the others wait, and hold up nobody else.
    /// Turns alone cannot do that: what runs is not interrupted. Jobs without a tenant do not count.
    pub tenant_slots: Option<NonZeroU32>,
    /// Bytes of one tenant's jobs that wait or run (at Redis: in each language); beyond, `TenantBytes`.
    pub tenant_queue_bytes: u64,
    /// Bytes of one tenant's reports that are kept (at Redis: in each language), and of its jobs that were given up;
    /// beyond, its oldest are forgotten early. The newest always stays.
    pub tenant_result_bytes: u64,
    /// A worker that is silent for this long has lost its job.
    pub lease: Duration,
    /// How often a job is begun before it is given up.
    pub max_attempts: u32,
    /// Wait before the second attempt; it doubles with each further one, up to a minute.
    pub backoff: Duration,
    /// How long a report can be asked for, and an idempotency key is remembered.
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
    /// How long a job rests after its `attempt`th attempt failed.
    pub fn backoff_after(&self, attempt: u32) -> Duration {
        const MOST: Duration = Duration::from_secs(60);
        self.backoff.saturating_mul(1 << attempt.saturating_sub(1).min(16)).min(MOST.max(self.backoff))
    }
}

/// While others go first, a priority is passed over this often; then one of its jobs has its turn.
const PASSED_OVER: u32 = 8;

/// Where jobs wait.
#[async_trait]
pub trait Queue: Send + Sync {
    /// Appends a job. Returns once it is durable: it survives `kill -9`.
    async fn push(&self, job: Job, options: PushOptions) -> Result<Pushed, QueueError>;

    /// Waits for the next job in one of `languages` (empty: any) and leases it. Cancel-safe. The highest priority first,
    /// but no priority waits for ever; among equals tenants take turns, and of one tenant's the oldest is first.
    async fn take(&self, languages: &BTreeSet<String>) -> Result<Delivery, QueueError>;

    /// Stores the report and removes the job; returns once that is durable. `Err(Superseded)` when the lease was lost:
    /// the report is dropped.
    async fn finish(&self, lease: &Lease, report: Report) -> Result<(), QueueError>;

    /// The state of a job, or `None` when it was never pushed or its result has expired.
    async fn status(&self, id: JobId) -> Result<Option<Status>, QueueError>;
}

/// What a worker does with a delivery besides finishing it.
#[async_trait]
pub trait Leases: Send + Sync {
    /// Extends the lease, and says whether somebody wants the job cancelled. `Err(Superseded)`: stop working on it.
    async fn heartbeat(&self, lease: &Lease) -> Result<Heartbeat, QueueError>;

    /// Gives the job back: `counted` when our machinery failed (retried with backoff; after the last attempt it becomes
    /// a report with this fault), uncounted when the worker merely stops.
    async fn release(&self, lease: &Lease, reason: Fault, counted: bool) -> Result<(), QueueError>;
}

/// What an operator and the API do.
#[async_trait]
pub trait Oversight: Send + Sync {
    /// A queued job is cancelled at once, a running one as soon as its worker hears of it.
    async fn cancel(&self, id: JobId) -> Result<Cancelled, QueueError>;

    /// Whose a job is: `None` when there is no such job, `Some(None)` when it is nobody's in particular.
    async fn owner(&self, id: JobId) -> Result<Option<Option<String>>, QueueError>;

    /// Depths and ages, for metrics.
    async fn stats(&self) -> Result<Stats, QueueError>;

    /// Newest first, at most `limit`, only those before `before`.
    async fn list(&self, filter: &Filter, before: Option<JobId>, limit: usize) -> Result<Vec<Summary>, QueueError>;
}

/// What happens to jobs while they are under way; lossy on purpose, except for `Done`. The queue itself tells of
/// `Queued`, `Started` and `Done`, workers of what lies between.
#[async_trait]
pub trait Events: Send + Sync {
    /// Tells whoever listens. A slow listener loses events; the worker never waits.
    fn publish(&self, id: JobId, event: Event);

    /// Where it stands (`Queued` or `Started`), what happens from now on, and `Done` at the end; a job that is over gives
    /// only `Done`. Whoever has heard events up to `after` hears those that it missed instead of where the job stands, as
    /// far as they are still known. `None` for an unknown job. A stream that ends without `Done`: the queue closed.
    async fn follow(&self, id: JobId, after: Option<Mark>) -> Result<Option<MarkedStream>, QueueError>;

    /// The same from now on, without marks.
    async fn subscribe(&self, id: JobId) -> Result<Option<EventStream>, QueueError> {
        let unmarked = |events: MarkedStream| -> EventStream { Box::pin(events.map(|marked| marked.event)) };
        Ok(self.follow(id, None).await?.map(unmarked))
    }
}

/// How a job is to be queued.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PushOptions {
    /// A client's own name for this submission: the same key with the same body is the same job.
    pub idempotency: Option<Idempotency>,
    /// Order among waiting jobs.
    pub priority: Priority,
    /// Who hears of the job's end.
    pub webhook: Option<Webhook>,
    /// What may wait or run of the key that it came with.
    pub quota: Option<Quota>,
    /// Whoever pushes waits for the report anyway: `push` may return a few ms later, if that saves a write.
    pub patient: bool,
}

/// What may wait or run at once of the jobs that came with one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quota {
    /// The key's id.
    pub key: String,
    /// So many jobs; beyond, `QuotaFull`.
    pub most: u64,
}

/// A client's own name for a submission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idempotency {
    /// As sent, within the tenant.
    pub key: String,
    /// SHA-256 of the body: the same key with another body is refused.
    pub fingerprint: [u8; 32],
}

/// Order among waiting jobs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Priority {
    High,
    #[default]
    Normal,
    Low,
}

/// What became of a push.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pushed {
    /// The job's id; that of the earlier job, when the idempotency key was known.
    pub id: JobId,
    /// Nothing was appended: the key was known.
    pub duplicate: bool,
}

/// A leased job.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// What to do.
    pub job: Job,
    /// The right to do it.
    pub lease: Lease,
    /// 1 for the first time.
    pub attempt: u32,
    /// How long it waited.
    pub waited: Duration,
}

/// The right to finish a job, until another lease on it is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The job.
    pub id: JobId,
    /// Grows with each delivery of the job.
    pub fence: u64,
    /// A heartbeat is due before this has passed.
    pub duration: Duration,
}

/// What a heartbeat brings back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heartbeat {
    /// Go on.
    Continue,
    /// Somebody wants the job cancelled: kill it and finish with verdict `cancelled`.
    Cancel,
}

/// Where a job is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum Status {
    /// It waits.
    Queued,
    /// A worker has it.
    Running,
    /// Over; the report also says if it was cancelled or given up.
    Done {
        /// The result.
        report: Box<Report>,
    },
}

/// What became of a cancellation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cancelled {
    /// It had not begun; its report now says `cancelled`.
    AtOnce,
    /// Its worker has been asked.
    Asked,
    /// It was over already.
    TooLate,
    /// There is no such job.
    Unknown,
}

/// Which jobs to list.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Filter {
    pub tenant: Option<String>,
    pub language: Option<String>,
    /// `queued`, `running` or `done`.
    pub state: Option<String>,
}

/// A job in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Summary {
    pub id: JobId,
    pub language: String,
    pub state: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<optimus_core::Verdict>,
    /// When it was accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<optimus_core::Timestamp>,
}

/// Depths and ages.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stats {
    /// One row a language that has work.
    pub languages: Vec<LanguageStats>,
    /// Jobs that were given up after their last attempt.
    pub dead: u64,
    /// How long ago this process last looked for jobs whose worker fell silent. `None`: it has not yet, or the
    /// backend notices without looking.
    pub since_reaped: Option<Duration>,
}

/// Depth and age of one language.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct LanguageStats {
    pub language: String,
    pub queued: u64,
    pub running: u64,
    /// Age of the oldest that waits.
    pub oldest: Duration,
}
