//! Liveness, readiness, languages, plugins and metrics.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use optimus_core::Fault;
use optimus_core::language::LanguageInfo;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{ApiError, ApiState};

/// A plugin, as an operator sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PluginStatus {
    /// Its file, in the plugins' directory.
    pub file: String,
    /// The language's id, when it could be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The plugin's version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// SHA-256 of its bytes, in hex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// `active`, `rejected`, or `degraded`: the last good version serves in place of a bad file.
    pub state: String,
    /// The id of the trusted key that signed it, where signatures are looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed_by: Option<String>,
    /// Its fault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Fault>,
    /// Notes for the operator, such as a missing signature.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

#[derive(Serialize)]
struct Languages<'a> {
    languages: &'a [LanguageInfo],
}

/// `GET /v1/languages`.
pub(super) async fn languages(State(state): State<ApiState>) -> Response {
    Json(Languages { languages: &state.parts.languages.listed() }).into_response()
}

#[derive(Serialize)]
pub(super) struct Plugins {
    plugins: Vec<PluginStatus>,
}

/// `GET /v1/plugins`.
pub(super) async fn plugins(State(state): State<ApiState>) -> Result<Json<Plugins>, ApiError> {
    Ok(Json(Plugins { plugins: (state.parts.plugins)() }))
}

/// `GET /healthz`.
pub(super) async fn healthz() -> Json<Value> {
    Json(json!({"status": "ok", "version": env!("CARGO_PKG_VERSION")}))
}

/// `GET /readyz`.
pub(super) async fn readyz(State(state): State<ApiState>) -> Response {
    let mut troubles = state.parts.readiness.troubles();
    if state.parts.readiness.includes_queue()
        && let Err(error) = state.parts.queue.stats().await
    {
        troubles.insert("queue".to_owned(), error.to_string());
    }
    if state.parts.languages.is_empty() {
        troubles.insert("plugins".to_owned(), "no plugin is loaded".to_owned());
    }
    if state.stopping.is_cancelled() {
        troubles.insert("server".to_owned(), "it is stopping".to_owned());
    }
    let is_ready = troubles.is_empty();
    let body = Json(json!({"ready": is_ready, "troubles": troubles, "remarks": state.parts.readiness.remarks()}));
    match is_ready {
        true => body.into_response(),
        false => (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "1")], body).into_response(),
    }
}

/// `GET /metrics`.
pub(super) async fn metrics(State(state): State<ApiState>) -> Response {
    let stats = state.parts.queue.stats().await.ok();
    let plugins = (state.parts.plugins)()
        .into_iter()
        .map(|plugin| [plugin.id.unwrap_or(plugin.file), plugin.version.unwrap_or_default(), plugin.state]);
    let text = state.parts.metrics.write(stats.as_ref(), plugins);
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], text).into_response()
}
