//! Who the caller is, as the server sees it: what a client may offer to its user.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::State;
use serde::Serialize;

use super::ApiState;
use super::caller::Caller;
use crate::keys::Scope;

/// The caller.
#[derive(Debug, Serialize)]
pub(super) struct Identity {
    /// Whether callers have to bring a key or a token.
    keys_required: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    tenant: Option<String>,
    /// The key's id; what the token is called, where it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    /// What the caller may do. Where no key is needed, that is everything.
    scopes: BTreeSet<Scope>,
}

/// `GET /v1/me`.
pub(super) async fn me(State(state): State<ApiState>, caller: Caller) -> Json<Identity> {
    Json(Identity::of(&state, caller))
}

impl Identity {
    pub(super) fn of(state: &ApiState, caller: Caller) -> Self {
        let scopes = Scope::ALL.into_iter().filter(|scope| caller.may(*scope).is_ok()).collect();
        let (keys_required, key) = (state.parts.keys.is_required(), caller.key.as_ref().map(|key| key.id.clone()));
        Self { keys_required, key, tenant: caller.tenant, scopes }
    }
}
