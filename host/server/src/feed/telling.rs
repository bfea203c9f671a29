//! Events of schedules and runs.

use std::collections::BTreeMap;

use optimus_core::Timestamp;
use optimus_pipelines::{Ended, StepRun, StepState};
use optimus_queue::FeedEvent;
use serde_json::{Value, json};

/// Characters of a reason; the schedule or run itself has all of it.
const REASON: usize = 500;

/// Something happened to a schedule; `more` is an object.
pub(crate) fn schedule(kind: &'static str, id: &str, more: Value) -> FeedEvent {
    let mut data = json!({ "schedule": id });
    if let (Value::Object(data), Value::Object(more)) = (&mut data, more) {
        let shortened = |value| match value {
            Value::String(text) => Value::String(text.chars().take(REASON).collect()),
            other => other,
        };
        data.extend(
            more.into_iter().filter(|(_, value)| !value.is_null()).map(|(name, value)| (name, shortened(value))),
        );
    }
    FeedEvent::new(kind, data)
}

/// A run goes on from here.
pub(crate) fn run_started(id: &str, pipeline: &str) -> FeedEvent {
    FeedEvent::new("run.started", json!({"run": id, "pipeline": pipeline}))
}

/// Steps that are over now, and were not before.
pub(crate) fn steps_ended<'a>(
    id: &'a str,
    before: &'a BTreeMap<String, StepRun>,
    now: &'a BTreeMap<String, StepRun>,
) -> impl Iterator<Item = FeedEvent> + 'a {
    let is_over = |step: &StepRun| step.state != StepState::Running;
    let is_new = move |(name, step): &(&String, &StepRun)| is_over(step) && !before.get(*name).is_some_and(is_over);
    let event = move |(name, step): (&String, &StepRun)| {
        FeedEvent::new("run.step_ended", json!({"run": id, "step": name, "state": step.state}))
    };
    now.iter().filter(is_new).map(event)
}

/// A run is over.
pub(crate) fn run_done(id: &str, pipeline: &str, ended: Option<Ended>, at: Option<Timestamp>) -> FeedEvent {
    let event = FeedEvent::new("run.done", json!({"run": id, "pipeline": pipeline, "state": ended}));
    FeedEvent { at: at.unwrap_or(event.at), ..event }
}
