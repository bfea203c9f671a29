//! The seam's four traits over index, file and writer.

use std::collections::BTreeSet;
use std::sync::{Arc, MutexGuard};
use std::time::Instant;

use async_trait::async_trait;
use optimus_core::{Event, Fault, Job, JobId, Report, Verdict};
use tokio_stream::StreamExt;
use tokio_stream::wrappers::BroadcastStream;
use uuid::Uuid;

use super::event_log::EventLog;
use super::index::{Begun, Index, Live, State};
use super::record::{KeyRecord, LiveRecord};
use super::request::Op;
use super::store::matches;
use super::{EmbeddedQueue, Shared, Written, settle};
use crate::{
    Cancelled, Delivery, EventId, Events, FeedEvent, FeedPage, Feeds, Filter, Heartbeat, JobAdmin, Lease, Leases,
    NumberedEvent, NumberedEventStream, PushOptions, Pushed, Queue, QueueError, Stats, Status, Summary,
};

#[async_trait]
impl Queue for EmbeddedQueue {
    async fn push(&self, job: Job, options: PushOptions) -> Result<Pushed, QueueError> {
        let json = encode(&job)?;
        let record = super::new_record(&job, json.len() as u64, &options);
        // A key is in memory until the file has it, so that a key in neither is new, unless another push claims it.
        let keyed = match options.idempotency {
            Some(_) => Some(self.shared.keyed.lock().await),
            None => None,
        };
        if let (Some(name), Some(known)) = (record.key.clone(), &options.idempotency)
            && let Some(earlier) = self.earlier(name).await?
        {
            if earlier.fingerprint != known.fingerprint {
                return Err(QueueError::KeyReused(known.key.clone()));
            }
            // It may still be on its way into the file.
            let written = self.send(&self.shared.lock(), Op::Barrier)?;
            drop(keyed);
            written.wait().await?;
            return Ok(Pushed { id: earlier.id, duplicate: true });
        }
        let (pushed, written) = self.enqueue(job, json, record, &options)?;
        drop(keyed);
        written.wait().await?;
        Ok(pushed)
    }

    async fn take(&self, languages: &BTreeSet<String>) -> Result<Delivery, QueueError> {
        loop {
            let woken = self.shared.wake.notified();
            tokio::pin!(woken);
            // From here on no wake-up is missed.
            woken.as_mut().enable();
            let begun = {
                let mut index = self.shared.lock();
                if index.closed {
                    return Err(QueueError::Closed);
                }
                index.begin(languages, &self.shared.config.rules)
            };
            match begun {
                None => woken.await,
                Some(begun) => {
                    if let Some(delivery) = self.deliver(begun).await? {
                        return Ok(delivery);
                    }
                }
            }
        }
    }

    async fn finish(&self, lease: &Lease, mut report: Report) -> Result<(), QueueError> {
        report.id = lease.id;
        let json = encode(&report)?;
        let written = {
            let mut index = self.shared.lock();
            index.leased(lease.id, lease.fence)?;
            index.set_state(lease.id, State::Ending);
            let op = Op::Finish { id: lease.id, report: Box::new(report), json };
            self.send_or_undo(index, op, lease)?
        };
        // Another of its tenant's may begin now, and somebody may wait for just that.
        if self.shared.config.rules.tenant_slots.is_some() {
            self.shared.wake.notify_waiters();
        }
        written.wait().await
    }

    async fn status(&self, id: JobId) -> Result<Option<Status>, QueueError> {
        if let Some(live) = self.shared.lock().live.get(&id) {
            return Ok(Some(if live.is_running() { Status::Running } else { Status::Queued }));
        }
        let report = self.read(move |shared| shared.store.report(id)).await?;
        Ok(report.map(|report| Status::Done { report: Box::new(report) }))
    }
}

#[async_trait]
impl Leases for EmbeddedQueue {
    async fn heartbeat(&self, lease: &Lease) -> Result<Heartbeat, QueueError> {
        let mut index = self.shared.lock();
        let cancel = index.leased(lease.id, lease.fence)?.record.cancel;
        index.set_state(lease.id, State::Leased(Instant::now() + self.shared.config.rules.lease));
        Ok(if cancel { Heartbeat::Cancel } else { Heartbeat::Continue })
    }

    async fn release(&self, lease: &Lease, reason: Fault, counted: bool) -> Result<(), QueueError> {
        let written = {
            let mut index = self.shared.lock();
            let live = index.leased(lease.id, lease.fence)?;
            // Whatever becomes of the job, this lease is over.
            live.record.fence += 1;
            let op = if counted {
                live.record.fault = Some(reason);
                let rest = self.shared.config.rules.backoff_after(live.record.attempt);
                settle::requeue_or_give_up(&mut index, lease.id, rest, &self.shared.config.rules)
            } else {
                live.record.attempt -= 1;
                settle::requeue_or_give_up(&mut index, lease.id, std::time::Duration::ZERO, &self.shared.config.rules)
            };
            self.send(&index, op.map_or(Op::Barrier, |request| request.op))?
        };
        self.shared.wake.notify_waiters();
        written.wait().await
    }
}

#[async_trait]
impl JobAdmin for EmbeddedQueue {
    async fn cancel(&self, id: JobId) -> Result<Cancelled, QueueError> {
        let (written, outcome) = {
            let mut index = self.shared.lock();
            match index.live.get_mut(&id).map(|live| (live.state, live)) {
                Some((State::Waiting | State::Held | State::Resting(_), _)) => {
                    index.set_state(id, State::Ending);
                    let op = Op::GiveUp { id, verdict: Verdict::Cancelled, fault: None };
                    (Some(self.send(&index, op)?), Cancelled::AtOnce)
                }
                Some((State::Leased(_), live)) => {
                    live.record.cancel = true;
                    index.unsaved.insert(id);
                    (Some(self.send(&index, Op::Barrier)?), Cancelled::Asked)
                }
                Some((State::Ending, _)) => (None, Cancelled::TooLate),
                None => (None, Cancelled::Unknown),
            }
        };
        if let Some(written) = written {
            written.wait().await?;
        }
        if outcome != Cancelled::Unknown {
            return Ok(outcome);
        }
        let over = self.read(move |shared| shared.store.report(id)).await?.is_some();
        Ok(if over { Cancelled::TooLate } else { Cancelled::Unknown })
    }

    async fn owner(&self, id: JobId) -> Result<Option<Option<String>>, QueueError> {
        let live = self.shared.lock().live.get(&id).map(|live| live.record.tenant.clone());
        match live {
            Some(tenant) => Ok(Some(tenant)),
            None => self.read(move |shared| shared.store.owner(id)).await,
        }
    }

    async fn stats(&self) -> Result<Stats, QueueError> {
        let index = self.shared.lock();
        match &index.broken {
            Some(why) => {
                Err(QueueError::Store { doing: "the last write failed".to_owned(), source: why.clone().into() })
            }
            None if index.closed => Err(QueueError::Closed),
            None => Ok(index.stats()),
        }
    }

    async fn list(&self, filter: &Filter, before: Option<JobId>, limit: usize) -> Result<Vec<Summary>, QueueError> {
        let before = before.unwrap_or(JobId(Uuid::max()));
        let wanted = |state: &str| filter.state.as_deref().is_none_or(|wanted| wanted == state);
        // The file after the memory: a job that ends in between is then listed twice rather than not at all.
        let mut found = live_jobs(&self.shared.lock(), filter, before, limit);
        if wanted("done") {
            let filter = filter.clone();
            let done = self.read(move |shared| shared.store.list(&filter, before, limit)).await?;
            found.retain(|live| done.iter().all(|done| done.id != live.id));
            found.extend(done);
            found.sort_by_key(|row| std::cmp::Reverse(row.id));
            found.truncate(limit);
        }
        Ok(found)
    }
}

#[async_trait]
impl Events for EmbeddedQueue {
    fn publish(&self, id: JobId, event: Event) {
        self.shared.lock().publish(id, event);
    }

    async fn follow(&self, id: JobId, after: Option<EventId>) -> Result<Option<NumberedEventStream>, QueueError> {
        let live = self.shared.lock().follow(id, after);
        if let Some((first, receiver)) = live {
            let rest = BroadcastStream::new(receiver).filter_map(Result::ok);
            return Ok(Some(Box::pin(tokio_stream::iter(first).chain(rest))));
        }
        let report = self.read(move |shared| shared.store.report(id)).await?;
        let done = |report| NumberedEvent { id: None, event: Event::Done { report: Box::new(report) } };
        Ok(report.map(|report| -> NumberedEventStream { Box::pin(tokio_stream::once(done(report))) }))
    }
}

#[async_trait]
impl Feeds for EmbeddedQueue {
    fn announce(&self, tenant: Option<&str>, event: FeedEvent) {
        self.shared.lock().feeds.add(tenant, &event);
    }

    async fn flush_feeds(&self) {}

    async fn feed(&self, tenant: Option<&str>, after: Option<EventId>, limit: usize) -> Result<FeedPage, QueueError> {
        let index = self.shared.lock();
        Ok(index.feeds.page(index.epoch, tenant, after, limit))
    }
}

impl EmbeddedQueue {
    fn enqueue(
        &self,
        job: Job,
        json: Vec<u8>,
        record: LiveRecord,
        options: &PushOptions,
    ) -> Result<(Pushed, Written), QueueError> {
        let id = job.id;
        let mut index = self.shared.lock();
        let key = record.key.clone().zip(options.idempotency.clone());
        let caps = self.shared.caps();
        index.check_caps(&record, options.quota.as_ref(), &caps)?;
        let key = key.map(|(name, known)| (name, KeyRecord { id, fingerprint: known.fingerprint }));
        let written = self
            .send(&index, Op::Push { id, job: json, key: key.clone(), may_delay_commit: options.may_delay_commit })?;
        index.keys.extend(key);
        index.keep(job, record.bytes, &caps);
        let (since, log) = (Instant::now(), EventLog::default());
        index
            .insert(id, Live { record, state: State::Ending, since, stored: false, recovered: false, turn: None, log });
        drop(index);
        self.shared.wake.notify_waiters();
        Ok((Pushed { id, duplicate: false }, written))
    }

    /// The record of an idempotency key.
    async fn earlier(&self, key: String) -> Result<Option<KeyRecord>, QueueError> {
        if let Some(record) = self.shared.lock().keys.get(&key) {
            return Ok(Some(record.clone()));
        }
        self.read(move |shared| shared.store.key(&key)).await
    }

    fn send_or_undo(&self, mut index: MutexGuard<'_, Index>, op: Op, lease: &Lease) -> Result<Written, QueueError> {
        let sent = self.send(&index, op);
        if sent.is_err() {
            index.set_state(lease.id, State::Leased(Instant::now() + lease.duration));
        }
        sent
    }

    /// `None` when the job cannot be read: it is given up, and the next one may be had.
    async fn deliver(&self, begun: Begun) -> Result<Option<Delivery>, QueueError> {
        let Begun { id, fence, attempt, waited, recovered, job } = begun;
        let lease = Lease { id, fence, duration: self.shared.config.rules.lease };
        let mut guard = LeaseGuard { shared: &self.shared, lease: Some((id, fence)) };
        if recovered {
            // It may be what ended the earlier process: this attempt must be known to the next one.
            let written = self.send(&self.shared.lock(), Op::Barrier)?;
            written.wait().await?;
        }
        let job = match job {
            Some(job) => Ok(Some(job)),
            None => self.read(move |shared| shared.store.job(id)).await,
        };
        match job {
            Ok(Some(job)) => {
                guard.lease = None;
                Ok(Some(Delivery { job, lease, attempt, waited }))
            }
            Ok(None) | Err(_) => {
                guard.lease = None;
                let mut index = self.shared.lock();
                index.set_state(id, State::Ending);
                let fault = Fault::new("job_unreadable", format!("job {id} cannot be read from the queue's file"))
                    .hint("it was written by a newer version, or the file is damaged; submit it again");
                self.send(&index, Op::GiveUp { id, verdict: Verdict::InternalError, fault: Some(fault) })?;
                Ok(None)
            }
        }
    }

    /// Reads the file off the threads that do not wait.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        f: impl FnOnce(&Shared) -> Result<T, QueueError> + Send + 'static,
    ) -> Result<T, QueueError> {
        let shared = Arc::clone(&self.shared);
        let read = tokio::task::spawn_blocking(move || f(&shared)).await;
        read.unwrap_or_else(|error| Err(QueueError::Store { doing: "read".to_owned(), source: Box::new(error) }))
    }
}

/// Gives a lease back when `take` is dropped before it could deliver.
struct LeaseGuard<'a> {
    shared: &'a Shared,
    lease: Option<(JobId, u64)>,
}

impl Drop for LeaseGuard<'_> {
    fn drop(&mut self) {
        if let Some((id, fence)) = self.lease {
            let mut index = self.shared.lock();
            if index.leased(id, fence).is_ok() {
                index.requeue(id, true);
            }
            drop(index);
            self.shared.wake.notify_waiters();
        }
    }
}

fn live_jobs(index: &Index, filter: &Filter, before: JobId, limit: usize) -> Vec<Summary> {
    let older = index.live.range(..before).rev();
    let wanted = older.filter(|(_, live)| {
        matches(filter, live.record.tenant.as_deref(), &live.record.language)
            && filter.state.as_deref().is_none_or(|wanted| wanted == live.state_name())
    });
    wanted.take(limit).map(|(id, live)| summary(*id, live)).collect()
}

fn summary(id: JobId, live: &Live) -> Summary {
    let (language, state) = (live.record.language.clone(), live.state_name().to_owned());
    Summary { id, language, state, verdict: None, created_at: id.created_at() }
}

fn encode<T: serde::Serialize>(value: &T) -> Result<Vec<u8>, QueueError> {
    serde_json::to_vec(value)
        .map_err(|error| QueueError::Store { doing: "write as JSON".to_owned(), source: error.into() })
}
