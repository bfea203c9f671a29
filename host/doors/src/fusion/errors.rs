//! Errors beside those of every application of FastAPI.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde_json::json;

/// A failure of ours: its clients try again after it.
pub(super) fn failed(message: &str) -> Response {
    let body = json!({"detail": format!("Failed to check stdio test case: {message}"), "traceback": []});
    (StatusCode::INTERNAL_SERVER_ERROR, Json(body)).into_response()
}
