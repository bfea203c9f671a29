//! Dead letters: rows with a reason.

use async_trait::async_trait;
use optimus_core::JobId;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use super::push::odd;
use super::{PostgresQueue, number};
use crate::{DeadJob, DeadLetters, Filter, QueueError};

#[async_trait]
impl DeadLetters for PostgresQueue {
    async fn dead(&self, filter: &Filter, before: Option<JobId>, limit: usize) -> Result<Vec<DeadJob>, QueueError> {
        const DEAD: &str = "SELECT id, language, tenant, attempt, reason, (extract(epoch FROM finished) * 1000)::bigint \
                            FROM job WHERE reason IS NOT NULL AND expires > clock_timestamp() AND id < $1 \
                            AND ($3::text IS NULL OR tenant = $3) AND ($4::text IS NULL OR language = $4) \
                            ORDER BY id DESC LIMIT $2";
        let (before, limit) = (before.map_or(uuid::Uuid::max(), |id| id.0), number(limit as u64));
        let params: [&(dyn ToSql + Sync); 4] = [&before, &limit, &filter.tenant, &filter.language];
        let rows = self.shared.database.query("list the dead", DEAD, &params).await?;
        rows.iter().map(|row| dead_job(row).map_err(|_| odd())).collect()
    }

    async fn requeue(&self, id: JobId) -> Result<bool, QueueError> {
        self.change("requeue a dead job", "SELECT requeue($1)", id).await
    }

    async fn discard(&self, id: JobId) -> Result<bool, QueueError> {
        self.change("discard a dead job", "SELECT discard($1)", id).await
    }
}

impl PostgresQueue {
    /// Not repeated: a second try would not find what the first has changed.
    async fn change(&self, doing: &str, sql: &str, id: JobId) -> Result<bool, QueueError> {
        let rows = self.shared.database.query_once(doing, sql, &[&id.0]).await?;
        rows.first().ok_or_else(odd)?.try_get(0).map_err(|_| odd())
    }
}

fn dead_job(row: &Row) -> Result<DeadJob, tokio_postgres::Error> {
    let (attempts, at_ms): (i32, i64) = (row.try_get(3)?, row.try_get(5)?);
    Ok(DeadJob {
        id: JobId(row.try_get(0)?),
        language: row.try_get(1)?,
        tenant: Some(row.try_get::<_, String>(2)?).filter(|tenant| !tenant.is_empty()),
        attempts: attempts.unsigned_abs(),
        reason: row.try_get(4)?,
        at_ms: at_ms.unsigned_abs(),
    })
}
