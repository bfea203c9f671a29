//! The end of a job: its report, or its return to the queue.

use std::sync::Arc;

use deadpool_postgres::GenericClient;
use optimus_core::{Fault, Job, JobId, Report, Verdict};
use tokio_postgres::Row;
use uuid::Uuid;

use super::database::Tries;
use super::fault::Trouble;
use super::{Shared, database, listen, ms, number, outbox};
use crate::{Cancelled, FeedEvent, Lease, QueueError, unjudged};

const FINISH: &str = "SELECT finish($1, $2, $3, $4, $5, $6, $7, $8, $9), (SELECT tenant FROM job WHERE id = $1)";

/// What `finish` answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    Done,
    /// Somebody else has the job, or it is over.
    Lost,
    /// The same fence has ended the job before.
    Again,
}

/// What is told of a job that has ended.
pub(super) struct Over {
    id: JobId,
    tenant: String,
    language: String,
    verdict: Verdict,
}

/// A job that ends without being judged.
pub(super) struct GivenUp {
    pub(super) id: JobId,
    pub(super) fence: i64,
    pub(super) language: String,
    pub(super) payload: Option<String>,
}

impl GivenUp {
    /// Of the columns `id, fence, language, payload`.
    pub(super) fn of(row: &Row) -> Result<Self, tokio_postgres::Error> {
        let (id, fence) = (JobId(row.try_get(0)?), row.try_get(1)?);
        Ok(Self { id, fence, language: row.try_get(2)?, payload: row.try_get(3)? })
    }
}

impl Shared {
    /// Stores the last word on a leased job. A repeated statement finds its own work done.
    pub(super) async fn end(
        self: &Arc<Self>,
        lease: &Lease,
        report: &Report,
        reason: Option<&str>,
    ) -> Result<bool, QueueError> {
        self.publisher.flush().await;
        let mut tries = Tries::new();
        let (ending, over) = loop {
            let ending = async {
                let client = self.database.client().await?;
                self.finish_in(&client, number(lease.fence), report, reason).await
            };
            match database::in_time(ending).await {
                Err(trouble) if tries.may_repeat(&trouble) => {}
                Err(trouble) => return Err(self.database.fault("finish", trouble)),
                Ok(ending) => break ending,
            }
        };
        let is_ours = ending == Ending::Done || (ending == Ending::Again && tries.is_repeated());
        if is_ours {
            self.tell_end(over);
        }
        Ok(is_ours)
    }

    /// Stores a report, in a transaction of the caller's.
    async fn finish_in(
        &self,
        client: &impl GenericClient,
        fence: i64,
        report: &Report,
        reason: Option<&str>,
    ) -> Result<(Ending, Over), Trouble> {
        let json = serde_json::to_string(report).map_err(|error| {
            Trouble::Unfit(
                format!("the report cannot be written as JSON: {error}"),
                "report this as a defect of Optimus",
            )
        })?;
        let (rules, verdict) = (&self.rules, report.verdict.to_string());
        let (ttl, kept) = (ms(rules.result_ttl), ms(outbox::KEPT));
        let (bytes, slots) = (number(rules.tenant_result_bytes), self.slots());
        let statement = client.prepare_cached(FINISH).await?;
        let row = client
            .query_one(&statement, &[&report.id.0, &fence, &json, &verdict, &reason, &ttl, &kept, &bytes, &slots])
            .await?;
        let ending = match row.try_get::<_, &str>(0)? {
            "done" => Ending::Done,
            "again" => Ending::Again,
            _ => Ending::Lost,
        };
        let tenant = row.try_get::<_, Option<String>>(1)?.unwrap_or_default();
        let (language, verdict) = (report.language.clone(), report.verdict);
        Ok((ending, Over { id: report.id, tenant, language, verdict }))
    }

    /// Ends a job without a verdict, in a transaction that holds its row.
    pub(super) async fn give_up_in(
        &self,
        client: &impl GenericClient,
        job: &GivenUp,
        verdict: Verdict,
        fault: Option<Fault>,
    ) -> Result<(Ending, Over), Trouble> {
        let reason = fault.as_ref().map(|fault| format!("{}: {}", fault.code, fault.message));
        let report = match serde_json::from_str::<Job>(job.payload.as_deref().unwrap_or_default()) {
            Ok(job) => unjudged(&job, verdict, fault),
            Err(_) => crate::unreadable(job.id, job.language.clone(), verdict, fault),
        };
        self.finish_in(client, job.fence, &report, reason.as_deref()).await
    }

    /// Tells those who follow a job, or all of its tenant's, that it is over.
    pub(super) fn tell_end(self: &Arc<Self>, Over { id, tenant, language, verdict }: Over) {
        self.feeds.announce(Some(&tenant), &FeedEvent::done(id, &language, verdict));
        self.notify_soon(listen::EVENTS, format!("{id} 0 done"));
    }

    pub(super) async fn release(
        self: &Arc<Self>,
        lease: &Lease,
        reason: &Fault,
        counted: bool,
    ) -> Result<(), QueueError> {
        self.publisher.flush().await;
        let released = self.database.within("release", self.release_once(lease, reason, counted)).await?;
        match released {
            (Ending::Done, Some(over)) => self.tell_end(over),
            (Ending::Lost, _) => return Err(QueueError::Superseded(lease.id)),
            _ => {}
        }
        Ok(())
    }

    /// `Done`: the job is over. `Again`: it waits again.
    async fn release_once(
        &self,
        lease: &Lease,
        reason: &Fault,
        counted: bool,
    ) -> Result<(Ending, Option<Over>), Trouble> {
        const HELD: &str = "SELECT id, fence, language, payload, attempt, cancel, tenant FROM job \
                            WHERE id = $1 AND fence = $2 AND stage = 'running' FOR UPDATE";
        const BACK: &str = "UPDATE job SET attempt = $2, fence = fence + 1, stage = 'resting', \
                            fault = coalesce($3, fault) WHERE id = $1";
        let mut client = self.database.client().await?;
        let transaction = client.transaction().await?;
        let held = transaction.query_opt(HELD, &[&lease.id.0, &number(lease.fence)]).await?;
        let Some(row) = held else { return Ok((Ending::Lost, None)) };
        let (attempt, is_cancelled, tenant): (i32, bool, String) = (row.try_get(4)?, row.try_get(5)?, row.try_get(6)?);
        let job = GivenUp::of(&row)?;
        let given_up = |(ending, over)| (ending, Some(over));
        let ending = if is_cancelled {
            self.give_up_in(&transaction, &job, Verdict::Cancelled, None).await.map(given_up)?
        } else if counted && attempt >= self.attempts() {
            self.give_up_in(&transaction, &job, Verdict::InternalError, Some(reason.clone())).await.map(given_up)?
        } else {
            let fault = counted.then(|| serde_json::to_string(reason).unwrap_or_default());
            let attempts = if counted { attempt } else { attempt - 1 };
            transaction.execute(BACK, &[&lease.id.0, &attempts, &fault]).await?;
            transaction.execute("SELECT freed($1, $2)", &[&tenant, &self.slots()]).await?;
            let rest = self.rules.backoff_after(attempt.unsigned_abs());
            match counted && !rest.is_zero() {
                true => transaction.execute("SELECT rest($1, $2)", &[&lease.id.0, &ms(rest)]).await?,
                false => transaction.execute("SELECT back($1)", &[&lease.id.0]).await?,
            };
            (Ending::Again, None)
        };
        transaction.commit().await?;
        Ok(ending)
    }

    pub(super) async fn cancel(self: &Arc<Self>, id: JobId) -> Result<Cancelled, QueueError> {
        let (cancelled, over) = self.database.within("cancel", self.cancel_once(id.0)).await?;
        if let Some(over) = over {
            self.tell_end(over);
        }
        Ok(cancelled)
    }

    async fn cancel_once(&self, id: Uuid) -> Result<(Cancelled, Option<Over>), Trouble> {
        const ROW: &str = "SELECT id, fence, language, payload, stage::text FROM job \
                           WHERE id = $1 AND (expires IS NULL OR expires > clock_timestamp()) FOR UPDATE";
        let mut client = self.database.client().await?;
        let transaction = client.transaction().await?;
        let found = transaction.query_opt(ROW, &[&id]).await?;
        let Some(row) = found else { return Ok((Cancelled::Unknown, None)) };
        let cancelled = match row.try_get::<_, &str>(4)? {
            "done" => (Cancelled::TooLate, None),
            "running" => {
                transaction.execute("UPDATE job SET cancel = true WHERE id = $1", &[&id]).await?;
                (Cancelled::Asked, None)
            }
            _ => {
                let job = GivenUp::of(&row)?;
                let (_, over) = self.give_up_in(&transaction, &job, Verdict::Cancelled, None).await?;
                (Cancelled::AtOnce, Some(over))
            }
        };
        transaction.commit().await?;
        Ok(cancelled)
    }
}
