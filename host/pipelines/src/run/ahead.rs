//! Runs that begin with what is known: again from a step of an earlier run, or without running at all.

use std::collections::BTreeSet;

use optimus_core::{Invalid, Timestamp};
use serde_json::{Map, Value};

use super::{Outcome, Run, Start, StepState};
use crate::check::Pipeline;
use crate::definition::OnFailure;

impl Run {
    /// A new run with the same inputs. The step, all that need it and all that did not succeed run again; the others keep their results.
    ///
    /// # Errors
    /// There is no such step.
    pub fn replay(&self, pipeline: &Pipeline, from: &str) -> Result<Self, Invalid> {
        if !pipeline.steps.iter().any(|step| step.name == from) {
            let names: Vec<String> = pipeline.steps.iter().map(|step| format!("`{}`", step.name)).collect();
            let invalid = Invalid::new("from", format!("there is no step `{}`", from.escape_debug()));
            return Err(invalid.hint(format!("the steps are {}", names.join(", "))));
        }
        let mut again = BTreeSet::from([from]);
        let mut run = Self::new(self.inputs.clone());
        // Each step comes after those that it needs.
        for step in &pipeline.steps {
            let known = self.steps.get(&step.name).filter(|known| match known.state {
                StepState::Succeeded | StepState::Skipped => true,
                StepState::Failed => step.on_failure == OnFailure::Continue,
                StepState::Running | StepState::Blocked | StepState::Cancelled => false,
            });
            match known {
                Some(known) if step.name != from && !step.needs.iter().any(|need| again.contains(need.as_str())) => {
                    run.steps.insert(step.name.clone(), known.clone());
                }
                _ => drop(again.insert(&step.name)),
            }
        }
        Ok(run)
    }

    /// The run as it would be if steps had these results, and the jobs that it would submit, without anything being
    /// submitted: a list has a result for each entry of `for_each`. A step without a result is not entered.
    pub fn rehearse(mut self, pipeline: &Pipeline, results: &Map<String, Value>, now: Timestamp) -> (Self, Vec<Start>) {
        let mut jobs: Vec<Start> = Vec::new();
        loop {
            let starts = self.advance(pipeline, now).starts;
            let new = |start: &&Start| !jobs.iter().any(|job| (&job.step, job.index) == (&start.step, start.index));
            jobs.extend(starts.iter().filter(new).cloned().collect::<Vec<_>>());
            let mut has_entered = false;
            for Start { step, index, attempt, .. } in starts {
                let is_list = self.steps.get(&step).is_some_and(|run| run.is_list);
                let result = match results.get(&step) {
                    Some(Value::Array(list)) if is_list => list.get(index),
                    result => result,
                };
                if let Some(result) = result.cloned() {
                    let outcome = Outcome { is_accepted: true, result };
                    has_entered |= self.enter(pipeline, (&step, index, attempt), outcome, now);
                }
            }
            if !has_entered {
                return (self, jobs);
            }
        }
    }
}
