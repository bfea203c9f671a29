//! go-judge: `POST /run` runs commands and answers with what each came to, `/ws` does so for many requests on one
//! connection, and `/file` keeps files between requests.
//!
//! Each command is a job in the language of commands, with one test. A request is held until all of them have ended.

mod files;
mod info;
mod job;
mod request;
mod result;
mod running;
mod socket;

use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::header::ORIGIN;
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};

use self::request::Run;
use self::running::{Failure, Running};
use crate::admission::{self, Manners};
use crate::early::Early;
use crate::engine::{Admitted, Refusal};
use crate::shared::Shared;
use crate::store::{FileStore, OwnFiles};

/// What the handlers share.
#[derive(Clone)]
struct Room {
    shared: Shared,
    files: FileStore,
}

impl Room {
    fn own_files(&self, admitted: &Admitted) -> OwnFiles {
        self.files.of("go-judge", &admitted.owner)
    }
}

pub(crate) fn router(shared: &Shared, files: &FileStore) -> Router {
    let manners = Manners { token: |_: &Request| None, refuse };
    let room = Room { shared: shared.clone(), files: files.clone() };
    Router::new()
        .route("/run", post(run))
        .route("/file", get(files::list).post(files::add))
        .route("/file/{id}", get(files::content).delete(files::remove))
        .route("/ws", get(socket::open))
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
        other => Failure::from(other).into_response(),
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
    let run = Run::read(&bytes).map_err(|message| bad(&message))?;
    drop(bytes);
    let running = Running::submit(&room, admitted, run).await.map_err(Failure::into_response)?;
    let outcomes = running.outcomes().await.map_err(Failure::into_response)?;
    Ok(Json(outcomes).into_response())
}

fn bad(message: &str) -> Response {
    error(StatusCode::BAD_REQUEST, message)
}
