//! Problems in which a submission runs as several processes, which talk to the problem's manager and not to each other.

use serde::{Deserialize, Serialize};

use crate::checker::Protocol;
use crate::job::{Policy, check_fits};
use crate::{Checker, Invalid, Limits};

const MAX_PROCESSES: u8 = 32;

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

impl Communication {
    /// Refuses what cannot be run.
    ///
    /// # Errors
    /// What is wrong, by its place.
    pub fn check(&self, policy: &Policy) -> Result<(), Invalid> {
        if self.processes == 0 || self.processes > MAX_PROCESSES {
            return Err(Invalid::new("processes", format!("is not from 1 to {MAX_PROCESSES}")));
        }
        match self.manager.protocol {
            Protocol::Cms | Protocol::Hydro | Protocol::Exit | Protocol::Testlib | Protocol::Coci => {
                self.manager.check(policy).map_err(|invalid| invalid.under("manager"))
            }
            _ => Err(Invalid::new("manager.protocol", "is not one in which a manager can judge")
                .hint("`cms`, `hydro`, `exit`, `testlib` or `coci`")),
        }
    }

    /// Refuses more processes than the machine has memory for, each with its own limit.
    pub(crate) fn check_fits(&self, limits: &Limits, policy: &Policy) -> Result<(), Invalid> {
        let bytes = limits.memory_bytes.saturating_mul(u64::from(self.processes));
        check_fits("communication.processes", bytes, policy)
    }
}

fn one() -> u8 {
    1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(change: impl FnOnce(&mut Communication)) -> String {
        let manager =
            Checker { source: Some("x".into()), language: "c".into(), protocol: Protocol::Cms, ..Checker::default() };
        let mut communication = Communication { manager, processes: 2, ..Communication::default() };
        communication.check(&Policy::default()).unwrap();
        change(&mut communication);
        communication.check(&Policy::default()).unwrap_err().field
    }

    #[test]
    fn what_cannot_be_run_is_refused_by_its_place() {
        assert_eq!(refused(|own| own.processes = 0), "processes");
        assert_eq!(refused(|own| own.processes = MAX_PROCESSES + 1), "processes");
        assert_eq!(refused(|own| own.manager.protocol = Protocol::Kattis), "manager.protocol");
        assert_eq!(refused(|own| own.manager.source = None), "manager.source");
    }
}
