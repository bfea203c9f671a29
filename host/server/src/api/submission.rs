//! Submitting one job, on every way in: checked, then put into the queue.

use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use optimus_core::language::{Availability, LanguageInfo};
use optimus_core::{Job, JobRequest, TraceContext, Webhook, options};
use optimus_queue::{Idempotency, PushOptions, Pushed, Quota};
use tracing::Instrument as _;

use super::caller::Caller;
use super::reuse::{self, Likeness};
use super::{ApiError, ApiState, blobs, problems, webhooks};
use crate::keys::Scope;
use crate::spans;

/// A job that may be pushed: its language is here, its problem is stored, its caller may run it.
#[derive(Debug, Clone)]
pub(super) struct Submission {
    job: Job,
    webhook: Option<Webhook>,
    quota: Option<Quota>,
    /// An equal earlier job may take its place.
    likeness: Option<Likeness>,
}

/// What the way in adds to a submission.
#[derive(Debug, Clone, Default)]
pub(super) struct Asked {
    pub(super) idempotency: Option<Idempotency>,
    pub(super) trace: Option<TraceContext>,
    /// The client waits for the report: the commit may be shared with those of later jobs.
    pub(super) may_delay_commit: bool,
}

impl Submission {
    /// Checks a request; nothing is counted against the caller's allowance.
    pub(super) async fn check(state: &ApiState, caller: &Caller, request: JobRequest) -> Result<Self, ApiError> {
        let (is_reuse, named) = (request.reuse, request.blobs());
        let (job, webhook) = resolve(state, caller, request).await?;
        let job = Job { tenant: caller.tenant.clone(), ..job };
        let complete = blobs::check(state, &job, &named).await?;
        problems::check(state, complete.as_ref().unwrap_or(&job)).await?;
        let likeness = if is_reuse { reuse::likeness(state, &job)? } else { None };
        Ok(Self { job, webhook, quota: caller.quota(), likeness })
    }

    /// Pushes the job in a span of its own, and counts it unless it is an earlier one.
    pub(super) async fn push(self, state: &ApiState, asked: Asked) -> Result<Pushed, ApiError> {
        let Self { mut job, webhook, quota, likeness } = self;
        let Asked { idempotency, trace, may_delay_commit } = asked;
        job.trace = trace;
        let sending = spans::send(&mut job);
        let options = PushOptions { idempotency, may_delay_commit, webhook, quota, ..PushOptions::default() };
        let (queue, metrics) = (Arc::clone(&state.parts.queue), Arc::clone(&state.parts.metrics));
        let inputs = job.live_stdin.then(|| Arc::clone(&state.parts.inputs));
        let pushing = async move {
            let language = job.language.clone();
            let pushed = match likeness {
                Some(likeness) => reuse::push(&*queue, job, options, likeness).await?,
                None => queue.push(job, options).await?,
            };
            if !pushed.duplicate {
                metrics.job_submitted(&language);
                if let Some(inputs) = inputs {
                    inputs.open(pushed.id).await?;
                }
            }
            Ok(pushed)
        };
        // A task of its own: a client that goes away now has still submitted.
        let pushed = tokio::spawn(pushing.instrument(sending)).await;
        pushed.map_err(|error| ApiError::busy("bug", format!("the submission was not accepted: {error}")))?
    }
}

/// Maximum time to wait for a language that may be among plugins which are being loaded.
const LOADING: Duration = Duration::from_secs(30);
/// Between two looks at whether it has turned up.
const LOOK: Duration = Duration::from_millis(20);

/// A server that could not yet hear of any language, or has not loaded them all, does not call one unknown.
pub(super) async fn language_is_known(state: &ApiState, name: &str) -> Result<(), ApiError> {
    let languages = &state.parts.languages;
    if languages.is_empty() {
        state.parts.queue.stats().await?;
    }
    let deadline = tokio::time::Instant::now() + LOADING;
    while languages.may_turn_up(name) {
        if tokio::time::Instant::now() > deadline {
            return Err(ApiError::busy("languages_loading", "the languages are being loaded"));
        }
        tokio::time::sleep(LOOK).await;
    }
    Ok(())
}

/// The job that a request asks for, in a language that is here and that the caller may use; and who is to hear of its end.
async fn resolve(
    state: &ApiState,
    caller: &Caller,
    mut request: JobRequest,
) -> Result<(Job, Option<Webhook>), ApiError> {
    language_is_known(state, &request.language).await?;
    let book = &state.parts.languages;
    request.check_sizes(&state.parts.policy)?;
    let Some(language) = book.find(&request.language) else {
        let name = &request.language;
        let message = format!("`language`: there is no language `{}` here", name.escape_debug());
        let error = ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "unknown_language", message);
        return Err(match book.suggest(name) {
            Some(near) => error.hint(format!("did you mean `{near}`? GET /v1/languages lists them all")),
            None => error.hint("GET /v1/languages lists them all"),
        });
    };
    check_scope(caller, &language)?;
    if let Availability::Unavailable { reason, hint } = language.availability {
        let message = format!("`language`: `{}` cannot run here: {reason}", language.descriptor.id);
        return Err(ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "language_unavailable", message).hint(hint));
    }
    let descriptor = &language.descriptor;
    options::check(&request.options, descriptor.options_schema.as_deref(), &descriptor.id)?;
    let extension = descriptor.extension();
    let webhook = request.webhook.take();
    if request.reuse && webhook.is_some() {
        return Err(reuse::with_webhook());
    }
    if let Some(webhook) = &webhook {
        webhooks::check(webhook, &state.parts.gate)?;
    }
    Ok((request.into_job(&descriptor.id, extension, &state.parts.policy)?, webhook))
}

/// Refuses a caller who lacks the scope that jobs in this language take.
pub(super) fn check_scope(caller: &Caller, language: &LanguageInfo) -> Result<(), ApiError> {
    match language.descriptor.commands {
        true => caller.may(Scope::Commands),
        false => Ok(()),
    }
}
