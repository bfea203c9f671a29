//! The report of a job.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::collect::CollectedFile;
use crate::compare::{Difference, Shown};
use crate::outcome::{Excerpt, Exit, LimitHit, Outcome};
use crate::plan::Diagnostic;
use crate::scoring::Score;
use crate::{Content, Fault, JobId, Limits, Timestamp, Verdict};

/// The verdicts of a job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The job's.
    pub id: JobId,
    /// The language's id.
    pub language: String,
    /// The job's, from its tests': see [`Verdict::of_job`].
    pub verdict: Verdict,
    /// The points, when the job has scoring rules.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<Score>,
    /// The plugin that planned it; absent when none did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plugin: Option<PluginRef>,
    /// The image it asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// The backend it ran on: `native`, `docker`.
    pub sandbox: String,
    /// Absent when nothing had to be compiled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compile: Option<CompileReport>,
    /// In the job's order.
    pub tests: Vec<TestReport>,
    /// Our failure, when the verdict is `internal_error`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Fault>,
    /// The limits of each test: those that the job asked for or the defaults, after the language's multipliers and
    /// floors and the operator's caps. Absent when no plan was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<Limits>,
    /// When the job was accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    /// When a worker began with it, for the last time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// When it was over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Timestamp>,
    /// The time that each stage took.
    pub timing: Timing,
    /// The job's.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
}

/// Which plugin, exactly.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PluginRef {
    /// The language's id.
    pub id: String,
    /// The plugin's version.
    pub version: String,
    /// SHA-256 of its bytes, in hex.
    pub digest: String,
}

/// The time that each stage took, in ms.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Timing {
    pub queued_ms: f64,
    pub plan_ms: f64,
    pub compile_ms: f64,
    pub tests_ms: f64,
    pub total_ms: f64,
}

/// The report of the compile steps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CompileReport {
    /// True if compiling gave something to run.
    pub ok: bool,
    /// Taken from the cache: the numbers are those of the first time.
    pub cached: bool,
    /// The step that failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed_step: Option<String>,
    /// The output of the compilers, stdout and stderr in the order of arrival, cut to size.
    pub output: Excerpt,
    /// The same as data, where the plugin can read it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub diagnostics: Vec<Diagnostic>,
    /// Of all compile steps.
    pub cpu_ms: f64,
    /// Of all compile steps.
    pub wall_ms: f64,
    /// The largest.
    pub memory_bytes: u64,
    /// Why, when it failed: `compiling took longer than 30000 ms of CPU time`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// The report of one test.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TestReport {
    /// The test's name, or its number from 1.
    pub name: String,
    /// The verdict.
    pub verdict: Verdict,
    /// From 0 to 1, when a checker gives partial credit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<f64>,
    /// Summed over processes.
    pub cpu_ms: f64,
    /// Monotonic.
    pub wall_ms: f64,
    /// What a program inside Wasm computed, the same in every run; absent for others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fuel: Option<u64>,
    /// The peak.
    pub memory_bytes: u64,
    /// The peak is a lower bound: the kernel here gives no exact number.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub memory_is_estimate: bool,
    /// The end of the program; absent when it did not run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit: Option<Exit>,
    /// The limit that was hit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<LimitHit>,
    /// Its output, as much as `capture_bytes` allows.
    pub stdout: Excerpt,
    /// The same for stderr.
    pub stderr: Excerpt,
    /// For people: `line 3, column 5: expected "42", found "41"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The first difference from the expected output, when one of the host's comparers found it and the job does not
    /// hide it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub difference: Option<Box<DifferenceReport>>,
    /// The messages between program and interactor, or processes and manager, when the job does not hide them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transcript: Option<Box<Transcript>>,
    /// Its files that match the job's `collect`.
    #[serde(default, skip_serializing_if = "<[_]>::is_empty")]
    pub files: Box<[CollectedFile]>,
    /// Why files are missing in `files`: `` `out` is a symlink, not a file ``.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub files_message: Option<Box<str>>,
    /// Our failure, when the verdict is `internal_error`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Fault>,
}

/// The messages between a program, or its processes, and an interactor or manager, up to `capture_bytes`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transcript {
    /// In order; what one says at a time is one turn.
    pub turns: Vec<Turn>,
    /// More followed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub truncated: bool,
}

/// One message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turn {
    /// The sender.
    pub by: Speaker,
    /// The number of the process that sends or receives it, from 0, where there are several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub process: Option<u8>,
    /// The bytes.
    pub said: Content,
}

/// The sender of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Speaker {
    Program,
    Interactor,
}

/// The first difference between found and expected output.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DifferenceReport {
    /// In the program's output, from 1; a line ends with LF.
    pub line: u64,
    /// From 1, in bytes.
    pub column: u64,
    /// The token or line that was expected there; absent when nothing more was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<Excerpt>,
    /// The output at that place; absent at the end of the output.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<Excerpt>,
}

impl From<&Difference> for DifferenceReport {
    fn from(difference: &Difference) -> Self {
        let excerpt = |shown: &Shown| Excerpt {
            content: shown.bytes.clone().into(),
            truncated: shown.cut_before || shown.cut_after,
        };
        Self {
            line: difference.line,
            column: difference.column,
            expected: difference.expected.as_ref().map(excerpt),
            found: difference.found.as_ref().map(excerpt),
        }
    }
}

impl TestReport {
    /// A test that was not run.
    pub fn unrun(name: String, verdict: Verdict) -> Self {
        Self {
            name,
            verdict,
            score: None,
            cpu_ms: 0.0,
            wall_ms: 0.0,
            fuel: None,
            memory_bytes: 0,
            memory_is_estimate: false,
            exit: None,
            limit: None,
            stdout: Excerpt::default(),
            stderr: Excerpt::default(),
            message: None,
            difference: None,
            transcript: None,
            files: Box::default(),
            files_message: None,
            error: None,
        }
    }

    /// A copy for events, with the names and sizes of files only.
    pub fn without_file_contents(&self) -> Self {
        let mut copy = self.clone();
        copy.files.iter_mut().for_each(|file| file.content = None);
        copy
    }

    /// The numbers of a test that was.
    pub fn measured(name: String, verdict: Verdict, outcome: &Outcome) -> Self {
        Self {
            cpu_ms: ms(outcome.cpu_us),
            wall_ms: ms(outcome.wall_us),
            fuel: outcome.fuel,
            memory_bytes: outcome.memory_peak_bytes,
            memory_is_estimate: outcome.memory_is_estimate,
            exit: Some(outcome.exit.clone()),
            limit: outcome.limit,
            ..Self::unrun(name, verdict)
        }
    }
}

/// µs as ms, for reports.
#[expect(clippy::cast_precision_loss, reason = "2^53 µs are 285 years")]
pub fn ms(us: u64) -> f64 {
    us as f64 / 1_000.0
}
