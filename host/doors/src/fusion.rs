//! SandboxFusion: `POST /run_code` compiles and runs one program, as trainers of language models ask for it.
//!
//! A request is a job with one test and no expectation. It is held for as long as its clients wait, which is its own two
//! limits of time and ten seconds; then it is answered 504, the one status that they try again after.

mod request;
mod result;

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use serde_json::{Value, json};
use tokio::time::Instant;

use self::request::{Mistake, RunCode};
use crate::admission::{self, Manners};
use crate::early::Early;
use crate::engine::{Admitted, Progress, Refusal};
use crate::shared::Shared;

pub(crate) fn router(shared: &Shared) -> Router {
    // Its clients send no token: the key stands in the path.
    let manners = Manners { token: |_: &Request| None, refuse };
    Router::new()
        .route("/v1/ping", get(|| async { Json("pong") }))
        .route("/run_code", post(run_code))
        .fallback(|| async { error(StatusCode::NOT_FOUND, "Not Found") })
        .method_not_allowed_fallback(|| async { error(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed") })
        .layer(from_fn_with_state((shared.clone(), manners), admission::admit))
        .layer(axum::extract::DefaultBodyLimit::disable())
        .with_state(shared.clone())
}

/// An error in FastAPI's shape.
pub(crate) fn error(status: StatusCode, message: &str) -> Response {
    (status, Json(json!({ "detail": message }))).into_response()
}

fn refuse(refusal: Refusal) -> Response {
    let status = match refusal {
        Refusal::Unauthorized => StatusCode::UNAUTHORIZED,
        Refusal::Forbidden => StatusCode::FORBIDDEN,
        Refusal::NoSuchJob => StatusCode::NOT_FOUND,
        Refusal::Invalid { field, message } => {
            return unprocessable(&Mistake::new(&["body", &field], "value_error", message, Value::Null));
        }
        Refusal::Busy(_) => StatusCode::GATEWAY_TIMEOUT,
        Refusal::Failed(_) => StatusCode::INTERNAL_SERVER_ERROR,
    };
    error(status, &refusal.to_string())
}

/// What pydantic finds, as FastAPI answers it.
fn unprocessable(mistake: &Mistake) -> Response {
    (StatusCode::UNPROCESSABLE_ENTITY, Json(json!({"detail": [mistake.as_json()]}))).into_response()
}

/// What clients wait beyond the limits of time, less a second for the way.
const BEYOND: Duration = Duration::from_secs(9);

/// `POST /run_code`.
async fn run_code(
    State(shared): State<Shared>,
    Extension(Admitted { engine, .. }): Extension<Admitted>,
    bytes: Bytes,
) -> Result<Response, Early> {
    let now = Instant::now();
    let sent = RunCode::read(&bytes).map_err(|mistake| unprocessable(&mistake))?;
    drop(bytes);
    let until = shared.until().min(now + sent.patience() + BEYOND);
    let mut language = request::language(&shared.languages, &sent.language);
    if language.is_none() {
        shared.languages_are_loaded(until).await;
        language = request::language(&shared.languages, &sent.language);
    }
    let unknown = || unprocessable(&request::unknown_language(&shared.languages, &sent.language));
    let language = language.ok_or_else(unknown)?;
    let job = sent.into_job(&language, &shared.policy).map_err(|mistake| unprocessable(&mistake))?;
    let id = engine.submit(job, true, until).await.map_err(refuse)?;
    match engine.wait(id, until).await.map_err(refuse)? {
        Progress::Done(report) => Ok(Json(result::of(&report)).into_response()),
        Progress::Queued | Progress::Running => {
            // Its report would reach nobody.
            if let Err(error) = engine.cancel(id).await {
                tracing::warn!(job = %id, %error, "a job that nobody waits for any more was not cancelled");
            }
            Err(error(StatusCode::GATEWAY_TIMEOUT, "the program did not end in time").into())
        }
    }
}
