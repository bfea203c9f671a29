//! Runs of pipelines: started, listed, shown, cancelled, replayed.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use optimus_core::{Timestamp, Webhook};
use optimus_pipelines::{Definition, Ended, Run};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::view::{RunList, RunSummary, RunView};
use super::{RUNS, check_size, computed, finished, owned as pipeline_of, unreadable};
use crate::api::body::JsonBody;
use crate::api::caller::Caller;
use crate::api::query::{self, Params, is_id};
use crate::api::{ApiError, ApiState, json, on_behalf, webhooks};
use crate::pipelines::StoredRun;
use crate::schedules::{Owner, new_id};

/// Runs of one tenant that are stored, and those of them that have not ended.
const MOST: usize = 10_000;
const MOST_OPEN: usize = 1_000;

/// The body of `POST /v1/pipelines/{id}/runs`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NewRun {
    #[serde(default)]
    inputs: Map<String, Value>,
    /// Who is told of its end, in place of whom the pipeline names.
    webhook: Option<Webhook>,
}

/// The body of `POST /v1/runs/{id}/replay`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Replay {
    from: String,
}

/// The query of `GET /v1/runs`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct ListParams {
    pipeline: Option<String>,
    state: Option<RunState>,
    next: Option<String>,
    limit: Option<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum RunState {
    Running,
    Succeeded,
    Failed,
    Cancelled,
}

impl RunState {
    fn is_of(self, ended: Option<Ended>) -> bool {
        self == match ended {
            None => Self::Running,
            Some(Ended::Succeeded) => Self::Succeeded,
            Some(Ended::Failed) => Self::Failed,
            Some(Ended::Cancelled) => Self::Cancelled,
        }
    }
}

/// `POST /v1/pipelines/{id}/runs`.
pub(in crate::api) async fn start(
    State(state): State<ApiState>,
    caller: Caller,
    Path(id): Path<String>,
    body: JsonBody,
) -> Result<Response, ApiError> {
    let pipeline = pipeline_of(&state, &caller, &id).await?;
    check_size(&body)?;
    let NewRun { inputs, webhook } = json::read(&body.bytes)?;
    drop(body);
    webhook.iter().try_for_each(|webhook| webhooks::check(webhook, &state.parts.gate))?;
    let owner = Owner { key: None, tenant: pipeline.owner.tenant.clone() };
    let run = fresh(&pipeline.definition, inputs).await?;
    let run = new(Place { id: new_id(), pipeline: id, owner }, pipeline.definition, run, None);
    begin(&state, &caller, StoredRun { webhook, ..run }).await
}

/// `POST /v1/runs/{id}/replay`.
pub(in crate::api) async fn replay(
    State(state): State<ApiState>,
    caller: Caller,
    Path(id): Path<String>,
    body: JsonBody,
) -> Result<Response, ApiError> {
    let earlier = owned(&state, &caller, &id).await?;
    let Replay { from } = json::read(&body.bytes)?;
    drop(body);
    if earlier.ended.is_none() {
        let error = ApiError::new(StatusCode::CONFLICT, "not_over", format!("run `{id}` is not over"));
        return Err(error.hint("cancel it, or wait for its end"));
    }
    let StoredRun { pipeline, owner, definition, run, .. } = earlier;
    let copy = definition.clone();
    let checked = computed(move || copy.check()).await??;
    let owner = Owner { key: None, tenant: owner.tenant };
    let place = Place { id: new_id(), pipeline, owner };
    begin(&state, &caller, new(place, definition, run.replay(&checked, &from)?, Some(id))).await
}

/// `GET /v1/runs`, the newest first.
pub(in crate::api) async fn list(
    State(state): State<ApiState>,
    caller: Caller,
    Params(params): Params<ListParams>,
) -> Result<Json<RunList>, ApiError> {
    let ListParams { pipeline, state: wanted, next, limit } = params;
    let (next, limit) = query::page_of_ids(next, limit)?;
    let all = state.parts.pipelines.summaries().await.map_err(|error| unreadable(&error))?;
    let sees = caller.sees();
    let found = all.into_iter().rev().filter(|(id, run)| {
        next.as_ref().is_none_or(|next| id < next)
            && (sees.is_none() || run.tenant == sees)
            && pipeline.as_ref().is_none_or(|pipeline| run.pipeline == *pipeline)
            && wanted.is_none_or(|wanted| wanted.is_of(run.ended))
    });
    let runs: Vec<RunSummary> = found.take(limit).map(|(id, run)| RunSummary::new(id, run)).collect();
    let next = runs.last().filter(|_| runs.len() == limit).map(|last| last.id.clone());
    Ok(Json(RunList { runs, next }))
}

/// `GET /v1/runs/{id}`.
pub(in crate::api) async fn show(
    State(state): State<ApiState>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<RunView>, ApiError> {
    let run = owned(&state, &caller, &id).await?;
    let is_cancelled = state.parts.pipelines.is_cancelled(&id).await.map_err(|error| unreadable(&error))?;
    Ok(Json(RunView::new(run, is_cancelled)))
}

/// `POST /v1/runs/{id}/cancel`: its jobs are cancelled, and nothing more starts.
pub(in crate::api) async fn cancel(
    State(state): State<ApiState>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let run = owned(&state, &caller, &id).await?;
    if run.ended.is_some() {
        let error = ApiError::new(StatusCode::CONFLICT, "too_late", format!("run `{id}` is over"));
        return Err(error.hint("GET its results"));
    }
    tracing::info!(run = id, by = caller.name(), "a run is cancelled");
    let store = Arc::clone(&state.parts.pipelines);
    finished(tokio::spawn(async move { store.cancel(&id).await }).await)?;
    Ok((StatusCode::ACCEPTED, Json(RunView::new(run, true))).into_response())
}

/// A run that has not begun.
pub(super) async fn fresh(definition: &Definition, inputs: Map<String, Value>) -> Result<Run, ApiError> {
    let definition = definition.clone();
    let inputs = computed(move || definition.check()?.inputs(&inputs)).await??;
    Ok(Run::new(inputs))
}

/// Where a run belongs.
pub(super) struct Place {
    pub(super) id: String,
    pub(super) pipeline: String,
    pub(super) owner: Owner,
}

pub(super) fn new(place: Place, definition: Definition, run: Run, replay_of: Option<String>) -> StoredRun {
    let (Place { id, pipeline, owner }, created_at) = (place, Timestamp::now());
    let (parent, webhook, is_told, ended, ended_at, outputs, error) = Default::default();
    StoredRun {
        id,
        pipeline,
        owner,
        created_at,
        definition,
        replay_of,
        parent,
        webhook,
        run,
        is_told,
        ended,
        ended_at,
        outputs,
        error,
    }
}

/// Stores a run in the caller's name, and answers with it.
async fn begin(state: &ApiState, caller: &Caller, run: StoredRun) -> Result<Response, ApiError> {
    let owner = on_behalf::owner_after(caller, &run.owner, RUNS)?;
    let run = StoredRun { owner, ..run };
    room(state, &run.owner.tenant, false).await?;
    tracing::info!(run = run.id, pipeline = run.pipeline, by = caller.name(), "a run begins");
    let location = format!("/v1/runs/{}", run.id);
    let (store, copy) = (Arc::clone(&state.parts.pipelines), run.clone());
    finished(tokio::spawn(async move { store.begin(&copy).await }).await)?;
    let view = Json(RunView::new(run, false));
    Ok((StatusCode::ACCEPTED, [(header::LOCATION, location)], view).into_response())
}

/// Refuses a tenant that has too many runs for one more. Those that steps begin have a bound of their own.
pub(super) async fn room(state: &ApiState, tenant: &Option<String>, is_nested: bool) -> Result<(), ApiError> {
    let all = state.parts.pipelines.summaries().await.map_err(|error| unreadable(&error))?;
    let own = || all.values().filter(|other| other.tenant == *tenant);
    let open = own().filter(|other| other.ended.is_none() && other.parent.is_some() == is_nested);
    if own().count() >= MOST || open.count() >= MOST_OPEN {
        let message = format!(
            "a tenant has at most {MOST_OPEN} runs under way, as many that steps began, and {MOST} with those that are over"
        );
        return Err(ApiError::too_many("too_many_runs", &message));
    }
    Ok(())
}

/// A run of the caller's tenant; another tenant's is as good as none.
async fn owned(state: &ApiState, caller: &Caller, id: &str) -> Result<StoredRun, ApiError> {
    let unknown = || {
        let message = format!("there is no run `{}`", id.escape_debug());
        ApiError::new(StatusCode::NOT_FOUND, "no_such_run", message).hint("GET /v1/runs lists their ids")
    };
    if !is_id(id) {
        return Err(unknown());
    }
    let found = state.parts.pipelines.run(id).await.map_err(|error| unreadable(&error))?;
    let sees = caller.sees();
    found.filter(|found| sees.is_none() || found.owner.tenant == sees).ok_or_else(unknown)
}
