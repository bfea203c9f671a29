//! Schedules: made, listed, changed, removed; triggered, filled, paused and resumed.
//!
//! A schedule belongs to a tenant, like a job. It fires in the name of the API key that created it, or that changed it last.

mod asked;
mod firing;
mod view;

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use futures::StreamExt as _;
use optimus_core::Timestamp;
use optimus_schedules::Schedule;
use serde::Serialize;

use self::asked::{Backfill, Change, FIRES, NewSchedule, Note, PreviewParams, Trigger};
use self::view::{ScheduleList, ScheduleView, Summary, Time};
use super::body::JsonBody;
use super::caller::Caller;
use super::query::{Page, Params, is_id};
use super::{ApiError, ApiState, json, on_behalf};
use crate::feed;
use crate::schedules::{Definition, Request};

/// Schedules of one tenant, and the bytes of their jobs.
const MOST: usize = 10_000;
const MOST_BYTES: usize = 64 << 20;
/// Schedules of one page whose progress is read at the same time.
const AT_ONCE: usize = 16;

/// Firing times.
#[derive(Debug, Serialize)]
pub(super) struct Preview {
    firings: Vec<Time>,
}

/// What was asked for is stored, and will happen.
#[derive(Debug, Serialize)]
pub(super) struct Accepted {
    /// How many times it fires for that.
    firings: usize,
}

/// `POST /v1/schedules`.
pub(super) async fn create(
    State(state): State<ApiState>,
    caller: Caller,
    body: JsonBody,
) -> Result<Response, ApiError> {
    let asked: NewSchedule = json::read(&body.bytes)?;
    drop(body);
    let definition = asked.check(&state, &caller).await?;
    let all = state.parts.schedules.all().await.map_err(|error| unreadable(&error))?;
    let own = || all.values().filter(|other| other.owner.tenant == definition.owner.tenant);
    let bytes = own().map(|other| other.job_bytes).sum::<usize>() + definition.job_bytes;
    if own().count() >= MOST || bytes > MOST_BYTES {
        let message = format!("a tenant has at most {MOST} schedules, with {MOST_BYTES} bytes of jobs");
        let error = ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "too_many_schedules", message);
        return Err(error.hint("remove some, or let their jobs name stored problems"));
    }
    tracing::info!(schedule = definition.id, by = caller.name(), "a schedule was created");
    let location = format!("/v1/schedules/{}", definition.id);
    let view = written(&state, definition).await?;
    Ok((StatusCode::CREATED, [(axum::http::header::LOCATION, location)], view).into_response())
}

/// `GET /v1/schedules`, the newest first.
pub(super) async fn list(
    State(state): State<ApiState>,
    caller: Caller,
    Params(page): Params<Page>,
) -> Result<Json<ScheduleList>, ApiError> {
    let (next, limit) = page.check()?;
    let all = state.parts.schedules.all().await.map_err(|error| unreadable(&error))?;
    let sees = caller.sees();
    let found = all.values().rev().filter(|one| next.as_ref().is_none_or(|next| one.id < *next));
    let own = found.filter(|one| sees.is_none() || one.owner.tenant == sees).take(limit).cloned();
    let rows = own.map(|definition| summary(&state, definition)).collect::<Vec<_>>();
    let rows: Vec<_> = futures::stream::iter(rows).buffered(AT_ONCE).collect().await;
    let schedules = rows.into_iter().collect::<Result<Vec<Summary>, ApiError>>()?;
    let next = schedules.last().filter(|_| schedules.len() == limit).map(|last| last.id.clone());
    Ok(Json(ScheduleList { schedules, next }))
}

async fn summary(state: &ApiState, definition: Arc<Definition>) -> Result<Summary, ApiError> {
    let progress = state.parts.schedules.progress(&definition.id).await.map_err(|error| unreadable(&error))?;
    computed(move || Summary::new(&definition, &progress, Timestamp::now())).await
}

/// `GET /v1/schedules/{id}`.
pub(super) async fn show(
    State(state): State<ApiState>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<ScheduleView>, ApiError> {
    let definition = owned(&state, &caller, &id).await?;
    shown(&state, definition).await
}

/// `PATCH /v1/schedules/{id}`.
pub(super) async fn change(
    State(state): State<ApiState>,
    caller: Caller,
    Path(id): Path<String>,
    body: JsonBody,
) -> Result<Json<ScheduleView>, ApiError> {
    let definition = owned(&state, &caller, &id).await?;
    let change: Change = json::read(&body.bytes)?;
    drop(body);
    let definition = change.apply(&state, &caller, definition).await?;
    tracing::info!(schedule = id, by = caller.name(), "a schedule was changed");
    written(&state, definition).await
}

/// `DELETE /v1/schedules/{id}`. Its jobs go on.
pub(super) async fn remove(
    State(state): State<ApiState>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<ScheduleView>, ApiError> {
    let definition = owned(&state, &caller, &id).await?;
    let view = shown(&state, definition).await?;
    let store = Arc::clone(&state.parts.schedules);
    tracing::info!(schedule = id, by = caller.name(), "a schedule was removed");
    // A task of its own: a client that goes away leaves nothing half done.
    finished(tokio::spawn(async move { store.remove(&id).await }).await)?;
    Ok(view)
}

/// `GET /v1/schedules/{id}/preview`: from the spec alone, whatever has fired and whether it is paused.
pub(super) async fn preview(
    State(state): State<ApiState>,
    caller: Caller,
    Path(id): Path<String>,
    Params(params): Params<PreviewParams>,
) -> Result<Json<Preview>, ApiError> {
    let definition = owned(&state, &caller, &id).await?;
    let (n, after) = params.check(Timestamp::now())?;
    let firings = computed(move || {
        let schedule = compiled(&definition)?;
        let found = schedule.preview(after, None, n).map_err(|_| too_long("ask for fewer of them"))?;
        Ok::<_, ApiError>(found.into_iter().map(|firing| Time::new(&schedule, firing)).collect())
    });
    Ok(Json(Preview { firings: firings.await?? }))
}

/// `POST /v1/schedules/{id}/pause`.
pub(super) async fn pause(
    State(state): State<ApiState>,
    caller: Caller,
    Path(id): Path<String>,
    body: JsonBody,
) -> Result<Json<ScheduleView>, ApiError> {
    let definition = owned(&state, &caller, &id).await?;
    let note = json::read::<Note>(&body.bytes)?.check()?;
    tracing::info!(schedule = id, by = caller.name(), "a schedule was paused");
    let event = feed::schedule("schedule.paused", &id, serde_json::json!({ "reason": note }));
    let tenant = definition.owner.tenant.clone();
    let view = written(&state, Definition { paused: true, note, ..definition }).await?;
    state.parts.queue.announce(tenant.as_deref(), event);
    Ok(view)
}

/// `POST /v1/schedules/{id}/resume`: also of one that the engine stopped. What was due meanwhile does not fire.
pub(super) async fn resume(
    State(state): State<ApiState>,
    caller: Caller,
    Path(id): Path<String>,
    body: JsonBody,
) -> Result<Json<ScheduleView>, ApiError> {
    let definition = owned(&state, &caller, &id).await?;
    asked::check_scope(&state, &caller, &definition)?;
    let note = json::read::<Note>(&body.bytes)?.check()?;
    let progress = state.parts.schedules.progress(&id).await.map_err(|error| unreadable(&error))?;
    // The clocks of two processes may differ.
    let halted = progress.halted.map_or(0, |halt| halt.at.0 + 1);
    let active_from = Timestamp(Timestamp::now().0.max(halted));
    let owner = on_behalf::owner_after(&caller, &definition.owner, FIRES)?;
    tracing::info!(schedule = id, by = caller.name(), "a schedule was resumed");
    let event = feed::schedule("schedule.resumed", &id, serde_json::json!({ "reason": note }));
    let tenant = definition.owner.tenant.clone();
    let view = written(&state, Definition { paused: false, note, active_from, owner, ..definition }).await?;
    state.parts.queue.announce(tenant.as_deref(), event);
    Ok(view)
}

/// `POST /v1/schedules/{id}/trigger`.
pub(super) async fn trigger(
    State(state): State<ApiState>,
    caller: Caller,
    Path(id): Path<String>,
    body: JsonBody,
) -> Result<(StatusCode, Json<Accepted>), ApiError> {
    let definition = owned(&state, &caller, &id).await?;
    asked::check_scope(&state, &caller, &definition)?;
    let overlap = json::read::<Trigger>(&body.bytes)?.overlap.unwrap_or(definition.policies.overlap);
    ask(&state, Request::trigger(&id, Timestamp::now(), overlap), 1).await
}

/// `POST /v1/schedules/{id}/backfill`.
pub(super) async fn backfill(
    State(state): State<ApiState>,
    caller: Caller,
    Path(id): Path<String>,
    body: JsonBody,
) -> Result<(StatusCode, Json<Accepted>), ApiError> {
    let definition = owned(&state, &caller, &id).await?;
    asked::check_scope(&state, &caller, &definition)?;
    let asked: Backfill = json::read(&body.bytes)?;
    let range = asked.check(Timestamp::now())?;
    let overlap = asked.overlap.unwrap_or(definition.policies.overlap);
    let counted = computed(move || asked::count(&compiled(&definition)?, range)).await??;
    ask(&state, Request::backfill(&id, range, overlap), counted).await
}

/// Stores a request; the engine fires for it within a second or so.
async fn ask(state: &ApiState, request: Request, firings: usize) -> Result<(StatusCode, Json<Accepted>), ApiError> {
    let store = Arc::clone(&state.parts.schedules);
    finished(tokio::spawn(async move { store.put_request(&request).await }).await)?;
    Ok((StatusCode::ACCEPTED, Json(Accepted { firings })))
}

/// A schedule of the caller's tenant; another tenant's is as good as none.
async fn owned(state: &ApiState, caller: &Caller, id: &str) -> Result<Definition, ApiError> {
    let unknown = || {
        let message = format!("there is no schedule `{}`", id.escape_debug());
        ApiError::new(StatusCode::NOT_FOUND, "no_such_schedule", message).hint("GET /v1/schedules lists their ids")
    };
    if !is_id(id) {
        return Err(unknown());
    }
    let found = state.parts.schedules.definition(id).await.map_err(|error| unreadable(&error))?;
    let sees = caller.sees();
    found.filter(|found| sees.is_none() || found.owner.tenant == sees).ok_or_else(unknown)
}

/// Writes a definition, and answers with it.
async fn written(state: &ApiState, definition: Definition) -> Result<Json<ScheduleView>, ApiError> {
    let (store, copy) = (Arc::clone(&state.parts.schedules), definition.clone());
    finished(tokio::spawn(async move { store.put_definition(&copy).await }).await)?;
    shown(state, definition).await
}

async fn shown(state: &ApiState, definition: Definition) -> Result<Json<ScheduleView>, ApiError> {
    let progress = state.parts.schedules.progress(&definition.id).await.map_err(|error| unreadable(&error))?;
    computed(move || ScheduleView::new(definition, progress, Timestamp::now())).await.map(Json)
}

/// A stored spec was accepted once, but a later release may not know its zone.
fn compiled(definition: &Definition) -> Result<Schedule, ApiError> {
    Ok(definition.spec.compile(&definition.id)?)
}

/// Runs a search for firing times, which may take some hundred milliseconds, off the threads that answer.
async fn computed<T: Send + 'static>(search: impl FnOnce() -> T + Send + 'static) -> Result<T, ApiError> {
    let searched = tokio::task::spawn_blocking(search).await;
    searched.map_err(|error| ApiError::bug(&format!("a search for firing times failed: {error}")))
}

fn too_long(hint: &str) -> ApiError {
    let message = "`spec`: its firing times take too long to find";
    ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", message).hint(hint)
}

fn finished(written: Result<anyhow::Result<()>, tokio::task::JoinError>) -> Result<(), ApiError> {
    written.map_err(anyhow::Error::new).and_then(|written| written).map_err(|error| unreadable(&error))
}

fn unreadable(error: &anyhow::Error) -> ApiError {
    tracing::error!(error = format!("{error:#}"), "the schedules cannot be read or written");
    ApiError::busy("schedules_unreadable", "the schedules cannot be read or written at the moment")
}
