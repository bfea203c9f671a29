//! Parameters of the URL, and headers.

use std::time::Duration;

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, Uri};
use optimus_core::suggest::nearest;
use optimus_core::{JobId, TraceContext};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::ApiError;

/// The query, read as `T`.
pub(super) struct Params<T>(pub(super) T);

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for Params<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let query = Query::<T>::try_from_uri(&parts.uri);
        query.map(|Query(params)| Self(params)).map_err(|error| bad_query(error.body_text()))
    }
}

/// The error for a parameter with a wrong value.
pub(super) fn bad(message: String, hint: &str) -> ApiError {
    bad_query(message).hint(hint)
}

/// `?next=&limit=` of lists whose ids are 32 hexadecimal digits.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Page {
    next: Option<String>,
    limit: Option<usize>,
}

impl Page {
    pub(super) fn check(self) -> Result<(Option<String>, usize), ApiError> {
        page_of_ids(self.next, self.limit)
    }
}

/// The id after which a page begins, and its length.
pub(super) fn page_of_ids(next: Option<String>, limit: Option<usize>) -> Result<(Option<String>, usize), ApiError> {
    match (next, limit.unwrap_or(50)) {
        (Some(next), _) if !is_id(&next) => {
            Err(bad(format!("`next` is `{}`", next.escape_debug()), "the `next` of the page before"))
        }
        (next, limit @ 1..=500) => Ok((next, limit)),
        (_, limit) => Err(bad(format!("`limit` is {limit}"), "from 1 to 500")),
    }
}

/// Returns true if a schedule, a pipeline or a run may have this id.
pub(super) fn is_id(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn bad_query(message: impl Into<String>) -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, "bad_query", message).hint("see /docs for the query parameters")
}

/// The error for the first parameter of a query that is not among the `known`.
pub(super) fn unknown(uri: &Uri, known: &[&str]) -> Option<ApiError> {
    let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(uri).ok()?;
    let (name, _) = pairs.iter().find(|(name, _)| !known.contains(&name.as_str()))?;
    let error = bad_query(format!("`{}` is not a parameter of `{}`", name.escape_debug(), uri.path()));
    Some(match nearest(name, known.iter().copied()) {
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        None if known.is_empty() => error.hint("it has none"),
        None => error.hint(format!("it has {}", known.join(", "))),
    })
}

/// `?wait=`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wait {
    wait: Option<String>,
}

impl Wait {
    /// Time to wait, at most `most`; zero, when absent.
    pub(super) fn duration(&self, most: Duration) -> Result<Duration, ApiError> {
        let Some(text) = &self.wait else { return Ok(Duration::ZERO) };
        let wait = parse_duration(text).ok_or_else(|| {
            let message = format!("`wait` is `{}`, which is not a duration", text.escape_debug());
            bad_query(message).hint("like `10s` or `500ms`")
        })?;
        Ok(wait.min(most))
    }
}

/// `10s`, `500ms`, `2m`, or a number of seconds.
fn parse_duration(text: &str) -> Option<Duration> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().ok()?;
    match unit {
        "ms" => Some(Duration::from_millis(number)),
        "" | "s" => Some(Duration::from_secs(number)),
        "m" => Some(Duration::from_secs(number.checked_mul(60)?)),
        _ => None,
    }
}

/// `GET /v1/jobs?…`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ListParams {
    pub(super) state: Option<String>,
    pub(super) language: Option<String>,
    /// `next` of the page before.
    #[serde(alias = "before")]
    pub(super) next: Option<String>,
    pub(super) limit: Option<usize>,
}

const STATES: [&str; 3] = ["queued", "running", "done"];

impl ListParams {
    pub(super) fn check(&self) -> Result<(Option<JobId>, usize), ApiError> {
        if let Some(state) = self.state.as_deref().filter(|state| !STATES.contains(state)) {
            return Err(bad_query(format!("`state` is `{}`", state.escape_debug())).hint("queued, running or done"));
        }
        page(self.next.as_deref(), self.limit)
    }
}

/// `GET /v1/dead?…`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DeadParams {
    pub(super) language: Option<String>,
    pub(super) tenant: Option<String>,
    /// `next` of the page before.
    #[serde(alias = "before")]
    pub(super) next: Option<String>,
    pub(super) limit: Option<usize>,
}

impl DeadParams {
    pub(super) fn check(&self) -> Result<(Option<JobId>, usize), ApiError> {
        page(self.next.as_deref(), self.limit)
    }
}

fn page(before: Option<&str>, limit: Option<usize>) -> Result<(Option<JobId>, usize), ApiError> {
    let before = before.map(job_id).transpose()?;
    match limit.unwrap_or(50) {
        limit @ 1..=500 => Ok((before, limit)),
        limit => Err(bad_query(format!("`limit` is {limit}")).hint("from 1 to 500")),
    }
}

/// A job's id, as it stands in a path.
pub(super) fn job_id(text: &str) -> Result<JobId, ApiError> {
    text.parse::<JobId>().map_err(|invalid| {
        let error = ApiError::new(StatusCode::BAD_REQUEST, "bad_id", invalid.message);
        error.hint("ids look like 0197b5c2-7d1e-7b3a-9c54-3f0a6b1d2e4f")
    })
}

/// `Idempotency-Key`.
pub(super) fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, ApiError> {
    let Some(key) = headers.get("idempotency-key") else { return Ok(None) };
    match key.to_str() {
        Ok(key) if (1..=255).contains(&key.len()) => Ok(Some(key.to_owned())),
        _ => {
            let message = "`idempotency-key` is not 1 to 255 printable ASCII characters";
            Err(ApiError::new(StatusCode::BAD_REQUEST, "bad_key", message).hint("a UUID serves well"))
        }
    }
}

/// `traceparent` and `tracestate`, if they can be gone on with.
pub(super) fn trace(headers: &HeaderMap) -> Option<TraceContext> {
    let said = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    TraceContext::new(said("traceparent")?, said("tracestate"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_and_nonsense_is_not() {
        let ms = |text| parse_duration(text).map(|d| d.as_millis());
        assert_eq!(ms("10s"), Some(10_000));
        assert_eq!(ms("500ms"), Some(500));
        assert_eq!(ms("2m"), Some(120_000));
        assert_eq!(ms("3"), Some(3_000));
        for bad in ["", "s", "-1s", "1.5s", "1h", "99999999999999999999s", "10 s", "é"] {
            assert_eq!(ms(bad), None, "{bad}");
        }
    }
}
