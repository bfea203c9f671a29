//! Problems in which a submission runs as several processes, which talk to the problem's manager and not to each other.

use serde::{Deserialize, Serialize};

use crate::Checker;

/// Who talks to a submission that runs as several processes, and how.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Communication {
    /// Reads the test's input from stdin, talks to each process through two FIFOs, which it is given as arguments (what
    /// the first process writes, what the first process reads, the same of the second, …), and then judges.
    pub manager: Checker,
    /// How many processes; 1 when absent. Each is given its number, from 0, as its last argument.
    #[serde(default = "one")]
    pub processes: u8,
    /// How they talk.
    #[serde(default)]
    pub io: ChannelIo,
    /// What the CPU time limit is for.
    #[serde(default)]
    pub time: TimeOf,
    /// The manager writes to the first FIFO of each pair and reads from the second, and a process the other way round.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub writes_first: bool,
}

/// How a process talks to the manager.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChannelIo {
    /// By stdin and stdout.
    #[default]
    Stdio,
    /// Through two FIFOs, which it is given as arguments before its number: the one that it reads, the one that it writes.
    Fifos,
}

/// What the CPU time limit is for.
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
