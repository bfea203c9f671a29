//! go-judge: `POST /run` runs commands and answers with what each came to; `/file` keeps files between requests.
//!
//! Each command is a job in the language of commands, with one test. The request is held until all of them have ended.

mod files;
mod info;
mod job;
mod request;
mod result;
mod store;

use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::header::ORIGIN;
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use futures::future::join_all;
use optimus_core::{JobId, Report};
use tokio::time::Instant;

use self::job::Command;
use self::request::Run;
use self::result::Outcome;
pub use self::store::FileStore;
use crate::admission::{self, Manners};
use crate::early::Early;
use crate::engine::{Admitted, Engine, Refusal, abandon, await_end};
use crate::shared::Shared;

/// What the handlers share.
#[derive(Clone)]
struct Room {
    shared: Shared,
    files: FileStore,
}

pub(crate) fn router(shared: &Shared, files: &FileStore) -> Router {
    let manners = Manners { token: |_: &Request| None, refuse };
    let room = Room { shared: shared.clone(), files: files.clone() };
    Router::new()
        .route("/run", post(run))
        .route("/file", get(files::list).post(files::add))
        .route("/file/{id}", get(files::content).delete(files::remove))
        .route("/version", get(info::version))
        .route("/config", get(info::config))
        .fallback(|| async { error(StatusCode::NOT_FOUND, "404 page not found") })
        .layer(from_fn_with_state(room.clone(), for_commands))
        .layer(from_fn_with_state((shared.clone(), manners), admission::admit))
        .layer(axum::extract::DefaultBodyLimit::disable())
        .with_state(room)
}

/// An error as go-judge answers one: a string.
pub(crate) fn error(status: StatusCode, message: &str) -> Response {
    (status, Json(message)).into_response()
}

fn refuse(refusal: Refusal) -> Response {
    match refusal {
        // Without a body, as go-judge has it.
        Refusal::Unauthorized => StatusCode::UNAUTHORIZED.into_response(),
        other => {
            let status = other.status(StatusCode::GATEWAY_TIMEOUT, StatusCode::INTERNAL_SERVER_ERROR);
            error(status, &other.to_string())
        }
    }
}

/// Everything here is for callers that may run commands: files fill the server's memory, too. Engines' clients are no
/// pages; a page could make a browser run commands on the server of its machine, which has no keys.
async fn for_commands(
    State(room): State<Room>,
    Extension(admitted): Extension<Admitted>,
    request: Request,
    next: Next,
) -> Response {
    let origin = request.headers().get(ORIGIN);
    let is_allowed = |origin: &HeaderValue| room.shared.origins.iter().any(|known| known == "*" || origin == known);
    match (admitted.may_command, origin) {
        (false, _) => error(StatusCode::FORBIDDEN, "the key lacks the scope \"commands\""),
        (true, Some(origin)) if !is_allowed(origin) => {
            error(StatusCode::FORBIDDEN, "pages of this origin may not call: see --cors-origin")
        }
        (true, _) => next.run(request).await,
    }
}

/// `POST /run`.
async fn run(
    State(room): State<Room>,
    Extension(admitted): Extension<Admitted>,
    bytes: Bytes,
) -> Result<Response, Early> {
    let until = room.shared.until();
    let commands = Run::read(&bytes).and_then(Run::commands).map_err(|message| bad(&message))?;
    drop(bytes);
    let language = language(&room.shared, until).await?;
    let own = room.files.of(&admitted.owner);
    let read = |(i, command)| {
        Command::read(command, &language, &room.shared.policy, &own).map_err(|why| format!("cmd[{i}].{why}"))
    };
    let commands = commands.into_iter().enumerate().map(read).collect::<Result<Vec<_>, _>>();
    let mut commands = commands.map_err(|message| bad(&message))?;
    let engine = &*admitted.engine;
    let ids = submit(engine, &mut commands, until).await?;
    let reports = join_all(ids.into_iter().map(|id| report(engine, id, until))).await;
    let outcomes = commands.iter().zip(reports).map(|(command, report)| Ok(Outcome::of(command, &report?, &own)));
    Ok(Json(outcomes.collect::<Result<Vec<_>, Early>>()?).into_response())
}

/// Submits all of them, or none.
async fn submit(engine: &dyn Engine, commands: &mut [Command], until: Instant) -> Result<Vec<JobId>, Early> {
    let requests = commands.iter_mut().map(Command::take_request);
    let submitted = join_all(requests.map(|request| engine.submit(request, true, until))).await;
    let (mut ids, mut refused) = (Vec::new(), None);
    for (i, result) in submitted.into_iter().enumerate() {
        match result {
            Ok(id) => ids.push(id),
            Err(refusal) => drop(refused.get_or_insert((i, refusal))),
        }
    }
    let Some((i, refusal)) = refused else { return Ok(ids) };
    for id in ids {
        abandon(engine, id).await;
    }
    Err(match refusal {
        Refusal::Invalid { message, .. } => bad(&format!("cmd[{i}]: {message}")),
        other => refuse(other),
    }
    .into())
}

/// Waits for a command's report.
async fn report(engine: &dyn Engine, id: JobId, until: Instant) -> Result<Report, Early> {
    let report = await_end(engine, id, until).await.map_err(refuse)?;
    Ok(report.ok_or_else(|| error(StatusCode::GATEWAY_TIMEOUT, "the command did not end in time"))?)
}

/// The id of the language of commands.
async fn language(shared: &Shared, until: Instant) -> Result<String, Early> {
    if shared.languages.of_commands().is_none() {
        shared.languages_are_loaded(until).await;
    }
    let off = || error(StatusCode::INTERNAL_SERVER_ERROR, "commands are off here: start the server with `--commands`");
    let language = shared.languages.of_commands().ok_or_else(off)?;
    Ok(language.descriptor.id)
}

fn bad(message: &str) -> Response {
    error(StatusCode::BAD_REQUEST, message)
}
