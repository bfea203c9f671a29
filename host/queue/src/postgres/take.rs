//! Taking a job out of the queue.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use optimus_core::{Fault, Job, JobId, Verdict};
use tokio::sync::{OwnedSemaphorePermit, oneshot};
use tokio_postgres::Row;
use uuid::Uuid;

use super::database::Params;
use super::push::odd;
use super::wake::Waiting;
use super::{Shared, lock, ms};
use crate::{Delivery, Lease, PASSED_OVER, QueueError};

const TAKE: &str = "SELECT job, payload, attempt, fence, ms, language FROM take($1, $2, $3, $4, $5, $6)";

/// The result of one look at the queue.
enum Taken {
    Job(Box<Delivery>),
    /// Nothing; try again after this time, or when woken.
    Nothing(Duration),
}

/// One look that is under way. If its caller goes away, what it finds is passed on.
struct Looking {
    shared: Arc<Shared>,
    answer: oneshot::Receiver<Result<Taken, QueueError>>,
}

impl Looking {
    fn new(shared: &Arc<Shared>, languages: &BTreeSet<String>, permit: Option<OwnedSemaphorePermit>) -> Self {
        let (reply, answer) = oneshot::channel();
        let wanted: Option<Vec<String>> = (!languages.is_empty()).then(|| languages.iter().cloned().collect());
        let looking = Arc::clone(shared);
        tokio::spawn(async move {
            let found = looking.take_one(wanted).await;
            drop(permit);
            if let Err(Ok(Taken::Job(delivery))) = reply.send(found) {
                looking.pass_on(delivery);
            }
        });
        Self { shared: Arc::clone(shared), answer }
    }
}

impl Drop for Looking {
    fn drop(&mut self) {
        self.answer.close();
        if let Ok(Ok(Taken::Job(delivery))) = self.answer.try_recv() {
            self.shared.pass_on(delivery);
        }
    }
}

impl Shared {
    /// Waits for a job.
    pub(super) async fn take(self: &Arc<Self>, languages: &BTreeSet<String>) -> Result<Delivery, QueueError> {
        self.listening.want_work();
        loop {
            // Before the look, so that a job that comes after it is heard of.
            let mut waiting = Waiting::new(self, languages);
            let permit = match waiting.unless_offered(Arc::clone(&self.looks).acquire_owned()).await {
                Ok(permit) => permit.ok(),
                Err(delivery) => return Ok(*delivery),
            };
            let mut looking = Looking::new(self, languages, permit);
            let looked = match waiting.unless_offered(&mut looking.answer).await {
                Ok(looked) => looked.unwrap_or(Err(QueueError::Closed))?,
                Err(delivery) => return Ok(*delivery),
            };
            match looked {
                Taken::Job(delivery) => return Ok(*delivery),
                // What woke it may have come after the look.
                Taken::Nothing(_) if waiting.is_woken => {}
                Taken::Nothing(most) => {
                    if let Some(delivery) = waiting.sleep(most).await {
                        return Ok(*delivery);
                    }
                }
            }
        }
    }

    async fn take_one(self: &Arc<Self>, wanted: Option<Vec<String>>) -> Result<Taken, QueueError> {
        let passed_over = i32::try_from(PASSED_OVER).unwrap_or(i32::MAX);
        loop {
            let last = lock(&self.last_language).clone();
            let (lease, attempts, slots) = (ms(self.rules.lease), self.attempts(), self.slots());
            let params: Params<'_> = &[&wanted, &last, &lease, &attempts, &passed_over, &slots];
            let rows = self.database.query_once("take", TAKE, params).await?;
            let row = rows.first().ok_or_else(odd)?;
            let Some(taken) = read(row)? else {
                return Ok(Taken::Nothing(Duration::from_millis(time(row)?)));
            };
            lock(&self.last_language).clone_from(&taken.language);
            // There may be more.
            self.wakes.wake(&taken.language);
            let lease = Lease { id: taken.id, fence: taken.fence.unsigned_abs(), duration: self.rules.lease };
            match serde_json::from_str::<Job>(taken.payload.as_deref().unwrap_or_default()) {
                Ok(job) => {
                    let (attempt, waited) = (taken.attempt.unsigned_abs(), Duration::from_millis(time(row)?));
                    return Ok(Taken::Job(Box::new(Delivery { job, lease, attempt, waited })));
                }
                Err(error) => self.give_up_unreadable(&lease, &taken.language, &error).await?,
            }
        }
    }

    async fn give_up_unreadable(
        self: &Arc<Self>,
        lease: &Lease,
        language: &str,
        error: &serde_json::Error,
    ) -> Result<(), QueueError> {
        let fault = Fault::new("job_unreadable", format!("job {} cannot be read: {error}", lease.id))
            .hint("it was written by another version; submit it again");
        let reason = Some(format!("{}: {}", fault.code, fault.message));
        let report = crate::unreadable(lease.id, language.to_owned(), Verdict::InternalError, Some(fault));
        self.end(lease, &report, reason.as_deref()).await.map(drop)
    }
}

struct TakenRow {
    id: JobId,
    payload: Option<String>,
    attempt: i32,
    fence: i64,
    language: String,
}

/// `None`: there is no job.
fn read(row: &Row) -> Result<Option<TakenRow>, QueueError> {
    let read = || -> Result<Option<TakenRow>, tokio_postgres::Error> {
        let Some(id) = row.try_get::<_, Option<Uuid>>(0)? else { return Ok(None) };
        let (payload, attempt, fence) = (row.try_get(1)?, row.try_get(2)?, row.try_get(3)?);
        Ok(Some(TakenRow { id: JobId(id), payload, attempt, fence, language: row.try_get(5)? }))
    };
    read().map_err(|_| odd())
}

fn time(row: &Row) -> Result<u64, QueueError> {
    Ok(row.try_get::<_, i64>(4).map_err(|_| odd())?.unsigned_abs())
}
