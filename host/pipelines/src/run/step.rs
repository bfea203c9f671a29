//! A step of a run.

use std::fmt;

use optimus_core::{Fault, JobId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::check::BACKOFF_S;
use crate::definition::Retry;

/// A step of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepRun {
    /// How it is.
    pub state: StepState,
    /// Why it failed without a result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Fault>,
    /// What each entry of `for_each` is; one null without.
    #[serde(default)]
    pub(super) items: Vec<Value>,
    /// One for each entry.
    #[serde(default)]
    pub places: Vec<Place>,
    /// True with `for_each`.
    #[serde(default)]
    pub is_list: bool,
}

/// An entry of a step: its present attempt, and what it became.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Place {
    /// From 1.
    pub attempt: u32,
    /// What was started, once it was.
    #[serde(flatten)]
    pub started: Option<Started>,
    /// When it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// The next attempt begins then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Timestamp>,
    /// Since when the job is refused for now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blocked_since: Option<Timestamp>,
    /// What it became, once it is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
}

/// What an attempt has started. Stored as `{"job": "…"}`, `{"run": "…"}` or `{"request": "…"}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Started {
    /// A job.
    Job(JobId),
    /// A run of another pipeline.
    Run(String),
    /// An HTTP request, by its `idempotency-key`.
    Request(String),
}

impl fmt::Display for Started {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Job(id) => write!(f, "job {id}"),
            Self::Run(id) => write!(f, "run {id}"),
            Self::Request(key) => write!(f, "request {key}"),
        }
    }
}

/// How a step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    /// Some of its jobs are not over.
    Running,
    /// All of its jobs were accepted.
    Succeeded,
    /// One was not, or could not be rendered.
    Failed,
    /// Its condition was false.
    Skipped,
    /// A step that it needs failed.
    Blocked,
    /// The run was stopped before it was over.
    Cancelled,
}

/// What a job became.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// It was accepted.
    pub is_accepted: bool,
    /// What later steps see.
    pub result: Value,
}

impl Outcome {
    /// There is no report, for this reason.
    pub fn failed(fault: &Fault) -> Self {
        Self { is_accepted: false, result: json!({ "error": fault }) }
    }

    pub(super) fn bytes(&self) -> usize {
        self.result.to_string().len()
    }
}

impl Place {
    fn begun(attempt: u32, not_before: Option<Timestamp>) -> Self {
        Self { attempt, started: None, since: None, not_before, blocked_since: None, outcome: None }
    }
}

impl StepRun {
    pub(super) fn over(state: StepState, error: Option<Fault>) -> Self {
        Self { state, error, items: Vec::new(), places: Vec::new(), is_list: false }
    }

    /// Nothing to do is a success.
    pub(super) fn of(items: Vec<Value>, is_list: bool) -> Self {
        let state = if items.is_empty() { StepState::Succeeded } else { StepState::Running };
        let place = Place::begun(1, None);
        Self { state, error: None, places: vec![place; items.len()], items, is_list }
    }

    /// Enters what an attempt became; `false`, if it is not the present one.
    pub(super) fn enter(
        &mut self,
        index: usize,
        attempt: u32,
        outcome: Outcome,
        retry: &Retry,
        now: Timestamp,
    ) -> bool {
        let present = self.places.get_mut(index).filter(|place| place.outcome.is_none() && place.attempt == attempt);
        let Some(place) = present else { return false };
        if !outcome.is_accepted && attempt < retry.attempts {
            let doubled = retry.backoff_s.saturating_mul(1 << (attempt - 1).min(20)).min(*BACKOFF_S.end());
            let not_before = Some(Timestamp(now.0.saturating_add(doubled * 1_000)));
            *place = Place::begun(attempt + 1, not_before);
            return true;
        }
        place.outcome = Some(outcome);
        if self.places.iter().all(|place| place.outcome.is_some()) {
            let is_accepted = self.outcomes().all(|outcome| outcome.is_accepted);
            self.state = if is_accepted { StepState::Succeeded } else { StepState::Failed };
        }
        true
    }

    fn outcomes(&self) -> impl Iterator<Item = &Outcome> {
        self.places.iter().filter_map(|place| place.outcome.as_ref())
    }

    /// What later steps see: the state, and the result or the results.
    pub(super) fn seen(&self) -> Value {
        let mut results = self.outcomes().map(|outcome| outcome.result.clone());
        match (self.is_list, &self.error) {
            (_, Some(error)) => json!({"state": self.state, "error": error}),
            (true, None) => json!({"state": self.state, "results": results.collect::<Vec<_>>()}),
            (false, None) => match results.next() {
                Some(result) => json!({"state": self.state, "result": result}),
                None => json!({"state": self.state}),
            },
        }
    }
}
