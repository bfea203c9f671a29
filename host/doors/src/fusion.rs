//! SandboxFusion: `POST /run_code` compiles and runs one program, as trainers of language models ask for it, and `POST
//! /run_jupyter` the cells of a notebook; `POST /submit`, and ScaleBox' `POST /common_evaluate_batch`, find a program in what a model wrote, and judge it by tests.
//!
//! A request to run is a job with one test and no expectation. It is held for as long as its clients wait, which is its own
//! two limits of time and ten seconds; then it is answered 504, the one status that they try again after.

mod cases;
mod comparison;
mod config;
mod errors;
mod evaluation;
mod extraction;
mod judge;
mod jupyter;
mod prompts;
mod request;
mod result;
mod submissions;

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use tokio::time::Instant;

use self::request::RunCode;
use crate::admission::{self, Manners};
use crate::early::Early;
use crate::engine::Admitted;
use crate::fastapi::errors::{error, refuse, unknown_language, unprocessable};
use crate::fastapi::held;
use crate::language;
use crate::shared::Shared;

pub(crate) fn router(shared: &Shared) -> Router {
    // Its clients send no token: the key stands in the path.
    let manners = Manners { token: |_: &Request| None, refuse };
    Router::new()
        .route("/v1/ping", get(|| async { Json("pong") }))
        .route("/run_code", post(run_code))
        .route("/run_jupyter", post(jupyter::run_jupyter))
        .route("/submit", post(submissions::submit))
        .route("/common_evaluate_batch", post(submissions::batch))
        .route("/list_datasets", get(prompts::datasets))
        .route("/list_ids", post(prompts::ids))
        .route("/get_prompts", post(prompts::prompts))
        .route("/get_prompt_by_id", post(prompts::prompt))
        .route("/get_metrics", post(prompts::metrics))
        .route("/get_metrics_function", post(prompts::metrics_function))
        .fallback(|| async { error(StatusCode::NOT_FOUND, "Not Found") })
        .method_not_allowed_fallback(|| async { error(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed") })
        .layer(from_fn_with_state((shared.clone(), manners), admission::admit))
        .layer(axum::extract::DefaultBodyLimit::disable())
        .with_state(shared.clone())
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
    let unknown = || unknown_language(&shared.languages, &["body", "language"], &sent.language);
    let language = language::find_soon(&shared, &sent.language, until).await.ok_or_else(unknown)?;
    let fetched = sent.fetch_files.clone();
    let job = sent.into_job(&language, &shared.policy).map_err(|mistake| unprocessable(&mistake))?;
    let report = held::report(&*engine, job, until).await?;
    let mut answer = result::of(&report);
    answer["files"] = result::files(&report, &fetched);
    Ok(Json(answer).into_response())
}
