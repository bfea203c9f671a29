//! Everything that can be wrong with a request, in one shape.

use std::any::Any;
use std::time::Duration;

use axum::Json;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use optimus_core::{Fault, Invalid, JobId};
use optimus_queue::QueueError;
use serde::Serialize;

/// An error, as the client sees it.
#[derive(Debug)]
pub(super) struct ApiError {
    status: StatusCode,
    fault: Fault,
    retry_after: Option<Duration>,
    /// The challenge of a 401: RFC 6750, 3.
    challenge: &'static str,
}

/// The code of an error response, for the metrics.
#[derive(Debug, Clone)]
pub(super) struct Code(pub(super) String);

#[derive(Serialize)]
struct Body {
    error: Fault,
}

impl ApiError {
    pub(super) fn new(status: StatusCode, code: &str, message: impl Into<String>) -> Self {
        Self::of_fault(status, Fault::new(code, message))
    }

    pub(super) fn of_fault(status: StatusCode, fault: Fault) -> Self {
        Self { status, fault, retry_after: None, challenge: "Bearer" }
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.fault.hint = Some(hint.into());
        self
    }

    pub(super) fn status(&self) -> StatusCode {
        self.status
    }

    /// Returns true if the same request may be accepted later.
    pub(super) fn is_for_now(&self) -> bool {
        matches!(self.status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE)
            && self.fault.code != "stopping"
    }

    /// Returns true if the same request is refused each time, as long as nothing else changes.
    pub(super) fn is_final(&self) -> bool {
        self.status.is_client_error() && self.status != StatusCode::TOO_MANY_REQUESTS
    }

    pub(super) fn busy(code: &str, message: impl Into<String>) -> Self {
        let error = Self::new(StatusCode::SERVICE_UNAVAILABLE, code, message).hint("try again in a second");
        error.after(Duration::from_secs(1))
    }

    /// A tenant's share is used up.
    pub(super) fn too_many(code: &str, message: &str) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, code, message).hint("use fewer of them at the same time")
    }

    pub(super) fn bug(message: &str) -> Self {
        tracing::error!(message, "a request could not be answered");
        let error = Self::new(StatusCode::INTERNAL_SERVER_ERROR, "bug", "the server failed to answer this request");
        error.hint("this is a bug: report it with the request id in `x-request-id`")
    }

    pub(super) fn with_hint(mut self, hint: Option<String>) -> Self {
        self.fault.hint = hint;
        self
    }

    /// The error as JSON. Its text is bounded, because it may repeat a field's name or a value of the request.
    pub(super) fn into_fault(self) -> Fault {
        let Fault { code, message, hint } = self.fault;
        Fault { code, message: cut(message), hint: hint.map(cut) }
    }

    pub(super) fn unauthorized(message: &str) -> Self {
        let error = Self::new(StatusCode::UNAUTHORIZED, "unauthorized", message);
        error.hint("send `authorization: Bearer KEY`; `optimus keys create` makes one")
    }

    pub(super) fn bad_token(message: String) -> Self {
        let error = Self::new(StatusCode::UNAUTHORIZED, "unauthorized", message).hint("get a new one from its issuer");
        Self { challenge: "Bearer error=\"invalid_token\"", ..error }
    }

    pub(super) fn after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    pub(super) fn no_such_path(path: &str) -> Self {
        let error = Self::new(StatusCode::NOT_FOUND, "no_such_path", format!("there is nothing at `{path}`"));
        match path.strip_suffix('/') {
            Some(shorter) if !shorter.is_empty() => error.hint(format!("without the slash at its end: `{shorter}`")),
            _ => error.hint("see /docs for the paths"),
        }
    }

    pub(super) fn wrong_method(method: &Method, path: &str) -> Self {
        let message = format!("`{path}` does not answer {method}");
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "wrong_method", message).hint("the `allow` header lists its methods")
    }

    pub(super) fn no_such_job(id: JobId) -> Self {
        let error = Self::new(StatusCode::NOT_FOUND, "no_such_job", format!("there is no job {id}"));
        error.hint("it was never accepted here, or its report has expired")
    }

    pub(super) fn too_large(limit: usize) -> Self {
        let message = format!("the body is larger than {limit} bytes, the most that this server takes");
        let error = Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", message);
        error.hint("split the tests over several jobs, or have the operator raise the cap")
    }

    pub(super) fn not_an_object() -> Self {
        let message = "line 1, column 1: the body does not begin with `{`";
        Self::new(StatusCode::BAD_REQUEST, "bad_json", message).hint("the body is one JSON object")
    }

    /// Why JSON cannot be read, by line and column.
    pub(super) fn bad_json(error: &serde_json::Error) -> Self {
        let (line, column) = (error.line(), error.column());
        let text = error.to_string();
        let place = format!(" at line {line} column {column}");
        let what = text.strip_suffix(&place).unwrap_or(&text);
        let (code, hint) = match error.classify() {
            serde_json::error::Category::Data => ("bad_job", "see /docs for the fields of a job"),
            _ => ("bad_json", "the body is one JSON object"),
        };
        Self::new(StatusCode::BAD_REQUEST, code, format!("line {line}, column {column}: {what}")).hint(hint)
    }
}

impl From<Invalid> for ApiError {
    fn from(invalid: Invalid) -> Self {
        let message = invalid.to_string();
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", message).with_hint(invalid.hint)
    }
}

impl From<QueueError> for ApiError {
    fn from(error: QueueError) -> Self {
        let (status, code, wait) = match &error {
            QueueError::Full { .. } => (StatusCode::SERVICE_UNAVAILABLE, "queue_full", Some(5)),
            QueueError::TenantFull { .. } => (StatusCode::TOO_MANY_REQUESTS, "too_many_jobs", Some(5)),
            QueueError::TenantBytes { .. } => (StatusCode::TOO_MANY_REQUESTS, "too_many_jobs", Some(5)),
            QueueError::QuotaFull { .. } => (StatusCode::TOO_MANY_REQUESTS, "too_many_jobs", Some(5)),
            QueueError::KeyReused(_) => (StatusCode::CONFLICT, "key_reused", None),
            QueueError::Closed => (StatusCode::SERVICE_UNAVAILABLE, "stopping", Some(5)),
            QueueError::Superseded(_)
            | QueueError::InUse(_)
            | QueueError::Damaged { .. }
            | QueueError::BadAddress { .. }
            | QueueError::BadSchema(_)
            | QueueError::Redis { .. }
            | QueueError::Postgres { .. }
            | QueueError::Store { .. } => (StatusCode::SERVICE_UNAVAILABLE, "queue_failed", Some(5)),
        };
        let message = match code {
            // What it says of our disk is for our log.
            "queue_failed" => {
                tracing::error!(%error, "the queue failed");
                "the queue cannot be written or read at the moment".to_owned()
            }
            _ => error.to_string(),
        };
        let retry_after = wait.map(Duration::from_secs);
        Self { retry_after, ..Self::new(status, code, message).with_hint(error.hint()) }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let (status, challenge, retry_after) = (self.status, self.challenge, self.retry_after);
        let error = self.into_fault();
        let code = Code(error.code.clone());
        let mut response = (status, Json(Body { error })).into_response();
        response.extensions_mut().insert(code);
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        // A refusal for now says when to try again.
        let again = matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE);
        if let Some(wait) = retry_after.or(again.then_some(Duration::from_secs(1))) {
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)));
        }
        response
    }
}

/// Maximum bytes of an error's text.
const TEXT_BYTES: usize = 1_000;

fn cut(mut text: String) -> String {
    if text.len() > TEXT_BYTES {
        text.truncate(text.floor_char_boundary(TEXT_BYTES));
        text.push('…');
    }
    text
}

/// A handler panicked: that is a bug of ours, and costs this request alone.
#[expect(clippy::needless_pass_by_value, reason = "the layer's signature")]
pub(super) fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    ApiError::bug(&format!("a handler panicked: {}", text.unwrap_or("no message"))).into_response()
}
