//! API keys: listed, made and revoked by administrators. A new key is answered once; of what is stored it cannot be made again.

use std::collections::BTreeSet;
use std::num::{NonZeroU32, NonZeroU64};

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use optimus_core::{Invalid, Timestamp};
use serde::{Deserialize, Serialize};

use super::body::JsonBody;
use super::caller::Caller;
use super::{ApiError, ApiState, json};
use crate::keys::{Key, Scope, check_tenant};

/// A key, without its hash.
#[derive(Debug, Serialize)]
pub(super) struct KeyView {
    id: String,
    tenant: String,
    scopes: BTreeSet<Scope>,
    #[serde(skip_serializing_if = "Option::is_none")]
    per_minute: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    per_day: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    outstanding: Option<u64>,
    created_at: Timestamp,
}

impl From<Key> for KeyView {
    fn from(key: Key) -> Self {
        let Key { id, tenant, scopes, per_minute, per_day, outstanding, created, .. } = key;
        Self { id, tenant, scopes, per_minute, per_day, outstanding, created_at: Timestamp(created * 1_000) }
    }
}

#[derive(Debug, Serialize)]
pub(super) struct KeyList {
    keys: Vec<KeyView>,
}

/// What a new key may do, and how much.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyRequest {
    tenant: String,
    scopes: BTreeSet<Scope>,
    per_minute: Option<NonZeroU32>,
    per_day: Option<NonZeroU32>,
    outstanding: Option<NonZeroU64>,
}

#[derive(Debug, Serialize)]
pub(super) struct NewKey {
    /// What its owner has to send.
    secret: String,
    key: KeyView,
}

/// `GET /v1/keys`.
pub(super) async fn list(State(state): State<ApiState>) -> Result<Json<KeyList>, ApiError> {
    let keys = state.parts.key_store.load().await.map_err(|error| failed(&error))?;
    Ok(Json(KeyList { keys: keys.into_iter().map(KeyView::from).collect() }))
}

/// `POST /v1/keys`.
pub(super) async fn create(
    State(state): State<ApiState>,
    caller: Caller,
    body: JsonBody,
) -> Result<Response, ApiError> {
    let request: KeyRequest = json::read(&body.bytes)?;
    check(&request, state.parts.keys.is_required())?;
    let per_minute = request.per_minute.map(NonZeroU32::get);
    let (key, secret) =
        Key::new(&request.tenant, request.scopes, per_minute).map_err(|error| failed(&anyhow::Error::new(error)))?;
    let (per_day, outstanding) = (request.per_day.map(NonZeroU32::get), request.outstanding.map(NonZeroU64::get));
    let key = Key { per_day, outstanding, ..key };
    state.parts.key_store.add(&key).await.map_err(|error| failed(&error))?;
    tracing::info!(key = key.id, tenant = key.tenant, by = caller.name(), "a key was made");
    refresh(&state).await?;
    let location = format!("/v1/keys/{}", key.id);
    let new = Json(NewKey { secret, key: key.into() });
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], new).into_response())
}

/// `DELETE /v1/keys/{id}`.
pub(super) async fn revoke(
    State(state): State<ApiState>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<KeyView>, ApiError> {
    let store = &state.parts.key_store;
    let known = store.load().await.map_err(|error| failed(&error))?.into_iter().find(|key| key.id == id);
    let Some(key) = known else { return Err(unknown(&id)) };
    if !store.remove(&id).await.map_err(|error| failed(&error))? {
        return Err(unknown(&id));
    }
    tracing::info!(key = id, by = caller.name(), "a key was revoked");
    refresh(&state).await?;
    Ok(Json(key.into()))
}

fn check(request: &KeyRequest, is_required: bool) -> Result<(), Invalid> {
    check_tenant(&request.tenant).map_err(|wanted| Invalid::new("tenant", format!("is not {wanted}")))?;
    if request.scopes.is_empty() {
        return Err(Invalid::new("scopes", "is empty: the key could do nothing"));
    }
    if !is_required && !request.scopes.contains(&Scope::Admin) {
        let invalid =
            Invalid::new("scopes", "has no `admin`, and this is the first key: nobody could make another here");
        return Err(invalid.hint("from the first key on the server needs one; make one with `admin` first"));
    }
    Ok(())
}

/// This process knows at once; others read the keys each second.
async fn refresh(state: &ApiState) -> Result<(), ApiError> {
    let keys = state.parts.key_store.load().await.map_err(|error| failed(&error))?;
    state.parts.keys.replace(keys);
    Ok(())
}

fn unknown(id: &str) -> ApiError {
    let error = ApiError::new(StatusCode::NOT_FOUND, "no_such_key", format!("there is no key `{}`", id.escape_debug()));
    error.hint("GET /v1/keys lists their ids")
}

fn failed(error: &anyhow::Error) -> ApiError {
    tracing::error!(error = format!("{error:#}"), "the keys cannot be read or written");
    ApiError::busy("queue_failed", "the keys cannot be read or written at the moment")
}
