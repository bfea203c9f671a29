//! Errors in FastAPI's shape.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use optimus_core::languages::LanguageBook;
use serde_json::{Value, json};

use super::fields::Mistake;
use crate::engine::Refusal;
use crate::language;

pub(crate) fn error(status: StatusCode, message: &str) -> Response {
    (status, Json(json!({ "detail": message }))).into_response()
}

pub(crate) fn refuse(refusal: Refusal) -> Response {
    if let Refusal::Invalid { field, message } = refusal {
        return unprocessable(&Mistake::new(&["body", &field], "value_error", message, Value::Null));
    }
    let status = refusal.status(StatusCode::GATEWAY_TIMEOUT, StatusCode::INTERNAL_SERVER_ERROR);
    error(status, &refusal.to_string())
}

/// What pydantic finds, as FastAPI answers it.
pub(crate) fn unprocessable(mistake: &Mistake) -> Response {
    (StatusCode::UNPROCESSABLE_ENTITY, Json(json!({"detail": [mistake.as_json()]}))).into_response()
}

/// A language that is none of those that there are.
pub(crate) fn unknown_language(book: &LanguageBook, place: &[&str], name: &str) -> Response {
    let name: String = name.chars().take(64).collect();
    let message = format!("Input should be {}", language::names(book));
    unprocessable(&Mistake::new(place, "literal_error", message, json!(name)))
}

/// What the engine finds itself, beyond the types of fields.
pub(crate) fn bad_request(message: &str) -> Response {
    error(StatusCode::BAD_REQUEST, message)
}
