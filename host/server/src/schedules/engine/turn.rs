//! One turn of one schedule: what becomes of each firing.

use optimus_core::{Fault, Timestamp};

use optimus_queue::FeedEvent;
use serde_json::{Value, json};

use super::Seams;
use crate::feed;
use crate::schedules::action::{Firing, Refused, Started, State};
use crate::schedules::definition::Definition;
use crate::schedules::overlap::{Decision, MOST_WAITING, Overlap, decide};
use crate::schedules::progress::{Progress, Run, Waiting};

/// Jobs that are submitted in one turn; other schedules get theirs then.
const BURST: usize = 16;

pub(super) struct Turn<'a> {
    seams: &'a Seams,
    definition: &'a Definition,
    pub(super) progress: Progress,
    pub(super) now: Timestamp,
    /// Jobs that may still be submitted.
    left: usize,
    /// The queue takes none at the moment.
    is_blocked: bool,
    /// What is told once the progress is stored.
    pub(super) told: Vec<FeedEvent>,
}

impl<'a> Turn<'a> {
    pub(super) fn new(seams: &'a Seams, definition: &'a Definition, progress: Progress, now: Timestamp) -> Self {
        Self { seams, definition, progress, now, left: BURST, is_blocked: false, told: Vec::new() }
    }

    /// Returns true if more could be submitted at once.
    pub(super) fn wants_more(&self) -> bool {
        self.left == 0 && self.progress.buffered() > 0
    }

    /// Returns true if a firing that was due then is later than the catch-up window.
    pub(super) fn is_too_late(&self, due: Timestamp) -> bool {
        let most = u64::try_from(self.seams.longest_catch_up.as_millis()).unwrap_or(u64::MAX);
        let window = self.definition.policies.catch_up_s.saturating_mul(1_000).min(most);
        self.now.0.saturating_sub(due.0) > window
    }

    fn tell(&mut self, kind: &'static str, more: Value) {
        self.told.push(feed::schedule(kind, &self.definition.id, more));
    }

    pub(super) fn miss(&mut self, nominal: Timestamp) {
        self.progress.missed += 1;
        self.tell("schedule.missed", json!({ "nominal": nominal }));
        self.seams.metrics.schedule_firing("missed");
    }

    /// Forgets jobs that have ended, and fires what waited for them.
    pub(super) async fn settle(&mut self) -> anyhow::Result<()> {
        let mut open = Vec::new();
        for started in std::mem::take(&mut self.progress.running) {
            match self.seams.action.state(&started).await? {
                State::Open => open.push(started),
                State::Failed if self.definition.policies.pause_on_failure && self.progress.halted.is_none() => {
                    let how = if matches!(started, Started::Job(_)) { "was not accepted" } else { "has failed" };
                    self.halt(format!("{started} {how}"));
                }
                State::Ended | State::Failed => {}
            }
        }
        self.progress.running = open;
        while let Some(firing) = self.progress.waiting.pop_front() {
            if firing.blocked_since.is_some_and(|since| self.is_too_late(since)) {
                self.miss(firing.nominal);
                continue;
            }
            let may_fire = self.progress.running.is_empty() || firing.overlap == Overlap::AllowAll;
            if !may_fire || self.is_blocked || self.left == 0 {
                self.progress.waiting.push_front(firing);
                break;
            }
            self.fire(firing).await;
        }
        Ok(())
    }

    /// Decides about a firing that is due.
    pub(super) async fn consider(&mut self, firing: Waiting) -> anyhow::Result<()> {
        match decide(firing.overlap, self.progress.running.len(), self.progress.waiting.len()) {
            Decision::Fire if self.is_blocked || self.left == 0 => self.wait(firing),
            Decision::Fire => self.fire(firing).await,
            Decision::Wait => self.wait(firing),
            Decision::Skip => self.skip(firing.nominal),
            Decision::Replace => {
                for started in &self.progress.running {
                    self.seams.action.cancel(started).await?;
                }
                for left_out in std::mem::take(&mut self.progress.waiting) {
                    self.skip(left_out.nominal);
                }
                self.progress.waiting.push_back(firing);
            }
        }
        Ok(())
    }

    fn skip(&mut self, nominal: Timestamp) {
        self.progress.skipped += 1;
        self.tell("schedule.skipped", json!({ "nominal": nominal }));
        self.seams.metrics.schedule_firing("skipped");
    }

    fn wait(&mut self, firing: Waiting) {
        if self.progress.buffered() < MOST_WAITING {
            self.progress.waiting.push_back(firing);
        } else {
            self.progress.dropped += 1;
            self.tell("schedule.dropped", json!({ "nominal": firing.nominal }));
            self.seams.metrics.schedule_firing("dropped");
        }
    }

    async fn fire(&mut self, firing: Waiting) {
        self.left = self.left.saturating_sub(1);
        let id = &self.definition.id;
        let key = firing.key(id);
        let begun = self.seams.action.start(self.definition, Firing { key: &key, nominal: firing.nominal }).await;
        let started_at = (self.seams.now)();
        let late = started_at.0.saturating_sub(firing.since.0);
        let is_scheduled = firing.request.is_none();
        let blank = Run { nominal: firing.nominal, started_at, job: None, run: None, error: None };
        let refused = |fault: Fault| Run { error: Some(fault), ..blank.clone() };
        match begun {
            Ok(started) => {
                tracing::info!(schedule = id, %started, late_ms = late, "a schedule fired");
                self.seams.metrics.schedule_fired(late);
                let run = match started {
                    Started::Job(job) => Run { job: Some(job), ..blank },
                    Started::Run { run } => Run { run: Some(run), ..blank },
                };
                self.tell("schedule.fired", json!({"nominal": run.nominal, "job": run.job, "run": run.run}));
                self.progress.record(run, is_scheduled);
            }
            Err(Refused::ForNow(fault)) => {
                tracing::warn!(schedule = id, error = fault.message, "a firing waits");
                self.is_blocked = true;
                let blocked_since = Some(firing.blocked_since.unwrap_or(self.now));
                self.progress.waiting.push_front(Waiting { blocked_since, ..firing });
            }
            Err(Refused::Owner(fault)) => self.refuse(refused(fault.clone()), is_scheduled, Some(fault.message)),
            Err(Refused::Job(fault)) => {
                let halts = self.definition.policies.pause_on_failure.then(|| fault.message.clone());
                self.refuse(refused(fault), is_scheduled, halts);
            }
        }
    }

    /// Notes a firing that started nothing; `halts` is why that stops the schedule.
    fn refuse(&mut self, run: Run, is_scheduled: bool, halts: Option<String>) {
        let error = run.error.as_ref().map(|fault| fault.message.as_str()).unwrap_or_default();
        tracing::warn!(schedule = self.definition.id, error, "a firing started nothing");
        self.seams.metrics.schedule_firing("refused");
        let code = run.error.as_ref().map(|fault| fault.code.clone());
        self.tell("schedule.refused", json!({"nominal": run.nominal, "error": code}));
        self.progress.record(run, is_scheduled);
        if let Some(reason) = halts {
            self.halt(reason);
        }
    }

    fn halt(&mut self, reason: String) {
        tracing::warn!(schedule = self.definition.id, reason, "a schedule was stopped");
        self.tell("schedule.paused", json!({ "reason": reason }));
        self.progress.halt(self.now, reason);
    }
}
