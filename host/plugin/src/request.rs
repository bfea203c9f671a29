//! Questions to a plugin and its answers, besides plans.

use bytes::Bytes;
use optimus_core::{Exit, Job, LimitHit, Limits, Outcome};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use crate::wit::types;

/// Bytes of each source file that a plugin sees.
pub const HEAD_BYTES: usize = 64 << 10;

/// A request to plan.
#[derive(Debug, Clone)]
pub struct PlanRequest {
    /// At least one.
    pub files: Vec<RequestFile>,
    /// The file to start with, if the job names one.
    pub entry: Option<String>,
    /// The program's arguments.
    pub args: Vec<String>,
    /// The job's options.
    pub options: Map<String, Value>,
    /// The limits of the program.
    pub limits: Limits,
}

/// A source file as a plugin sees it.
#[derive(Debug, Clone)]
pub struct RequestFile {
    /// Relative to the work area.
    pub path: String,
    /// Of the whole file, in bytes.
    pub size: u64,
    /// Its first [`HEAD_BYTES`].
    pub head: Bytes,
}

impl PlanRequest {
    /// The request for a job whose programs may use `limits`.
    pub fn new(job: &Job, limits: Limits) -> Self {
        let file = |file: &optimus_core::SourceFile| RequestFile {
            path: file.path.as_str().to_owned(),
            size: file.content.len() as u64,
            head: file.content.bytes().slice(..file.content.len().min(HEAD_BYTES)),
        };
        Self {
            files: job.files.iter().map(file).collect(),
            entry: job.entry.as_ref().map(|entry| entry.as_str().to_owned()),
            args: job.args.clone(),
            options: job.options.clone(),
            limits,
        }
    }

    /// A name for this request to this plugin: equal exactly when the plugin would see the same.
    pub(crate) fn key(&self, plugin_digest: &str) -> [u8; 32] {
        let mut hash = Framed(Sha256::new());
        hash.bytes(plugin_digest.as_bytes());
        hash.number(self.files.len() as u64);
        for file in &self.files {
            hash.bytes(file.path.as_bytes());
            hash.number(file.size);
            hash.bytes(&file.head);
        }
        hash.number(u64::from(self.entry.is_some()));
        hash.bytes(self.entry.as_deref().unwrap_or_default().as_bytes());
        hash.number(self.args.len() as u64);
        for arg in &self.args {
            hash.bytes(arg.as_bytes());
        }
        hash.bytes(self.options_json().as_bytes());
        let limits = limits_to_wit(&self.limits);
        for number in [limits.cpu_ms, limits.wall_ms, limits.memory_kib, limits.output_kib] {
            hash.number(u64::from(number));
        }
        for number in [limits.processes, limits.open_files, limits.file_kib, limits.work_kib] {
            hash.number(u64::from(number));
        }
        hash.0.finalize().into()
    }

    pub(crate) fn to_wit(&self) -> types::Request {
        let file = |file: &RequestFile| types::SourceFile {
            path: file.path.clone(),
            size: u32::try_from(file.size).unwrap_or(u32::MAX),
            head: file.head[..file.head.len().min(HEAD_BYTES)].to_vec(),
        };
        types::Request {
            files: self.files.iter().map(file).collect(),
            entry: self.entry.clone(),
            args: self.args.clone(),
            options: self.options_json(),
            limits: limits_to_wit(&self.limits),
            ext: Vec::new(),
        }
    }

    fn options_json(&self) -> String {
        if self.options.is_empty() {
            return "{}".to_owned();
        }
        serde_json::to_string(&self.options).expect("a JSON object has only string keys")
    }
}

/// Every part with its length, so that no two requests run into the same bytes.
struct Framed(Sha256);

impl Framed {
    fn number(&mut self, number: u64) {
        self.0.update(number.to_le_bytes());
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.0.update(bytes);
    }
}

fn limits_to_wit(limits: &Limits) -> types::Limits {
    let count = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
    // Rounded up: less than a KiB must not become 0.
    let kib = |n: u64| count(n.div_ceil(1024));
    types::Limits {
        cpu_ms: count(limits.cpu_ms),
        wall_ms: count(limits.wall_ms),
        memory_kib: kib(limits.memory_bytes),
        output_kib: kib(limits.output_bytes),
        processes: count(limits.processes),
        open_files: count(limits.open_files),
        file_kib: kib(limits.file_bytes),
        work_kib: kib(limits.work_bytes),
    }
}

/// A step that ended, for a plugin that can read what its toolchain prints.
#[derive(Debug, Clone)]
pub struct StepOutcome {
    /// The step's name.
    pub step: String,
    /// The end of the process.
    pub exit: Exit,
    /// The limit that ended it.
    pub limit: Option<LimitHit>,
    /// The most memory it held.
    pub memory_peak_bytes: u64,
    /// The end of what it printed; at most the last [`HEAD_BYTES`] are passed on.
    pub stdout_tail: Bytes,
    /// The same for stderr.
    pub stderr_tail: Bytes,
}

impl StepOutcome {
    /// An outcome and the output that belongs to it.
    pub fn new(step: &str, outcome: &Outcome, stdout_tail: impl Into<Bytes>, stderr_tail: impl Into<Bytes>) -> Self {
        Self {
            step: step.to_owned(),
            exit: outcome.exit.clone(),
            limit: outcome.limit,
            memory_peak_bytes: outcome.memory_peak_bytes,
            stdout_tail: stdout_tail.into(),
            stderr_tail: stderr_tail.into(),
        }
    }

    pub(crate) fn to_wit(&self) -> types::Outcome {
        let tail = |bytes: &Bytes| bytes[bytes.len().saturating_sub(HEAD_BYTES)..].to_vec();
        types::Outcome {
            step: self.step.clone(),
            exit_code: if let Exit::Code(code) = self.exit { Some(code) } else { None },
            signal: if let Exit::Signal(signal) = self.exit { Some(signal) } else { None },
            limit: self.limit.map(limit_word).map(str::to_owned),
            memory_peak_kib: u32::try_from(self.memory_peak_bytes.div_ceil(1024)).unwrap_or(u32::MAX),
            stdout_tail: tail(&self.stdout_tail),
            stderr_tail: tail(&self.stderr_tail),
            ext: Vec::new(),
        }
    }
}

/// The word that stands for it in JSON as well.
fn limit_word(limit: LimitHit) -> &'static str {
    match limit {
        LimitHit::CpuTime => "cpu_time",
        LimitHit::WallTime => "wall_time",
        LimitHit::Memory => "memory",
        LimitHit::Output => "output",
        LimitHit::FileSize => "file_size",
        LimitHit::ForbiddenCall => "forbidden_call",
        LimitHit::KernelMemory => "kernel_memory",
        LimitHit::Fuel => "fuel",
    }
}

/// A checker's result.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// True if the output is accepted.
    pub accepted: bool,
    /// From 0 to 1, for partial credit.
    pub score: Option<f64>,
    /// For people.
    pub message: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(args: &[&str]) -> PlanRequest {
        PlanRequest {
            files: vec![RequestFile { path: "a".into(), size: 1, head: Bytes::from_static(b"x") }],
            entry: None,
            args: args.iter().map(|&arg| arg.to_owned()).collect(),
            options: Map::new(),
            limits: Limits::DEFAULT,
        }
    }

    #[test]
    fn the_key_tells_requests_apart_that_only_differ_in_where_parts_end() {
        assert_eq!(request(&["ab", "c"]).key("d"), request(&["ab", "c"]).key("d"));
        assert_ne!(request(&["ab", "c"]).key("d"), request(&["a", "bc"]).key("d"));
        assert_ne!(request(&["ab"]).key("d"), request(&["ab"]).key("e"));
        let mut named = request(&[]);
        named.entry = Some(String::new());
        assert_ne!(named.key("d"), request(&[]).key("d"));
    }

    #[test]
    fn a_limit_word_is_the_json_word() {
        use LimitHit::*;
        for limit in [CpuTime, WallTime, Memory, Output, FileSize, ForbiddenCall, KernelMemory, Fuel] {
            assert_eq!(serde_json::to_value(limit).unwrap(), limit_word(limit));
        }
    }

    #[test]
    fn a_limit_never_becomes_zero() {
        let limits = limits_to_wit(&Limits { memory_bytes: 1, work_bytes: u64::MAX, ..Limits::DEFAULT });
        assert_eq!((limits.memory_kib, limits.work_kib), (1, u32::MAX));
    }
}
