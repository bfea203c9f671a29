//! The arguments of the tools, and the jobs that they mean.

use optimus_core::job::FileRequest;
use optimus_core::{Comparer, Content, JobRequest, LimitsRequest, Test};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// Bytes of each stream of a program that runs once; and of each of several tests.
const CAPTURE_ONCE: u64 = 64 << 10;
const CAPTURE_EACH: u64 = 4 << 10;

/// What a tool's job is.
pub(super) trait Arguments: DeserializeOwned {
    fn into_job(self) -> JobRequest;
}

/// Reads a tool's arguments.
///
/// # Errors
/// What is wrong with them, for the model that made them.
pub(super) fn read<A: Arguments>(arguments: Option<Map<String, Value>>) -> Result<JobRequest, String> {
    let arguments = Value::Object(arguments.unwrap_or_default());
    serde_json::from_value::<A>(arguments)
        .map(A::into_job)
        .map_err(|error| format!("the arguments are not right: {error}"))
}

/// `run_code`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RunCode {
    language: String,
    code: Option<String>,
    #[serde(default)]
    files: Vec<FileRequest>,
    #[serde(default)]
    stdin: Content,
    #[serde(default)]
    args: Vec<String>,
    #[serde(default)]
    options: Map<String, Value>,
    timeout_ms: Option<u64>,
    memory_mb: Option<u64>,
}

impl Arguments for RunCode {
    fn into_job(self) -> JobRequest {
        JobRequest {
            language: self.language,
            source: self.code.map(Into::into),
            files: self.files,
            args: self.args,
            options: self.options,
            tests: vec![Test { stdin: self.stdin, ..Test::default() }],
            limits: limits(self.timeout_ms, self.memory_mb),
            exact_limits: self.timeout_ms.is_some(),
            capture_bytes: Some(CAPTURE_ONCE),
            ..JobRequest::default()
        }
    }
}

/// `run_tests`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RunTests {
    language: String,
    code: Option<String>,
    #[serde(default)]
    files: Vec<FileRequest>,
    tests: Vec<Case>,
    compare: Option<Comparer>,
    #[serde(default)]
    stop_at_first_failure: bool,
    #[serde(default)]
    options: Map<String, Value>,
    timeout_ms: Option<u64>,
    memory_mb: Option<u64>,
}

/// A test of `run_tests`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: Option<String>,
    #[serde(default)]
    stdin: Content,
    expected_output: Option<Content>,
    #[serde(default)]
    args: Vec<String>,
}

impl Arguments for RunTests {
    fn into_job(self) -> JobRequest {
        let test = |case: Case| Test {
            name: case.name,
            stdin: case.stdin,
            expect: case.expected_output,
            args: case.args,
            ..Test::default()
        };
        JobRequest {
            language: self.language,
            source: self.code.map(Into::into),
            files: self.files,
            options: self.options,
            tests: self.tests.into_iter().map(test).collect(),
            limits: limits(self.timeout_ms, self.memory_mb),
            exact_limits: self.timeout_ms.is_some(),
            compare: self.compare,
            stop_at_first_failure: self.stop_at_first_failure,
            capture_bytes: Some(CAPTURE_EACH),
            ..JobRequest::default()
        }
    }
}

/// `judge_problem`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct JudgeProblem {
    problem: String,
    language: String,
    code: Option<String>,
    #[serde(default)]
    files: Vec<FileRequest>,
    #[serde(default)]
    options: Map<String, Value>,
}

impl Arguments for JudgeProblem {
    fn into_job(self) -> JobRequest {
        JobRequest {
            problem: Some(self.problem),
            language: self.language,
            source: self.code.map(Into::into),
            files: self.files,
            options: self.options,
            capture_bytes: Some(CAPTURE_EACH),
            ..JobRequest::default()
        }
    }
}

/// A time limit holds for both clocks.
fn limits(timeout_ms: Option<u64>, memory_mb: Option<u64>) -> LimitsRequest {
    LimitsRequest {
        cpu_ms: timeout_ms.map(Into::into),
        wall_ms: timeout_ms.map(Into::into),
        memory_bytes: memory_mb.map(|mb| mb.saturating_mul(1 << 20).into()),
        ..LimitsRequest::default()
    }
}
