//! What a schedule does when it fires.

use async_trait::async_trait;
use optimus_core::{Fault, JobId, Timestamp};
use serde::{Deserialize, Serialize};

use super::definition::Definition;

/// Jobs and runs of pipelines, as schedules see them.
#[async_trait]
pub trait Action: Send + Sync {
    /// Starts the job or the run in the owner's name, with what the owner may do now. A known key is what was started with it.
    async fn start(&self, definition: &Definition, firing: Firing<'_>) -> Result<Started, Refused>;

    /// The state of what was started.
    async fn state(&self, started: &Started) -> anyhow::Result<State>;

    /// Cancels it, if it has not ended.
    async fn cancel(&self, started: &Started) -> anyhow::Result<()>;
}

/// One firing, as an action sees it.
#[derive(Debug, Clone, Copy)]
pub struct Firing<'a> {
    /// The same for each attempt of this firing, and no other's.
    pub key: &'a str,
    /// The time that the spec names; of a trigger, when it was asked for.
    pub nominal: Timestamp,
}

/// What a firing started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Started {
    /// A run of a pipeline.
    Run {
        /// Its id.
        run: String,
    },
    /// A job.
    Job(JobId),
}

impl std::fmt::Display for Started {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Run { run } => write!(f, "run {run}"),
            Self::Job(id) => write!(f, "job {id}"),
        }
    }
}

/// Nothing was started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// It may be accepted later.
    ForNow(Fault),
    /// The owner may not submit any more.
    Owner(Fault),
    /// The job or the run is not accepted as it is.
    Job(Fault),
}

/// The state of a job or a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It waits or runs.
    Open,
    /// It was accepted, has succeeded, or was cancelled; or its report has expired.
    Ended,
    /// It ended otherwise.
    Failed,
}
