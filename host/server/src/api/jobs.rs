//! Submitting, asking, listing, cancelling.

use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures::StreamExt as _;
use optimus_core::{Event, JobId, JobRequest, Report, Timestamp};
use optimus_queue::{Cancelled, Filter, Idempotency, Status, Summary};
use serde::Serialize;
use sha2::Digest as _;

use super::body::JsonBody;
use super::caller::Caller;
use super::query::{ListParams, Params, Wait, idempotency_key, job_id, trace};
use super::submission::{Asked, Submission};
use super::{ApiError, ApiState};

/// A job, as clients see it.
#[derive(Debug, Serialize)]
pub(super) struct JobView {
    id: JobId,
    pub(super) state: &'static str,
    /// When it was accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) report: Option<Box<Report>>,
}

impl JobView {
    pub(super) fn new(id: JobId, state: &'static str, report: Option<Box<Report>>) -> Self {
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
    let submission = Submission::check(&state, &caller, request).await?;
    drop(body);
    caller.spend(&state, 1).await?;
    let asked = Asked { idempotency, trace: trace(&headers), may_delay_commit: !wait.is_zero() };
    let pushed = submission.push(&state, asked).await?;
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
