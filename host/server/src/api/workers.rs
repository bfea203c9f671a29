//! The workers of the queue, and the wish that one of them drains.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Serialize;

use super::caller::Caller;
use super::{ApiError, ApiState};
use crate::workers::{self, Beat};

/// A worker, and how it is.
#[derive(Debug, Serialize)]
pub(super) struct WorkerView {
    #[serde(flatten)]
    beat: Beat,
    state: workers::State,
}

impl From<(Beat, workers::State)> for WorkerView {
    fn from((beat, state): (Beat, workers::State)) -> Self {
        Self { beat, state }
    }
}

#[derive(Debug, Serialize)]
pub(super) struct WorkerList {
    workers: Vec<WorkerView>,
}

/// `GET /v1/workers`.
pub(super) async fn list(State(state): State<ApiState>) -> Result<Json<WorkerList>, ApiError> {
    let workers = state.parts.workers.list().await.map_err(|error| failed(&error))?;
    Ok(Json(WorkerList { workers: workers.into_iter().map(WorkerView::from).collect() }))
}

/// `POST /v1/workers/{id}/drain`.
pub(super) async fn drain(
    State(state): State<ApiState>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<WorkerView>, ApiError> {
    wish(&state, &caller, &id, true).await
}

/// `POST /v1/workers/{id}/resume`.
pub(super) async fn resume(
    State(state): State<ApiState>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<WorkerView>, ApiError> {
    wish(&state, &caller, &id, false).await
}

async fn wish(state: &ApiState, caller: &Caller, id: &str, drains: bool) -> Result<Json<WorkerView>, ApiError> {
    let worker = state.parts.workers.drain(id, drains).await.map_err(|error| failed(&error))?;
    tracing::info!(worker = id, drains, by = caller.name(), "a wish for a worker");
    worker.map(|worker| Json(worker.into())).ok_or_else(|| {
        let message = format!("there is no worker `{}`", id.escape_debug());
        ApiError::new(StatusCode::NOT_FOUND, "no_such_worker", message).hint("GET /v1/workers lists them")
    })
}

fn failed(error: &anyhow::Error) -> ApiError {
    tracing::error!(error = format!("{error:#}"), "the workers cannot be read");
    ApiError::busy("queue_failed", "the workers cannot be read at the moment")
}
