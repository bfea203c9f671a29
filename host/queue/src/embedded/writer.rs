//! The one thread that writes the file: whatever has gathered while the last transaction was being made durable goes
//! into the next one (group commit). It is also the clock: leases, rests and results end here.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use optimus_core::{Fault, JobId, Report, Verdict};
use tokio::sync::oneshot;

use super::index::State;
use super::record::{DeadRecord, DoneRecord, HookRecord};
use super::request::{Op, Request};
use super::store::{Change, Changes, Expire, Finished, NewJob};
use super::{Shared, settle};
use crate::{QueueError, unjudged};

/// Most requests of one transaction, so that the first of them does not wait for ever.
const BATCH: usize = 256;
/// Time that a push which may wait is held back for a larger transaction. A short job is over by then, and both are one
/// write.
const LINGER: Duration = Duration::from_millis(4);
/// Precision of the end of leases and delays.
const TICK: Duration = Duration::from_millis(25);
/// Interval between two looks for old results, and the most that one transaction deletes.
const EXPIRE_EVERY: Duration = Duration::from_secs(1);
const EXPIRE_BATCH: usize = 64;

pub(super) struct Writer {
    pub shared: Arc<Shared>,
    pub requests: Receiver<Request>,
    pub next_expire: Instant,
}

/// A batch on its way into the file.
#[derive(Default)]
struct Batch {
    changes: Changes,
    replies: Vec<oneshot::Sender<Result<(), QueueError>>>,
}

type Added = Result<(), QueueError>;

impl Writer {
    pub(super) fn run(mut self) {
        loop {
            let first = match self.requests.recv_timeout(self.patience()) {
                Ok(request) => Some(request),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => break,
            };
            let mut requests = self.collect_batch(first);
            requests.extend(self.overdue());
            self.write(requests);
        }
        // The last attempts and releases.
        self.write(Vec::new());
    }

    /// The requests of one transaction, beginning with `first`.
    fn collect_batch(&self, first: Option<Request>) -> Vec<Request> {
        let until = Instant::now() + LINGER;
        let mut requests: Vec<Request> = first.into_iter().collect();
        loop {
            let room = BATCH.saturating_sub(requests.len());
            requests.extend(self.requests.try_iter().take(room));
            if room == 0 || requests.is_empty() || !requests.iter().all(Request::may_delay_commit) {
                return requests;
            }
            match self.requests.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(request) => requests.push(request),
                Err(_) => return requests,
            }
        }
    }

    fn patience(&self) -> Duration {
        let index = self.shared.lock();
        if index.live.is_empty() && index.broken.is_none() { EXPIRE_EVERY } else { TICK }
    }

    /// Leases and rests that have ended: back into the queue, or given up.
    fn overdue(&self) -> Vec<Request> {
        let mut index = self.shared.lock();
        let mut given_up = Vec::new();
        let overdue = index.overdue(Instant::now());
        for id in &overdue {
            if let Some(live) = index.live.get_mut(id)
                && matches!(live.state, State::Leased(_))
            {
                live.record.fault = Some(crate::worker_lost(live.record.attempt));
            }
            given_up.extend(settle::requeue_or_give_up(&mut index, *id, Duration::ZERO, &self.shared.config.rules));
        }
        drop(index);
        if !overdue.is_empty() {
            self.shared.wake.notify_waiters();
        }
        given_up
    }

    fn write(&mut self, requests: Vec<Request>) {
        let mut batch = self.gather(requests);
        let expire_due = self.next_expire <= Instant::now() || self.is_over();
        if batch.changes.is_empty() && !expire_due && self.shared.lock().broken.is_none() {
            return self.answer(batch, &Ok(()));
        }
        batch.changes.expire = expire_due.then(|| self.expire());
        match self.shared.store.commit(&batch.changes) {
            Ok(change) => {
                if expire_due {
                    let more = change.expired >= EXPIRE_BATCH;
                    self.next_expire = Instant::now() + if more { Duration::ZERO } else { EXPIRE_EVERY };
                }
                self.note_written(&change);
                self.answer(batch, &Ok(()));
            }
            Err(error) => {
                self.note_refused(&error);
                self.answer(batch, &Err(error));
            }
        }
    }

    fn note_written(&self, change: &Change) {
        let mut index = self.shared.lock();
        index.results.apply(change);
        index.dead = index.dead.saturating_add_signed(change.dead);
        if index.broken.take().is_some() {
            tracing::info!("the queue can write again");
        }
    }

    /// Once for each trouble: the next attempt is a tick away.
    fn note_refused(&self, error: &QueueError) {
        let text = error.to_string();
        if self.shared.lock().broken.replace(text.clone()).is_none() {
            tracing::error!(error = text, "the queue cannot write; what it is given meanwhile is refused");
        }
        if let Err(error) = self.shared.store.reopen() {
            tracing::debug!(%error, "the queue's file cannot be opened again yet");
        }
        std::thread::sleep(TICK);
    }

    /// More reports are kept than may be: the oldest go with the next transaction, not at the next look.
    fn is_over(&self) -> bool {
        let config = &self.shared.config;
        self.shared.lock().results.is_over(config.result_bytes, config.rules.tenant_result_bytes)
    }

    fn expire(&self) -> Expire {
        let config = &self.shared.config;
        let ttl = u64::try_from(config.rules.result_ttl.as_millis()).unwrap_or(u64::MAX);
        let index = self.shared.lock();
        let excess = |(tenant, bytes): (&String, &u64)| {
            let excess = bytes.saturating_sub(config.rules.tenant_result_bytes);
            (excess > 0).then(|| (tenant.clone(), excess))
        };
        Expire {
            finished_before_ms: super::now_ms().saturating_sub(ttl),
            excess_bytes: index.results.all.saturating_sub(config.result_bytes),
            tenants: index.results.tenants.iter().filter_map(excess).collect(),
            limit: EXPIRE_BATCH,
        }
    }

    fn gather(&self, requests: Vec<Request>) -> Batch {
        let mut batch = Batch::default();
        let mut pushed = Vec::new();
        for Request { op, reply } in requests {
            let done = match op {
                Op::Push { id, job, key, .. } => {
                    pushed.push((id, job, key));
                    Ok(())
                }
                Op::Finish { id, report, json } => self.add_report(&mut batch, id, report, json, false),
                Op::GiveUp { id, verdict, fault } => self.add_unjudged(&mut batch, id, verdict, fault),
                Op::Hook { id, record } => {
                    batch.changes.hooks.push((id, record));
                    Ok(())
                }
                Op::Requeue { id, record } => {
                    batch.changes.requeues.push((id, record));
                    Ok(())
                }
                Op::Discard { id } => {
                    batch.changes.discards.push(id);
                    Ok(())
                }
                Op::Barrier => Ok(()),
            };
            match (done, reply) {
                (Ok(()), reply) => batch.replies.extend(reply),
                // Whoever asked may have gone.
                (Err(error), Some(reply)) => drop(reply.send(Err(error))),
                (Err(_), None) => {}
            }
        }
        let mut index = self.shared.lock();
        for (id, job, key) in pushed {
            // As it stands now: it may have been begun since.
            if let Some(live) = index.live.get(&id) {
                batch.changes.pushes.push(NewJob { id, record: live.record.clone(), job, key });
            }
        }
        for id in std::mem::take(&mut index.unsaved) {
            match index.live.get(&id) {
                Some(live) if live.stored => batch.changes.updates.push((id, live.record.clone())),
                // Its push comes in this batch or the next, and brings these news or is followed by them.
                Some(_) => drop(index.unsaved.insert(id)),
                None => {}
            }
        }
        drop(index);
        batch
    }

    fn add_report(&self, batch: &mut Batch, id: JobId, report: Box<Report>, json: Vec<u8>, dead: bool) -> Added {
        let index = self.shared.lock();
        // Gone when its push failed: no client was told that it was accepted.
        let live = index.live.get(&id).ok_or(QueueError::Superseded(id))?;
        let record = DoneRecord {
            language: live.record.language.clone(),
            tenant: live.record.tenant.clone(),
            verdict: report.verdict,
            finished_ms: super::now_ms(),
            // One that was given up keeps its payload.
            bytes: json.len() as u64 + if dead { live.record.bytes } else { 0 },
            dead,
            key: live.record.key.clone(),
        };
        let (webhook, tenant) = (live.record.webhook.clone(), record.tenant.clone());
        let (generation, due_ms) = (live.record.generation, record.finished_ms);
        let hook = webhook.map(|webhook| HookRecord { webhook, tenant, generation, tries: 0, due_ms });
        let reason = report.error.as_ref().map(|fault| format!("{}: {}", fault.code, fault.message));
        let reason = reason.unwrap_or_default();
        let dead = dead.then(|| DeadRecord { live: live.record.clone(), reason, at_ms: record.finished_ms });
        batch.changes.finishes.push(Finished { record, json, report, hook, dead });
        Ok(())
    }

    fn add_unjudged(&self, batch: &mut Batch, id: JobId, verdict: Verdict, fault: Option<Fault>) -> Added {
        let kept = self.shared.lock().kept(id).cloned();
        let job = kept.map_or_else(|| self.shared.store.job(id), |job| Ok(Some(job)));
        let report = match job {
            Ok(Some(job)) => unjudged(&job, verdict, fault),
            _ => {
                let language = self.shared.lock().live.get(&id).map(|live| live.record.language.clone());
                crate::unreadable(id, language.unwrap_or_default(), verdict, fault)
            }
        };
        let json = serde_json::to_vec(&report).unwrap_or_default();
        self.add_report(batch, id, Box::new(report), json, verdict == Verdict::InternalError)
    }

    /// Settles the batch in memory, then answers its requests.
    fn answer(&self, batch: Batch, result: &Result<(), QueueError>) {
        let mut index = self.shared.lock();
        match result {
            Ok(()) => settle::written(&mut index, batch.changes),
            Err(_) => settle::refused(&mut index, batch.changes, self.shared.config.rules.lease),
        }
        drop(index);
        for reply in batch.replies {
            // Whoever asked may have gone.
            let _ = reply.send(match result {
                Ok(()) => Ok(()),
                Err(error) => Err(same(error)),
            });
        }
    }
}

/// Everybody whose request was in the batch gets the same error.
fn same(error: &QueueError) -> QueueError {
    match error {
        QueueError::Store { doing, source } => {
            QueueError::Store { doing: doing.clone(), source: source.to_string().into() }
        }
        other => QueueError::Store { doing: "write".to_owned(), source: other.to_string().into() },
    }
}
