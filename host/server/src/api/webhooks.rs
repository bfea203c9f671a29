//! Webhooks of jobs, and the secret that signs them.

use axum::Json;
use axum::extract::State;
use optimus_core::{Invalid, Webhook};
use serde::Serialize;

use super::caller::Caller;
use super::{ApiError, ApiState};
use crate::webhooks::{Gate, Secret, Target};

/// Checks what can be checked before the job is over. Names are looked up then: by that time they may lead elsewhere.
pub(super) fn check(webhook: &Webhook, gate: &Gate) -> Result<(), Invalid> {
    let target = Target::parse(&webhook.url).map_err(|why| Invalid::new("webhook.url", why))?;
    if let Some(address) = target.forbidden(gate) {
        let invalid = Invalid::new("webhook.url", format!("leads to {address}, which is not public"));
        return Err(invalid.hint("the operator may allow it with `--webhook-allow`"));
    }
    let secret = webhook.secret.as_deref().map(Secret::parse).transpose();
    secret.map(drop).map_err(|why| Invalid::new("webhook.secret", why))
}

#[derive(Serialize)]
pub(super) struct SecretView {
    secret: String,
}

/// `GET /v1/webhooks/secret`.
pub(super) async fn secret(State(state): State<ApiState>, caller: Caller) -> Result<Json<SecretView>, ApiError> {
    match state.parts.secrets.of(caller.tenant.as_deref()).await {
        Ok(secret) => Ok(Json(SecretView { secret: secret.show() })),
        Err(error) => {
            tracing::error!(error = format!("{error:#}"), "cannot read the webhooks' secret");
            Err(ApiError::busy("queue_failed", "the secret cannot be read at the moment"))
        }
    }
}
