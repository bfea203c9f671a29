//! Gives the judge whole jobs: those that name a problem are filled with it first.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use optimus_core::{Event, Fault, Job, Report};
use optimus_server::problems::{ProblemStore, Problems, fill};
use optimus_server::worker::Judging;
use tokio_util::sync::CancellationToken;

use super::Place;
use crate::engine::Engine;

/// Judges whole jobs.
pub(super) struct Filling {
    pub(super) engine: Arc<Engine>,
    pub(super) problems: Arc<Problems>,
}

#[async_trait]
impl Judging for Filling {
    async fn judge(
        &self,
        job: &Job,
        waited: Duration,
        events: &(dyn Fn(Event) + Send + Sync),
        cancel: &CancellationToken,
    ) -> Result<Report, Fault> {
        let filled = self.fill(job).await?;
        self.engine.judge.judge(filled.as_ref().unwrap_or(job), waited, events, cancel).await
    }
}

impl Filling {
    /// None of a job that is whole already; or whose problem is gone, which the judge has words for.
    async fn fill(&self, job: &Job) -> Result<Option<Job>, Fault> {
        let Some(digest) = &job.problem else { return Ok(None) };
        let unread = |error: anyhow::Error| Fault::new("problems_unreadable", format!("{error:#}"));
        let Some(problem) = self.problems.find(digest).await.map_err(unread)? else { return Ok(None) };
        let Some(plugin) = self.engine.catalogue.plugin(&job.language).await else { return Ok(None) };
        let unfit =
            |invalid: optimus_core::Invalid| Fault::new("problem_unfit", format!("problem `{digest}`: {invalid}"));
        fill(&problem, job, plugin.descriptor(), &self.engine.policy).map(Some).map_err(unfit)
    }
}

impl Place {
    pub(super) fn problems(&self, state: &std::path::Path) -> Arc<Problems> {
        Arc::new(Problems::new(match &self.redis {
            Some(redis) => ProblemStore::Redis(Arc::clone(redis)),
            None => ProblemStore::Files(state.join("problems")),
        }))
    }
}
