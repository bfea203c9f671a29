//! Sessions of the console: a key becomes a cookie, and the cookie is forgotten again.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::caller::{Caller, secret_of};
use super::cookie::{cookie, unreadable};
use super::identity::Identity;
use super::{ApiError, ApiState};
use crate::keys::Key;
use crate::sessions::LIFETIME;

/// Browsers keep cookies of 4096 bytes, with name and attributes (RFC 6265, 6.1).
pub(super) const LONGEST: usize = 3_800;

/// `POST /v1/session`: with a key or a token in the head.
pub(super) async fn begin(
    State(state): State<ApiState>,
    caller: Caller,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let Some(key) = &caller.key else {
        let error =
            ApiError::new(StatusCode::CONFLICT, "no_keys", "this server needs no key, so there are no sessions");
        return Err(error.hint("call without one"));
    };
    // A session that renews itself would never end.
    let secret = secret_of(&headers).ok_or_else(|| ApiError::unauthorized("a session begins with a key"))?;
    let value = value(&state, key, secret).await?;
    let cookie = cookie(&state, &value, LIFETIME.as_secs(), &headers).await?;
    Ok(([(header::SET_COOKIE, cookie)], Json(Identity::of(&state, caller))).into_response())
}

/// `DELETE /v1/session`.
pub(super) async fn end(State(state): State<ApiState>, headers: HeaderMap) -> Result<Response, ApiError> {
    let cookie = cookie(&state, "", 0, &headers).await?;
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)]).into_response())
}

/// A stored key's session is sealed by us; a token is one already, and is checked again with each request.
async fn value(state: &ApiState, key: &Key, secret: &str) -> Result<String, ApiError> {
    if key.is_ours() {
        return state.sessions.begin(key).await.map_err(|error| unreadable(&error));
    }
    if secret.len() > LONGEST {
        let message = format!("the token has {} bytes, and a cookie holds {LONGEST}", secret.len());
        let error = ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", message);
        return Err(error.hint("sign in without keeping it, or have its issuer put fewer claims into it"));
    }
    Ok(secret.to_owned())
}
