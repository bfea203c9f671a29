//! NeMo-Skills: `POST /execute` runs what a model wrote, as the evaluations and trainers of NeMo ask for it.
//!
//! A request is a job with one test and no expectation. It is held for as long as its client waits, which is its limit of
//! time and five seconds; then it is answered 502, which the client takes for a time-out. Sessions are not served.

mod request;
mod result;

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{delete, get, post};
use axum::{Extension, Json, Router};
use optimus_core::Test;
use serde_json::json;
use tokio::time::Instant;

use self::request::Execute;
use crate::admission::{self, Manners};
use crate::early::Early;
use crate::engine::{Admitted, Refusal, run_to_end};
use crate::language;
use crate::lenient;
use crate::program::Program;
use crate::shared::Shared;

/// What the client waits beyond the limit of time, less half a second for the way.
const BEYOND: Duration = Duration::from_millis(4_500);
/// The language whose programs are cells of a session.
const OF_SESSIONS: &str = "ipython";
const SESSION: &str = "x-session-id";

pub(crate) fn router(shared: &Shared) -> Router {
    let manners = Manners { token, refuse };
    Router::new()
        .route("/execute", post(execute))
        .route("/sessions", get(|| async { Json(json!({"sessions": {}, "backend": OF_SESSIONS})) }))
        .route("/sessions/{id}", delete(delete_session))
        .fallback(|| async { error(StatusCode::NOT_FOUND, "Not Found") })
        .method_not_allowed_fallback(|| async { error(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed") })
        .layer(from_fn_with_state((shared.clone(), manners), admission::admit))
        // The client waits for it before anything else, and whatever balances load asks without a key.
        .route("/health", get(|| async { Json(json!({"status": "healthy", "worker": "optimus"})) }))
        .layer(axum::extract::DefaultBodyLimit::disable())
        .with_state(shared.clone())
}

/// Its client knows a host and a port, and no path: the key is the password of the host, as in `x:KEY@127.0.0.1`.
fn token(request: &Request) -> Option<String> {
    let value = request.headers().get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, encoded) = value.split_once(' ')?;
    let pair = String::from_utf8(lenient::base64(encoded)).ok()?;
    scheme.eq_ignore_ascii_case("basic").then(|| pair.split_once(':').map(|(_, key)| key.to_owned()))?
}

/// An error that is an output, too: the client looks at no status but 502, and shows `stderr` to the model.
pub(crate) fn error(status: StatusCode, message: &str) -> Response {
    let mut body = result::output("error", "", &format!("{message}\n"));
    body["error"] = message.into();
    (status, Json(body)).into_response()
}

fn bad(message: impl AsRef<str>) -> Response {
    error(StatusCode::BAD_REQUEST, message.as_ref())
}

#[expect(clippy::needless_pass_by_value, reason = "`map_err` gives it away")]
fn refuse(refusal: Refusal) -> Response {
    let status = refusal.status(StatusCode::BAD_GATEWAY, StatusCode::INTERNAL_SERVER_ERROR);
    error(status, &refusal.to_string())
}

/// `POST /execute`.
async fn execute(
    State(shared): State<Shared>,
    Extension(Admitted { engine, .. }): Extension<Admitted>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Result<Response, Early> {
    let now = Instant::now();
    let sent = Execute::read(&bytes).map_err(bad)?;
    drop(bytes);
    if sent.language == OF_SESSIONS {
        return Err(no_session(&headers).into());
    }
    let until = shared.until().min(now + Duration::from_secs_f64(sent.seconds()) + BEYOND);
    let unknown = || bad(format!("Unsupported language: {}", sent.language.chars().take(64).collect::<String>()));
    let language = language::find_soon(&shared, &sent.language, until).await.ok_or_else(unknown)?;
    let program = Program { code: &sent.code, language: &language, run_timeout: sent.seconds(), memory_bytes: None };
    let test = Test { stdin: sent.input.clone().into_bytes().into(), ..Test::default() };
    let job = program.job(vec![test], &shared.policy);
    let late = || error(StatusCode::BAD_GATEWAY, "the program did not end in time");
    let report = run_to_end(&*engine, job, until).await.map_err(refuse)?.ok_or_else(late)?;
    let failed = |message: String| error(StatusCode::INTERNAL_SERVER_ERROR, &message);
    Ok(Json(result::of(&sent, &report).map_err(failed)?).into_response())
}

/// A session would have to keep what a cell leaves, which nothing here does: a fresh one each time would be a lie.
fn no_session(headers: &HeaderMap) -> Response {
    match headers.get(SESSION) {
        None => bad("X-Session-ID header required for ipython sessions"),
        Some(_) => {
            let message =
                "sessions are not supported on this server: send whole programs, in a language without sessions";
            error(StatusCode::NOT_IMPLEMENTED, message)
        }
    }
}

/// `DELETE /sessions/{id}`.
async fn delete_session(Path(id): Path<String>) -> Response {
    let id: String = id.chars().take(64).collect();
    error(StatusCode::NOT_FOUND, &format!("IPython session {id} not found"))
}
