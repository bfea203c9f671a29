//! A run: which steps are over, with which results, and which start next.

mod ahead;
mod step;

use std::collections::BTreeMap;

use optimus_core::{Fault, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use self::step::{Outcome, Place, Started, StepRun, StepState};
use crate::check::{CheckedStep, ENTRIES, Pipeline};
use crate::definition::OnFailure;
use crate::scope::Scope;
use crate::tool::Tool;

#[cfg(test)]
mod tests;

/// Seconds for which a job may be refused for now.
const PATIENCE_S: u64 = 24 * 60 * 60;
/// Bytes of all results of a run.
const RESULTS: usize = 4 << 20;

/// The state of a run, which is stored after each change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// Its inputs, with the defaults.
    pub inputs: Value,
    /// Steps that have begun or are over.
    #[serde(default)]
    pub steps: BTreeMap<String, StepRun>,
    /// A client has cancelled it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    cancelled: bool,
}

/// What has to happen now. The same run gives the same at the same time, whatever of it was done already.
#[derive(Debug, Default, PartialEq)]
pub struct Next {
    /// What has to be there: jobs, runs, requests.
    pub starts: Vec<Start>,
    /// What is waited for.
    pub running: Vec<Running>,
    /// What is to be cancelled.
    pub cancel: Vec<Started>,
}

/// A job, run or request that has to be there; its fence is the run, the step, the index and the attempt.
#[derive(Debug, Clone, PartialEq)]
pub struct Start {
    /// The step.
    pub step: String,
    /// The entry of `for_each`, from 0.
    pub index: usize,
    /// From 1.
    pub attempt: u32,
    /// What it is.
    pub tool: Tool,
    /// What the tool takes, rendered: of a job, the body of `POST /v1/jobs`.
    pub with: Value,
}

/// What was started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Running {
    /// The step.
    pub step: String,
    /// The entry of `for_each`, from 0.
    pub index: usize,
    /// The job, run or request.
    pub started: Started,
    /// It has had the step's `timeout_s`.
    pub is_late: bool,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    /// No step failed, or the run goes on after those that did.
    Succeeded,
    /// A step failed.
    Failed,
    /// A client has cancelled it.
    Cancelled,
}

impl Start {
    fn new(step: &CheckedStep, index: usize, attempt: u32, with: Value) -> Self {
        Self { step: step.name.clone(), index, attempt, tool: step.tool, with }
    }
}

impl Run {
    /// A run that has not begun.
    pub fn new(inputs: Value) -> Self {
        Self { inputs, steps: BTreeMap::new(), cancelled: false }
    }

    /// Decides about every step that can be decided about, and returns what has to happen now.
    pub fn advance(&mut self, pipeline: &Pipeline, now: Timestamp) -> Next {
        let mut next = Next::default();
        for step in &pipeline.steps {
            if !self.steps.contains_key(&step.name) {
                let Some(begun) = self.begin(pipeline, step) else { continue };
                self.steps.insert(step.name.clone(), begun);
            }
            self.want(step, now, &mut next);
        }
        let stops = |step: &&CheckedStep| step.on_failure == OnFailure::Stop && self.has_failed(step);
        if pipeline.steps.iter().any(|step| stops(&step)) {
            return Next { cancel: self.stop(pipeline), ..Next::default() };
        }
        next
    }

    /// Notes what was started for a start.
    pub fn started(&mut self, start: &Start, started: Started, now: Timestamp) {
        if let Some(place) = self.place(&start.step, start.index)
            && place.attempt == start.attempt
            && place.outcome.is_none()
        {
            (place.started, place.since) = (Some(started), Some(now));
        }
    }

    /// Notes that a start cannot be submitted for now. After the step's `timeout_s`, or a day, it has failed; then `true`.
    pub fn blocked(&mut self, pipeline: &Pipeline, start: &Start, fault: &Fault, now: Timestamp) -> bool {
        let Some(place) = self.place(&start.step, start.index) else { return false };
        let since = *place.blocked_since.get_or_insert(now);
        let step = pipeline.steps.iter().find(|step| step.name == start.step);
        let most = step.and_then(|step| step.timeout_s).unwrap_or(PATIENCE_S);
        let is_late = now.0 >= since.0.saturating_add(most * 1_000);
        let at = (start.step.as_str(), start.index, start.attempt);
        is_late && self.enter(pipeline, at, Outcome::failed(fault), now)
    }

    /// Enters what an attempt became; `false`, if that is known already or was never wanted. After a failure there may be
    /// another attempt.
    pub fn enter(&mut self, pipeline: &Pipeline, at: (&str, usize, u32), outcome: Outcome, now: Timestamp) -> bool {
        let (name, index, attempt) = at;
        let Some(step) = pipeline.steps.iter().find(|step| step.name == name) else { return false };
        let outcome = self.bounded(outcome);
        let Some(run) = self.steps.get_mut(name).filter(|run| run.state == StepState::Running) else { return false };
        run.enter(index, attempt, outcome, &step.retry, now)
    }

    /// The start of an attempt that was begun already, once more: nobody knows what became of it.
    ///
    /// # Errors
    /// It cannot be rendered any more.
    pub fn again(&self, pipeline: &Pipeline, name: &str, index: usize) -> Result<Start, Fault> {
        let step = pipeline.steps.iter().find(|step| step.name == name);
        let place = self.steps.get(name).and_then(|run| Some((run, run.places.get(index)?)));
        let (Some(step), Some((run, place))) = (step, place) else {
            return Err(Fault::new("no_such_step", format!("the run has no step `{name}` with entry {index}")));
        };
        let with = self.render(step, run, index, &mut None)?;
        Ok(Start::new(step, index, place.attempt, with))
    }

    /// The outputs of a run that has ended.
    ///
    /// # Errors
    /// They cannot be rendered.
    pub fn outputs(&self, pipeline: &Pipeline) -> Result<Value, Fault> {
        pipeline.outputs.render(&self.scope()?)
    }

    /// The attempt that is under way for an entry of a step.
    pub fn attempt(&self, step: &str, index: usize) -> Option<u32> {
        Some(self.steps.get(step)?.places.get(index)?.attempt)
    }

    /// Ends the run at the request of a client; returns what is to be cancelled.
    pub fn cancel(&mut self, pipeline: &Pipeline) -> Vec<Started> {
        self.cancelled = true;
        self.stop(pipeline)
    }

    /// How the run ended, once every step is over.
    pub fn ended(&self, pipeline: &Pipeline) -> Option<Ended> {
        let state = |step: &CheckedStep| self.steps.get(&step.name).map(|run| run.state);
        if !pipeline.steps.iter().all(|step| state(step).is_some_and(|state| state != StepState::Running)) {
            return None;
        }
        let has_failed = |step: &&CheckedStep| self.has_failed(step) && step.on_failure != OnFailure::Continue;
        Some(match self.cancelled {
            true => Ended::Cancelled,
            false if pipeline.steps.iter().any(|step| has_failed(&step)) => Ended::Failed,
            false => Ended::Succeeded,
        })
    }

    fn has_failed(&self, step: &CheckedStep) -> bool {
        self.steps.get(&step.name).is_some_and(|run| run.state == StepState::Failed)
    }

    fn place(&mut self, step: &str, index: usize) -> Option<&mut Place> {
        self.steps.get_mut(step)?.places.get_mut(index)
    }

    /// Nothing more starts; returns what is to be cancelled.
    fn stop(&mut self, pipeline: &Pipeline) -> Vec<Started> {
        let mut open = Vec::new();
        for step in &pipeline.steps {
            let run = self.steps.entry(step.name.clone());
            let run = run.or_insert_with(|| StepRun::over(StepState::Cancelled, None));
            if run.state == StepState::Running {
                run.state = StepState::Cancelled;
                let places = run.places.iter().filter(|place| place.outcome.is_none());
                open.extend(places.filter_map(|place| place.started.clone()));
            }
        }
        open
    }

    /// An outcome that may still be stored.
    fn bounded(&self, outcome: Outcome) -> Outcome {
        let outcomes = self.steps.values().flat_map(|run| &run.places).filter_map(|place| place.outcome.as_ref());
        let bytes: usize = outcomes.map(Outcome::bytes).sum();
        match bytes + outcome.bytes() > RESULTS {
            false => outcome,
            true => {
                let message = format!("the results of the run have more than {RESULTS} bytes");
                let fault = Fault::new("results_too_large", message);
                Outcome::failed(&fault.hint("let jobs print less, or divide the pipeline"))
            }
        }
    }

    /// The beginning of a step whose needs are over.
    fn begin(&self, pipeline: &Pipeline, step: &CheckedStep) -> Option<StepRun> {
        for needed in pipeline.steps.iter().filter(|other| step.needs.contains(&other.name)) {
            match self.steps.get(&needed.name)?.state {
                StepState::Running => return None,
                StepState::Failed if needed.on_failure == OnFailure::Continue => {}
                StepState::Failed | StepState::Blocked | StepState::Cancelled => {
                    return Some(StepRun::over(StepState::Blocked, None));
                }
                StepState::Succeeded | StepState::Skipped => {}
            }
        }
        Some(self.items(step).unwrap_or_else(|fault| StepRun::over(StepState::Failed, Some(fault))))
    }

    fn items(&self, step: &CheckedStep) -> Result<StepRun, Fault> {
        let scope = self.scope()?;
        if let Some(condition) = &step.condition
            && !condition.is_true(&scope)?
        {
            return Ok(StepRun::over(StepState::Skipped, None));
        }
        let Some(for_each) = &step.for_each else { return Ok(StepRun::of(vec![Value::Null], false)) };
        match for_each.value(&scope)? {
            Value::Array(items) if items.len() > ENTRIES => {
                let message = format!("`for_each` has {} entries, and {ENTRIES} are the most", items.len());
                Err(Fault::new("too_many_entries", message).hint("fan out in several steps"))
            }
            Value::Array(items) => Ok(StepRun::of(items, true)),
            other => Err(Fault::new("expression_failed", format!("`for_each` is no list, but {other}"))),
        }
    }

    /// Adds the jobs of a step: those without an outcome, as many as may run at the same time. One that cannot be rendered
    /// fails the step.
    fn want(&mut self, step: &CheckedStep, now: Timestamp, next: &mut Next) {
        let Some(run) = self.steps.get(&step.name).filter(|run| run.state == StepState::Running) else { return };
        let open = run.places.iter().enumerate().filter(|(_, place)| place.outcome.is_none()).take(step.max_parallel);
        let (mut starts, mut running, mut scope) = (Vec::new(), Vec::new(), None);
        let mut failed = None;
        for (index, place) in open {
            if let (Some(started), Some(since)) = (place.started.clone(), place.since) {
                let is_late = step.timeout_s.is_some_and(|timeout| now.0 >= since.0.saturating_add(timeout * 1_000));
                running.push(Running { step: step.name.clone(), index, started, is_late });
            } else if place.not_before.is_none_or(|at| at <= now) {
                match self.render(step, run, index, &mut scope) {
                    Ok(with) => starts.push(Start::new(step, index, place.attempt, with)),
                    Err(fault) => failed = failed.or(Some(fault)),
                }
            }
        }
        match (failed, self.steps.get_mut(&step.name)) {
            (Some(fault), Some(run)) => {
                (run.state, run.error) = (StepState::Failed, Some(fault));
                next.cancel.extend(running.into_iter().map(|running| running.started));
            }
            _ => {
                next.starts.extend(starts);
                next.running.extend(running);
            }
        }
    }

    /// The scope of a step is the same for all of its entries, but for `item` and `index`.
    fn render(
        &self,
        step: &CheckedStep,
        run: &StepRun,
        index: usize,
        scope: &mut Option<Scope>,
    ) -> Result<Value, Fault> {
        let mut scope_of_step = match scope.take() {
            Some(scope) => scope,
            None => self.scope()?,
        };
        if run.is_list {
            scope_of_step.set_item(&run.items[index], index)?;
        }
        step.with.render(scope.insert(scope_of_step))
    }

    fn scope(&self) -> Result<Scope, Fault> {
        let over = self.steps.iter().filter(|(_, run)| run.state != StepState::Running);
        let steps: Map<String, Value> = over.map(|(name, run)| (name.clone(), run.seen())).collect();
        Scope::new(&self.inputs, &Value::Object(steps))
    }
}
