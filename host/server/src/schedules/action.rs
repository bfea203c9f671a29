//! What a schedule does when it fires.

use async_trait::async_trait;
use optimus_core::{Fault, JobId};

use super::definition::Definition;

/// Jobs, as schedules see them.
#[async_trait]
pub trait Action: Send + Sync {
    /// Submits the job in the owner's name, with what the owner may do now. A known key is the job that was submitted with it.
    async fn submit(&self, definition: &Definition, key: &str) -> Result<JobId, Refused>;

    /// The state of a job.
    async fn state(&self, id: JobId) -> anyhow::Result<State>;

    /// Cancels a job, if it has not ended.
    async fn cancel(&self, id: JobId) -> anyhow::Result<()>;
}

/// A job that was not submitted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// It may be accepted later.
    ForNow(Fault),
    /// The owner may not submit any more.
    Owner(Fault),
    /// The job is not accepted as it is.
    Job(Fault),
}

/// The state of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It waits or runs.
    Open,
    /// It was accepted or cancelled, or its report has expired.
    Ended,
    /// It ended with another verdict.
    Failed,
}
