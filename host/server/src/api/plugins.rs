//! The plugins, for operators: what would change, put in by consent, put back, looked at again.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use optimus_core::{Fault, Timestamp};
use serde::{Deserialize, Serialize};

use super::body::ByteBody;
use super::health::PluginStatus;
use super::query::Params;
use super::{ApiError, ApiState};

/// A plugin that passed the load gate, beside the one that serves its language now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PluginReview {
    /// The language's id.
    pub id: String,
    /// SHA-256 of the reviewed bytes, in hex.
    pub digest: String,
    /// SHA-256 of the bytes that serve now; `none`, where nothing serves the language.
    pub replaces: String,
    /// Everything that the two say of themselves, also what is the same.
    pub fields: Vec<ReviewedField>,
    /// Notes for the operator, such as a missing signature.
    pub notes: Vec<String>,
}

/// One thing that plugins say of themselves, a line for each value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct ReviewedField {
    pub name: &'static str,
    pub before: Vec<String>,
    pub after: Vec<String>,
    /// The reviewed one asks for more of the host than the one that serves, or another signer vouches for it.
    pub asks_for_more: bool,
}

/// A version that was replaced, and can be put back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReplacedPlugin {
    /// SHA-256 of its bytes, in hex.
    pub digest: String,
    /// The plugin's version.
    pub version: String,
    /// Its size.
    pub bytes: u64,
    /// When it was replaced.
    pub replaced_at: Timestamp,
    /// The id of the trusted key that had signed it, where signatures were looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signed_by: Option<String>,
}

/// What a caller looked at. What is absent is not compared.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PluginConsent {
    /// SHA-256 of the bytes that are to serve, in hex.
    pub digest: Option<String>,
    /// SHA-256 of the bytes that they replace; `none`, where nothing serves the language.
    pub replaces: Option<String>,
}

/// A version of a plugin.
#[derive(Debug, Clone, Copy)]
pub enum PluginVersion<'a> {
    /// These bytes.
    New(&'a [u8]),
    /// The replaced one with this digest.
    Replaced(&'a str),
}

/// Where plugins are put in. Each method blocks.
pub trait PluginInstaller: Send + Sync {
    /// The difference that a version would make, once it passes the load gate.
    ///
    /// # Errors
    /// The gate refuses it, or it is not there.
    fn review(&self, id: &str, version: PluginVersion<'_>) -> Result<PluginReview, Fault>;

    /// Has a version serve its language, once it passes the load gate.
    ///
    /// # Errors
    /// The gate refuses it, it is not there, or it is not what was consented to.
    fn install(&self, id: &str, version: PluginVersion<'_>, consent: &PluginConsent) -> Result<PluginStatus, Fault>;

    /// The versions that were replaced, the latest first.
    ///
    /// # Errors
    /// They cannot be read.
    fn replaced(&self, id: &str) -> Result<Vec<ReplacedPlugin>, Fault>;
}

#[derive(Serialize)]
pub(super) struct Reloaded {
    /// True if anything changed.
    changed: bool,
    plugins: Vec<PluginStatus>,
}

/// `POST /v1/plugins/reload`.
pub(super) async fn reload(State(state): State<ApiState>) -> Result<Json<Reloaded>, ApiError> {
    let reload = state.parts.reload.clone();
    // Compiling takes a while, and blocks.
    let reloaded = tokio::task::spawn_blocking(move || reload()).await;
    let reloaded =
        reloaded.map_err(|error| ApiError::busy("bug", format!("the plugins were not looked at: {error}")))?;
    let changed = reloaded.map_err(|fault| ApiError::of_fault(StatusCode::CONFLICT, fault))?;
    Ok(Json(Reloaded { changed, plugins: (state.parts.plugins)() }))
}

/// `PUT /v1/plugins/{id}`.
pub(super) async fn put(
    State(state): State<ApiState>,
    Path(id): Path<String>,
    Params(consent): Params<PluginConsent>,
    body: ByteBody,
) -> Result<Json<PluginStatus>, ApiError> {
    asked(&state, move |plugins| plugins.install(&id, PluginVersion::New(&body.bytes), &consent)).await
}

/// `POST /v1/plugins/{id}/dry-run`.
pub(super) async fn dry_run(
    State(state): State<ApiState>,
    Path(id): Path<String>,
    body: ByteBody,
) -> Result<Json<PluginReview>, ApiError> {
    asked(&state, move |plugins| plugins.review(&id, PluginVersion::New(&body.bytes))).await
}

/// The answer to `GET /v1/plugins/{id}/versions`.
#[derive(Serialize)]
pub(super) struct Versions {
    versions: Vec<ReplacedPlugin>,
}

/// `GET /v1/plugins/{id}/versions`.
pub(super) async fn versions(
    State(state): State<ApiState>,
    Path(id): Path<String>,
) -> Result<Json<Versions>, ApiError> {
    asked(&state, move |plugins| plugins.replaced(&id).map(|versions| Versions { versions })).await
}

/// `GET /v1/plugins/{id}/versions/{digest}`.
pub(super) async fn version(
    State(state): State<ApiState>,
    Path((id, digest)): Path<(String, String)>,
) -> Result<Json<PluginReview>, ApiError> {
    asked(&state, move |plugins| plugins.review(&id, PluginVersion::Replaced(&digest))).await
}

/// `POST /v1/plugins/{id}/rollback`.
pub(super) async fn roll_back(
    State(state): State<ApiState>,
    Path(id): Path<String>,
    Params(consent): Params<PluginConsent>,
) -> Result<Json<PluginStatus>, ApiError> {
    let Some(digest) = consent.digest.clone() else {
        let hint = "GET /v1/plugins/ID/versions lists the versions with their digests";
        return Err(super::query::bad("`digest` is missing: the version to go back to".to_owned(), hint));
    };
    asked(&state, move |plugins| plugins.install(&id, PluginVersion::Replaced(&digest), &consent)).await
}

/// Compiling takes a while, and blocks.
async fn asked<T: Send + 'static>(
    state: &ApiState,
    ask: impl FnOnce(&dyn PluginInstaller) -> Result<T, Fault> + Send + 'static,
) -> Result<Json<T>, ApiError> {
    let plugins = Arc::clone(&state.parts.installer);
    let answer = tokio::task::spawn_blocking(move || ask(&*plugins)).await;
    let answer = answer.map_err(|error| ApiError::busy("bug", format!("the plugin was not looked at: {error}")))?;
    answer.map(Json).map_err(|fault| ApiError::of_fault(status_of(&fault), fault))
}

fn status_of(fault: &Fault) -> StatusCode {
    match fault.code.as_str() {
        "other_bytes" | "plugin_changed" => StatusCode::CONFLICT,
        "unknown_version" => StatusCode::NOT_FOUND,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    }
}
