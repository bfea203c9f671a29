//! Taking a job out of the queue.

use std::collections::BTreeSet;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use optimus_core::{Fault, Job, JobId, Verdict};
use redis::{FromRedisValue, Value};
use tokio::sync::oneshot;

use super::script::{Args, FINISH, RELEASE, TAKE};
use super::{GRACE, Shared, lock, ms};
use crate::{Delivery, FeedEvent, Lease, PASSED_OVER, QueueError, unjudged};

/// The result of one read of the queue.
pub(super) enum Taken {
    Job(Box<Delivery>),
    /// Nothing; try again after this time, or when woken.
    Nothing(Duration),
}

impl Shared {
    /// Tries once. If the caller is gone before the answer arrives, a job that was taken goes back, and the attempt does not
    /// count.
    pub(super) async fn try_take(self: &Arc<Self>, languages: BTreeSet<String>) -> Result<Taken, QueueError> {
        let (reply, answer) = oneshot::channel();
        let shared = Arc::clone(self);
        tokio::spawn(async move {
            let found = shared.try_each_language(&languages).await;
            if let Err(Ok(Taken::Job(delivery))) = reply.send(found) {
                let reason = Fault::new("worker_stopped", "the caller is gone");
                if let Err(error) = shared.release(&delivery.lease, &reason, false).await {
                    tracing::warn!(job = %delivery.lease.id, %error, "a job was not given back; its lease runs out");
                }
            }
        });
        answer.await.unwrap_or(Err(QueueError::Closed))
    }

    /// Tries the languages in turn, beginning with the one that a wake-up was for, and otherwise each time with another.
    async fn try_each_language(&self, languages: &BTreeSet<String>) -> Result<Taken, QueueError> {
        let mut soonest = Duration::from_secs(1);
        let woken = self.wakes.last_woken().filter(|language| languages.contains(language));
        let turn = self.turn.fetch_add(1, Ordering::Relaxed) % languages.len().max(1);
        let others = languages.iter().skip(turn).chain(languages.iter().take(turn));
        for language in woken.iter().chain(others) {
            match self.try_language(language).await? {
                Taken::Nothing(wait) => soonest = soonest.min(wait),
                job @ Taken::Job(_) => return Ok(job),
            }
        }
        Ok(Taken::Nothing(soonest))
    }

    async fn try_language(&self, language: &str) -> Result<Taken, QueueError> {
        let rules = &self.rules;
        let args = Args::default().with(ms(rules.lease)).with(rules.max_attempts).with(PASSED_OVER);
        let args = args.with(rules.tenant_slots.map_or(0, NonZeroU32::get));
        loop {
            let answer: Vec<Value> = self.run_once("take", &TAKE, language, &args).await?;
            if let [due] = &answer[..] {
                return Ok(Taken::Nothing(Duration::from_millis(read(due)?)));
            }
            let [id, payload, attempt, fence, waited] = &answer[..] else { return Err(odd("take")) };
            let id: JobId = read::<String>(id)?.parse().map_err(|_| odd("take"))?;
            let lease = Lease { id, fence: read(fence)?, duration: rules.lease };
            lock(&self.routes).add(id, language);
            let (attempt, waited) = (read(attempt)?, Duration::from_millis(read::<i64>(waited)?.max(0).unsigned_abs()));
            match serde_json::from_slice::<Job>(&read::<Vec<u8>>(payload)?) {
                Ok(job) => return Ok(Taken::Job(Box::new(Delivery { job, lease, attempt, waited }))),
                Err(error) => {
                    let fault = Fault::new("job_unreadable", format!("job {id} cannot be read: {error}"))
                        .hint("it was written by another version; submit it again");
                    self.give_up(language, id, lease.fence, &[], Verdict::InternalError, Some(fault)).await?;
                }
            }
        }
    }

    pub(super) async fn release(&self, lease: &Lease, reason: &Fault, counted: bool) -> Result<(), QueueError> {
        let Some(language) = self.route(lease.id).await? else { return Err(QueueError::Superseded(lease.id)) };
        let fault = serde_json::to_string(reason).unwrap_or_default();
        self.publisher.flush().await;
        let mut args = Args::default()
            .with(lease.id.to_string())
            .with(lease.fence)
            .with(u8::from(counted))
            .with(fault)
            .with(self.rules.max_attempts)
            .with(ms(GRACE));
        // Which one it is, the script knows.
        for attempt in 1..=self.rules.max_attempts.min(16) {
            args = args.with(ms(self.rules.backoff_after(attempt)));
        }
        let answer: Vec<Value> = self.run("release", &RELEASE, &language, &args).await?;
        match (read::<String>(answer.first().unwrap_or(&Value::Nil))?.as_str(), &answer[..]) {
            ("back", _) => Ok(()),
            ("cancel", [_, payload, fence]) => {
                let payload: Vec<u8> = read(payload)?;
                self.give_up(&language, lease.id, read(fence)?, &payload, Verdict::Cancelled, None).await
            }
            ("dead", [_, payload, fence]) => {
                let (payload, reason): (Vec<u8>, _) = (read(payload)?, Some(reason.clone()));
                self.give_up(&language, lease.id, read(fence)?, &payload, Verdict::InternalError, reason).await
            }
            _ => Err(QueueError::Superseded(lease.id)),
        }
    }

    /// Ends a job without a verdict, unless it has ended meanwhile.
    pub(super) async fn give_up(
        &self,
        language: &str,
        id: JobId,
        fence: u64,
        payload: &[u8],
        verdict: Verdict,
        fault: Option<Fault>,
    ) -> Result<(), QueueError> {
        let why = fault.as_ref().map_or_else(String::new, |fault| format!("{}: {}", fault.code, fault.message));
        let report = match serde_json::from_slice::<Job>(payload) {
            Ok(job) => unjudged(&job, verdict, fault),
            Err(_) => crate::unreadable(id, language.to_owned(), verdict, fault),
        };
        self.end(language, fence, &report, &why).await.map(drop)
    }

    /// Stores the last word on a job; `false`, if somebody else has it.
    pub(super) async fn end(
        &self,
        language: &str,
        fence: u64,
        report: &optimus_core::Report,
        why: &str,
    ) -> Result<bool, QueueError> {
        let json = serde_json::to_vec(report)
            .map_err(|error| QueueError::Store { doing: "write as JSON".to_owned(), source: error.into() })?;
        self.publisher.flush().await;
        let args = Args::default()
            .with(report.id.to_string())
            .with(fence)
            .with(json)
            .with(report.verdict.to_string())
            .with(ms(self.rules.result_ttl))
            .with(why)
            .with(ms(super::outbox::KEPT))
            .with(self.rules.tenant_result_bytes);
        let tenant: Option<String> = self.run_once("finish", &FINISH, language, &args).await?;
        if let Some(tenant) = &tenant {
            self.feeds.announce(Some(tenant), &FeedEvent::done(report.id, language, report.verdict));
        }
        Ok(tenant.is_some())
    }
}

pub(super) fn read<T: FromRedisValue>(value: &Value) -> Result<T, QueueError> {
    redis::from_redis_value_ref(value).map_err(|_| odd("read"))
}

fn odd(doing: &str) -> QueueError {
    let source = "redis answered what none of our scripts says".into();
    QueueError::Store { doing: doing.to_owned(), source }
}
