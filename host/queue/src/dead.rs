//! Jobs that were given up after their last attempt: kept as long as their reports are, for somebody to look at.

use async_trait::async_trait;
use optimus_core::JobId;
use serde::{Deserialize, Serialize};

use crate::{Filter, QueueError};

/// Administration of dead-lettered jobs.
#[async_trait]
pub trait DeadLetters: Send + Sync {
    /// Newest first, at most `limit`, only those before `before`. The filter's state says nothing here.
    async fn dead(&self, filter: &Filter, before: Option<JobId>, limit: usize) -> Result<Vec<DeadJob>, QueueError>;

    /// Lets a dead job wait again, as if it had never begun; its report is forgotten. `false`: it is not among the dead.
    async fn requeue(&self, id: JobId) -> Result<bool, QueueError>;

    /// Takes a job from among the dead for good; its report stays. `false`: it was not there.
    async fn discard(&self, id: JobId) -> Result<bool, QueueError>;
}

/// A job that was given up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadJob {
    /// The job.
    pub id: JobId,
    /// Its language.
    pub language: String,
    /// The tenant that submitted it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// Number of attempts.
    pub attempts: u32,
    /// Why the last attempt failed: a fault's code and message.
    pub reason: String,
    /// When it was given up, in ms since 1970.
    pub at_ms: u64,
}
