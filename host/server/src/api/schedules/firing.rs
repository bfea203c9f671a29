//! Submits the jobs of schedules, as their owners would: same checks, same quotas, same tenant.

use async_trait::async_trait;
use optimus_core::{Fault, JobId, JobRequest, Verdict};
use optimus_queue::{Idempotency, Status};
use sha2::Digest as _;

use crate::api::caller::Caller;
use crate::api::submission::{Asked, Submission};
use crate::api::{ApiError, ApiState, json};
use crate::keys::Scope;
use crate::schedules::{Action, Definition, Owner, Refused, State};

#[async_trait]
impl Action for ApiState {
    async fn submit(&self, definition: &Definition, key: &str) -> Result<JobId, Refused> {
        let caller = owner(self, &definition.owner)?;
        let language = definition.job["language"].as_str().unwrap_or_default();
        // A server that has just started, or whose workers are away, does not know it yet: that refuses no firing.
        if self.parts.languages.find(language).is_none() {
            let message = format!("there is no language `{}` here at the moment", language.escape_debug());
            return Err(Refused::ForNow(Fault::new("unknown_language", message)));
        }
        submit(self, caller, definition, key).await.map_err(|error| match error.is_final() {
            true => Refused::Job(error.into_fault()),
            false => Refused::ForNow(error.into_fault()),
        })
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

/// The owner as a caller, with the scopes of its key at this moment.
fn owner(state: &ApiState, owner: &Owner) -> Result<Caller, Refused> {
    let (ring, tenant) = (&state.parts.keys, owner.tenant.clone());
    if ring.is_waiting() {
        return Err(Refused::ForNow(Fault::new("queue_failed", "the keys cannot be read at the moment")));
    }
    let refused = |code: &str, message: String| {
        Refused::Owner(Fault::new(code, message).hint("resume the schedule with a key that may submit"))
    };
    match &owner.key {
        None if !ring.is_required() => Ok(Caller { tenant, key: None }),
        None => {
            Err(refused("owner_missing", "the schedule was created without a key, and keys are needed now".to_owned()))
        }
        Some(id) => match ring.find_by_id(id) {
            Some(key) if key.may(Scope::Submit) => Ok(Caller { tenant, key: Some(key) }),
            Some(_) => Err(refused("owner_forbidden", format!("key `{id}`, its owner, lacks the scope \"submit\""))),
            None => Err(refused("owner_revoked", format!("key `{id}`, its owner, was revoked"))),
        },
    }
}

async fn submit(state: &ApiState, caller: Caller, definition: &Definition, key: &str) -> Result<JobId, ApiError> {
    let request: JobRequest = json::read_value("job", definition.job.clone())?;
    // Each firing has a job of its own.
    let request = JobRequest { reuse: false, ..request };
    let submission = Submission::check(state, &caller, request).await?;
    caller.spend(state, 1).await?;
    // The key alone tells one firing from another: the job may have been changed since it was first tried.
    let fingerprint = sha2::Sha256::digest(key).into();
    let idempotency = Some(Idempotency { key: key.to_owned(), fingerprint });
    Ok(submission.push(state, Asked { idempotency, ..Asked::default() }).await?.id)
}
