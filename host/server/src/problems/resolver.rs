//! Completes jobs that name a stored problem, before they are judged.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use optimus_core::event::EventSink;
use optimus_core::job::Policy;
use optimus_core::{Descriptor, Fault, Invalid, Job, Report};
use tokio_util::sync::CancellationToken;

use super::{Problems, fill};
use crate::worker::{Input, Judging};

/// Judges complete jobs, and those that name a problem once they are complete.
pub struct ProblemResolver {
    /// Judges complete jobs.
    pub judge: Arc<dyn Judging>,
    /// The stored problems.
    pub problems: Arc<Problems>,
    /// A language's minimum limits and extension are part of a complete job.
    pub languages: Arc<dyn LanguageSource>,
    /// Caps of a complete job.
    pub policy: Policy,
}

/// Knows the languages that can be judged here, also those whose plugins are not loaded yet.
#[async_trait]
pub trait LanguageSource: Send + Sync {
    /// The language of this id, once its plugin is loaded. `None`: there is none.
    async fn descriptor(&self, language: &str) -> Option<Descriptor>;
}

#[async_trait]
impl Judging for ProblemResolver {
    async fn judge(
        &self,
        job: &Job,
        waited: Duration,
        input: Option<Input>,
        events: &EventSink<'_>,
        cancel: &CancellationToken,
    ) -> Result<Report, Fault> {
        let complete = self.complete(job).await?;
        self.judge.judge(complete.as_ref().unwrap_or(job), waited, input, events, cancel).await
    }
}

impl ProblemResolver {
    /// `None` for a job that names no problem; also when the problem or the language is gone, which the judge reports.
    async fn complete(&self, job: &Job) -> Result<Option<Job>, Fault> {
        let Some(digest) = &job.problem else { return Ok(None) };
        let unread = |error: anyhow::Error| Fault::new("problems_unreadable", format!("{error:#}"));
        let Some(problem) = self.problems.find(digest).await.map_err(unread)? else { return Ok(None) };
        let Some(language) = self.languages.descriptor(&job.language).await else { return Ok(None) };
        let unfit = |invalid: Invalid| Fault::new("problem_unfit", format!("problem `{digest}`: {invalid}"));
        fill(&problem, job, &language, &self.policy).map(Some).map_err(unfit)
    }
}
