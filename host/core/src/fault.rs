//! Errors as data: what was wrong with a request, and what went wrong on our side of a job.

use serde::{Deserialize, Serialize};

/// Something in a request that we refuse, with its place and its remedy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{field}`: {message}")]
pub struct Invalid {
    /// The place, as a path into the JSON: `limits.cpu_ms`, `files[2].path`.
    pub field: String,
    /// The fault: lowercase, no full stop.
    pub message: String,
    /// The remedy.
    pub hint: Option<String>,
}

impl Invalid {
    /// A refusal without advice.
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into(), hint: None }
    }

    /// The same refusal, with advice.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same refusal, of something that stands at `place`.
    pub fn under(mut self, place: &str) -> Self {
        self.field = format!("{place}.{}", self.field);
        self
    }
}

/// Our failure, as it stands in a report and in an HTTP error body; it never says anything about the program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// For machines: `plugin_trapped`, `sandbox_failed`, `toolchain_missing`.
    pub code: String,
    /// For people: lowercase, no full stop, the thing in backticks.
    pub message: String,
    /// The remedy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl Fault {
    /// A fault without advice.
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into(), hint: None }
    }

    /// The same fault, with advice.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}
