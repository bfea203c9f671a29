//! What the engine writes of a schedule.

use std::collections::VecDeque;

use optimus_core::{Fault, JobId, Timestamp};
use serde::{Deserialize, Serialize};

use super::action::Started;
use super::definition::Request;
use super::overlap::Overlap;

/// Firings that are listed.
const LISTED: usize = 10;
/// Running jobs and runs that are followed; with `allow_all` there may be more, and the oldest are left out.
const FOLLOWED: usize = 100;

/// How far a schedule has come.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Every nominal time up to this one was dealt with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<Timestamp>,
    /// Firings whose job or run was started, or refused.
    #[serde(default)]
    pub actions: u64,
    /// Those of them that the spec named, and no client asked for.
    #[serde(default)]
    pub scheduled: u64,
    /// Firings that were later than the catch-up window.
    #[serde(default)]
    pub missed: u64,
    /// Firings that were left out, because what an earlier one started had not ended.
    #[serde(default)]
    pub skipped: u64,
    /// Firings that were left out, because too many waited.
    #[serde(default)]
    pub dropped: u64,
    /// The last firings, the newest last.
    #[serde(default)]
    pub recent: VecDeque<Run>,
    /// What has not ended, as far as is known.
    #[serde(default)]
    pub running: Vec<Started>,
    /// Firings that wait.
    #[serde(default)]
    pub(super) waiting: VecDeque<Waiting>,
    /// The engine stopped the schedule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub halted: Option<Halt>,
    /// Requests that were dealt with, and may still be stored.
    #[serde(default)]
    pub(super) answered: Vec<String>,
}

/// Why the engine stopped a schedule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Halt {
    pub at: Timestamp,
    pub reason: String,
}

/// A firing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// The time that the spec names; of a trigger, when it was asked for.
    pub nominal: Timestamp,
    /// When the job was submitted, or the run began.
    pub started_at: Timestamp,
    /// The job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<JobId>,
    /// The run of a pipeline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// Why there is neither.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Fault>,
}

impl Run {
    /// What it started.
    fn started(&self) -> Option<Started> {
        let run = self.run.clone().map(|run| Started::Run { run });
        run.or(self.job.map(Started::Job))
    }
}

/// A firing that waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Waiting {
    pub(super) nominal: Timestamp,
    /// When it fell due, or was asked for.
    pub(super) since: Timestamp,
    /// Of what a client asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) request: Option<String>,
    pub(super) overlap: Overlap,
    /// Since when only the queue keeps it from being submitted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) blocked_since: Option<Timestamp>,
}

impl Waiting {
    /// A time of the spec.
    pub(super) fn scheduled(nominal: Timestamp, due: Timestamp, overlap: Overlap) -> Self {
        Self { nominal, since: due, request: None, overlap, blocked_since: None }
    }

    /// A time that a client asked for.
    pub(super) fn asked(nominal: Timestamp, now: Timestamp, request: &Request) -> Self {
        let (request, overlap) = (Some(request.id.clone()), request.overlap);
        Self { nominal, since: now, request, overlap, blocked_since: None }
    }

    /// The idempotency key, which is the fence of the firing. Clients cannot send one that begins like this: theirs
    /// are printable ASCII.
    pub(super) fn key(&self, schedule: &str) -> String {
        let request = self.request.as_deref().map(|id| format!("·{id}")).unwrap_or_default();
        format!("§{schedule}·{}{request}", self.nominal.0)
    }
}

impl Progress {
    /// The number of firings that wait.
    pub fn buffered(&self) -> usize {
        self.waiting.len()
    }

    /// Returns true if the engine stopped the schedule, and no client has resumed it since.
    pub fn is_halted(&self, active_from: Timestamp) -> bool {
        self.halted.as_ref().is_some_and(|halt| halt.at >= active_from)
    }

    /// How many of its times may still fire, those that wait being counted.
    pub fn remaining(&self, max_actions: u64) -> u64 {
        let waiting = self.waiting.iter().filter(|firing| firing.request.is_none()).count();
        max_actions.saturating_sub(self.scheduled + u64::try_from(waiting).unwrap_or(u64::MAX))
    }

    pub(super) fn record(&mut self, run: Run, is_scheduled: bool) {
        self.actions += 1;
        self.scheduled += u64::from(is_scheduled);
        let started = run.started().filter(|started| !self.running.contains(started));
        self.running.extend(started);
        let most = self.running.len().saturating_sub(FOLLOWED);
        self.running.drain(..most);
        self.recent.push_back(run);
        while self.recent.len() > LISTED {
            self.recent.pop_front();
        }
    }

    pub(super) fn halt(&mut self, at: Timestamp, reason: String) {
        self.waiting.clear();
        self.halted = Some(Halt { at, reason });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What an earlier version stored is read, and a run is never taken for a job: ids of both are UUIDs.
    #[test]
    fn jobs_and_runs_are_stored_apart() {
        let id = JobId::new();
        let stored = serde_json::json!({"running": [id, {"run": "0197b5c27d1e7b3a9c543f0a6b1d2e4f"}]});
        let progress: Progress = serde_json::from_value(stored).unwrap();
        let run = Started::Run { run: "0197b5c27d1e7b3a9c543f0a6b1d2e4f".to_owned() };
        assert_eq!(progress.running, [Started::Job(id), run]);
    }
}
