//! A submission, as a client writes it ([`JobRequest`]) and as the rest of Optimus sees it ([`Job`]).

mod bounds;
mod contents;
mod env;
mod files;
mod live;
mod programs;
mod request;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::collect::Pattern;
use crate::omit::is_zero;
use crate::{
    BoxPath, Checker, Communication, Comparer, Digest, Invalid, Limits, Scoring, SourceFile, Test, Timestamp,
    TraceContext,
};

pub use crate::policy::Policy;
pub use crate::source::FileRequest;
pub use request::JobRequest;

/// A job's name: UUIDv7, so that ids sort by time of arrival and cannot be guessed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JobId(pub Uuid);

impl JobId {
    /// A new one.
    #[expect(clippy::new_without_default, reason = "two new ids are never equal")]
    pub fn new() -> Self {
        Self(Uuid::now_v7())
    }

    /// When it was made, which is when the job was accepted; none of an id that is no UUIDv7.
    pub fn created_at(self) -> Option<Timestamp> {
        let (seconds, nanos) = self.0.get_timestamp()?.to_unix();
        Some(Timestamp(seconds * 1_000 + u64::from(nanos / 1_000_000)))
    }
}

impl std::fmt::Display for JobId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl std::str::FromStr for JobId {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let bad = || Invalid::new("id", format!("`{text}` is not a job id")).hint("ids look like 0197b5c2-….");
        Uuid::parse_str(text).map(Self).map_err(|_| bad())
    }
}

/// Files by which a program reads and prints, instead of stdin and stdout.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileIo {
    /// Holds what would be stdin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<BoxPath>,
    /// Holds, at the end, what would have been stdout.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<BoxPath>,
}

/// A URL that receives the job's report at its end.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    /// `https://…` or `http://…`.
    pub url: String,
    /// The signing secret, `whsec_` and base64; the tenant's own secret, when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
}

impl std::fmt::Debug for Webhook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let secret = self.secret.as_ref().map(|_| "…");
        f.debug_struct("Webhook").field("url", &self.url).field("secret", &secret).finish()
    }
}

/// A submission that has been checked. It is stored and travels through the queue as JSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// Its name.
    pub id: JobId,
    /// The tenant that submitted it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// Its place in the client's trace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<TraceContext>,
    /// The language's id: never an alias.
    pub language: String,
    /// At least one; the first is the entry, unless `entry` names another.
    pub files: Vec<SourceFile>,
    /// The file to start with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<BoxPath>,
    /// Arguments for every test.
    pub args: Vec<String>,
    /// Environment variables of the program.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
    /// For the plugin.
    pub options: Map<String, Value>,
    /// At least one.
    pub tests: Vec<Test>,
    /// The limits of each test, before the language's multipliers.
    pub limits: Limits,
    /// The comparer, if the job names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compare: Option<Comparer>,
    /// The program that judges the submission's files in tests with `check_sources`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_checker: Option<Box<Checker>>,
    /// The interactor that talks to the submission.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interactor: Option<Box<Checker>>,
    /// The manager that talks to the submission's processes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub communication: Option<Box<Communication>>,
    /// The rules that turn tests into points.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scoring: Option<Scoring>,
    /// The program reads and prints by files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_io: Option<FileIo>,
    /// The language's multipliers do not apply.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub exact_limits: bool,
    /// Number of repetitions of a test that ended by a time limit.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub rerun_on_time_limit: u32,
    /// The stdin of its only test stays open for what clients send while it runs.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub live_stdin: bool,
    /// A stored problem, of which nothing is here yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<Digest>,
    /// Skip the tests after the first that is not accepted.
    pub stop_at_first_failure: bool,
    /// Say only that an output is wrong, and not where.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub hide_feedback: bool,
    /// Files of each test that the report carries.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub collect: Vec<Pattern>,
    /// Bytes of each stream of each test that the report carries.
    pub capture_bytes: u64,
    /// Copied into the report.
    pub labels: BTreeMap<String, String>,
}
