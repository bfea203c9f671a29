//! Submitting, asking, listing, cancelling.

use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures::StreamExt as _;
use optimus_core::language::{Availability, LanguageInfo};
use optimus_core::options;
use optimus_core::{Event, Job, JobId, JobRequest, Report, Timestamp, Webhook};
use optimus_queue::{Cancelled, Filter, Idempotency, PushOptions, Status, Summary};
use serde::Serialize;
use sha2::Digest as _;
use tracing::Instrument as _;

use super::body::JsonBody;
use super::caller::Caller;
use super::push::push;
use super::query::{ListParams, Params, Wait, idempotency_key, job_id, trace};
use super::{ApiError, ApiState, reuse};
use crate::keys::Scope;

/// A job, as clients see it.
#[derive(Debug, Serialize)]
pub(super) struct JobView {
    id: JobId,
    state: &'static str,
    /// When it was accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) report: Option<Box<Report>>,
}

impl JobView {
    fn new(id: JobId, state: &'static str, report: Option<Box<Report>>) -> Self {
        Self { id, state, created_at: id.created_at(), report }
    }

    pub(super) fn is_running(&self) -> bool {
        self.state == "running"
    }
}

#[derive(Debug, Serialize)]
pub(super) struct JobList {
    jobs: Vec<Summary>,
    /// `?next=` of the next page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<JobId>,
}

/// `POST /v1/jobs`.
pub(super) async fn submit(
    State(state): State<ApiState>,
    caller: Caller,
    Params(wait): Params<Wait>,
    headers: HeaderMap,
    body: JsonBody,
) -> Result<Response, ApiError> {
    let wait = wait.duration(state.parts.limits.wait)?;
    let key = idempotency_key(&headers)?;
    let fingerprint = || sha2::Sha256::digest(&body.bytes).into();
    let idempotency = key.map(|key| Idempotency { key, fingerprint: fingerprint() });
    let request = read(&body)?;
    let is_reuse = request.reuse;
    let (job, webhook) = resolve(&state, &caller, request).await?;
    super::problems::check(&state, &job).await?;
    drop(body);
    let likeness = if is_reuse { reuse::likeness(&state, &job)? } else { None };
    caller.spend(&state, 1).await?;
    let quota = caller.quota();
    let job = Job { tenant: caller.tenant, trace: trace(&headers), ..job };
    let options =
        PushOptions { idempotency, may_delay_commit: !wait.is_zero(), webhook, quota, ..PushOptions::default() };
    // A task of its own: a client that goes away now has still submitted.
    let own = state.clone();
    let pushing = async move { push(&own, job, options, likeness).await };
    let pushed = tokio::spawn(pushing.in_current_span()).await;
    let pushed =
        pushed.map_err(|error| ApiError::busy("bug", format!("the submission was not accepted: {error}")))??;
    let view = match wait.is_zero() {
        true if pushed.duplicate => look(&state, pushed.id).await?,
        true => JobView::new(pushed.id, "queued", None),
        false => await_report(&state, pushed.id, wait).await?,
    };
    let mut response = answer(view);
    if pushed.duplicate {
        response.headers_mut().insert("idempotent-replayed", HeaderValue::from_static("true"));
    }
    Ok(response)
}

/// 200 with the report, or 202 with the place to ask for it.
pub(super) fn answer(view: JobView) -> Response {
    if view.report.is_some() {
        return Json(view).into_response();
    }
    let location = format!("/v1/jobs/{}", view.id);
    (StatusCode::ACCEPTED, [(header::LOCATION, location)], Json(view)).into_response()
}

fn read(body: &JsonBody) -> Result<JobRequest, ApiError> {
    // Serde would read a list as the fields in their order, which is never intended.
    if body.bytes.trim_ascii_start().first().is_some_and(|first| *first != b'{') {
        return Err(ApiError::not_an_object());
    }
    super::json::read(&body.bytes)
}

/// Maximum time to wait for a language that may be among plugins which are being loaded.
const LOADING: Duration = Duration::from_secs(30);
/// Between two looks at whether it has turned up.
const LOOK: Duration = Duration::from_millis(20);

/// A server that could not yet hear of any language, or has not loaded them all, does not call one unknown.
async fn language_is_known(state: &ApiState, name: &str) -> Result<(), ApiError> {
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
pub(super) async fn resolve(
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
        super::webhooks::check(webhook, &state.parts.gate)?;
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

/// `GET /v1/jobs/{id}`.
pub(super) async fn status(
    State(state): State<ApiState>,
    caller: Caller,
    Path(id): Path<String>,
    Params(wait): Params<Wait>,
) -> Result<Json<JobView>, ApiError> {
    let wait = wait.duration(state.parts.limits.wait)?;
    let id = job_id(&id)?;
    caller.owns(&state, id).await?;
    if wait.is_zero() { look(&state, id).await.map(Json) } else { await_report(&state, id, wait).await.map(Json) }
}

pub(super) async fn look(state: &ApiState, id: JobId) -> Result<JobView, ApiError> {
    let status = state.parts.queue.status(id).await?.ok_or_else(|| ApiError::no_such_job(id))?;
    Ok(match status {
        Status::Queued => JobView::new(id, "queued", None),
        Status::Running => JobView::new(id, "running", None),
        Status::Done { report } => JobView::new(id, "done", Some(report)),
    })
}

/// Waits for the end of a job, for so long.
pub(super) async fn await_report(state: &ApiState, id: JobId, wait: Duration) -> Result<JobView, ApiError> {
    let mut events = state.parts.queue.subscribe(id).await?.ok_or_else(|| ApiError::no_such_job(id))?;
    let done = async {
        while let Some(event) = events.next().await {
            if let Event::Done { report } = event {
                return Some(report);
            }
        }
        None
    };
    let report = tokio::select! {
        report = tokio::time::timeout(wait, done) => report.ok().flatten(),
        () = state.stopping.cancelled() => None,
    };
    match report {
        Some(report) => Ok(JobView::new(id, "done", Some(report))),
        None => look(state, id).await,
    }
}

/// `GET /v1/jobs`.
pub(super) async fn list(
    State(state): State<ApiState>,
    caller: Caller,
    Params(params): Params<ListParams>,
) -> Result<Json<JobList>, ApiError> {
    let (before, limit) = params.check()?;
    let filter = Filter { tenant: caller.sees(), language: params.language, state: params.state };
    let jobs = state.parts.queue.list(&filter, before, limit).await?;
    let next = jobs.last().filter(|_| jobs.len() == limit).map(|job| job.id);
    Ok(Json(JobList { jobs, next }))
}

/// `DELETE /v1/jobs/{id}`.
pub(super) async fn cancel(
    State(state): State<ApiState>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let id = job_id(&id)?;
    caller.owns(&state, id).await?;
    match state.parts.queue.cancel(id).await? {
        Cancelled::AtOnce => Ok(answer(look(&state, id).await?)),
        Cancelled::Asked => Ok(answer(JobView::new(id, "running", None))),
        Cancelled::TooLate => {
            let error = ApiError::new(StatusCode::CONFLICT, "too_late", format!("job {id} is over"));
            Err(error.hint("GET its report"))
        }
        Cancelled::Unknown => Err(ApiError::no_such_job(id)),
    }
}
