//! Errors in FastAPI's shape.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use super::fields::Mistake;
use crate::engine::Refusal;

pub(crate) fn error(status: StatusCode, message: &str) -> Response {
    (status, Json(json!({ "detail": message }))).into_response()
}

pub(super) fn refuse(refusal: Refusal) -> Response {
    if let Refusal::Invalid { field, message } = refusal {
        return unprocessable(&Mistake::new(&["body", &field], "value_error", message, Value::Null));
    }
    let status = refusal.status(StatusCode::GATEWAY_TIMEOUT, StatusCode::INTERNAL_SERVER_ERROR);
    error(status, &refusal.to_string())
}

/// What pydantic finds, as FastAPI answers it.
pub(super) fn unprocessable(mistake: &Mistake) -> Response {
    (StatusCode::UNPROCESSABLE_ENTITY, Json(json!({"detail": [mistake.as_json()]}))).into_response()
}

/// What the engine finds itself, beyond the types of fields.
pub(super) fn bad_request(message: &str) -> Response {
    error(StatusCode::BAD_REQUEST, message)
}

/// A failure of ours: its clients try again after it.
pub(super) fn failed(message: &str) -> Response {
    let body = json!({"detail": format!("Failed to check stdio test case: {message}"), "traceback": []});
    (StatusCode::INTERNAL_SERVER_ERROR, Json(body)).into_response()
}
