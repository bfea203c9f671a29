//! Reads a body: within its cap, within the memory that all bodies share, at a minimum rate. The caller is known and may
//! do what it asks for before this begins (see `routes`).

mod budget;
mod json;

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use bytes::BytesMut;
use http_body_util::BodyExt as _;
use tokio::time::Instant;

pub(super) use self::budget::Bodies;
use self::budget::Held;
use super::caller::Caller;
use super::pool::Exhausted;
use super::{ApiError, ApiLimits, ApiState};

/// A body of JSON, not yet parsed. Its memory counts until this is dropped.
pub(super) struct JsonBody {
    pub(super) bytes: Bytes,
    _held: Held,
}

/// A body of bytes: an archive, a plugin. Its memory counts until this is dropped.
pub(super) struct ByteBody {
    pub(super) bytes: Bytes,
    _held: Held,
}

impl FromRequest<ApiState> for JsonBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &ApiState) -> Result<Self, ApiError> {
        check_type(request.headers())?;
        let (bytes, held) = read(request, state).await?;
        json::check_values(&bytes)?;
        Ok(Self { bytes, _held: held })
    }
}

impl FromRequest<ApiState> for ByteBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &ApiState) -> Result<Self, ApiError> {
        let (bytes, held) = read(request, state).await?;
        Ok(Self { bytes, _held: held })
    }
}

async fn read(request: Request, state: &ApiState) -> Result<(Bytes, Held), ApiError> {
    let limits = &state.parts.limits;
    if announced(request.headers()).is_some_and(|length| length > limits.body_bytes as u64) {
        return Err(ApiError::too_large(limits.body_bytes));
    }
    // What is announced costs nothing: bytes are paid for as they arrive.
    let mut held = state.bodies.begin(tenant(&request));
    let (mut chunks, mut bytes) = (Chunks::new(request.into_body(), limits, limits.body_time), BytesMut::new());
    while let Some(data) = chunks.next().await? {
        if bytes.len() + data.len() > limits.body_bytes {
            return Err(ApiError::too_large(limits.body_bytes));
        }
        held.grow(data.len())?;
        bytes.extend_from_slice(&data);
    }
    Ok((bytes.freeze(), held))
}

/// The length that a request says its body has.
pub(super) fn announced(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn tenant(request: &Request) -> Option<&str> {
    request.extensions().get::<Caller>().and_then(|caller| caller.tenant.as_deref())
}

/// A body that is read piece by piece, and may be larger than what fits into memory. It counts as the piece that is held.
pub(super) struct StreamedBody {
    chunks: Chunks,
    _held: Held,
}

impl StreamedBody {
    /// The body of a request, of which `held` bytes are in memory, and which has to end by `time`.
    pub(super) fn new(request: Request, state: &ApiState, held: usize, time: Duration) -> Result<Self, ApiError> {
        let mut holding = state.bodies.begin(tenant(&request));
        holding.grow(held)?;
        Ok(Self { chunks: Chunks::new(request.into_body(), &state.parts.limits, time), _held: holding })
    }

    /// What arrives next; `None` at its end.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, ApiError> {
        self.chunks.next().await
    }
}

/// A body as it arrives, at a minimum rate.
struct Chunks {
    body: Body,
    limits: ApiLimits,
    begun: Instant,
    arrived: usize,
}

impl Chunks {
    fn new(body: Body, limits: &ApiLimits, body_time: Duration) -> Self {
        let limits = ApiLimits { body_time, ..limits.clone() };
        Self { body, limits, begun: Instant::now(), arrived: 0 }
    }

    async fn next(&mut self) -> Result<Option<Bytes>, ApiError> {
        loop {
            let until = self.begun + time_for(self.arrived, &self.limits);
            let frame = tokio::time::timeout_at(until, self.body.frame()).await;
            let too_slow = |_| too_slow(self.begun.elapsed(), self.arrived);
            let Some(frame) = frame.map_err(too_slow)? else { return Ok(None) };
            let broken = |error| format!("the body broke off: {error}");
            let frame = frame.map_err(|error| ApiError::new(StatusCode::BAD_REQUEST, "broken_body", broken(error)))?;
            // Trailers say nothing to us.
            if let Ok(data) = frame.into_data() {
                self.arrived += data.len();
                return Ok(Some(data));
            }
        }
    }
}

/// Time from its beginning after which a body has to have brought more than the bytes so far.
fn time_for(arrived: usize, limits: &ApiLimits) -> Duration {
    let at_least = Duration::from_secs(arrived as u64 / limits.body_rate.max(1));
    (limits.body_grace + at_least).min(limits.body_time)
}

fn too_slow(after: Duration, arrived: usize) -> ApiError {
    let message = format!("{arrived} bytes of the body arrived in {:.1} s, which is too slow", after.as_secs_f64());
    ApiError::new(StatusCode::REQUEST_TIMEOUT, "too_slow", message).hint("send the body without pauses")
}

impl From<Exhausted> for ApiError {
    fn from(exhausted: Exhausted) -> Self {
        match exhausted {
            Exhausted::All => Self::busy("too_many_bodies", "too many large requests are being read at once"),
            Exhausted::Tenant => {
                Self::too_many("too_many_bodies", "this tenant has too many large requests being read at once")
            }
        }
    }
}

/// Clients say all kinds of things of their JSON; what cannot be JSON is refused.
fn check_type(headers: &HeaderMap) -> Result<(), ApiError> {
    let unsupported = |message: String| ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not_json", message);
    if let Some(encoding) = headers.get(header::CONTENT_ENCODING)
        && encoding != "identity"
    {
        return Err(unsupported(format!("bodies in encoding {encoding:?} are not read")).hint("send it uncompressed"));
    }
    let Some(kind) = headers.get(header::CONTENT_TYPE) else { return Ok(()) };
    let kind = kind.to_str().unwrap_or_default().split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let fine = matches!(
        kind.as_str(),
        // The last is what curl says of everything.
        "" | "application/json"
            | "text/json"
            | "text/plain"
            | "application/octet-stream"
            | "application/x-www-form-urlencoded"
    ) || kind.ends_with("+json");
    match fine {
        true => Ok(()),
        false => Err(unsupported(format!("`{kind}` is not JSON")).hint("send `content-type: application/json`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_has_its_grace_then_a_minimum_rate_and_an_end() {
        let limits = ApiLimits {
            body_grace: Duration::from_secs(10),
            body_rate: 1_000,
            body_time: Duration::from_secs(60),
            ..ApiLimits::default()
        };
        let seconds = |arrived| time_for(arrived, &limits).as_secs();
        assert_eq!((seconds(0), seconds(5_000), seconds(49_000), seconds(10_000_000)), (10, 15, 59, 60));
    }
}
