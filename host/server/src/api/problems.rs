//! Storing problems, and saying what is stored.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use optimus_core::scoring::Group;
use optimus_core::{Digest, Job, LimitsRequest, Problem, Test};
use serde::Serialize;

use super::body::ByteBody;
use super::caller::Caller;
use super::query::Params;
use super::{ApiError, ApiState};
use crate::problems::{AddError, Limits, fill};

/// Tests that are listed; a package may have thousands.
const LISTED_TESTS: usize = 500;

/// A stored problem, as clients see it: of its tests no more than reports say.
#[derive(Debug, Serialize)]
pub(super) struct ProblemView {
    /// The digest, by which a job names it.
    problem: Digest,
    name: String,
    format: String,
    tests: usize,
    /// The limits of each test, as the package says them.
    limits: LimitsRequest,
    is_interactive: bool,
    is_scored: bool,
    /// The groups that tests belong to.
    groups: Vec<GroupView>,
    /// The first tests.
    listed: Vec<TestView>,
    /// Parts of the package that were ignored.
    remarks: Vec<String>,
}

/// A group of tests.
#[derive(Debug, Serialize)]
struct GroupView {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    points: Option<f64>,
    /// Visible to submitters, and without points.
    is_sample: bool,
}

/// A test.
#[derive(Debug, Serialize)]
struct TestView {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    points: Option<f64>,
}

impl ProblemView {
    fn new(digest: Digest, problem: &Problem) -> Self {
        let groups = problem.scoring.iter().flat_map(|scoring| &scoring.groups).take(LISTED_TESTS);
        let group =
            |group: &Group| GroupView { name: group.name.clone(), points: group.points, is_sample: group.sample };
        let test = |(at, test): (usize, &Test)| TestView {
            name: test.name.clone().unwrap_or_else(|| (at + 1).to_string()),
            group: test.group.clone(),
            points: test.points,
        };
        Self {
            problem: digest,
            name: problem.name.clone(),
            format: problem.format.clone(),
            tests: problem.tests.len(),
            limits: problem.limits.clone(),
            is_interactive: problem.interactor.is_some() || problem.communication.is_some(),
            is_scored: problem.scoring.is_some(),
            groups: groups.map(group).collect(),
            listed: problem.tests.iter().take(LISTED_TESTS).enumerate().map(test).collect(),
            remarks: problem.remarks.clone(),
        }
    }
}

/// `POST /v1/problems`.
pub(super) async fn add(
    State(state): State<ApiState>,
    caller: Caller,
    Params(limits): Params<Limits>,
    body: ByteBody,
) -> Result<Response, ApiError> {
    let (digest, problem) =
        state.parts.problems.add(body.bytes.clone(), limits, caller.tenant.as_deref()).await.map_err(refused)?;
    let location = format!("/v1/problems/{digest}");
    let view = Json(ProblemView::new(digest, &problem));
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], view).into_response())
}

fn refused(error: AddError) -> ApiError {
    match error {
        AddError::Package(error) => {
            let hint = error.hint();
            ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "bad_package", error.to_string()).with_hint(hint)
        }
        AddError::NoTimeLimit(_) => {
            let error = ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "no_time_limit", error.to_string());
            error.hint("give one: `?cpu_ms=1000`")
        }
        AddError::Quota { .. } => {
            let error = ApiError::new(StatusCode::INSUFFICIENT_STORAGE, "problem_quota", error.to_string());
            error.hint("have the operator remove a problem (DELETE /v1/problems/ID), or raise `--tenant-problems-mib`")
        }
        AddError::Store(error) => unreadable(&error),
    }
}

/// `GET /v1/problems/{id}`.
pub(super) async fn show(State(state): State<ApiState>, Path(id): Path<String>) -> Result<Json<ProblemView>, ApiError> {
    let (digest, problem) = stored(&state, &id).await?;
    Ok(Json(ProblemView::new(digest, &problem)))
}

/// The answer to `GET /v1/problems`.
#[derive(Serialize)]
pub(super) struct Stored {
    problems: Vec<Digest>,
}

/// `GET /v1/problems`. A problem's name is all that it takes to use it, so only an operator sees other tenants' names.
pub(super) async fn list(State(state): State<ApiState>) -> Result<Json<Stored>, ApiError> {
    let problems = state.parts.problems.names().await.map_err(|error| unreadable(&error))?;
    Ok(Json(Stored { problems }))
}

/// `DELETE /v1/problems/{id}`. The same package is the same problem for every tenant, so none may take it from others.
pub(super) async fn remove(
    State(state): State<ApiState>,
    Path(id): Path<String>,
) -> Result<Json<ProblemView>, ApiError> {
    let (digest, problem) = stored(&state, &id).await?;
    state.parts.problems.remove(&digest).await.map_err(|error| unreadable(&error))?;
    Ok(Json(ProblemView::new(digest, &problem)))
}

/// Checks that a job which names a problem can be judged by it.
pub(super) async fn check(state: &ApiState, job: &Job) -> Result<(), ApiError> {
    let Some(digest) = &job.problem else { return Ok(()) };
    let found = state.parts.problems.find(digest).await.map_err(|error| unreadable(&error))?;
    let problem = found.ok_or_else(|| unknown(StatusCode::UNPROCESSABLE_ENTITY, &digest.to_string()))?;
    if let Some(language) = state.parts.languages.find(&job.language) {
        fill(&problem, job, &language.descriptor, &state.parts.policy)?;
    }
    Ok(())
}

/// The stored problem that a path names.
pub(super) async fn stored(state: &ApiState, id: &str) -> Result<(Digest, Arc<Problem>), ApiError> {
    let digest = named(id)?;
    let found = state.parts.problems.find(&digest).await.map_err(|error| unreadable(&error))?;
    Ok((digest, found.ok_or_else(|| unknown(StatusCode::NOT_FOUND, id))?))
}

/// Parses a digest; anything else names no problem.
fn named(id: &str) -> Result<Digest, ApiError> {
    id.parse().map_err(|_| unknown(StatusCode::NOT_FOUND, id))
}

fn unknown(status: StatusCode, digest: &str) -> ApiError {
    let message = format!("there is no problem `{}` here", digest.escape_debug());
    ApiError::new(status, "unknown_problem", message).hint("store its package with POST /v1/problems")
}

pub(super) fn unreadable(error: &anyhow::Error) -> ApiError {
    tracing::error!("{error:#}");
    ApiError::busy("problems_unreadable", "the stored problems cannot be read or written at the moment")
}
