//! A file that a test left and its job asked for.

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use optimus_core::{Report, TestReport};
use serde::Deserialize;

use super::caller::Caller;
use super::foreign_bytes::FOREIGN_BYTES;
use super::query::{Params, job_id};
use super::{ApiError, ApiState, jobs};

/// `?test=`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    /// A test's name; the first, when absent.
    test: Option<String>,
}

/// `GET /v1/jobs/{id}/files/{path}`.
pub(super) async fn file(
    State(state): State<ApiState>,
    caller: Caller,
    place: Result<Path<(String, String)>, PathRejection>,
    Params(which): Params<Which>,
) -> Result<Response, ApiError> {
    let Path((id, path)) = place.map_err(|rejection| {
        let error = ApiError::new(StatusCode::BAD_REQUEST, "bad_path", rejection.body_text());
        error.hint("a file's path is UTF-8, percent-encoded")
    })?;
    let id = job_id(&id)?;
    caller.owns(&state, id).await?;
    let view = jobs::look(&state, id).await?;
    let report = view.report.ok_or_else(|| {
        let error = ApiError::new(StatusCode::CONFLICT, "not_over", format!("job {id} is not over"));
        error.hint("GET /v1/jobs/ID?wait=10s first")
    })?;
    let file = test(&report, which.test.as_deref()).and_then(|test| test.files.iter().find(|file| file.path == path));
    let content = file.and_then(|file| file.content.clone()).ok_or_else(|| {
        let message = format!("job {id} left no `{}`", path.escape_debug());
        let error = ApiError::new(StatusCode::NOT_FOUND, "no_such_file", message);
        error.hint("a job names the files to keep in `collect`; its report lists those that there are in `files`")
    })?;
    Ok((FOREIGN_BYTES, content.into_bytes()).into_response())
}

fn test<'a>(report: &'a Report, name: Option<&str>) -> Option<&'a TestReport> {
    match name {
        Some(name) => report.tests.iter().find(|test| test.name == name),
        None => report.tests.first(),
    }
}
