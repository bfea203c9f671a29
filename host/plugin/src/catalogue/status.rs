//! The status of a file, for people and programs.

use optimus_core::Fault;
use serde::Serialize;

use super::expected::Expected;

/// The status of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PluginStatus {
    /// Its name in the directory.
    pub file: String,
    /// Its state.
    pub state: PluginState,
    /// Its language, when it got as far as saying so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The plugin's version: of the bytes that serve.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// SHA-256, in hex: of the bytes that serve.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// Version of the contract that it is made for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api: Option<String>,
    /// The id of the trusted key that signed the bytes that serve, where signatures are looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signed_by: Option<String>,
    /// Why it does not serve, or not with the bytes that are there now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Fault>,
    /// Notes for the operator.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

impl PluginStatus {
    /// Of a file that waits to be loaded.
    pub(super) fn loading(expected: &Expected) -> Self {
        let passed = expected.passed.as_ref();
        Self {
            file: expected.file.clone(),
            state: PluginState::Loading,
            id: expected.names.as_ref().map(|names| names.id.clone()),
            version: passed.map(|(descriptor, _)| descriptor.version.clone()),
            digest: passed.map(|(_, digest)| digest.clone()),
            api: None,
            signed_by: None,
            error: None,
            notes: Vec::new(),
        }
    }

    /// Returns true if this file serves the language.
    pub(super) fn serves(&self, id: &str) -> bool {
        matches!(self.state, PluginState::Active | PluginState::Degraded) && self.id.as_deref() == Some(id)
    }
}

/// The state of a plugin's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PluginState {
    /// As it is there.
    Active,
    /// It turned bad, and its last good version serves.
    Degraded,
    /// Not at all.
    Rejected,
    /// Not yet: it waits to be loaded, or is being compiled.
    Loading,
}

impl std::fmt::Display for PluginState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::Active => "active",
            Self::Degraded => "degraded",
            Self::Rejected => "rejected",
            Self::Loading => "loading",
        })
    }
}
