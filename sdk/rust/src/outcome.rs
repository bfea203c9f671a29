//! Reading what happened.

use std::borrow::Cow;

use crate::Outcome;

impl Outcome {
    /// An outcome for tests: the step ended with this code and wrote this to stderr.
    pub fn exited(code: i32, stderr: &str) -> Self {
        Self {
            step: "run".to_owned(),
            exit_code: Some(code),
            signal: None,
            limit: None,
            memory_peak_kib: 0,
            stdout_tail: Vec::new(),
            stderr_tail: stderr.as_bytes().to_vec(),
            ext: Vec::new(),
        }
    }

    /// An outcome for tests: this signal ended the step, which had written this to stderr.
    pub fn killed(signal: i32, stderr: &str) -> Self {
        Self { exit_code: None, signal: Some(signal), ..Self::exited(0, stderr) }
    }

    /// Returns true unless it ended by itself with code 0.
    pub fn failed(&self) -> bool {
        self.exit_code != Some(0)
    }

    /// The end of what it wrote to stdout.
    pub fn stdout(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.stdout_tail)
    }

    /// The end of what it wrote to stderr.
    pub fn stderr(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.stderr_tail)
    }

    /// Returns true if it failed with a line on stderr that starts with `start`: the way runtimes report a fatal error.
    pub fn died_saying(&self, start: &str) -> bool {
        self.failed() && self.stderr().lines().any(|line| line.starts_with(start))
    }
}
