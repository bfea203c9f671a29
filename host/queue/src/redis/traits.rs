//! The seam's four traits over scripts, connections and channels.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use optimus_core::{Event, Fault, Job, JobId, Report, Verdict};

use super::events::EventCounters;
use super::script::{Args, CANCEL, HEARTBEAT};
use super::take::{Taken, read};
use super::{GRACE, RedisQueue, Shared, events, lock, ms, wake};
use crate::{
    Cancelled, Delivery, EventId, Events, FeedEvent, Feeds, Filter, Heartbeat, JobAdmin, Lease, Leases,
    NumberedEventStream, PushOptions, Pushed, Queue, QueueError, Stats, Status, Summary,
};

#[async_trait]
impl Queue for RedisQueue {
    async fn push(&self, job: Job, options: PushOptions) -> Result<Pushed, QueueError> {
        self.shared.push(job, options).await
    }

    async fn take(&self, languages: &BTreeSet<String>) -> Result<Delivery, QueueError> {
        loop {
            let known;
            let wanted = match languages.is_empty() {
                true => {
                    known = self.shared.languages().await?;
                    &known
                }
                false => languages,
            };
            self.read_for(wanted);
            match self.shared.try_take(wanted.clone()).await? {
                Taken::Job(delivery) => {
                    let Delivery { job, attempt, .. } = &*delivery;
                    self.announce(job.tenant.as_deref(), FeedEvent::started(job.id, &job.language, *attempt));
                    return Ok(*delivery);
                }
                Taken::Nothing(wait) => self.shared.wakes.wait(wanted, wait).await,
            }
        }
    }

    async fn finish(&self, lease: &Lease, mut report: Report) -> Result<(), QueueError> {
        report.id = lease.id;
        let Some(language) = self.shared.route(lease.id).await? else {
            return Err(QueueError::Superseded(lease.id));
        };
        match self.shared.end(&language, lease.fence, &report, "").await? {
            true => Ok(()),
            false => Err(QueueError::Superseded(lease.id)),
        }
    }

    async fn status(&self, id: JobId) -> Result<Option<Status>, QueueError> {
        let Some(language) = self.shared.route(id).await? else { return Ok(None) };
        Ok(self.shared.state_of(id, &language).await?.map(|(status, _)| status))
    }
}

impl RedisQueue {
    /// Sees to it that somebody reads the streams of these languages: in a cluster they are at different nodes, and each
    /// has a separate reader.
    fn read_for(&self, languages: &BTreeSet<String>) {
        let per_language = self.shared.connection.address().is_cluster();
        let names: Vec<Option<&String>> = if per_language { languages.iter().map(Some).collect() } else { vec![None] };
        for name in names {
            if self.shared.wakes.needs_reader(name.map_or("", String::as_str)) {
                let reading = wake::read(Arc::clone(&self.shared), name.cloned());
                lock(&self.tasks).spawn(self.ends.clone().run("queue-reader", reading));
            }
        }
    }
}

impl Shared {
    /// The state of a job, and the number of its last event.
    pub(super) async fn state_of(
        &self,
        id: JobId,
        language: &str,
    ) -> Result<Option<(Status, EventCounters)>, QueueError> {
        let mut command = redis::cmd("HMGET");
        command.arg(self.key(language, &format!("job:{id}"))).arg(&["state", "attempt", "said", "stated", "report"]);
        type Row = (Option<String>, Option<u32>, Option<u64>, Option<u64>, Option<Vec<u8>>);
        let (state, attempt, last_seq, status_seq, report): Row =
            self.connection.query("look a job up", &command).await?;
        let begun = attempt.unwrap_or_default() > 0;
        let status = match (state.as_deref(), report) {
            (None, _) => return Ok(None),
            (Some("done"), Some(report)) => {
                let report = serde_json::from_slice(&report).map_err(|error| QueueError::Store {
                    doing: format!("read the report of {id}"),
                    source: error.into(),
                })?;
                Status::Done { report }
            }
            (Some("running"), _) => Status::Running,
            (Some("ending"), _) if begun => Status::Running,
            _ => Status::Queued,
        };
        Ok(Some((
            status,
            EventCounters { last_seq: last_seq.unwrap_or_default(), status_seq: status_seq.unwrap_or_default() },
        )))
    }
}

#[async_trait]
impl Leases for RedisQueue {
    async fn heartbeat(&self, lease: &Lease) -> Result<Heartbeat, QueueError> {
        let Some(language) = self.shared.route(lease.id).await? else {
            return Err(QueueError::Superseded(lease.id));
        };
        let args = Args::default().with(lease.id.to_string()).with(lease.fence).with(ms(self.shared.rules.lease));
        match self.shared.run::<i8>("extend a lease", &HEARTBEAT, &language, &args).await? {
            0 => Ok(Heartbeat::Continue),
            1 => Ok(Heartbeat::Cancel),
            _ => Err(QueueError::Superseded(lease.id)),
        }
    }

    async fn release(&self, lease: &Lease, reason: Fault, counted: bool) -> Result<(), QueueError> {
        self.shared.release(lease, &reason, counted).await
    }
}

#[async_trait]
impl JobAdmin for RedisQueue {
    async fn cancel(&self, id: JobId) -> Result<Cancelled, QueueError> {
        let Some(language) = self.shared.route(id).await? else { return Ok(Cancelled::Unknown) };
        let args = Args::default().with(id.to_string()).with(ms(GRACE));
        let answer: Vec<redis::Value> = self.shared.run("cancel", &CANCEL, &language, &args).await?;
        let word: String = read(answer.first().unwrap_or(&redis::Value::Nil))?;
        match (word.as_str(), &answer[..]) {
            ("ending", [_, payload, fence]) => {
                let payload: Vec<u8> = read(payload)?;
                self.shared.give_up(&language, id, read(fence)?, &payload, Verdict::Cancelled, None).await?;
                Ok(Cancelled::AtOnce)
            }
            ("asked", _) => Ok(Cancelled::Asked),
            ("late", _) => Ok(Cancelled::TooLate),
            _ => Ok(Cancelled::Unknown),
        }
    }

    async fn owner(&self, id: JobId) -> Result<Option<Option<String>>, QueueError> {
        let Some(language) = self.shared.route(id).await? else { return Ok(None) };
        let command = redis::Cmd::hget(self.shared.key(&language, &format!("job:{id}")), "tenant");
        let tenant: Option<String> = self.shared.connection.query("look a job up", &command).await?;
        Ok(tenant.map(|tenant| Some(tenant).filter(|tenant| !tenant.is_empty())))
    }

    async fn stats(&self) -> Result<Stats, QueueError> {
        self.shared.stats().await
    }

    async fn list(&self, filter: &Filter, before: Option<JobId>, limit: usize) -> Result<Vec<Summary>, QueueError> {
        self.shared.list(filter, before, limit).await
    }
}

#[async_trait]
impl Events for RedisQueue {
    fn publish(&self, id: JobId, event: Event) {
        let language = lock(&self.shared.routes).languages.get(&id).cloned();
        // A process that publishes events of a job has taken it from here.
        if let Some(language) = language {
            self.shared.publisher.publish((id, language), &event);
        }
    }

    async fn follow(&self, id: JobId, after: Option<EventId>) -> Result<Option<NumberedEventStream>, QueueError> {
        events::follow(&self.shared, id, after).await
    }
}
