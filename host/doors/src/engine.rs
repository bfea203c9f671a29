//! What a door needs of the rest: narrow traits.

use std::sync::Arc;

use async_trait::async_trait;
use axum::http::StatusCode;
use futures::stream::BoxStream;
use optimus_core::{Event, JobId, JobRequest, Report, Timestamp, Verdict};
use tokio::time::Instant;

/// Runs jobs in the name of one caller, and sees that caller's jobs only.
#[async_trait]
pub trait Engine: Follow {
    /// Submits a job. While there is no room for it, the call waits, until `until`. `waits`: the caller will wait for the
    /// report.
    async fn submit(&self, request: JobRequest, waits: bool, until: Instant) -> Result<JobId, Refusal>;

    /// Waits for the end of a job until `until`, and returns how far it is then. An instant in the past asks only.
    async fn wait(&self, id: JobId, until: Instant) -> Result<Progress, Refusal>;

    /// Cancels a job. One that is over stays as it is.
    async fn cancel(&self, id: JobId) -> Result<(), Refusal>;

    /// The caller's jobs before `before`, newest first.
    async fn list(&self, before: Option<JobId>, limit: usize) -> Result<Vec<Listed>, Refusal>;
}

/// Watches a caller's jobs while they run, and talks to their programs.
#[async_trait]
pub trait Follow: Send + Sync {
    /// The kept events of a job, then its new ones, at last `Done`. Events that end without `Done` mean that the server
    /// stops.
    async fn follow(&self, id: JobId) -> Result<BoxStream<'static, Event>, Refusal>;

    /// Adds to the stdin of a job that was submitted with a live one.
    async fn write_stdin(&self, id: JobId, bytes: &[u8]) -> Result<(), Refusal>;
}

/// Runs a job to its end. A job that has not ended by `until` is cancelled, and has no report.
pub(crate) async fn run_to_end(
    engine: &dyn Engine,
    request: JobRequest,
    until: Instant,
) -> Result<Option<Report>, Refusal> {
    let id = engine.submit(request, true, until).await?;
    await_end(engine, id, until).await
}

/// Waits for the end of a job. One that has not ended by `until` is cancelled, and has no report.
pub(crate) async fn await_end(engine: &dyn Engine, id: JobId, until: Instant) -> Result<Option<Report>, Refusal> {
    match engine.wait(id, until).await? {
        Progress::Done(report) => Ok(Some(*report)),
        Progress::Queued | Progress::Running => {
            abandon(engine, id).await;
            Ok(None)
        }
    }
}

/// Cancels a job whose report no client waits for any more.
pub(crate) async fn abandon(engine: &dyn Engine, id: JobId) {
    if let Err(error) = engine.cancel(id).await {
        tracing::warn!(job = %id, %error, "a job that no client waits for any more was not cancelled");
    }
}

/// The server that a door stands in.
#[async_trait]
pub trait Service: Send + Sync {
    /// Authenticates a caller by what it sent. Without API keys everybody is admitted.
    async fn admit(&self, secret: Option<&str>) -> Result<Admitted, Refusal>;

    /// How much work there is.
    async fn load(&self) -> Result<Load, Refusal>;
}

/// A caller that may come in.
#[derive(Clone)]
pub struct Admitted {
    /// Acts in the caller's name.
    pub engine: Arc<dyn Engine>,
    /// The caller administrates the server.
    pub is_operator: bool,
    /// The caller may run commands.
    pub may_command: bool,
    /// The tenant of its jobs and files; none, where there are no keys.
    pub owner: Option<String>,
}

/// How far a job is.
#[derive(Debug, Clone, PartialEq)]
pub enum Progress {
    /// It waits.
    Queued,
    /// A worker has it.
    Running,
    /// It is over.
    Done(Box<Report>),
}

/// A job in a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Listed {
    /// The job.
    pub id: JobId,
    /// Its language's id.
    pub language: String,
    /// Of a job that is over.
    pub verdict: Option<Verdict>,
    /// When it was accepted.
    pub created_at: Option<Timestamp>,
}

/// Jobs of all callers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Load {
    /// Jobs that wait.
    pub queued: u64,
    /// Jobs that run.
    pub running: u64,
}

/// Why a call was not answered with what it asked for. Each door has its own words for it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The caller sent no key, or none that is known.
    #[error("the key is missing or unknown")]
    Unauthorized,
    /// The caller's key is not good for this.
    #[error("the key does not allow this")]
    Forbidden,
    /// There is no such job, or it is another tenant's.
    #[error("there is no such job")]
    NoSuchJob,
    /// The job cannot be accepted.
    #[error("{message}")]
    Invalid {
        /// The place in a native request: `limits.cpu_ms`; empty where it is not known.
        field: String,
        /// What is wrong there.
        message: String,
    },
    /// There was no room for the job until the deadline.
    #[error("{0}")]
    Busy(String),
    /// The server failed.
    #[error("{0}")]
    Failed(String),
}

impl Refusal {
    /// The status of an answer in HTTP. Engines differ in what they say when they have no `room`, and when they fail.
    pub(crate) fn status(&self, room: StatusCode, failed: StatusCode) -> StatusCode {
        match self {
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::NoSuchJob => StatusCode::NOT_FOUND,
            Self::Invalid { .. } => StatusCode::BAD_REQUEST,
            Self::Busy(_) => room,
            Self::Failed(_) => failed,
        }
    }
}
