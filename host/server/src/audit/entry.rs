//! An entry of the audit log.

use optimus_core::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// Bytes of a path in an entry; of a longer one the rest is left out.
const PATH: usize = 512;
/// Characters of the part of an API key that names it.
const KEY_ID: usize = "opt_1a2b3c4d".len();

/// Who did what to what, when, from where, with which key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// 32 hexadecimal digits, which sort by time.
    pub id: String,
    /// When it began.
    pub at: Timestamp,
    /// What was asked for: `POST /v1/keys`, `optimus keys create`.
    pub action: String,
    /// The path of what it was asked of: `/v1/keys`, `/v1/keys/opt_1a2b3c4d`.
    pub target: String,
    /// The path of what it made: `/v1/keys/opt_1a2b3c4d`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<String>,
    /// The tenant of the caller.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// The id of the caller's key, or `token of TENANT`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The user of the machine, where a command line wrote to the queue itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The caller's address, or the name of the command line's machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// `x-request-id` of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// How it ended.
    pub outcome: Outcome,
    /// The status of the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
}

/// How a change ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It is under way; or the process ended meanwhile, and whether it was made is not known.
    Begun,
    /// It was made.
    Done,
    /// It was refused, and nothing was changed.
    Refused,
    /// It failed by an error of ours, and may have been made in part.
    Failed,
}

impl Entry {
    /// Something begins now, and nobody is known to do it.
    pub fn new(action: impl Into<String>, target: &str) -> Self {
        Self {
            id: Uuid::now_v7().simple().to_string(),
            at: Timestamp::now(),
            action: action.into(),
            target: shown(target),
            created: None,
            tenant: None,
            key: None,
            user: None,
            from: None,
            request: None,
            outcome: Outcome::Begun,
            status: None,
        }
    }

    /// The same entry, with how it ended. A status is an answer's.
    #[must_use]
    pub fn ended(self, status: u16, created: Option<&str>) -> Self {
        let outcome = match status {
            0..=399 => Outcome::Done,
            400..=499 => Outcome::Refused,
            _ => Outcome::Failed,
        };
        Self { outcome, status: Some(status), created: created.map(shown), ..self }
    }

    /// The day of UTC, counted from 1970.
    pub(super) fn day(&self) -> Option<u64> {
        day_of(&self.id)
    }

    /// The name under which it is stored.
    pub(super) fn name(&self) -> String {
        format!("{}{}", self.id, mark_of(self.tenant.as_deref()))
    }
}

const DAY_MS: u64 = 24 * 60 * 60 * 1_000;

/// The first day of which something is kept for `days`.
pub(super) fn first_day(now: Timestamp, days: u64) -> u64 {
    (now.0 / DAY_MS).saturating_sub(days)
}

/// The day of a time.
pub(super) fn day_at(at: Timestamp) -> u64 {
    at.0 / DAY_MS
}

/// The day of an entry's id, or of a name that begins with one: it begins with milliseconds, in 12 digits.
pub(super) fn day_of(id: &str) -> Option<u64> {
    u64::from_str_radix(id.get(..12)?, 16).ok().map(|ms| ms / DAY_MS)
}

/// A mark that two tenants hardly share. An entry is read before it is believed to be a tenant's.
pub(super) fn mark_of(tenant: Option<&str>) -> String {
    let digest = Sha256::digest(tenant.unwrap_or_default().as_bytes());
    digest[..4].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A path, without what follows the id of a key in it: somebody may name a key by its secret.
fn shown(path: &str) -> String {
    let segment = |segment: &str| match segment.starts_with("opt_") {
        true => segment.chars().take(KEY_ID).collect(),
        false => segment.to_owned(),
    };
    let path = path.split('/').map(segment).collect::<Vec<String>>().join("/");
    path[..path.floor_char_boundary(PATH)].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_is_named_by_its_secret_is_no_secret_in_the_log() {
        let entry = Entry::new("DELETE /v1/keys/{id}", "/v1/keys/opt_1a2b3c4d_9f86d081").ended(404, None);
        assert_eq!((entry.target.as_str(), entry.outcome), ("/v1/keys/opt_1a2b3c4d", Outcome::Refused));
        assert_eq!(shown(&format!("/é{}", "x".repeat(600))).len(), PATH);
    }

    #[test]
    fn an_id_says_its_day() {
        let entry = Entry::new("x", "/");
        assert_eq!(entry.day(), Some(day_at(entry.at)));
        assert_eq!((day_of("short"), day_of("zzzzzzzzzzzz")), (None, None));
        assert_ne!(mark_of(Some("a")), mark_of(None));
        assert_eq!(entry.name().len(), 40);
    }
}
