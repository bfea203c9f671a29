//! Around every request: a name for it, a line in the log, a count.

use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use tracing::Instrument as _;
use uuid::Uuid;

use super::error::Code;
use super::{ApiError, ApiState};

/// Routes that accept jobs.
const SUBMISSIONS: [&str; 3] = ["/v1/jobs", "/v1/jobs/batch", "/submit"];
pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

pub(super) async fn observe(State(state): State<ApiState>, mut request: Request, next: Next) -> Response {
    let start = Instant::now();
    let id = request_id(&request);
    request.headers_mut().insert(REQUEST_ID, id.clone());
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned();
    // Whatever is logged meanwhile carries the request's name.
    let span = tracing::info_span!("request", request = id.to_str().unwrap_or_default());
    let known_page = state.parts.origins.admits(request.headers().get(header::ORIGIN));
    let mut response = match is_foreign(&request) && !known_page {
        true => foreign().into_response(),
        false => next.run(request).instrument(span).await,
    };
    let (status, took) = (response.status().as_u16(), start.elapsed());
    tracing::debug!(request = id.to_str().unwrap_or_default(), %method, route, status, ?took, "answered");
    state.parts.metrics.request(known(&method), &route, status, took);
    if method == Method::POST
        && SUBMISSIONS.contains(&route.as_str())
        && let Some(Code(code)) = response.extensions().get()
    {
        state.parts.metrics.job_rejected(code);
    }
    response.headers_mut().insert(REQUEST_ID, id);
    response
}

/// The client's own, if it is fit to be repeated.
fn request_id(request: &Request) -> HeaderValue {
    let given = request.headers().get(REQUEST_ID).filter(|id| (1..=128).contains(&id.len()) && id.to_str().is_ok());
    given.cloned().unwrap_or_else(|| {
        let id = Uuid::now_v7().to_string();
        HeaderValue::from_str(&id).unwrap_or(HeaderValue::from_static("none"))
    })
}

/// A page of some other site makes a visitor's browser submit jobs to the visitor's own machine.
fn is_foreign(request: &Request) -> bool {
    let site = request.headers().get("sec-fetch-site").map(HeaderValue::as_bytes);
    !request.method().is_safe() && matches!(site, Some(b"cross-site" | b"same-site"))
}

fn foreign() -> ApiError {
    let error = ApiError::new(StatusCode::FORBIDDEN, "foreign_page", "a page of another site may not submit or cancel");
    error.hint("call the API from a program, or through the site's own server")
}

/// Anybody can invent methods, and each would be a row in the metrics.
fn known(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}
