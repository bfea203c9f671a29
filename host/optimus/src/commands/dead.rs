//! `optimus dead`: what became of jobs that could not be judged; in the queue itself, or through a server.

use std::process::ExitCode;

use optimus_core::JobId;
use optimus_queue::{Backend, DeadJob, Filter};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use super::client::Client;
use super::runtime;
use crate::cli::{Dead, DeadAction, DeadPlace};
use crate::output::{Advised, Output};
use crate::serving::{self, Changes};

/// Of one page.
const PAGE: usize = 500;

#[derive(Serialize, Deserialize)]
struct DeadList {
    jobs: Vec<DeadJob>,
    #[serde(default)]
    next: Option<String>,
}

pub(super) fn dead(args: &Dead, output: Output) -> anyhow::Result<ExitCode> {
    match &args.action {
        DeadAction::List { language, place } => {
            let jobs = Jobs::at(place)?.all(language.as_deref())?;
            output.print(&json!({ "jobs": jobs }), |_| jobs.iter().map(line).collect())?;
        }
        DeadAction::Requeue { ids, place } => {
            let jobs = Jobs::at(place)?;
            ids.iter().try_for_each(|id| jobs.requeue(id))?;
            output.print(&json!({ "requeued": ids }), |_| format!("{} wait again\n", ids.len()))?;
        }
        DeadAction::Drop { ids, place } => {
            let jobs = Jobs::at(place)?;
            ids.iter().try_for_each(|id| jobs.discard(id))?;
            output.print(&json!({ "dropped": ids }), |_| format!("{} dropped\n", ids.len()))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The place of the jobs.
enum Jobs {
    /// A server has them.
    Server(Client),
    /// The queue has them.
    Queue(Runtime, std::sync::Arc<dyn Backend>, Changes),
}

impl Jobs {
    fn at(place: &DeadPlace) -> anyhow::Result<Self> {
        if place.queue.is_embedded() {
            return Ok(Self::Server(Client::new(&place.server)));
        }
        let runtime = runtime()?;
        let (queue, changes) = runtime.block_on(serving::queue(&place.queue))?;
        Ok(Self::Queue(runtime, queue, changes))
    }

    /// Page after page.
    fn all(&self, language: Option<&str>) -> anyhow::Result<Vec<DeadJob>> {
        let (mut jobs, mut before) = (Vec::new(), None::<String>);
        loop {
            let page = self.page(language, before.as_deref())?;
            jobs.extend(page.jobs);
            match page.next {
                Some(next) => before = Some(next),
                None => return Ok(jobs),
            }
        }
    }

    fn page(&self, language: Option<&str>, before: Option<&str>) -> anyhow::Result<DeadList> {
        match self {
            Self::Server(client) => {
                let language = language.map(|id| format!("&language={id}")).unwrap_or_default();
                let before = before.map(|id| format!("&before={id}")).unwrap_or_default();
                client.get(&format!("/v1/dead?limit={PAGE}{language}{before}"))
            }
            Self::Queue(runtime, queue, _) => {
                let filter = Filter { language: language.map(str::to_owned), ..Filter::default() };
                let before = before.map(job_id).transpose()?;
                let jobs = runtime.block_on(queue.dead(&filter, before, PAGE))?;
                let next = jobs.last().filter(|_| jobs.len() == PAGE).map(|last| last.id.to_string());
                Ok(DeadList { jobs, next })
            }
        }
    }

    fn requeue(&self, id: &str) -> anyhow::Result<()> {
        match self {
            Self::Server(client) => client.post::<Value>(&format!("/v1/dead/{id}/requeue"), &json!({})).map(drop),
            Self::Queue(runtime, queue, changes) => {
                let job = job_id(id)?;
                let requeueing = async { Ok(queue.requeue(job).await?) };
                found(id, runtime.block_on(changes.note("optimus dead requeue", &target(job), requeueing))?)
            }
        }
    }

    fn discard(&self, id: &str) -> anyhow::Result<()> {
        match self {
            Self::Server(client) => client.delete::<Value>(&format!("/v1/dead/{id}")).map(drop),
            Self::Queue(runtime, queue, changes) => {
                let job = job_id(id)?;
                let dropping = async { Ok(queue.discard(job).await?) };
                found(id, runtime.block_on(changes.note("optimus dead drop", &target(job), dropping))?)
            }
        }
    }
}

fn target(job: JobId) -> String {
    format!("/v1/dead/{job}")
}

fn job_id(text: &str) -> anyhow::Result<JobId> {
    let hint = "`optimus dead list` shows the ids".to_owned();
    text.parse().map_err(|_| Advised::new("bad_id", format!("`{text}` is not a job id"), Some(hint)).into())
}

fn found(id: &str, found: bool) -> anyhow::Result<()> {
    if found {
        return Ok(());
    }
    let hint = "`optimus dead list` shows those that are".to_owned();
    Err(Advised::new("not_dead", format!("job {id} is not a dead letter"), Some(hint)).into())
}

fn line(job: &DeadJob) -> String {
    let DeadJob { id, language, attempts, reason, tenant, .. } = job;
    let tenant = tenant.as_ref().map(|tenant| format!("  {tenant}")).unwrap_or_default();
    format!("{id}  {language}{tenant}  {attempts} attempts  {reason}\n")
}
