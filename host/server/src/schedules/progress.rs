//! What the engine writes of a schedule.

use std::collections::VecDeque;

use optimus_core::{Fault, JobId, Timestamp};
use serde::{Deserialize, Serialize};

use super::definition::Request;
use super::overlap::Overlap;

/// Firings that are listed.
const LISTED: usize = 10;
/// Running jobs that are followed; with `allow_all` there may be more, and the oldest are left out.
const FOLLOWED: usize = 100;

/// How far a schedule has come.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Every nominal time up to this one was dealt with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<Timestamp>,
    /// Firings whose job was submitted, or refused.
    #[serde(default)]
    pub actions: u64,
    /// Those of them that the spec named, and no client asked for.
    #[serde(default)]
    pub scheduled: u64,
    /// Firings that were later than the catch-up window.
    #[serde(default)]
    pub missed: u64,
    /// Firings that were left out, because an earlier job ran.
    #[serde(default)]
    pub skipped: u64,
    /// Firings that were left out, because too many waited.
    #[serde(default)]
    pub dropped: u64,
    /// The last firings, the newest last.
    #[serde(default)]
    pub recent: VecDeque<Run>,
    /// Jobs that have not ended, as far as is known.
    #[serde(default)]
    pub running: Vec<JobId>,
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
    /// When the job was submitted.
    pub started_at: Timestamp,
    /// The job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<JobId>,
    /// Why there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Fault>,
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

    /// The job's idempotency key, which is the fence of the firing. Clients cannot send one that begins like this: theirs
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
        self.running.extend(run.job.filter(|job| !self.running.contains(job)));
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
