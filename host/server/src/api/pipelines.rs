//! Pipelines: made, listed, replaced, removed, rendered without running.
//!
//! A pipeline belongs to a tenant, like a job. Each of its runs acts in the name of the API key that started it.

mod action;
pub(super) mod fired;
mod nested;
mod request;
pub(super) mod runs;
mod view;

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use optimus_core::{Fault, Invalid, JobRequest, Timestamp};
use optimus_pipelines::{Definition, Run, Start, Tool};
use serde::Deserialize;
use serde_json::{Map, Value};

use self::view::{DryRun, DryStep, PipelineList, PipelineSummary, PipelineView};
use super::body::JsonBody;
use super::caller::Caller;
use super::query::{Page, Params, is_id};
use super::submission::Submission;
use super::{ApiError, ApiState, json, on_behalf, webhooks};
use crate::pipelines::StoredPipeline;
use crate::schedules::{Owner, new_id};

/// Pipelines of one tenant.
const MOST: usize = 1_000;
/// Bytes of a definition, and of the inputs of a run.
const BYTES: usize = 128 << 10;
/// What a pipeline does in its owner's name.
const RUNS: &str = "a pipeline runs";

/// The body of `POST /v1/pipelines/{id}/dry-run`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rehearsal {
    #[serde(default)]
    inputs: Map<String, Value>,
    /// Results that steps are taken to have.
    #[serde(default)]
    results: Map<String, Value>,
}

/// `POST /v1/pipelines`.
pub(super) async fn create(
    State(state): State<ApiState>,
    caller: Caller,
    body: JsonBody,
) -> Result<Response, ApiError> {
    let definition = definition(&body).await?;
    drop(body);
    check_webhook(&state, &definition)?;
    nested::check(&state, &caller.tenant, None, &definition).await?;
    let owner = Owner { key: None, tenant: caller.tenant.clone() };
    let owner = on_behalf::owner_after(&caller, &owner, RUNS)?;
    let all = state.parts.pipelines.pipelines().await.map_err(|error| unreadable(&error))?;
    if all.values().filter(|other| other.owner.tenant == owner.tenant).count() >= MOST {
        let message = format!("a tenant has at most {MOST} pipelines");
        let error = ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "too_many_pipelines", message);
        return Err(error.hint("remove some"));
    }
    let pipeline = StoredPipeline { id: new_id(), owner, created_at: Timestamp::now(), definition };
    tracing::info!(pipeline = pipeline.id, by = caller.name(), "a pipeline was created");
    let location = format!("/v1/pipelines/{}", pipeline.id);
    let view = written(&state, pipeline).await?;
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], view).into_response())
}

/// `GET /v1/pipelines`, the newest first.
pub(super) async fn list(
    State(state): State<ApiState>,
    caller: Caller,
    Params(page): Params<Page>,
) -> Result<Json<PipelineList>, ApiError> {
    let (next, limit) = page.check()?;
    let all = state.parts.pipelines.pipelines().await.map_err(|error| unreadable(&error))?;
    let sees = caller.sees();
    let found = all.into_values().rev().filter(|one| next.as_ref().is_none_or(|next| one.id < *next));
    let own = found.filter(|one| sees.is_none() || one.owner.tenant == sees);
    let pipelines: Vec<PipelineSummary> = own.take(limit).map(PipelineSummary::from).collect();
    let next = pipelines.last().filter(|_| pipelines.len() == limit).map(|last| last.id.clone());
    Ok(Json(PipelineList { pipelines, next }))
}

/// `GET /v1/pipelines/{id}`.
pub(super) async fn show(
    State(state): State<ApiState>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<PipelineView>, ApiError> {
    Ok(Json(owned(&state, &caller, &id).await?.into()))
}

/// `PUT /v1/pipelines/{id}`. Runs that have begun go on with the pipeline as it was.
pub(super) async fn replace(
    State(state): State<ApiState>,
    caller: Caller,
    Path(id): Path<String>,
    body: JsonBody,
) -> Result<Json<PipelineView>, ApiError> {
    let pipeline = owned(&state, &caller, &id).await?;
    let definition = definition(&body).await?;
    check_webhook(&state, &definition)?;
    nested::check(&state, &pipeline.owner.tenant, Some(&id), &definition).await?;
    let owner = on_behalf::owner_after(&caller, &pipeline.owner, RUNS)?;
    tracing::info!(pipeline = id, by = caller.name(), "a pipeline was replaced");
    written(&state, StoredPipeline { definition, owner, ..pipeline }).await
}

/// `DELETE /v1/pipelines/{id}`. Its runs go on.
pub(super) async fn remove(
    State(state): State<ApiState>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<PipelineView>, ApiError> {
    let pipeline = owned(&state, &caller, &id).await?;
    tracing::info!(pipeline = id, by = caller.name(), "a pipeline was removed");
    state.parts.pipelines.remove_pipeline(&id).await.map_err(|error| unreadable(&error))?;
    Ok(Json(pipeline.into()))
}

/// `POST /v1/pipelines/{id}/dry-run`: what a run would submit, as far as results are given. Nothing is stored or submitted.
pub(super) async fn dry_run(
    State(state): State<ApiState>,
    caller: Caller,
    Path(id): Path<String>,
    body: JsonBody,
) -> Result<Json<DryRun>, ApiError> {
    let pipeline = owned(&state, &caller, &id).await?;
    check_size(&body)?;
    let Rehearsal { inputs, results } = json::read(&body.bytes)?;
    drop(body);
    let checked = pipeline.definition.check()?;
    let run = Run::new(checked.inputs(&inputs)?);
    let names: Vec<&str> = pipeline.definition.steps.iter().map(|step| step.name.as_str()).collect();
    if let Some(unknown) = results.keys().find(|name| !names.contains(&name.as_str())) {
        let invalid = Invalid::new(format!("results.{}", unknown.escape_debug()), "is no step of this pipeline");
        return Err(invalid.hint(format!("the steps are {}", names.join(", "))).into());
    }
    let rehearsed = computed(move || run.rehearse(&checked, &results, Timestamp::now()));
    let (run, jobs) = rehearsed.await?;
    let mut steps: Vec<DryStep> = names.iter().map(|name| DryStep::new(name, &run)).collect();
    for start in jobs {
        let Some(step) = steps.iter_mut().find(|step| step.name == start.step) else { continue };
        if let Err(fault) = acceptable(&state, &caller, &start).await {
            step.error.get_or_insert(fault);
        }
        step.jobs.push(start.with);
    }
    Ok(Json(DryRun { steps }))
}

/// Checks what is rendered as if it were started now.
async fn acceptable(state: &ApiState, caller: &Caller, start: &Start) -> Result<(), Fault> {
    let checked = match start.tool {
        Tool::Job => {
            let request: JobRequest = json::read_value("with", start.with.clone()).map_err(ApiError::into_fault)?;
            Submission::check(state, caller, request).await.map(drop)
        }
        Tool::Pipeline => nested::acceptable(state, caller, &start.with).await,
        Tool::Http => return request::check(state, &start.with),
    };
    checked.map_err(ApiError::into_fault)
}

fn check_webhook(state: &ApiState, definition: &Definition) -> Result<(), Invalid> {
    definition.webhook.iter().try_for_each(|webhook| webhooks::check(webhook, &state.parts.gate))
}

fn check_size(body: &JsonBody) -> Result<(), Invalid> {
    match body.bytes.len() {
        bytes if bytes > BYTES => {
            let invalid = Invalid::new("body", format!("has {bytes} bytes, and {BYTES} are the most"));
            Err(invalid.hint("store tests as a problem, and name that"))
        }
        _ => Ok(()),
    }
}

/// Reads and checks a definition, off the threads that answer.
async fn definition(body: &JsonBody) -> Result<Definition, ApiError> {
    check_size(body)?;
    let definition: Definition = json::read(&body.bytes)?;
    computed(move || definition.check().map(|_| definition)).await?.map_err(ApiError::from)
}

async fn computed<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, ApiError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| ApiError::bug(&format!("a pipeline could not be checked: {error}")))
}

/// A pipeline of the caller's tenant; another tenant's is as good as none.
async fn owned(state: &ApiState, caller: &Caller, id: &str) -> Result<StoredPipeline, ApiError> {
    let unknown = || {
        let message = format!("there is no pipeline `{}`", id.escape_debug());
        ApiError::new(StatusCode::NOT_FOUND, "no_such_pipeline", message).hint("GET /v1/pipelines lists their ids")
    };
    if !is_id(id) {
        return Err(unknown());
    }
    let found = state.parts.pipelines.pipeline(id).await.map_err(|error| unreadable(&error))?;
    let sees = caller.sees();
    found.filter(|found| sees.is_none() || found.owner.tenant == sees).ok_or_else(unknown)
}

/// Writes a pipeline, and answers with it. In a task of its own: a client that goes away leaves nothing half done.
async fn written(state: &ApiState, pipeline: StoredPipeline) -> Result<Json<PipelineView>, ApiError> {
    let (store, copy) = (Arc::clone(&state.parts.pipelines), pipeline.clone());
    finished(tokio::spawn(async move { store.put_pipeline(&copy).await }).await)?;
    Ok(Json(pipeline.into()))
}

fn finished(written: Result<anyhow::Result<()>, tokio::task::JoinError>) -> Result<(), ApiError> {
    written.map_err(anyhow::Error::new).and_then(|written| written).map_err(|error| unreadable(&error))
}

fn unreadable(error: &anyhow::Error) -> ApiError {
    tracing::error!(error = format!("{error:#}"), "the pipelines cannot be read or written");
    ApiError::busy("pipelines_unreadable", "the pipelines cannot be read or written at the moment")
}
