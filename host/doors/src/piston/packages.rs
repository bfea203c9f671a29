//! `runtimes` and `packages`. A package is a language's plugin with its toolchain, which the operator installs: through
//! this door packages can be listed, and not changed.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::runtime::{self, Runtime};
use super::{bad, body, error, selector, shown};
use crate::early::Early;
use crate::shared::Shared;

/// `GET /api/v2/runtimes`.
pub(super) async fn runtimes(State(shared): State<Shared>) -> Json<Vec<Value>> {
    shared.languages_are_loaded(shared.until()).await;
    let row = |runtime: Runtime| {
        let Runtime { language, version, aliases, .. } = runtime;
        json!({"language": language, "version": version.to_string(), "aliases": aliases})
    };
    let installed = runtime::all(&shared.languages).into_iter().filter(|runtime| runtime.is_installed);
    Json(installed.map(row).collect())
}

/// `GET /api/v2/packages`.
pub(super) async fn list(State(shared): State<Shared>) -> Json<Vec<Value>> {
    shared.languages_are_loaded(shared.until()).await;
    let row = |runtime: Runtime| {
        let Runtime { language, version, is_installed, .. } = runtime;
        json!({"language": language, "language_version": version.to_string(), "installed": is_installed})
    };
    Json(runtime::all(&shared.languages).into_iter().map(row).collect())
}

/// `POST /api/v2/packages`.
pub(super) async fn install(State(shared): State<Shared>, bytes: Bytes) -> Result<(), Early> {
    let runtime = package(&shared, &bytes).await?;
    let message = match runtime.is_installed {
        true => "Already installed".to_owned(),
        false => format!("the operator of this server installs it: {}", runtime.descriptor.install_hint),
    };
    Err(error(StatusCode::INTERNAL_SERVER_ERROR, &message).into())
}

/// `DELETE /api/v2/packages`.
pub(super) async fn uninstall(State(shared): State<Shared>, bytes: Bytes) -> Result<(), Early> {
    let runtime = package(&shared, &bytes).await?;
    let message = match runtime.is_installed {
        true => "the operator of this server removes it: `optimus plugin remove`",
        false => "Package not installed",
    };
    Err(error(StatusCode::INTERNAL_SERVER_ERROR, message).into())
}

async fn package(shared: &Shared, bytes: &Bytes) -> Result<Runtime, Early> {
    let body = body(bytes)?;
    let text = |name: &str| {
        let text = body[name].as_str().filter(|text| !text.is_empty());
        text.ok_or_else(|| format!("{name} is required as a string"))
    };
    let (language, version) = (text("language").map_err(bad)?, text("version").map_err(bad)?);
    shared.languages_are_loaded(shared.until()).await;
    let mut all = runtime::all(&shared.languages).into_iter();
    let found = all.find(|runtime| runtime.language == language && selector::satisfies(&runtime.version, version));
    Ok(found.ok_or_else(|| {
        let message = format!("Requested package {}-{} does not exist", shown(language), shown(version));
        error(StatusCode::NOT_FOUND, &message)
    })?)
}
