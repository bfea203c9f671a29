//! The outcome of a process: facts, without a judgement.

use serde::{Deserialize, Serialize};

use crate::Content;

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Stream {
    Stdout,
    Stderr,
}

/// The end of a step's first process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Exit {
    /// It called `exit`.
    Code(i32),
    /// A signal ended it. When `Outcome::limit` is set, the signal was ours.
    Signal(i32),
    /// It never began: `execve` said this. No such file, not executable, wrong format.
    NotStarted(String),
}

/// A limit that ended the step, or would have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LimitHit {
    /// CPU time, summed over processes.
    CpuTime,
    /// Time by the clock on the wall.
    WallTime,
    /// The kernel's OOM killer struck inside the box.
    Memory,
    /// More output than allowed.
    Output,
    /// A file grew too large (`SIGXFSZ`).
    FileSize,
    /// A system call that is never allowed (`SIGSYS`).
    ForbiddenCall,
    /// It made the kernel hold memory that no limit counts.
    KernelMemory,
    /// A program inside Wasm computed more than its fuel allows.
    Fuel,
}

/// The outcome of a step. Its output is streamed to the caller; here are only the numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// The end of its first process.
    pub exit: Exit,
    /// The limit that was hit, if any: the first in `LimitHit`'s deciding order (memory, CPU, wall, output, …).
    pub limit: Option<LimitHit>,
    /// CPU time, user and system, of all its processes, in µs.
    pub cpu_us: u64,
    /// Monotonic time, in µs.
    pub wall_us: u64,
    /// When a limit of time by the clock ended it: how long its threads, together, were ready to run and waited for a
    /// processor, in µs. 0 where the kernel does not tell.
    #[serde(default, skip_serializing_if = "crate::omit::is_zero")]
    pub waited_us: u64,
    /// What a program inside Wasm computed, the same in every run; absent for others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fuel: Option<u64>,
    /// Its peak memory, in bytes.
    pub memory_peak_bytes: u64,
    /// True when the kernel gives no exact peak here and the number is a lower bound.
    pub memory_is_estimate: bool,
    /// Bytes it wrote that were kept, at most the output limit.
    pub stdout_bytes: u64,
    /// The same for stderr.
    pub stderr_bytes: u64,
    /// It wrote more than that to stdout.
    pub stdout_truncated: bool,
    /// It wrote more than that to stderr.
    pub stderr_truncated: bool,
    /// Remarks of the box for people: "12 forks were refused".
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

impl Outcome {
    /// Returns true if it ended by itself with exit code 0, within every limit.
    pub fn is_success(&self) -> bool {
        self.limit.is_none() && self.exit == Exit::Code(0)
    }
}

/// The first bytes of a stream, and whether there were more.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Excerpt {
    /// The bytes.
    pub content: Content,
    /// More followed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub truncated: bool,
}
