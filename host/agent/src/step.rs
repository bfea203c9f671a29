//! One step: a program in fresh namespaces, watched until it ends.
//!
//! Three processes: the agent (pid 1 of the box), an init (pid 1 of the step's own pid namespace), the program (pid 2
//! there, so that signals mean to it what they mean anywhere). The init is prepared ahead where the agent can guess
//! what comes next; starting a step is then one fork and one exec.

mod adopt;
mod areas;
mod init;
mod limits;
mod packets;
pub(crate) mod pin;
mod prepare;
mod proc;
mod program;
mod say;
pub(crate) mod seccomp;
mod supervise;

use optimus_agent::protocol::wire_limits;
use optimus_core::Limits;
use serde::{Deserialize, Serialize};

pub(crate) use areas::{Shape, give, tmpfs_options};
pub(crate) use limits::allowed;
pub(crate) use packets::{receive, send};
pub(crate) use prepare::{CAPABILITIES, Prepared, drop_bounding_set, keep_inheritable, prepare};
pub(crate) use program::{exec, vectors};
pub(crate) use say::{say, take};
pub(crate) use supervise::{Begun, Finished, entries, launch, supervise};

/// Where a program works.
pub(crate) const WORK: &str = "/w";
/// Files that no program can change.
pub(crate) const STAGE: &str = "/stage";
/// What build steps share.
pub(crate) const BUILD: &str = "/build";
/// Everything that is mounted onto for a box or a step.
pub(crate) const MOUNT_POINTS: [&str; 5] = [WORK, STAGE, BUILD, "/tmp", "/dev/shm"];
/// Only processes, and of those only one's own.
pub(crate) const PROC_OPTIONS: [(&str, &str); 2] = [("subset", "pid"), ("hidepid", "invisible")];

/// What the agent tells an init.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Orders {
    /// Start a program.
    Start(Launch, #[serde(with = "wire_limits")] Limits),
    /// Show your namespaces, and take the program that comes as yours. When it is there, the agent sends the time at which
    /// it started, in nanoseconds of `CLOCK_MONOTONIC`.
    Adopt,
}

/// A program and what it is started with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Launch {
    pub(crate) argv: Vec<String>,
    /// `NAME=value`.
    pub(crate) env: Vec<String>,
    /// Where to look for `argv[0]`.
    pub(crate) path: String,
}

/// What an init tells the agent: once.
#[derive(Debug, Serialize, Deserialize)]
enum Said {
    /// The program has ended, and so has everything it started.
    Ended { end: End, wall_us: u64, cpu_us: u64, peak_bytes: u64 },
    /// We failed.
    Failed { stage: String, errno: i32 },
}

/// How the program ended.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
enum End {
    Code(i32),
    Signal(i32),
    NotStarted(i32),
}

#[cfg(test)]
mod tests {
    use super::*;

    /// postcard has no field names: a field that is left out on one side only shifts all that follow.
    #[test]
    fn orders_come_through_postcard_with_and_without_fuel() {
        let launch = Launch { argv: vec!["a".to_owned()], env: vec!["B=c".to_owned()], path: "/bin".to_owned() };
        for fuel in [None, Some(1), Some(u64::MAX)] {
            let limits = Limits { cpu_ms: 1, open_files: 7, work_bytes: 9, fuel, ..Limits::DEFAULT };
            let sent = postcard::to_stdvec(&(Orders::Start(launch.clone(), limits), "the end")).unwrap();
            let (orders, end): (Orders, &str) = postcard::from_bytes(&sent).unwrap();
            let Orders::Start(got, kept) = orders else { panic!("{orders:?}") };
            // Programs that an agent starts have no fuel.
            assert_eq!((got, kept, end), (launch.clone(), Limits { fuel: None, ..limits }, "the end"));
        }
    }
}
