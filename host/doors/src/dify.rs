//! dify-sandbox: `POST /v1/sandbox/run` runs one program, as the code nodes of Dify's workflows ask for it.
//!
//! A request is a job with one test and no expectation. It is held for less than Dify waits; then it is answered 503, as by
//! a sandbox whose workers are all taken.

mod binding;
mod result;

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use optimus_core::Test;
use optimus_core::language::LanguageInfo;
use serde_json::{Value, json};
use tokio::time::Instant;

use self::binding::Fields;
use crate::admission::{self, Manners};
use crate::early::Early;
use crate::engine::{Admitted, Refusal, run_to_end};
use crate::language;
use crate::program::Program;
use crate::shared::Shared;

/// Seconds that a program may take: `worker_timeout`, as the engine has it.
const TIMEOUT: f64 = 5.0;
/// Dify waits for a minute.
const HELD: Duration = Duration::from_secs(55);
/// What the engine says when it has no room.
const BUSY: &str = "Too many requests";

pub(crate) fn router(shared: &Shared) -> Router {
    // Its clients send the key as `x-api-key`, as Optimus' own do.
    let manners = Manners { token: |_: &Request| None, refuse };
    Router::new()
        .route("/v1/sandbox/run", post(run))
        .route("/v1/sandbox/dependencies", get(dependencies))
        .route("/v1/sandbox/dependencies/refresh", get(dependencies))
        .route("/v1/sandbox/dependencies/update", post(update))
        .fallback(not_found)
        .method_not_allowed_fallback(not_found)
        .layer(from_fn_with_state((shared.clone(), manners), admission::admit))
        // Whatever watches the container asks without a key.
        .route("/health", get(|| async { Json("ok") }))
        .layer(axum::extract::DefaultBodyLimit::disable())
        .with_state(shared.clone())
}

async fn not_found() -> Response {
    (StatusCode::NOT_FOUND, "404 page not found").into_response()
}

/// An error in the engine's shape, whose own code is the negative of HTTP's.
pub(crate) fn error(status: StatusCode, message: &str) -> Response {
    (status, answer(-i32::from(status.as_u16()), message, &Value::Null)).into_response()
}

fn answer(code: i32, message: &str, data: &Value) -> Json<Value> {
    Json(json!({"code": code, "message": message, "data": data}))
}

fn success(data: &Value) -> Response {
    answer(0, "success", data).into_response()
}

/// A failure of the engine's, which it answers with 200.
fn failed(message: &str) -> Response {
    answer(-500, message, &Value::Null).into_response()
}

fn refuse(refusal: Refusal) -> Response {
    match refusal {
        // Without a body, as the engine has it.
        Refusal::Unauthorized => StatusCode::UNAUTHORIZED.into_response(),
        Refusal::Busy(_) => error(StatusCode::SERVICE_UNAVAILABLE, BUSY),
        Refusal::Failed(message) => failed(&message),
        other => {
            let status = other.status(StatusCode::SERVICE_UNAVAILABLE, StatusCode::INTERNAL_SERVER_ERROR);
            error(status, &other.to_string())
        }
    }
}

/// `POST /v1/sandbox/run`. `preload` and `enable_network` have no effect: Dify sends the latter with each request.
async fn run(
    State(shared): State<Shared>,
    Extension(Admitted { engine, .. }): Extension<Admitted>,
    uri: Uri,
    headers: HeaderMap,
    bytes: Bytes,
) -> Result<Response, Early> {
    let until = shared.until().min(Instant::now() + HELD);
    let sent = Fields::read(&Method::POST, &uri, &headers, &bytes)?;
    drop(bytes);
    sent.check_flag("enable_network")?;
    sent.text("preload")?;
    let [name, code] = sent.required(["language", "code"])?;
    let language = language(&shared, &name, until).await?;
    let program = Program { code: &code, language: &language, run_timeout: TIMEOUT, memory_bytes: None };
    let job = program.job(vec![Test::default()], &shared.policy);
    let report = run_to_end(&*engine, job, until).await.map_err(refuse)?;
    let report = report.ok_or_else(|| error(StatusCode::SERVICE_UNAVAILABLE, BUSY))?;
    Ok(success(&result::data(&report).map_err(|message| failed(&message))?))
}

/// `GET /v1/sandbox/dependencies`, `GET /v1/sandbox/dependencies/refresh`: what a language's image holds beyond the language
/// is known to no plugin.
async fn dependencies(
    State(shared): State<Shared>,
    uri: Uri,
    headers: HeaderMap,
    bytes: Bytes,
) -> Result<Response, Early> {
    let [name] = Fields::read(&Method::GET, &uri, &headers, &bytes)?.required(["language"])?;
    language(&shared, &name, shared.until()).await?;
    Ok(success(&json!({"dependencies": []})))
}

/// `POST /v1/sandbox/dependencies/update`.
async fn update(State(shared): State<Shared>, uri: Uri, headers: HeaderMap, bytes: Bytes) -> Result<Response, Early> {
    let [name] = Fields::read(&Method::POST, &uri, &headers, &bytes)?.required(["language"])?;
    language(&shared, &name, shared.until()).await?;
    Ok(failed("packages are part of the language's image, which the operator of this server changes"))
}

async fn language(shared: &Shared, name: &str, until: Instant) -> Result<LanguageInfo, Early> {
    let unknown = || error(StatusCode::BAD_REQUEST, "unsupported language");
    Ok(language::find_soon(shared, name, until).await.ok_or_else(unknown)?)
}
