//! Sessions of cells: begun, shown, listed, ended; and cells that run in them.
//!
//! A session belongs to a tenant, as a job does, and is in the memory of the process that runs its box.

mod asked;
mod view;

use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use optimus_core::Fault;
use optimus_core::cells::Loss;

use self::asked::{NewCell, NewSession};
use self::view::{CellView, SessionList, SessionView};
use super::body::JsonBody;
use super::caller::Caller;
use super::{ApiError, ApiState, json};
use crate::interpreters::{NoRoom, NotRun, Whose};

/// The longest wait for room on the machine, and for an interpreter to start.
const STARTING: Duration = Duration::from_secs(60);

/// When a client may try again that found no room.
const AGAIN: Duration = Duration::from_secs(5);

/// `POST /v1/sessions`.
pub(super) async fn begin(State(state): State<ApiState>, caller: Caller, body: JsonBody) -> Result<Response, ApiError> {
    let asked: NewSession = json::read(&body.bytes)?;
    drop(body);
    let interpreters = &state.parts.interpreters;
    if let Some(fault) = interpreters.refusal() {
        return Err(ApiError::of_fault(StatusCode::NOT_IMPLEMENTED, fault));
    }
    let (info, wanted) = asked.check(&state, &caller).await?;
    caller.spend(&state, 1).await?;
    let beginning = tokio::time::timeout(STARTING, interpreters.begin(info, wanted));
    let late = || ApiError::busy("machine_busy", "this machine had no room for a session in time");
    let info = beginning.await.map_err(|_| late())?.map_err(refused)?;
    let location = format!("/v1/sessions/{}", info.id);
    let view = SessionView::new(&info, &crate::interpreters::Phase::Idle);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(view)).into_response())
}

/// `GET /v1/sessions`.
pub(super) async fn list(State(state): State<ApiState>, caller: Caller) -> Json<SessionList> {
    let sees = caller.sees();
    let found = state.parts.interpreters.list(whose(sees.as_deref()));
    Json(SessionList { sessions: found.iter().map(|(info, phase)| SessionView::new(info, phase)).collect() })
}

/// `GET /v1/sessions/{id}`. One that is lost says why.
pub(super) async fn show(
    State(state): State<ApiState>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<SessionView>, ApiError> {
    let sees = caller.sees();
    let found = state.parts.interpreters.find(&id, whose(sees.as_deref()));
    let (info, phase) = found.map_err(|why| not_run(&id, why))?;
    Ok(Json(SessionView::new(&info, &phase)))
}

/// `DELETE /v1/sessions/{id}`.
pub(super) async fn end(
    State(state): State<ApiState>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    let sees = caller.sees();
    state.parts.interpreters.close(&id, whose(sees.as_deref())).map_err(|why| not_run(&id, why))?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /v1/sessions/{id}/cells`: answers when the cell is over.
pub(super) async fn run(
    State(state): State<ApiState>,
    caller: Caller,
    Path(id): Path<String>,
    body: JsonBody,
) -> Result<Json<CellView>, ApiError> {
    let asked: NewCell = json::read(&body.bytes)?;
    drop(body);
    let (interpreters, tenant) = (&state.parts.interpreters, caller.tenant.as_deref());
    let (info, _) = interpreters.find(&id, Whose::Of(tenant)).map_err(|why| not_run(&id, why))?;
    let limit = asked.limit(&info)?;
    caller.spend(&state, 1).await?;
    let ran = interpreters.run(&id, tenant, asked.source, limit).await.map_err(|why| not_run(&id, why))?;
    Ok(Json(CellView::new(ran)))
}

/// An administrator sees the sessions of all.
fn whose(sees: Option<&str>) -> Whose<'_> {
    sees.map_or(Whose::Anybody, |tenant| Whose::Of(Some(tenant)))
}

fn refused(why: NoRoom) -> ApiError {
    match why {
        NoRoom::None(fault) => ApiError::of_fault(StatusCode::NOT_IMPLEMENTED, fault),
        NoRoom::Tenant(most) => {
            let message = format!("this tenant has {most} open sessions, as many as it may have");
            ApiError::new(StatusCode::TOO_MANY_REQUESTS, "too_many_sessions", message).hint("end one with DELETE")
        }
        NoRoom::Full(message) => {
            let error = ApiError::new(StatusCode::TOO_MANY_REQUESTS, "too_many_sessions", message);
            error.hint("try again later").after(AGAIN)
        }
        NoRoom::Failed(fault) => failed(fault),
    }
}

/// Why an interpreter did not start, by the fault's code.
fn failed(fault: Fault) -> ApiError {
    let status = match fault.code.as_str() {
        "too_large" | "bad_options" | "bad_source" | "unsupported" | "kernel_failed" | "no_cells"
        | "unknown_language" => StatusCode::UNPROCESSABLE_ENTITY,
        _ => StatusCode::SERVICE_UNAVAILABLE,
    };
    if status.is_server_error() {
        tracing::error!(code = fault.code, message = fault.message, "a session's interpreter did not start");
    }
    ApiError::of_fault(status, fault)
}

fn not_run(id: &str, why: NotRun) -> ApiError {
    match why {
        NotRun::Unknown => {
            let id: String = id.chars().take(64).collect();
            let message = format!("there is no session `{}`", id.escape_debug());
            let error = ApiError::new(StatusCode::NOT_FOUND, "no_such_session", message);
            error.hint("it was never begun in this process, or ended long ago")
        }
        NotRun::Busy => {
            let error = ApiError::new(StatusCode::CONFLICT, "session_busy", "another cell runs in this session");
            error.hint("wait for its answer: cells run one after another")
        }
        NotRun::Lost(Loss { message, .. }) => {
            let error = ApiError::new(StatusCode::GONE, "session_lost", format!("the session is gone: {message}"));
            error.hint("begin another with POST /v1/sessions: its state is empty")
        }
    }
}
