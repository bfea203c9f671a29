//! The index of unfinished jobs: in memory, rebuilt at open. Pure bookkeeping: no I/O, no waiting.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::{Duration, Instant};

use optimus_core::{Event, Job, JobId};
use tokio::sync::broadcast;

use super::event_log::EventLog;
use super::feed::Feeds;
use super::pending::Pending;
use super::record::{KeyRecord, LiveRecord};
use super::store::Change;
use super::tenant_slots::TenantSlots;
use super::waiting::Waiting;
use crate::{EventId, FeedEvent, LanguageStats, NumberedEvent, QueueError, Quota, Rules, Stats};

/// Events that a slow listener may be behind before it loses some.
const TOPIC_CAPACITY: usize = 64;

#[derive(Default)]
pub(super) struct Index {
    pub closed: bool,
    /// Why the last write failed, until one succeeds.
    pub broken: Option<String>,
    pub live: BTreeMap<JobId, Live>,
    /// Attempts and wishes that the file does not know of yet.
    pub unsaved: BTreeSet<JobId>,
    /// Idempotency keys of pushes under way.
    pub keys: HashMap<String, KeyRecord>,
    /// Jobs that need not be read from the file.
    hot: HashMap<JobId, Job>,
    hot_bytes: u64,
    waiting: Waiting,
    tenant_slots: TenantSlots,
    /// When a lease ends, or a rest after a failure.
    due: BTreeSet<(Instant, JobId)>,
    tenants: HashMap<String, Load>,
    /// Jobs by the key that they came with, where that has a quota.
    quotas: HashMap<String, u64>,
    bytes: u64,
    topics: HashMap<JobId, broadcast::Sender<NumberedEvent>>,
    pub feeds: Feeds,
    /// The number space of events: it differs for each process.
    pub epoch: u64,
    /// Webhooks that are still to be sent.
    pub pending: Pending,
    pub dead: u64,
    pub results: Results,
}

/// Bytes of reports that are kept.
#[derive(Debug, Default)]
pub(super) struct Results {
    pub all: u64,
    pub tenants: HashMap<String, u64>,
}

/// A tenant's jobs that are not over.
#[derive(Debug, Clone, Copy, Default)]
struct Load {
    jobs: u64,
    bytes: u64,
}

impl Results {
    /// Applies the changes of a transaction.
    pub(super) fn apply(&mut self, change: &Change) {
        self.all = self.all.saturating_add_signed(change.bytes);
        for (tenant, bytes) in &change.tenants {
            let kept = self.tenants.entry(tenant.clone()).or_default();
            *kept = kept.saturating_add_signed(*bytes);
            if *kept == 0 {
                self.tenants.remove(tenant);
            }
        }
    }

    /// Returns true if more is stored than allowed.
    pub(super) fn is_over(&self, most: u64, tenant_most: u64) -> bool {
        self.all > most || self.tenants.values().any(|bytes| *bytes > tenant_most)
    }
}

pub(super) struct Live {
    pub record: LiveRecord,
    pub state: State,
    pub since: Instant,
    /// The file has it.
    pub stored: bool,
    /// An earlier process left it, and may have died of it.
    pub recovered: bool,
    /// Its place in the line, once it had one.
    pub turn: Option<u64>,
    pub log: EventLog,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Waiting,
    /// Waits until fewer of its tenant's run.
    Held,
    /// Rests after a failure.
    Resting(Instant),
    Leased(Instant),
    /// Its report is being written.
    Ending,
}

/// A job that was just leased.
pub(super) struct Begun {
    pub id: JobId,
    pub fence: u64,
    pub attempt: u32,
    pub waited: Duration,
    pub recovered: bool,
    pub job: Option<Job>,
}

/// The bounds of what may wait.
pub(super) struct Caps<'a> {
    pub rules: &'a Rules,
    pub queue_bytes: u64,
    pub memory_bytes: u64,
}

impl Index {
    pub(super) fn check_caps(
        &self,
        record: &LiveRecord,
        quota: Option<&Quota>,
        caps: &Caps<'_>,
    ) -> Result<(), QueueError> {
        let used = quota.map_or(0, |quota| self.quotas.get(&quota.key).copied().unwrap_or_default());
        if let Some(Quota { key, .. }) = quota.filter(|quota| used >= quota.most) {
            return Err(QueueError::QuotaFull { key: key.clone(), queued: used });
        }
        let queued = self.live.len() as u64;
        if queued >= caps.rules.cap || self.bytes.saturating_add(record.bytes) > caps.queue_bytes {
            return Err(QueueError::Full { queued });
        }
        let Some(tenant) = &record.tenant else { return Ok(()) };
        let Load { jobs, bytes } = self.tenants.get(tenant).copied().unwrap_or_default();
        if jobs >= caps.rules.tenant_cap {
            return Err(QueueError::TenantFull { tenant: tenant.clone(), queued: jobs });
        }
        let cap = caps.rules.tenant_queue_bytes;
        if bytes.saturating_add(record.bytes) > cap {
            return Err(QueueError::TenantBytes { tenant: tenant.clone(), bytes, cap });
        }
        Ok(())
    }

    pub(super) fn insert(&mut self, id: JobId, live: Live) {
        self.bytes += live.record.bytes;
        if let Some(tenant) = &live.record.tenant {
            let load = self.tenants.entry(tenant.clone()).or_default();
            *load = Load { jobs: load.jobs + 1, bytes: load.bytes + live.record.bytes };
        }
        if let Some(by) = &live.record.by {
            *self.quotas.entry(by.clone()).or_default() += 1;
        }
        self.live.insert(id, live);
        self.set_state(id, State::Waiting);
    }

    /// Keeps a job in memory if there is room.
    pub(super) fn keep(&mut self, job: Job, bytes: u64, caps: &Caps<'_>) {
        if self.hot_bytes.saturating_add(bytes) <= caps.memory_bytes {
            self.hot_bytes += bytes;
            self.hot.insert(job.id, job);
        }
    }

    pub(super) fn kept(&self, id: JobId) -> Option<&Job> {
        self.hot.get(&id)
    }

    pub(super) fn remove(&mut self, id: JobId) -> Option<Live> {
        self.set_state(id, State::Ending);
        let live = self.live.remove(&id)?;
        self.bytes -= live.record.bytes;
        if self.hot.remove(&id).is_some() {
            self.hot_bytes -= live.record.bytes;
        }
        if let Some(tenant) = &live.record.tenant
            && let Some(load) = self.tenants.get_mut(tenant)
        {
            *load = Load { jobs: load.jobs - 1, bytes: load.bytes - live.record.bytes };
            if load.jobs == 0 {
                self.tenants.remove(tenant);
            }
        }
        uncount(&mut self.quotas, live.record.by.as_deref());
        self.unsaved.remove(&id);
        Some(live)
    }

    /// The one place that moves a job between the sets.
    pub(super) fn set_state(&mut self, id: JobId, state: State) {
        let Some(live) = self.live.get_mut(&id) else { return };
        let was = std::mem::replace(&mut live.state, state);
        let (line, tenant) = ((live.record.priority, live.record.language.as_str()), live.record.tenant.as_ref());
        let turn = live.turn.unwrap_or_default();
        match was {
            State::Waiting => self.waiting.remove(line, turn, id),
            State::Held => self.tenant_slots.unhold(tenant, line, (turn, id)),
            State::Resting(until) | State::Leased(until) => drop(self.due.remove(&(until, id))),
            State::Ending => {}
        }
        match state {
            State::Waiting => live.turn = Some(self.waiting.add(line, tenant, id, live.turn)),
            State::Held => self.tenant_slots.hold(tenant, line, (turn, id)),
            State::Resting(until) | State::Leased(until) => drop(self.due.insert((until, id))),
            State::Ending => {}
        }
        let run = |state| matches!(state, State::Leased(_));
        match (run(was), run(state)) {
            (false, true) => self.tenant_slots.job_started(tenant),
            (true, false) => {
                for next in self.tenant_slots.job_ended(tenant) {
                    self.set_state(next, State::Waiting);
                }
            }
            _ => {}
        }
    }

    /// Leases the job in one of `languages` whose turn it is.
    pub(super) fn begin(&mut self, languages: &BTreeSet<String>, rules: &Rules) -> Option<Begun> {
        let id = loop {
            let first = self.waiting.first(languages)?;
            let (id, tenant) = (first.id, self.live.get(&first.id)?.record.tenant.as_ref());
            if !self.tenant_slots.is_full(tenant, rules.tenant_slots) {
                self.waiting.start(first);
                break id;
            }
            self.set_state(id, State::Held);
        };
        let now = Instant::now();
        self.set_state(id, State::Leased(now + rules.lease));
        let live = self.live.get_mut(&id)?;
        live.record.attempt += 1;
        live.record.fence += 1;
        let begun = Begun {
            id,
            fence: live.record.fence,
            attempt: live.record.attempt,
            waited: now.saturating_duration_since(live.since),
            recovered: live.recovered,
            job: self.hot.get(&id).cloned(),
        };
        // For a job that is not stored yet, `settle::written` adds both events: `job.submitted` comes first.
        if live.stored {
            let LiveRecord { tenant, language, attempt, .. } = &live.record;
            self.feeds.add(tenant.as_deref(), &FeedEvent::started(id, language, *attempt));
        }
        self.unsaved.insert(id);
        self.publish(id, Event::Started);
        Some(begun)
    }

    /// The job, if this fence still holds it.
    pub(super) fn leased(&mut self, id: JobId, fence: u64) -> Result<&mut Live, QueueError> {
        match self.live.get_mut(&id) {
            Some(live) if live.record.fence == fence && matches!(live.state, State::Leased(_)) => Ok(live),
            _ => Err(QueueError::Superseded(id)),
        }
    }

    /// Makes a job available again.
    pub(super) fn requeue(&mut self, id: JobId, uncounted: bool) {
        if let Some(live) = self.live.get_mut(&id) {
            live.record.attempt -= u32::from(uncounted && live.record.attempt > 0);
            self.set_state(id, State::Waiting);
            self.unsaved.insert(id);
            self.publish(id, Event::Queued);
        }
    }

    /// Jobs whose lease or rest has ended.
    pub(super) fn overdue(&self, now: Instant) -> Vec<JobId> {
        self.due.iter().take_while(|(until, _)| *until <= now).map(|(_, id)| *id).collect()
    }

    pub(super) fn publish(&mut self, id: JobId, event: Event) {
        let Some(live) = self.live.get_mut(&id) else { return };
        let event_id = Some(EventId { epoch: self.epoch, number: live.log.add(&event) });
        if let Some(topic) = self.topics.get(&id) {
            // No listener is left.
            let _ = topic.send(NumberedEvent { id: event_id, event });
        }
    }

    /// The last event; later listeners get the report.
    pub(super) fn close_topic(&mut self, id: JobId, event: Option<Event>) {
        if let (Some(topic), Some(event)) = (self.topics.remove(&id), event) {
            let _ = topic.send(NumberedEvent { id: None, event });
        }
    }

    pub(super) fn follow(
        &mut self,
        id: JobId,
        after: Option<EventId>,
    ) -> Option<(Vec<NumberedEvent>, broadcast::Receiver<NumberedEvent>)> {
        let live = self.live.get(&id)?;
        let stand = if live.is_running() { Event::Started } else { Event::Queued };
        let first = match after {
            None => vec![(live.log.last_seq, stand)],
            Some(mark) => live.log.since((mark.epoch == self.epoch).then_some(mark.number), stand),
        };
        let marked = |(number, event)| NumberedEvent { id: Some(EventId { epoch: self.epoch, number }), event };
        let first = first.into_iter().map(marked).collect();
        let topic = self.topics.entry(id).or_insert_with(|| broadcast::channel(TOPIC_CAPACITY).0);
        Some((first, topic.subscribe()))
    }

    pub(super) fn stats(&self) -> Stats {
        let mut rows: BTreeMap<&str, LanguageStats> = BTreeMap::new();
        for live in self.live.values() {
            let language = live.record.language.as_str();
            let row = rows.entry(language).or_insert_with(|| LanguageStats {
                language: language.to_owned(),
                queued: 0,
                running: 0,
                oldest: Duration::ZERO,
            });
            if live.is_running() {
                row.running += 1;
            } else {
                row.queued += 1;
                row.oldest = row.oldest.max(live.since.elapsed());
            }
        }
        Stats { languages: rows.into_values().collect(), dead: self.dead, since_reaped: None }
    }
}

fn uncount(counts: &mut HashMap<String, u64>, name: Option<&str>) {
    if let Some(name) = name
        && let Some(count) = counts.get_mut(name)
    {
        *count -= 1;
        if *count == 0 {
            counts.remove(name);
        }
    }
}

impl Live {
    pub(super) fn is_running(&self) -> bool {
        matches!(self.state, State::Leased(_)) || (self.state == State::Ending && self.record.attempt > 0)
    }

    pub(super) fn state_name(&self) -> &'static str {
        if self.is_running() { "running" } else { "queued" }
    }
}
