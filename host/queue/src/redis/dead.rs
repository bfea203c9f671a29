//! The dead, by language: a set in the order of their ids, and the reason with each job.

use async_trait::async_trait;
use optimus_core::JobId;

use super::script::{Args, DISCARD, REQUEUE};
use super::shared_connection::Request;
use super::{RedisQueue, Shared};
use crate::{DeadJob, DeadLetters, Filter, QueueError};

/// Maximum rows of one read.
const PAGE: usize = 256;

#[async_trait]
impl DeadLetters for RedisQueue {
    async fn dead(&self, filter: &Filter, before: Option<JobId>, limit: usize) -> Result<Vec<DeadJob>, QueueError> {
        let languages = match &filter.language {
            Some(language) => [language.clone()].into(),
            None => self.shared.languages().await?,
        };
        let mut found = Vec::new();
        for language in &languages {
            found.extend(self.shared.dead_of(language, filter.tenant.as_deref(), before, limit).await?);
        }
        found.sort_by_key(|row| std::cmp::Reverse(row.id));
        found.truncate(limit);
        Ok(found)
    }

    async fn requeue(&self, id: JobId) -> Result<bool, QueueError> {
        let Some(language) = self.shared.route(id).await? else { return Ok(false) };
        self.shared.enter("langs", &language).await?;
        let args = Args::default().with(id.to_string());
        Ok(self.shared.run_once::<u8>("requeue a dead job", &REQUEUE, &language, &args).await? == 1)
    }

    async fn discard(&self, id: JobId) -> Result<bool, QueueError> {
        let Some(language) = self.shared.route(id).await? else { return Ok(false) };
        let args = Args::default().with(id.to_string());
        Ok(self.shared.run_once::<u8>("discard a dead job", &DISCARD, &language, &args).await? == 1)
    }
}

type Row = (Option<String>, Option<u32>, Option<String>, Option<u64>);

impl Shared {
    async fn dead_of(
        &self,
        language: &str,
        tenant: Option<&str>,
        before: Option<JobId>,
        limit: usize,
    ) -> Result<Vec<DeadJob>, QueueError> {
        let mut from = before.map_or_else(|| "+".to_owned(), |id| format!("({id}"));
        let mut found = Vec::new();
        loop {
            let mut command = redis::cmd("ZREVRANGEBYLEX");
            command.arg(self.key(language, "dead")).arg(&from).arg("-").arg("LIMIT").arg(0).arg(PAGE);
            let ids: Vec<String> = self.connection.query("list the dead", &command).await?;
            let (count, Some(last)) = (ids.len(), ids.last().cloned()) else { return Ok(found) };
            let mut pipe = redis::pipe();
            for id in &ids {
                pipe.hmget(self.key(language, &format!("job:{id}")), &["tenant", "attempt", "why", "finished"]);
            }
            let rows: Vec<Row> = self.connection.send_retrying("list the dead", Request::Pipe(&pipe)).await?;
            let rows = ids.into_iter().zip(rows).filter_map(|(id, row)| dead_job(&id, language, row));
            found.extend(rows.filter(|row| tenant.is_none_or(|wanted| row.tenant.as_deref() == Some(wanted))));
            if found.len() >= limit || count < PAGE {
                found.truncate(limit);
                return Ok(found);
            }
            from = format!("({last}");
        }
    }
}

/// `None`: its report has had its time, and it with that.
fn dead_job(id: &str, language: &str, (tenant, attempts, reason, at_ms): Row) -> Option<DeadJob> {
    let tenant = tenant.filter(|tenant| !tenant.is_empty());
    let (attempts, reason, at_ms) = (attempts.unwrap_or_default(), reason?, at_ms?);
    Some(DeadJob { id: id.parse().ok()?, language: language.to_owned(), tenant, attempts, reason, at_ms })
}
