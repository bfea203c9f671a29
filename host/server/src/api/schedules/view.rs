//! Schedules, as clients see them.

use std::collections::VecDeque;

use optimus_core::{JobId, Timestamp};
use optimus_schedules::{Firing, Schedule, Spec};
use serde::Serialize;

use crate::schedules::{Definition, Halt, Owner, Policies, Progress, Run, Started, Starts};

/// Firings to come that are listed.
const NEXT: usize = 10;

/// A schedule.
#[derive(Debug, Serialize)]
pub(in crate::api) struct ScheduleView {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    /// Why the engine stopped it.
    #[serde(skip_serializing_if = "Option::is_none")]
    stopped: Option<Halt>,
    owner: Owner,
    created_at: Timestamp,
    spec: Spec,
    /// `job` or `pipeline`.
    #[serde(flatten)]
    starts: Starts,
    policies: Policies,
    info: Info,
}

/// What it did, and what it will do.
#[derive(Debug, Serialize)]
struct Info {
    actions: u64,
    /// Of `max_actions`.
    #[serde(skip_serializing_if = "Option::is_none")]
    remaining: Option<u64>,
    missed: u64,
    skipped: u64,
    dropped: u64,
    buffered: usize,
    /// Jobs that have not ended.
    running: Vec<JobId>,
    /// Runs that have not ended.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    running_runs: Vec<String>,
    recent: VecDeque<Run>,
    next: Vec<Time>,
}

/// A firing to come.
#[derive(Debug, Serialize)]
pub(super) struct Time {
    nominal: Timestamp,
    /// With jitter.
    at: Timestamp,
    /// The nominal time by the clocks of the schedule's zone.
    local: String,
}

/// A row of a list of schedules.
#[derive(Debug, Serialize)]
pub(in crate::api) struct Summary {
    pub(super) id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    state: &'static str,
    created_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_at: Option<Timestamp>,
}

#[derive(Debug, Serialize)]
pub(in crate::api) struct ScheduleList {
    pub(super) schedules: Vec<Summary>,
    /// `?next=` of the next page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) next: Option<String>,
}

impl Time {
    pub(super) fn new(schedule: &Schedule, firing: Firing) -> Self {
        Self { nominal: firing.nominal, at: firing.at, local: schedule.local(firing.nominal) }
    }
}

impl ScheduleView {
    pub(super) fn new(definition: Definition, progress: Progress, now: Timestamp) -> Self {
        let (next, is_over) = next(&definition, &progress, now, NEXT);
        let state = state(&definition, &progress, is_over);
        let stopped = progress.halted.clone().filter(|_| progress.is_halted(definition.active_from));
        let buffered = progress.buffered();
        let remaining = definition.policies.max_actions.map(|most| progress.remaining(most));
        let (mut running, mut running_runs) = (Vec::new(), Vec::new());
        for started in progress.running {
            match started {
                Started::Job(id) => running.push(id),
                Started::Run { run } => running_runs.push(run),
            }
        }
        let info = Info {
            actions: progress.actions,
            remaining,
            missed: progress.missed,
            skipped: progress.skipped,
            dropped: progress.dropped,
            buffered,
            running,
            running_runs,
            recent: progress.recent,
            next,
        };
        let Definition { id, name, note, owner, created_at, spec, starts, policies, .. } = definition;
        Self { id, name, state, note, stopped, owner, created_at, spec, starts, policies, info }
    }
}

impl Summary {
    pub(super) fn new(definition: &Definition, progress: &Progress, now: Timestamp) -> Self {
        let (next, is_over) = next(definition, progress, now, 1);
        let state = state(definition, progress, is_over);
        let Definition { id, name, created_at, .. } = definition.clone();
        Self { id, name, state, created_at, next_at: next.first().map(|time| time.at) }
    }
}

fn state(definition: &Definition, progress: &Progress, is_over: bool) -> &'static str {
    match (definition.paused, progress.is_halted(definition.active_from)) {
        (true, _) => "paused",
        (_, true) => "stopped",
        _ if is_over => "finished",
        _ => "active",
    }
}

/// The firings to come, none of one that is paused, stopped or used up; and whether nothing at all is left to fire.
fn next(definition: &Definition, progress: &Progress, now: Timestamp, most: usize) -> (Vec<Time>, bool) {
    let left = definition.policies.max_actions.map_or(u64::MAX, |most| progress.remaining(most));
    let most = usize::try_from(left).unwrap_or(usize::MAX).min(most);
    let has_none_waiting = progress.buffered() == 0;
    if definition.paused || progress.is_halted(definition.active_from) || most == 0 {
        return (Vec::new(), has_none_waiting);
    }
    // A spec that was accepted, and that this release cannot read: the engine logs it.
    let Ok(schedule) = definition.spec.compile(&definition.id) else { return (Vec::new(), has_none_waiting) };
    let dealt_with = progress.cursor.unwrap_or(definition.active_from).max(definition.active_from);
    let after = Timestamp(now.0.saturating_sub(1)).max(dealt_with);
    let found = |after, most| schedule.preview(after, None, most).unwrap_or_default();
    let next: Vec<Time> = found(after, most).into_iter().map(|firing| Time::new(&schedule, firing)).collect();
    // What was due while no process led is still to be dealt with.
    let is_over = has_none_waiting && next.is_empty() && found(dealt_with, 1).is_empty();
    (next, is_over)
}
