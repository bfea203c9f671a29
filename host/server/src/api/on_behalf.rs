//! What schedules and pipelines do in their owners' names: same checks, same quotas, same tenant as if the owner called.

use axum::http::StatusCode;
use optimus_core::{Fault, JobId, JobRequest};
use optimus_queue::Idempotency;
use serde_json::Value;
use sha2::Digest as _;

use super::caller::Caller;
use super::submission::{Asked, Submission};
use super::{ApiError, ApiState, json};
use crate::keys::Scope;
use crate::schedules::{Owner, Refused};

/// In whose name something acts that the caller has written. What an administrator changes for another tenant stays that
/// tenant's, and in its owner's name. `acts` is for the message: `a schedule fires`.
pub(super) fn owner_after(caller: &Caller, owner: &Owner, acts: &str) -> Result<Owner, ApiError> {
    let Some(key) = &caller.key else { return Ok(owner.clone()) };
    if owner.key.is_some() && caller.tenant != owner.tenant {
        return Ok(owner.clone());
    }
    if !key.is_ours() {
        let message = format!("{acts} in the name of an API key, and this caller has a token");
        let error = ApiError::new(StatusCode::FORBIDDEN, "forbidden", message);
        return Err(error.hint("use a key of the same tenant: `optimus keys create --scope submit`"));
    }
    Ok(Owner { key: Some(key.id.clone()), tenant: owner.tenant.clone() })
}

/// The owner as a caller, with the scopes of its key at this moment. `hint` is the remedy for one that may not submit any more.
pub(super) fn caller(state: &ApiState, owner: &Owner, hint: &str) -> Result<Caller, Refused> {
    let (ring, tenant) = (&state.parts.keys, owner.tenant.clone());
    if ring.is_waiting() {
        return Err(Refused::ForNow(Fault::new("queue_failed", "the keys cannot be read at the moment")));
    }
    let refused = |code: &str, message: &str| Refused::Owner(Fault::new(code, message).hint(hint));
    match &owner.key {
        None if !ring.is_required() => Ok(Caller { tenant, key: None }),
        None => Err(refused("owner_missing", "it was created without a key, and keys are needed now")),
        Some(id) => match ring.find_by_id(id) {
            Some(key) if key.may(Scope::Submit) => Ok(Caller { tenant, key: Some(key) }),
            Some(_) => Err(refused("owner_forbidden", &format!("key `{id}`, its owner, lacks the scope \"submit\""))),
            None => Err(refused("owner_revoked", &format!("key `{id}`, its owner, was revoked"))),
        },
    }
}

/// Submits a job that stands at `place` of a request. A known key is the job that was submitted with it.
pub(super) async fn submit(
    state: &ApiState,
    caller: Caller,
    (place, job): (&str, &Value),
    key: &str,
) -> Result<JobId, Refused> {
    let language = job["language"].as_str().unwrap_or_default();
    // A server that has just started, or whose workers are away, does not know it yet: that refuses nothing.
    if !language.is_empty() && state.parts.languages.find(language).is_none() {
        let message = format!("there is no language `{}` here at the moment", language.escape_debug());
        return Err(Refused::ForNow(Fault::new("unknown_language", message)));
    }
    push(state, caller, (place, job), key).await.map_err(refused)
}

/// Why nothing was started, for one that acts in an owner's name: it may be tried again where the error may pass.
pub(super) fn refused(error: ApiError) -> Refused {
    match error.is_final() {
        true => Refused::Job(error.into_fault()),
        false => Refused::ForNow(error.into_fault()),
    }
}

async fn push(state: &ApiState, caller: Caller, (place, job): (&str, &Value), key: &str) -> Result<JobId, ApiError> {
    let request: JobRequest = json::read_value(place, job.clone())?;
    // Each key has a job of its own.
    let request = JobRequest { reuse: false, ..request };
    let submission = Submission::check(state, &caller, request).await?;
    caller.spend(state, 1).await?;
    // The key alone tells one submission from another: the job may have been changed since it was first tried.
    let fingerprint = sha2::Sha256::digest(key).into();
    let idempotency = Some(Idempotency { key: key.to_owned(), fingerprint });
    Ok(submission.push(state, Asked { idempotency, ..Asked::default() }).await?.id)
}
