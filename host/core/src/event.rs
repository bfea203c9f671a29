//! Events of a job under way, as `GET /v1/jobs/{id}/events` sends them.

use serde::{Deserialize, Serialize};

use crate::Content;
use crate::outcome::Stream;
use crate::report::{CompileReport, Report, TestReport};

/// Receives a job's events as they happen. It must not block: the job waits meanwhile.
pub type EventSink<'a> = dyn Fn(Event) + Send + Sync + 'a;

/// Something that happened to a job. The last one is always `Done`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "event")]
pub enum Event {
    /// It waits.
    Queued,
    /// A worker has it.
    Started,
    /// A compile step begins.
    Compiling {
        /// The step's name.
        step: String,
    },
    /// Compiling ended.
    Compiled(CompileReport),
    /// The program of a job with `live_stdin` starts: what clients send reaches it from now on.
    Running {
        /// The test's number, from 0.
        index: usize,
    },
    /// Recent output of a test that still runs.
    Output {
        /// The test's number, from 0.
        index: usize,
        /// Which of its streams.
        stream: Stream,
        /// Bytes of the stream before these; where it is more than what was sent so far, events were lost.
        #[serde(default)]
        offset: u64,
        /// The bytes.
        content: Content,
        /// It printed more there, of which nothing will be told before the test ends.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        truncated: bool,
    },
    /// A client sent input to the program of a job with `live_stdin`.
    Input {
        /// Bytes that clients sent before these.
        offset: u64,
        /// The bytes.
        content: Content,
        /// Nothing follows: the program's stdin ends after these.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        end: bool,
    },
    /// A test ended.
    Test {
        /// From 0.
        index: usize,
        /// Of how many.
        total: usize,
        /// The report of the test.
        report: Box<TestReport>,
    },
    /// All is said.
    Done {
        /// The report that is now stored under the job's id.
        report: Box<Report>,
    },
}

impl Event {
    /// The name on the wire.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Started => "started",
            Self::Compiling { .. } => "compiling",
            Self::Compiled(_) => "compiled",
            Self::Running { .. } => "running",
            Self::Output { .. } => "output",
            Self::Input { .. } => "input",
            Self::Test { .. } => "test",
            Self::Done { .. } => "done",
        }
    }
}
