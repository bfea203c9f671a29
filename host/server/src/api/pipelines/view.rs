//! Pipelines and runs, as clients see them.

use optimus_core::{Fault, Timestamp};
use optimus_pipelines::{Definition, Ended, Place, Run, Started, StepRun, StepState};
use serde::Serialize;
use serde_json::Value;

use crate::pipelines::{Parent, StoredPipeline, StoredRun, Summary};
use crate::schedules::Owner;

/// A pipeline.
#[derive(Debug, Serialize)]
pub(in crate::api) struct PipelineView {
    id: String,
    owner: Owner,
    created_at: Timestamp,
    #[serde(flatten)]
    definition: Definition,
}

impl From<StoredPipeline> for PipelineView {
    /// The secret of a webhook is known to who wrote it.
    fn from(StoredPipeline { id, owner, created_at, mut definition }: StoredPipeline) -> Self {
        definition.webhook.iter_mut().for_each(|webhook| webhook.secret = None);
        Self { id, owner, created_at, definition }
    }
}

/// A row of a list of pipelines.
#[derive(Debug, Serialize)]
pub(in crate::api) struct PipelineSummary {
    pub(super) id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    created_at: Timestamp,
    /// The names of its steps.
    steps: Vec<String>,
}

impl From<StoredPipeline> for PipelineSummary {
    fn from(StoredPipeline { id, created_at, definition, .. }: StoredPipeline) -> Self {
        let steps = definition.steps.into_iter().map(|step| step.name).collect();
        Self { id, name: definition.name, created_at, steps }
    }
}

#[derive(Debug, Serialize)]
pub(in crate::api) struct PipelineList {
    pub(super) pipelines: Vec<PipelineSummary>,
    /// `?next=` of the next page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) next: Option<String>,
}

/// A run.
#[derive(Debug, Serialize)]
pub(in crate::api) struct RunView {
    id: String,
    pipeline: String,
    state: &'static str,
    owner: Owner,
    created_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    replay_of: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent: Option<ParentView>,
    inputs: Value,
    /// In the order of the definition.
    steps: Vec<StepView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    outputs: Option<Value>,
    /// Why it has failed, although its steps have not.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Fault>,
}

/// The step that has begun a run.
#[derive(Debug, Serialize)]
struct ParentView {
    run: String,
    step: String,
}

/// A step of a run.
#[derive(Debug, Serialize)]
struct StepView {
    name: String,
    state: &'static str,
    /// Why it failed without a job.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Fault>,
    /// One for each entry of `for_each`; one without.
    jobs: Vec<JobView>,
}

/// A job of a step, or what its tool does instead.
#[derive(Debug, Serialize)]
struct JobView {
    attempt: u32,
    /// A `job`, a `run` or a `request`.
    #[serde(flatten)]
    started: Option<Started>,
    /// The attempt begins then.
    #[serde(skip_serializing_if = "Option::is_none")]
    not_before: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    accepted: Option<bool>,
    /// What later steps see.
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<Value>,
}

impl RunView {
    pub(super) fn new(run: StoredRun, is_cancelled: bool) -> Self {
        let state = match run.ended {
            None if is_cancelled => "cancelling",
            ended => state_of(ended),
        };
        let StoredRun { id, pipeline, owner, created_at, ended_at, replay_of, definition, outputs, error, .. } = run;
        let (run, parent) = (run.run, run.parent.map(|Parent { run, step, .. }| ParentView { run, step }));
        let Run { inputs, mut steps, .. } = run;
        let steps = definition.steps.into_iter().map(|step| StepView::new(steps.remove(&step.name), step.name));
        let steps = steps.collect();
        Self { id, pipeline, state, owner, created_at, ended_at, replay_of, parent, inputs, steps, outputs, error }
    }
}

fn state_of(ended: Option<Ended>) -> &'static str {
    match ended {
        None => "running",
        Some(Ended::Succeeded) => "succeeded",
        Some(Ended::Failed) => "failed",
        Some(Ended::Cancelled) => "cancelled",
    }
}

fn step_state(run: Option<&StepRun>) -> &'static str {
    match run.map(|run| run.state) {
        None => "waiting",
        Some(StepState::Running) => "running",
        Some(StepState::Succeeded) => "succeeded",
        Some(StepState::Failed) => "failed",
        Some(StepState::Skipped) => "skipped",
        Some(StepState::Blocked) => "blocked",
        Some(StepState::Cancelled) => "cancelled",
    }
}

impl StepView {
    fn new(run: Option<StepRun>, name: String) -> Self {
        let state = step_state(run.as_ref());
        let (error, places) = run.map(|run| (run.error, run.places)).unwrap_or_default();
        Self { name, state, error, jobs: places.into_iter().map(JobView::from).collect() }
    }
}

impl From<Place> for JobView {
    fn from(Place { attempt, started, not_before, outcome, .. }: Place) -> Self {
        let accepted = outcome.as_ref().map(|outcome| outcome.is_accepted);
        Self { attempt, started, not_before, accepted, result: outcome.map(|outcome| outcome.result) }
    }
}

/// A row of a list of runs.
#[derive(Debug, Serialize)]
pub(in crate::api) struct RunSummary {
    pub(super) id: String,
    pipeline: String,
    state: &'static str,
    created_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<Timestamp>,
}

impl RunSummary {
    pub(super) fn new(id: String, Summary { pipeline, created_at, ended, ended_at, .. }: Summary) -> Self {
        Self { id, pipeline, state: state_of(ended), created_at, ended_at }
    }
}

#[derive(Debug, Serialize)]
pub(in crate::api) struct RunList {
    pub(super) runs: Vec<RunSummary>,
    /// `?next=` of the next page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) next: Option<String>,
}

/// What a run would submit.
#[derive(Debug, Serialize)]
pub(in crate::api) struct DryRun {
    pub(super) steps: Vec<DryStep>,
}

/// A step of a run that does not happen.
#[derive(Debug, Serialize)]
pub(super) struct DryStep {
    pub(super) name: String,
    state: &'static str,
    /// Why it would fail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<Fault>,
    /// What its tool takes, rendered: the jobs, for most.
    pub(super) jobs: Vec<Value>,
}

impl DryStep {
    pub(super) fn new(name: &str, run: &Run) -> Self {
        let step = run.steps.get(name);
        let error = step.and_then(|step| step.error.clone());
        Self { name: name.to_owned(), state: step_state(step), error, jobs: Vec::new() }
    }
}
