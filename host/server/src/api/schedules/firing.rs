//! Submits the jobs of schedules, as their owners would: same checks, same quotas, same tenant.

use async_trait::async_trait;
use optimus_core::{JobId, Verdict};
use optimus_queue::Status;

use crate::api::{ApiState, on_behalf};
use crate::schedules::{Action, Definition, Refused, State};

#[async_trait]
impl Action for ApiState {
    async fn submit(&self, definition: &Definition, key: &str) -> Result<JobId, Refused> {
        let caller = on_behalf::caller(self, &definition.owner, "resume the schedule with a key that may submit")?;
        on_behalf::submit(self, caller, ("job", &definition.job), key).await
    }

    async fn state(&self, id: JobId) -> anyhow::Result<State> {
        Ok(match self.parts.queue.status(id).await? {
            Some(Status::Queued | Status::Running) => State::Open,
            Some(Status::Done { report }) if !matches!(report.verdict, Verdict::Accepted | Verdict::Cancelled) => {
                State::Failed
            }
            Some(Status::Done { .. }) | None => State::Ended,
        })
    }

    async fn cancel(&self, id: JobId) -> anyhow::Result<()> {
        self.parts.queue.cancel(id).await?;
        Ok(())
    }
}
