//! Piston v2: `POST /api/v2/execute` runs files and answers with what they printed.
//!
//! A request is a job with one test and no expectation. It is held until the job ends. `/api/v2/connect` runs files and talks to
//! them while they run.

mod connect;
mod packages;
mod request;
mod runtime;
mod selector;
mod stage;

use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::admission::{self, Manners};
use crate::early::Early;
use crate::engine::{Admitted, Refusal, run_to_end};
use crate::shared::Shared;

pub(crate) fn router(shared: &Shared) -> Router {
    let manners = Manners { token, refuse };
    let api = Router::new()
        .route("/execute", post(execute))
        .route("/connect", get(connect::open))
        .route("/runtimes", get(packages::runtimes))
        .route("/packages", get(packages::list).post(packages::install).delete(packages::uninstall));
    Router::new()
        .nest("/api/v2", api.clone())
        // As the public instance has it.
        .nest("/api/v2/piston", api)
        .route(
            "/",
            get(|| async { Json(json!({"message": concat!("Piston v3 by Optimus ", env!("CARGO_PKG_VERSION"))})) }),
        )
        .fallback(|| async { error(StatusCode::NOT_FOUND, "Not Found") })
        .method_not_allowed_fallback(|| async { error(StatusCode::NOT_FOUND, "Not Found") })
        .layer(from_fn(json_only))
        .layer(from_fn_with_state((shared.clone(), manners), admission::admit))
        .layer(axum::extract::DefaultBodyLimit::disable())
        .with_state(shared.clone())
}

/// The public instance's keys are the whole of `authorization`, without a scheme.
fn token(request: &Request) -> Option<String> {
    let value = request.headers().get(header::AUTHORIZATION)?.to_str().ok()?.trim();
    (!value.contains(' ')).then(|| value.to_owned())
}

/// An error in Piston's shape.
pub(crate) fn error(status: StatusCode, message: &str) -> Response {
    (status, Json(json!({ "message": message }))).into_response()
}

#[expect(clippy::needless_pass_by_value, reason = "`map_err` gives it away")]
fn refuse(refusal: Refusal) -> Response {
    let status = refusal.status(StatusCode::GATEWAY_TIMEOUT, StatusCode::INTERNAL_SERVER_ERROR);
    error(status, &refusal.to_string())
}

/// Piston reads no other body, and says so before it looks at the path. npm's `piston-client` sends its JSON as plain text;
/// so could a page that a browser shows, without asking first, but a page tells its origin.
async fn json_only(request: Request, next: Next) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let is_plain = kind.starts_with("text/plain") && !request.headers().contains_key(header::ORIGIN);
    match reads || is_plain || kind.starts_with("application/json") {
        true => next.run(request).await,
        false => error(StatusCode::UNSUPPORTED_MEDIA_TYPE, "requests must be of type application/json"),
    }
}

fn bad(message: impl AsRef<str>) -> Response {
    error(StatusCode::BAD_REQUEST, message.as_ref())
}

fn body(bytes: &Bytes) -> Result<Value, Early> {
    let value: Value = serde_json::from_slice(bytes).map_err(|error| bad(format!("the body is not JSON: {error}")))?;
    if value.is_object() { Ok(value) } else { Err(bad("the body is not an object").into()) }
}

/// `POST /api/v2/execute`.
async fn execute(
    State(shared): State<Shared>,
    Extension(Admitted { engine, .. }): Extension<Admitted>,
    bytes: Bytes,
) -> Result<Response, Early> {
    let until = shared.until();
    let sent = request::Execute::read(&body(&bytes)?, &shared.policy).map_err(bad)?;
    drop(bytes);
    let runtime = runtime_of(&shared, &sent, until).await.map_err(bad)?;
    let job = sent.into_job(&runtime, &shared.policy).map_err(bad)?;
    let late = || error(StatusCode::GATEWAY_TIMEOUT, "the program did not end in time");
    let report = run_to_end(&*engine, job, until).await.map_err(refuse)?.ok_or_else(late)?;
    let failed = |message: String| error(StatusCode::INTERNAL_SERVER_ERROR, &message);
    Ok(Json(stage::answer(&runtime, &report).map_err(failed)?).into_response())
}

/// The runtime that a request names, also when its plugin is still being loaded.
async fn runtime_of(shared: &Shared, sent: &request::Execute, until: Instant) -> Result<runtime::Runtime, String> {
    let find = || runtime::find(&shared.languages, &sent.language, &sent.version);
    if let Some(runtime) = find() {
        return Ok(runtime);
    }
    shared.languages_are_loaded(until).await;
    find().ok_or_else(|| format!("{}-{} runtime is unknown", shown(&sent.language), shown(&sent.version)))
}

/// The beginning of what a client sent, for an error.
fn shown(text: &str) -> String {
    text.chars().take(64).collect()
}
