//! Listings for operators: jobs, their number and age.

use std::time::Duration;

use optimus_core::{JobId, Verdict};
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use super::push::odd;
use super::{Shared, lock, number};
use crate::{Filter, LanguageStats, QueueError, Stats, Summary};

const STATS: &str = "\
    SELECT t.name, sum(t.jobs)::bigint, \
        (SELECT count(*) FROM job WHERE stage = 'running' AND language = t.name), \
        (SELECT coalesce((extract(epoch FROM clock_timestamp() - pushed) * 1000)::bigint, 0) FROM job \
            WHERE stage IN ('ready', 'held', 'resting') AND language = t.name ORDER BY pushed LIMIT 1) \
    FROM tally t WHERE t.kind = 'language' GROUP BY t.name HAVING sum(t.jobs) > 0 ORDER BY t.name";

const DEAD: &str = "SELECT count(*) FROM job WHERE reason IS NOT NULL AND expires > clock_timestamp()";

impl Shared {
    /// Each filter is a query of its own, so that each has an index in the order of the list.
    pub(super) async fn list(
        &self,
        filter: &Filter,
        before: Option<JobId>,
        limit: usize,
    ) -> Result<Vec<Summary>, QueueError> {
        let (before, limit) = (before.map_or(uuid::Uuid::max(), |id| id.0), number(limit as u64));
        let mut found = Vec::new();
        for stages in stages(filter.state.as_deref()) {
            let mut params: Vec<&(dyn ToSql + Sync)> = vec![&before, &limit];
            let mut conditions = format!("id < $1 AND (expires IS NULL OR expires > clock_timestamp()){stages}");
            for (column, wanted) in [("tenant", &filter.tenant), ("language", &filter.language)] {
                if let Some(wanted) = wanted {
                    params.push(wanted);
                    conditions += &format!(" AND {column} = ${}", params.len());
                }
            }
            // Of a tenant's index the planner has to know that it is one.
            if filter.tenant.is_some() {
                conditions += " AND tenant <> ''";
            }
            let sql = format!(
                "SELECT id, language, stage::text, verdict FROM job WHERE {conditions} ORDER BY id DESC LIMIT $2"
            );
            let rows = self.database.query("list jobs", &sql, &params).await?;
            for row in rows {
                found.push(summary(&row).map_err(|_| odd())?);
            }
        }
        found.sort_by_key(|row: &Summary| std::cmp::Reverse(row.id));
        found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(found)
    }

    pub(super) async fn stats(&self) -> Result<Stats, QueueError> {
        let since_reaped = lock(&self.reaped).map(|at| at.elapsed());
        let mut stats = Stats { since_reaped, ..Stats::default() };
        for row in self.database.query("count jobs", STATS, &[]).await? {
            stats.languages.push(language(&row).map_err(|_| odd())?);
        }
        let dead = self.database.query("count jobs", DEAD, &[]).await?;
        let dead = dead.first().ok_or_else(odd)?.try_get::<_, i64>(0).map_err(|_| odd())?;
        stats.dead = dead.unsigned_abs();
        Ok(stats)
    }
}

/// A condition for each read.
fn stages(state: Option<&str>) -> Vec<&'static str> {
    match state {
        None => vec![""],
        Some("done") => vec![" AND stage = 'done'"],
        Some("running") => vec![" AND stage = 'running'"],
        Some("queued") => vec![" AND stage = 'ready'", " AND stage = 'held'", " AND stage = 'resting'"],
        Some(_) => Vec::new(),
    }
}

fn summary(row: &Row) -> Result<Summary, tokio_postgres::Error> {
    let id = JobId(row.try_get(0)?);
    let state = match row.try_get::<_, &str>(2)? {
        "done" => "done",
        "running" => "running",
        _ => "queued",
    };
    let verdict: Option<String> = row.try_get(3)?;
    let verdict: Option<Verdict> = verdict.and_then(|name| serde_json::from_value(name.into()).ok());
    let created_at = id.created_at();
    Ok(Summary { id, language: row.try_get(1)?, state: state.to_owned(), verdict, created_at })
}

fn language(row: &Row) -> Result<LanguageStats, tokio_postgres::Error> {
    let (language, outstanding, running): (_, i64, i64) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
    let oldest = Duration::from_millis(row.try_get::<_, Option<i64>>(3)?.unwrap_or_default().max(0).unsigned_abs());
    let (queued, running) = ((outstanding - running).max(0).unsigned_abs(), running.unsigned_abs());
    Ok(LanguageStats { language, queued, running, oldest })
}
