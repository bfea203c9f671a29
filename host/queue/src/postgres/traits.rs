//! The queue's seams, each a few lines over the functions beside this file.

use std::collections::BTreeSet;

use async_trait::async_trait;
use optimus_core::{Event, Fault, Job, JobId, Report};

use super::push::odd;
use super::{PostgresQueue, ms, number};
use crate::{
    Cancelled, Delivery, EventId, Events, FeedEvent, Feeds, Filter, Heartbeat, JobAdmin, Lease, Leases,
    NumberedEventStream, PushOptions, Pushed, Queue, QueueError, Stats, Status, Summary,
};

#[async_trait]
impl Queue for PostgresQueue {
    async fn push(&self, job: Job, options: PushOptions) -> Result<Pushed, QueueError> {
        self.shared.push(job, options).await
    }

    async fn take(&self, languages: &BTreeSet<String>) -> Result<Delivery, QueueError> {
        let delivery = self.shared.take(languages).await?;
        let (job, attempt) = (&delivery.job, delivery.attempt);
        self.announce(job.tenant.as_deref(), FeedEvent::started(job.id, &job.language, attempt));
        Ok(delivery)
    }

    async fn finish(&self, lease: &Lease, mut report: Report) -> Result<(), QueueError> {
        report.id = lease.id;
        match self.shared.end(lease, &report, None).await? {
            true => Ok(()),
            false => Err(QueueError::Superseded(lease.id)),
        }
    }

    async fn status(&self, id: JobId) -> Result<Option<Status>, QueueError> {
        Ok(self.shared.stand_of(id).await?.map(|stand| stand.status))
    }
}

#[async_trait]
impl Leases for PostgresQueue {
    async fn heartbeat(&self, lease: &Lease) -> Result<Heartbeat, QueueError> {
        let sql = "SELECT heartbeat($1, $2, $3)";
        let (fence, duration) = (number(lease.fence), ms(self.shared.rules.lease));
        let rows = self.shared.database.query("extend a lease", sql, &[&lease.id.0, &fence, &duration]).await?;
        match rows.first().ok_or_else(odd)?.try_get::<_, Option<bool>>(0).map_err(|_| odd())? {
            Some(true) => Ok(Heartbeat::Cancel),
            Some(false) => Ok(Heartbeat::Continue),
            None => Err(QueueError::Superseded(lease.id)),
        }
    }

    async fn release(&self, lease: &Lease, reason: Fault, counted: bool) -> Result<(), QueueError> {
        self.shared.release(lease, &reason, counted).await
    }
}

#[async_trait]
impl JobAdmin for PostgresQueue {
    async fn cancel(&self, id: JobId) -> Result<Cancelled, QueueError> {
        self.shared.cancel(id).await
    }

    async fn owner(&self, id: JobId) -> Result<Option<Option<String>>, QueueError> {
        const OWNER: &str = "SELECT tenant FROM job WHERE id = $1 AND (expires IS NULL OR expires > clock_timestamp())";
        let rows = self.shared.database.query("look a job up", OWNER, &[&id.0]).await?;
        let tenant = rows.first().map(|row| row.try_get::<_, String>(0).map_err(|_| odd())).transpose()?;
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
impl Events for PostgresQueue {
    fn publish(&self, id: JobId, event: Event) {
        self.shared.publisher.publish(id, &event);
    }

    async fn follow(&self, id: JobId, after: Option<EventId>) -> Result<Option<NumberedEventStream>, QueueError> {
        self.shared.follow(id, after).await
    }
}
