//! Records in the file, as JSON: fields may be added, never renamed.

use optimus_core::{Fault, JobId, Verdict, Webhook};
use serde::{Deserialize, Serialize};

use crate::Priority;

/// A job that is not over.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct LiveRecord {
    pub language: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    #[serde(default)]
    pub priority: Priority,
    pub submitted_ms: u64,
    pub bytes: u64,
    #[serde(default)]
    pub attempt: u32,
    #[serde(default)]
    pub fence: u64,
    #[serde(default)]
    pub cancel: bool,
    /// Why the last attempt failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<Fault>,
    /// The idempotency key, as it stands in the keys' table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook: Option<Webhook>,
    /// Number of times that it was requeued after it was given up.
    #[serde(default, rename = "round")]
    pub generation: u32,
    /// The key whose quota it counts for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

/// A job that was given up, as it was then.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct DeadRecord {
    pub live: LiveRecord,
    pub reason: String,
    pub at_ms: u64,
}

/// A webhook that is still to be sent.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct HookRecord {
    pub webhook: Webhook,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    #[serde(default, rename = "round")]
    pub generation: u32,
    /// Failed tries.
    #[serde(default)]
    pub tries: u32,
    pub due_ms: u64,
}

/// A finished job; its report is in another table.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct DoneRecord {
    pub language: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    pub verdict: Verdict,
    pub finished_ms: u64,
    /// Size of the report, and of the job if that is kept.
    pub bytes: u64,
    /// It was given up after its last attempt.
    #[serde(default)]
    pub dead: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

/// The job of an idempotency key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct KeyRecord {
    pub id: JobId,
    pub fingerprint: [u8; 32],
}
