//! Listings for operators: jobs, their number and age.

use std::time::Duration;

use optimus_core::{JobId, Verdict};

use super::script::{Args, STATS};
use super::shared_connection::Request;
use super::{Shared, lock};
use crate::{Filter, LanguageStats, QueueError, Stats, Summary};

/// Maximum rows of one read.
const PAGE: usize = 256;

impl Shared {
    pub(super) async fn list(
        &self,
        filter: &Filter,
        before: Option<JobId>,
        limit: usize,
    ) -> Result<Vec<Summary>, QueueError> {
        let languages = match &filter.language {
            Some(language) => [language.clone()].into(),
            None => self.languages().await?,
        };
        let sets: &[&str] = match filter.state.as_deref() {
            None => &["live", "done"],
            Some("done") => &["done"],
            Some(_) => &["live"],
        };
        let mut found = Vec::new();
        for language in &languages {
            for set in sets {
                found.extend(self.list_set(language, set, filter, before, limit).await?);
            }
        }
        found.sort_by_key(|row| std::cmp::Reverse(row.id));
        // What ended between two looks is in both.
        found.dedup_by_key(|row| row.id);
        found.truncate(limit);
        Ok(found)
    }

    async fn list_set(
        &self,
        language: &str,
        set: &str,
        filter: &Filter,
        before: Option<JobId>,
        limit: usize,
    ) -> Result<Vec<Summary>, QueueError> {
        let name = filter.tenant.as_ref().map_or_else(|| set.to_owned(), |tenant| format!("{set}:{tenant}"));
        let key = self.key(language, &name);
        let mut from = before.map_or_else(|| "+".to_owned(), |id| format!("({id}"));
        let mut found = Vec::new();
        loop {
            let mut command = redis::cmd("ZREVRANGEBYLEX");
            command.arg(&key).arg(&from).arg("-").arg("LIMIT").arg(0).arg(PAGE);
            let ids: Vec<String> = self.connection.query("list jobs", &command).await?;
            let (count, Some(last)) = (ids.len(), ids.last().cloned()) else { return Ok(found) };
            for row in self.rows(language, ids).await? {
                if filter.state.as_deref().is_none_or(|wanted| wanted == row.state) {
                    found.push(row);
                }
                if found.len() == limit {
                    return Ok(found);
                }
            }
            if count < PAGE {
                return Ok(found);
            }
            from = format!("({last}");
        }
    }

    async fn rows(&self, language: &str, ids: Vec<String>) -> Result<Vec<Summary>, QueueError> {
        let mut pipe = redis::pipe();
        for id in &ids {
            pipe.hmget(self.key(language, &format!("job:{id}")), &["state", "verdict", "attempt"]);
        }
        type Row = (Option<String>, Option<String>, Option<u32>);
        let rows: Vec<Row> = self.connection.send_retrying("list jobs", Request::Pipe(&pipe)).await?;
        let row = |(id, (state, verdict, attempt)): (String, Row)| {
            let state = match state?.as_str() {
                "ending" if attempt.unwrap_or_default() > 0 => "running",
                "ending" => "queued",
                "done" => "done",
                "running" => "running",
                _ => "queued",
            };
            let verdict: Option<Verdict> = verdict.and_then(|name| serde_json::from_value(name.into()).ok());
            let id: JobId = id.parse().ok()?;
            let created_at = id.created_at();
            Some(Summary { id, language: language.to_owned(), state: state.to_owned(), verdict, created_at })
        };
        Ok(ids.into_iter().zip(rows).filter_map(row).collect())
    }

    pub(super) async fn stats(&self) -> Result<Stats, QueueError> {
        let since_reaped = lock(&self.reaped).map(|at| at.elapsed());
        let mut stats = Stats { since_reaped, ..Stats::default() };
        for language in self.languages().await? {
            let (queued, running, oldest, dead): (u64, u64, u64, u64) =
                self.run("count jobs", &STATS, &language, &Args::default()).await?;
            stats.dead += dead;
            if queued + running > 0 {
                let oldest = Duration::from_millis(oldest);
                stats.languages.push(LanguageStats { language, queued, running, oldest });
            }
        }
        Ok(stats)
    }
}
