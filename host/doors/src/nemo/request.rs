//! What `execute` is asked for.

use serde_json::{Map, Number, Value};

use super::OF_SESSIONS;

/// Characters of each stream, where a request does not say.
const CHARACTERS: u64 = 1_000;

/// A request that makes sense by itself.
#[derive(Debug, PartialEq)]
pub(super) struct Execute {
    pub(super) code: String,
    pub(super) language: String,
    pub(super) input: String,
    /// In seconds, as the client writes the number: a time-out repeats it.
    pub(super) timeout: Number,
    /// Characters of each stream that are shown.
    pub(super) shown: usize,
}

impl Execute {
    /// # Errors
    /// The first mistake.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, String> {
        let body: Value = serde_json::from_slice(bytes).map_err(|error| format!("the body is not JSON: {error}"))?;
        let body = body.as_object().ok_or("the body is not an object")?;
        let timeout = match body.get("timeout") {
            None => Number::from_f64(10.0),
            Some(Value::Number(seconds)) => Some(seconds.clone()),
            Some(_) => None,
        };
        let timeout = timeout.filter(|seconds| seconds.as_f64().is_some_and(|seconds| seconds > 0.0));
        let shown = match body.get("max_output_characters") {
            None => Some(CHARACTERS),
            Some(value) => value.as_u64(),
        };
        Ok(Self {
            code: text(body, "generated_code")?.ok_or("`generated_code` is missing")?,
            language: text(body, "language")?.unwrap_or_else(|| OF_SESSIONS.to_owned()),
            input: text(body, "std_input")?.unwrap_or_default(),
            timeout: timeout.ok_or("`timeout` is not a number of seconds above 0")?,
            shown: shown.and_then(|shown| usize::try_from(shown).ok()).ok_or("`max_output_characters` is no count")?,
        })
    }

    pub(super) fn seconds(&self) -> f64 {
        self.timeout.as_f64().unwrap_or_default().clamp(0.001, 1e6)
    }
}

fn text(body: &Map<String, Value>, name: &str) -> Result<Option<String>, String> {
    match body.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(format!("`{name}` is not a string")),
    }
}
