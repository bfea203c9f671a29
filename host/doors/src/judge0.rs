//! Judge0 CE 1.13: `POST /submissions`, a token, and columns of a database as the answer.
//!
//! A submission is a job with one test for each of `number_of_runs`. What it asks for travels with the job in a label, so
//! that any process can write the answer; texts that Judge0 repeats (the source, for one) are kept by the process that
//! took the submission.

mod base64;
mod columns;
mod config;
mod create;
mod info;
mod languages;
mod memory;
mod outcome;
mod params;
mod submission;
mod submissions;
mod token;
mod zip;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use optimus_core::Report;
use serde_json::{Value, json};

use crate::admission::{self, Manners};
use crate::early::Early;
use crate::engine::{Admitted, Refusal};
use crate::shared::Shared;
pub use memory::Memory;

/// The version that clients are told: of the languages' ids, columns and configuration that are served here.
const VERSION: &str = "1.13.1";

/// Where a key is read from, besides the places that all doors have.
const TOKEN: &str = "x-auth-token";
/// Where the key of an administrator is read from.
const USER: &str = "x-auth-user";

pub(crate) fn router(shared: &Shared, memory: Memory) -> Router {
    let manners = Manners { token: |request| credential(request, TOKEN), refuse };
    Router::new()
        .route("/submissions", post(submissions::create).get(submissions::index))
        .route("/submissions/batch", post(submissions::create_batch).get(submissions::show_batch))
        .route("/submissions/{token}", get(submissions::show).delete(submissions::destroy))
        .route("/languages", get(info::languages))
        .route("/languages/all", get(info::all_languages))
        .route("/languages/{id}", get(info::language))
        .route("/statuses", get(info::statuses))
        .route("/about", get(info::about))
        .route("/version", get(|| async { VERSION }))
        .route("/license", get(|| async { env!("CARGO_PKG_LICENSE") }))
        .route("/isolate", get(|| async { concat!("optimus ", env!("CARGO_PKG_VERSION")) }))
        .route("/config_info", get(info::config_info))
        .route("/system_info", get(info::system_info))
        .route("/statistics", get(info::statistics))
        .route("/workers", get(info::workers))
        .route("/authenticate", post(|| async {}))
        .route("/authorize", post(authorize))
        .fallback(|| async { not_found() })
        .method_not_allowed_fallback(|| async { not_found() })
        .layer(axum::middleware::from_fn_with_state((shared.clone(), manners), admission::admit))
        .layer(axum::extract::DefaultBodyLimit::disable())
        .layer(Extension(memory))
        .with_state(shared.clone())
}

/// An error in Judge0's shape.
pub(crate) fn error(status: StatusCode, message: &str) -> Response {
    (status, Json(json!({ "error": message }))).into_response()
}

/// What Rails answers where there is nothing.
fn not_found() -> Response {
    (StatusCode::NOT_FOUND, Json(json!({"status": 404, "error": "Not Found"}))).into_response()
}

/// Judge0 answers 401 and 403 without a body.
fn refuse(refusal: Refusal) -> Response {
    match refusal {
        Refusal::Unauthorized => StatusCode::UNAUTHORIZED.into_response(),
        Refusal::Forbidden => StatusCode::FORBIDDEN.into_response(),
        Refusal::NoSuchJob => not_found(),
        Refusal::Invalid { field, message } => {
            (StatusCode::UNPROCESSABLE_ENTITY, Json(create::refused(&field, &message))).into_response()
        }
        // Its clients know this one; what exactly is full is in the server's log.
        Refusal::Busy(_) => error(StatusCode::SERVICE_UNAVAILABLE, "queue is full"),
        Refusal::Failed(message) => error(StatusCode::SERVICE_UNAVAILABLE, &message),
    }
}

/// A token, from a header or from a parameter of the same name.
fn credential(request: &Request, name: &str) -> Option<String> {
    let header = request.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let pairs = || url::form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes());
    header.or_else(|| pairs().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.into_owned()))
}

/// `POST /authorize`.
async fn authorize(
    State(shared): State<Shared>,
    Extension(admitted): Extension<Admitted>,
    request: Request,
) -> Result<(), Early> {
    check_authorized(&shared, &admitted, credential(&request, USER)).await
}

/// Some routes are for administrators: by the key itself, or by the one that is sent as Judge0's second token.
async fn check_authorized(shared: &Shared, admitted: &Admitted, user: Option<String>) -> Result<(), Early> {
    if admitted.is_operator {
        return Ok(());
    }
    let forbidden = || StatusCode::FORBIDDEN.into_response();
    let user = user.ok_or_else(forbidden)?;
    match shared.service.admit(Some(&user)).await {
        Ok(Admitted { is_operator: true, .. }) => Ok(()),
        Ok(_) | Err(Refusal::Unauthorized) => Err(forbidden().into()),
        Err(refusal) => Err(refuse(refusal).into()),
    }
}

/// The body of the callback of a job that came through this door: a `PUT` of the default columns, in base64. None of
/// another job.
pub fn callback(report: &Report) -> Option<Value> {
    let settings = submission::Settings::of(report)?;
    let done = outcome::Outcome::of(&settings, report);
    let view =
        columns::View { id: report.id, settings: Some(&settings), texts: None, state: columns::State::Done(&done) };
    view.write(&columns::Columns::default(), true).ok()
}
