//! How to build a box.

use serde::{Deserialize, Serialize};

/// The only argument with which the agent builds no box: it makes a user namespace without ids, writes a byte to standard
/// output, and ends with its standard input. See [`Ids::Granted`].
pub const HOLD_IDS: &str = "hold-ids";

/// How to build a box.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Hello {
    /// What the box is made of.
    pub wall: Wall,
    /// Where limits are enforced.
    pub cgroup: Cgroup,
    /// The box's PATH.
    pub path: String,
    /// What else is in the environment of every step, unless the step says otherwise.
    pub env: Vec<(String, String)>,
    /// The most that the stage may hold.
    pub stage_bytes: u64,
    /// Steps may be started warm.
    pub warm: bool,
}

/// The outer wall.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Wall {
    /// Directories and files of the host that are seen, read-only, at their own paths. In a container, where the agent
    /// looks around itself, these come on top.
    pub views: Vec<String>,
    /// Paths below views that no program may see: private files, sockets, FIFOs.
    pub hidden: Vec<String>,
    /// Show views as they are, with the host's inodes, because this kernel has no overlay for us.
    pub shares_inodes: bool,
    /// Symbolic links: where, and to what.
    pub links: Vec<(String, String)>,
    /// Small files: where, and what. They cover what a view has there.
    pub files: Vec<(String, String)>,
    /// Whose ids the box has outside.
    pub ids: Ids,
}

/// Whose ids a box has outside.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub enum Ids {
    /// Two ids of its own: the first for the box, the second for programs. Needs root.
    Own {
        /// The first of the two.
        base: u32,
    },
    /// The ids of the user who runs the worker.
    Same,
    /// Two ids of its own, as [`Own`](Self::Own), from inside of a container whose root we are. Needs `SETUID` and
    /// `SETGID`, and no more.
    Within {
        /// The first of the two.
        base: u32,
    },
    /// Two ids of its own, as [`Own`](Self::Own), of those that an ordinary user was granted (subuid(5)).
    Granted {
        /// The first of the two, as the namespace below counts them.
        base: u32,
        /// The user namespace that holds the granted ids; its root is the user. A descriptor of the worker.
        namespace: i32,
        /// The process id of the worker, which started us.
        worker: u32,
    },
}

/// Where limits are enforced. The groups exist already; their names are full paths.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Cgroup {
    /// Nowhere.
    None,
    /// In one group of each hierarchy, as far as there is one.
    V1 {
        /// Of the memory controller.
        memory: Option<String>,
        /// Of the cpuacct controller.
        cpu: Option<String>,
        /// Of the pids controller.
        pids: Option<String>,
    },
    /// In a group that has the children `agent` and `step`.
    V2 {
        /// That group.
        group: String,
    },
    /// In groups that the agent makes below its container's own, whichever version there is. Needs `SETFCAP` too.
    Within,
}
