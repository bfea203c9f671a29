//! What came of a file, for people and machines.

use optimus_core::Fault;
use serde::Serialize;

/// What came of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PluginStatus {
    /// Its name in the directory.
    pub file: String,
    /// Whether it serves.
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
    /// What an operator may want to know.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

impl PluginStatus {
    /// Whether it is this file that serves a language.
    pub(super) fn serves(&self, id: &str) -> bool {
        self.state != PluginState::Rejected && self.id.as_deref() == Some(id)
    }
}

/// Whether a file serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PluginState {
    /// As it is there.
    Active,
    /// It turned bad, and its last good version serves.
    Degraded,
    /// Not at all.
    Rejected,
}

impl std::fmt::Display for PluginState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::Active => "active",
            Self::Degraded => "degraded",
            Self::Rejected => "rejected",
        })
    }
}
