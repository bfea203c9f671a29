//! Problems in which a submission runs as several processes, which talk to the problem's manager and not to each other.

use serde::{Deserialize, Serialize};

use crate::Checker;

/// The manager of a submission that runs as several processes, and its channels to them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Communication {
    /// Reads the test's input from stdin, talks to each process through two FIFOs, which it is given as arguments (what
    /// the first process writes, what the first process reads, the same of the second, …), and then judges.
    pub manager: Checker,
    /// Number of processes; 1 when absent. Each gets its number, from 0, as its last argument.
    #[serde(default = "one")]
    pub processes: u8,
    /// The kind of channel between manager and processes.
    #[serde(default)]
    pub io: ChannelIo,
    /// The processes that the CPU time limit counts.
    #[serde(default)]
    pub time: TimeOf,
    /// The manager writes to the first FIFO of each pair and reads from the second, and a process the other way round.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub writes_first: bool,
}

/// A channel between a process and the manager.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChannelIo {
    /// By stdin and stdout.
    #[default]
    Stdio,
    /// Through two FIFOs, which it is given as arguments before its number: the one that it reads, the one that it writes.
    Fifos,
}

/// The processes that the CPU time limit counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeOf {
    /// All processes together.
    #[default]
    Sum,
    /// Each of them.
    Each,
}

fn one() -> u8 {
    1
}
