//! Cells: pieces of a program that run one after another in one interpreter, and what each comes to.
//!
//! A language whose options have the switch `cells` runs them: the run step of such a job is a *kernel*, a program that reads
//! cells from stdin and says on stdout what becomes of them, one JSON value a line in both directions. What a cell itself
//! prints arrives inside these values.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::outcome::Stream;

/// The option that makes a job's run step a kernel.
pub const OPTION: &str = "cells";

/// The first line that a kernel reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// What one cell may show, in bytes as the kernel encodes it.
    pub output_bytes: u64,
}

/// Each further line: what to run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cell {
    /// The program.
    pub source: String,
    /// After this time it is interrupted; 0 is never.
    pub limit_ms: u64,
}

/// A line of a kernel's input.
pub fn line(value: &impl Serialize) -> Vec<u8> {
    let mut line = serde_json::to_vec(value).expect("its maps have text as keys");
    line.push(b'\n');
    line
}

/// A line of a kernel's output.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "type")]
pub enum Told {
    /// The interpreter is there.
    Ready {},
    /// The cell printed this.
    Stream {
        /// Where.
        name: Stream,
        /// What; bytes that are not UTF-8 are replaced.
        text: String,
    },
    /// The cell shows a value.
    Display {
        /// Its forms, by their media types.
        data: Map<String, Value>,
    },
    /// The cell ended by this exception.
    Error(Raised),
    /// The cell is over.
    End(End),
}

/// An exception.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Raised {
    /// Its class.
    pub ename: String,
    /// Its message.
    pub evalue: String,
    /// Lines for people.
    pub traceback: Vec<String>,
}

/// How a cell ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct End {
    /// In one word.
    pub status: CellStatus,
    /// The interpreter and its state are still there.
    pub alive: bool,
    /// Time by the clock.
    pub wall_ms: f64,
    /// It showed more than it may; the rest is left out.
    #[serde(default)]
    pub truncated: bool,
    /// Of an interpreter that is gone: its exit code, or a signal's number, negative.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit: Option<i32>,
}

/// How a cell ended, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CellStatus {
    /// By itself.
    Ok,
    /// By an exception.
    Error,
    /// By its limit of time.
    Timeout,
    /// With the interpreter.
    Died,
}

impl CellStatus {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Error => "error",
            Self::Timeout => "timeout",
            Self::Died => "died",
        }
    }
}

/// Why an interpreter's state is gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loss {
    /// In one word.
    pub reason: LossReason,
    /// For people.
    pub message: String,
}

impl Loss {
    /// A loss for this reason.
    pub fn new(reason: LossReason, message: impl Into<String>) -> Self {
        Self { reason, message: message.into() }
    }
}

/// Why an interpreter's state is gone, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LossReason {
    /// A cell reached its limit of time, and could not be interrupted.
    CellTime,
    /// All cells together used the session's CPU time.
    CpuTime,
    /// They used its memory.
    Memory,
    /// They printed all that they may.
    Output,
    /// A cell ended the interpreter, or a signal did.
    Exited,
    /// No cell came for too long.
    Idle,
    /// The session reached its end.
    Life,
    /// Its owner ended it.
    Closed,
    /// The server failed.
    Failed,
}

impl LossReason {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CellTime => "cell_time",
            Self::CpuTime => "cpu_time",
            Self::Memory => "memory",
            Self::Output => "output",
            Self::Exited => "exited",
            Self::Idle => "idle",
            Self::Life => "life",
            Self::Closed => "closed",
            Self::Failed => "failed",
        }
    }
}

/// All that a cell came to.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct CellOutput {
    /// What it printed.
    pub stdout: String,
    /// The same for stderr.
    pub stderr: String,
    /// The values that it showed, each in all of its forms.
    pub display: Vec<Map<String, Value>>,
    /// The exception that ended it.
    pub error: Option<Raised>,
}

impl CellOutput {
    /// Adds what a kernel told. Returns how the cell ended, once it has.
    pub fn add(&mut self, told: Told) -> Option<End> {
        match told {
            Told::Ready {} => {}
            Told::Stream { name: Stream::Stdout, text } => self.stdout += &text,
            Told::Stream { name: Stream::Stderr, text } => self.stderr += &text,
            Told::Display { data } => self.display.push(data),
            Told::Error(raised) => self.error = Some(raised),
            Told::End(end) => return Some(end),
        }
        None
    }
}

/// The cells that ended, from all that a kernel printed. A line that is none of a kernel's ends them.
pub fn outputs(stdout: &[u8]) -> Vec<(CellOutput, End)> {
    let mut ended = Vec::new();
    let mut output = CellOutput::default();
    let lines = stdout.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    for told in lines.map_while(|line| serde_json::from_slice::<Told>(line).ok()) {
        if let Some(end) = output.add(told) {
            ended.push((std::mem::take(&mut output), end));
        }
    }
    ended
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_kernel_prints_becomes_cells() {
        let printed = concat!(
            r#"{"type": "ready"}"#,
            "\n",
            r#"{"type": "stream", "name": "stdout", "text": "a"}"#,
            "\n",
            r#"{"type": "display", "data": {"text/plain": "1"}}"#,
            "\n",
            r#"{"type": "end", "cell": 1, "wall_ms": 1.5, "truncated": false, "status": "ok", "alive": true}"#,
            "\n",
            r#"{"type": "error", "ename": "E", "evalue": "v", "traceback": ["E: v"]}"#,
            "\n",
            r#"{"type": "end", "cell": 2, "wall_ms": 2, "truncated": true, "status": "died", "alive": false, "exit": -9}"#,
            "\n",
            r#"{"type": "stream", "name": "stderr", "text": "never ended"}"#,
        );
        let cells = outputs(printed.as_bytes());
        let [(first, ended), (second, died)] = &cells[..] else { panic!("{cells:?}") };
        assert_eq!((first.stdout.as_str(), first.display[0]["text/plain"].as_str()), ("a", Some("1")));
        assert_eq!((ended.status, ended.alive, ended.truncated), (CellStatus::Ok, true, false));
        assert_eq!(second.error.as_ref().map(|raised| raised.ename.as_str()), Some("E"));
        assert_eq!((died.status, died.alive, died.exit), (CellStatus::Died, false, Some(-9)));
        assert!(outputs(b"{\"type\": \"unknown\"}\nx").is_empty());
    }
}
