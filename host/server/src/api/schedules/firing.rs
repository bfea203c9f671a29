//! Starts what schedules fire, as their owners would: same checks, same quotas, same tenant.

use async_trait::async_trait;
use optimus_core::{JobId, Verdict};
use optimus_pipelines::Ended;
use optimus_queue::Status;

use crate::api::pipelines::fired;
use crate::api::{ApiState, on_behalf};
use crate::schedules::{Action, Definition, Firing, Refused, Started, Starts, State};

/// The remedy for an owner that may not submit any more.
const HINT: &str = "resume the schedule with a key that may submit";

#[async_trait]
impl Action for ApiState {
    async fn start(&self, definition: &Definition, firing: Firing<'_>) -> Result<Started, Refused> {
        let caller = on_behalf::caller(self, &definition.owner, HINT)?;
        match &definition.starts {
            Starts::Job(job) => on_behalf::submit(self, caller, ("job", job), firing.key).await.map(Started::Job),
            Starts::Pipeline(call) => {
                let run = fired::begin_fired(self, &definition.owner, call, firing).await?;
                Ok(Started::Run { run })
            }
        }
    }

    async fn state(&self, started: &Started) -> anyhow::Result<State> {
        match started {
            Started::Job(id) => of_job(self, *id).await,
            Started::Run { run } => of_run(self, run).await,
        }
    }

    async fn cancel(&self, started: &Started) -> anyhow::Result<()> {
        match started {
            Started::Job(id) => self.parts.queue.cancel(*id).await.map(drop).map_err(Into::into),
            Started::Run { run } => self.parts.pipelines.cancel(run).await,
        }
    }
}

async fn of_job(state: &ApiState, id: JobId) -> anyhow::Result<State> {
    Ok(match state.parts.queue.status(id).await? {
        Some(Status::Queued | Status::Running) => State::Open,
        Some(Status::Done { report }) if !matches!(report.verdict, Verdict::Accepted | Verdict::Cancelled) => {
            State::Failed
        }
        Some(Status::Done { .. }) | None => State::Ended,
    })
}

async fn of_run(state: &ApiState, id: &str) -> anyhow::Result<State> {
    Ok(match state.parts.pipelines.run(id).await?.map(|run| run.ended) {
        Some(None) => State::Open,
        Some(Some(Ended::Failed)) => State::Failed,
        Some(Some(Ended::Succeeded | Ended::Cancelled)) | None => State::Ended,
    })
}
