//! One step: a program in fresh namespaces, watched until it ends.
//!
//! Three processes: the agent (pid 1 of the box), an init (pid 1 of the step's own pid namespace), the program (pid 2
//! there, so that signals mean to it what they mean anywhere). The init is prepared ahead where the agent can guess
//! what comes next; starting a step is then one fork and one exec.

mod init;
mod limits;
mod pin;
mod prepare;
mod proc;
mod program;
mod say;
pub(crate) mod seccomp;
mod supervise;

use optimus_core::Limits;
use serde::{Deserialize, Serialize};

pub(crate) use prepare::{Prepared, Shape, drop_bounding_set, give, prepare, tmpfs_options};
pub(crate) use supervise::{Finished, supervise};

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
struct Launch {
    argv: Vec<String>,
    /// `NAME=value`.
    env: Vec<String>,
    /// Where to look for `argv[0]`.
    path: String,
    limits: Limits,
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
