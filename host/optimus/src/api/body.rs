//! Reads a body: within its cap, within the memory that all bodies share, within its time.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use tokio::sync::OwnedSemaphorePermit;

use super::{ApiError, ApiState};

/// Memory is counted in these.
const UNIT: usize = 16 << 10;

/// How many units so many bytes are.
pub(super) fn units(bytes: usize) -> u32 {
    u32::try_from(bytes.div_ceil(UNIT)).unwrap_or(u32::MAX).max(1)
}

/// A body of JSON, not yet read as such. Its memory counts until this is dropped.
pub(super) struct JsonBody {
    pub(super) bytes: Bytes,
    _held: OwnedSemaphorePermit,
}

/// A body of bytes: an archive, a plugin. Its memory counts until this is dropped.
pub(super) struct ByteBody {
    pub(super) bytes: Bytes,
    _held: OwnedSemaphorePermit,
}

impl FromRequest<ApiState> for JsonBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &ApiState) -> Result<Self, ApiError> {
        check_type(request.headers())?;
        let (bytes, held) = read(request, state).await?;
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

async fn read(request: Request, state: &ApiState) -> Result<(Bytes, OwnedSemaphorePermit), ApiError> {
    let limits = &state.parts.limits;
    let length = request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if length.is_some_and(|length: usize| length > limits.body_bytes) {
        return Err(ApiError::too_large(limits.body_bytes));
    }
    // Whoever does not say how much will come is counted as if it were the most.
    let held = state.held.clone().try_acquire_many_owned(units(length.unwrap_or(limits.body_bytes)));
    let held = held.map_err(|_| ApiError::busy("too_many_bodies", "too many large requests are being read at once"))?;
    let read = axum::body::to_bytes(request.into_body(), limits.body_bytes);
    let read = tokio::time::timeout(limits.body_time, read).await.map_err(|_| {
        let message = format!("the body did not arrive within {} s", limits.body_time.as_secs());
        ApiError::new(StatusCode::REQUEST_TIMEOUT, "too_slow", message)
    })?;
    match read {
        Ok(bytes) => Ok((bytes, held)),
        Err(error) if is_length_limit(&error) => Err(ApiError::too_large(limits.body_bytes)),
        Err(error) => {
            Err(ApiError::new(StatusCode::BAD_REQUEST, "broken_body", format!("the body broke off: {error}")))
        }
    }
}

fn is_length_limit(error: &axum::Error) -> bool {
    std::error::Error::source(error).is_some_and(|source| source.to_string() == "length limit exceeded")
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
