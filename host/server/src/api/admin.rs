//! Operators' endpoints: jobs that were given up.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use optimus_core::JobId;
use optimus_queue::{DeadJob, Filter};
use serde::Serialize;

use super::jobs::{JobView, answer, look};
use super::query::{DeadParams, Params, job_id};
use super::{ApiError, ApiState};

#[derive(Serialize)]
pub(super) struct DeadList {
    jobs: Vec<DeadJob>,
    /// `before` of the next page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<JobId>,
}

/// `GET /v1/dead`.
pub(super) async fn dead(
    State(state): State<ApiState>,
    Params(params): Params<DeadParams>,
) -> Result<Json<DeadList>, ApiError> {
    let (before, limit) = params.check()?;
    let filter = Filter { tenant: params.tenant, language: params.language, state: None };
    let jobs = state.parts.queue.dead(&filter, before, limit).await?;
    let next = jobs.last().filter(|_| jobs.len() == limit).map(|job| job.id);
    Ok(Json(DeadList { jobs, next }))
}

/// `POST /v1/dead/{id}/requeue`.
pub(super) async fn requeue(State(state): State<ApiState>, Path(id): Path<String>) -> Result<Response, ApiError> {
    let id = job_id(&id)?;
    match state.parts.queue.requeue(id).await? {
        true => Ok(answer(look(&state, id).await?)),
        false => Err(not_dead(id)),
    }
}

/// `DELETE /v1/dead/{id}`.
pub(super) async fn discard(State(state): State<ApiState>, Path(id): Path<String>) -> Result<Json<JobView>, ApiError> {
    let id = job_id(&id)?;
    match state.parts.queue.discard(id).await? {
        true => look(&state, id).await.map(Json),
        false => Err(not_dead(id)),
    }
}

fn not_dead(id: JobId) -> ApiError {
    let error = ApiError::new(StatusCode::NOT_FOUND, "not_dead", format!("job {id} is not among the dead"));
    error.hint("GET /v1/dead lists those that were given up")
}
