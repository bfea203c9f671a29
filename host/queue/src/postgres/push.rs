//! Into the queue. Pushes that arrive while the database is busy with others share the next transaction.

use std::collections::BTreeSet;
use std::sync::Arc;

use optimus_core::{Job, JobId};
use tokio::sync::{mpsc, oneshot};
use tokio_postgres::Row;
use uuid::Uuid;

use super::{Shared, database, listen, number};
use crate::{FeedEvent, Priority, PushOptions, Pushed, QueueError};

/// Pushes of one transaction.
const BATCH: usize = 128;
/// Bytes of one transaction, except that one job may be larger.
const BATCH_BYTES: usize = 4 << 20;
/// Pushes that wait for the task; further ones wait to be let in.
const BUFFER: usize = 1024;

const PUSH: &str = "SELECT answer, amount, earlier FROM push($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";

/// A push and its caller.
pub(super) struct Push {
    id: Uuid,
    payload: String,
    language: String,
    tenant: String,
    class: i16,
    webhook: Option<String>,
    options: PushOptions,
    reply: oneshot::Sender<Result<Pushed, QueueError>>,
}

/// Hands pushes to the writing task.
pub(super) struct Pushes(mpsc::Sender<Push>);

impl Pushes {
    pub(super) fn new() -> (Self, mpsc::Receiver<Push>) {
        let (sender, receiver) = mpsc::channel(BUFFER);
        (Self(sender), receiver)
    }
}

impl Shared {
    pub(super) async fn push(&self, job: Job, options: PushOptions) -> Result<Pushed, QueueError> {
        let write =
            |error: serde_json::Error| QueueError::Store { doing: "write as JSON".to_owned(), source: error.into() };
        let payload = serde_json::to_string(&job).map_err(write)?;
        let webhook = options.webhook.as_ref().map(serde_json::to_string).transpose().map_err(write)?;
        let (reply, answer) = oneshot::channel();
        let class = class(options.priority);
        let (language, tenant) = (job.language, job.tenant.unwrap_or_default());
        let push = Push { id: job.id.0, payload, language, tenant, class, webhook, options, reply };
        self.pushes.0.send(push).await.map_err(|_| QueueError::Closed)?;
        answer.await.unwrap_or(Err(QueueError::Closed))
    }

    async fn write(self: &Arc<Self>, batch: Vec<Push>) {
        match self.write_all(&batch).await {
            Ok(rows) => self.reply(batch, &rows),
            // Each by itself, so that one that cannot be written takes no other with it.
            Err(error) if batch.len() > 1 && !database::may_pass(&error) => {
                for push in batch {
                    match self.write_all(std::slice::from_ref(&push)).await {
                        Ok(rows) => self.reply(vec![push], &rows),
                        Err(error) => drop(push.reply.send(Err(error))),
                    }
                }
            }
            Err(error) => {
                for push in batch {
                    let _ = push.reply.send(Err(database::again(&error)));
                }
            }
        }
    }

    /// Answers the callers and wakes workers.
    fn reply(self: &Arc<Self>, batch: Vec<Push>, rows: &[Row]) {
        let mut languages = BTreeSet::new();
        for (push, row) in batch.into_iter().zip(rows) {
            let answer = self.answer(&push.options, push.id, &push.tenant, row);
            if matches!(answer, Ok(Pushed { duplicate: false, .. })) {
                let submitted = FeedEvent::submitted(JobId(push.id), &push.language);
                self.feeds.announce(Some(&push.tenant), &submitted);
            }
            // A caller that is gone need not know.
            let _ = push.reply.send(answer);
            languages.insert(push.language);
        }
        for language in languages {
            self.notify_soon(listen::WORK, language);
        }
    }

    /// Writes them in one transaction.
    async fn write_all(&self, batch: &[Push]) -> Result<Vec<Row>, QueueError> {
        let ids: Vec<Uuid> = batch.iter().map(|push| push.id).collect();
        let payloads: Vec<&str> = batch.iter().map(|push| push.payload.as_str()).collect();
        let languages: Vec<&str> = batch.iter().map(|push| push.language.as_str()).collect();
        let tenants: Vec<&str> = batch.iter().map(|push| push.tenant.as_str()).collect();
        let classes: Vec<i16> = batch.iter().map(|push| push.class).collect();
        let known = |push: &'_ Push| push.options.idempotency.clone();
        let keys: Vec<Option<String>> = batch.iter().map(|push| known(push).map(|known| known.key)).collect();
        let prints: Vec<Option<Vec<u8>>> =
            batch.iter().map(|push| known(push).map(|known| known.fingerprint.to_vec())).collect();
        let webhooks: Vec<Option<&str>> = batch.iter().map(|push| push.webhook.as_deref()).collect();
        let quota = |push: &'_ Push| push.options.quota.clone();
        let api_keys: Vec<Option<String>> = batch.iter().map(|push| quota(push).map(|quota| quota.key)).collect();
        let quotas: Vec<Option<i64>> = batch.iter().map(|push| quota(push).map(|quota| number(quota.most))).collect();
        let rules = &self.rules;
        let (cap, tenant_cap, bytes) = (number(rules.cap), number(rules.tenant_cap), number(rules.tenant_queue_bytes));
        self.database
            .query(
                "push",
                PUSH,
                &[
                    &ids,
                    &payloads,
                    &languages,
                    &tenants,
                    &classes,
                    &keys,
                    &prints,
                    &webhooks,
                    &api_keys,
                    &quotas,
                    &cap,
                    &tenant_cap,
                    &bytes,
                ],
            )
            .await
    }

    /// Sends a notification in its own time; it may get lost.
    pub(super) fn notify_soon(self: &Arc<Self>, channel: &'static str, payload: String) {
        let shared = Arc::clone(self);
        tokio::spawn(async move {
            let sql = "SELECT notify_soon($1, $2)";
            if let Err(error) = shared.database.query_once("notify", sql, &[&channel, &payload]).await {
                tracing::debug!(%error, "a notification was lost; who waits for it looks by itself");
            }
        });
    }

    fn answer(&self, options: &PushOptions, id: Uuid, tenant: &str, row: &Row) -> Result<Pushed, QueueError> {
        let (answer, amount, earlier): (String, i64, Uuid) = match (row.try_get(0), row.try_get(1), row.try_get(2)) {
            (Ok(answer), Ok(amount), Ok(earlier)) => (answer, amount, earlier),
            _ => return Err(odd()),
        };
        let (tenant, queued) = (tenant.to_owned(), amount.unsigned_abs());
        match answer.as_str() {
            "pushed" => Ok(Pushed { id: JobId(id), duplicate: false }),
            "known" => Ok(Pushed { id: JobId(earlier), duplicate: true }),
            "full" => Err(QueueError::Full { queued }),
            "tenant" => Err(QueueError::TenantFull { tenant, queued }),
            "bytes" => Err(QueueError::TenantBytes { tenant, bytes: queued, cap: self.rules.tenant_queue_bytes }),
            "quota" => {
                let key = options.quota.as_ref().map_or_else(String::new, |quota| quota.key.clone());
                Err(QueueError::QuotaFull { key, queued })
            }
            "reused" => {
                let key = options.idempotency.as_ref().map_or_else(String::new, |known| known.key.clone());
                Err(QueueError::KeyReused(key))
            }
            _ => Err(odd()),
        }
    }
}

/// The writing task.
pub(super) async fn write_pushes(shared: Arc<Shared>, mut pushed: mpsc::Receiver<Push>) {
    let mut next = None;
    loop {
        let first = match next.take() {
            Some(push) => push,
            None => match pushed.recv().await {
                Some(push) => push,
                None => return,
            },
        };
        let (mut batch, mut bytes) = (Vec::new(), first.payload.len());
        batch.push(first);
        while batch.len() < BATCH
            && let Ok(push) = pushed.try_recv()
        {
            bytes += push.payload.len();
            if bytes > BATCH_BYTES {
                next = Some(push);
                break;
            }
            batch.push(push);
        }
        shared.write(batch).await;
    }
}

fn class(priority: Priority) -> i16 {
    match priority {
        Priority::High => 0,
        Priority::Normal => 1,
        Priority::Low => 2,
    }
}

/// An answer that no function of this version gives.
pub(super) fn odd() -> QueueError {
    let source = "the database answered what none of our functions says".into();
    QueueError::Store { doing: "read an answer".to_owned(), source }
}
