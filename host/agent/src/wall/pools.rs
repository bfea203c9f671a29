//! The per-user pools of a box: `/proc/sys/user` as its own user namespace has it (namespaces(7)).
//!
//! Each user namespace has limits of its own, and what a box uses counts in all of those above it as well. Small limits
//! here keep a program from emptying what others draw on.

use std::os::fd::{AsFd as _, OwnedFd};

use rustix::fs::{CWD, Mode, OFlags, openat};

use super::Programs;
use crate::fault::{At as _, Fault};

/// Namespaces that steps need: a few are alive at once, and the kernel frees those of ended steps some time later.
const STEPS: u32 = 256;
/// What a box may have of each, where all boxes of a worker draw on one user's pool, and where each has its own.
const INOTIFY: [u32; 2] = [8, 32];

/// The directory with the limits of whichever user namespace its reader is in.
pub(super) struct Pools {
    directory: Option<OwnedFd>,
}

impl Pools {
    /// Finds it, before the root that shows it is left.
    pub(super) fn find() -> Result<Self, Fault> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        match openat(CWD, "/proc/sys/user", flags, Mode::empty()) {
            Ok(directory) => Ok(Self { directory: Some(directory) }),
            Err(rustix::io::Errno::NOENT) => Ok(Self { directory: None }),
            Err(errno) => Err(errno).at("open `/proc/sys/user`"),
        }
    }

    /// Makes the limits small; we are the root of a new user namespace.
    pub(super) fn shrink(&self, programs: Programs) {
        let Some(directory) = &self.directory else { return };
        let nested = programs == Programs::Nested;
        let limits = [
            ("max_user_namespaces", if nested { STEPS } else { 0 }),
            ("max_pid_namespaces", STEPS),
            ("max_mnt_namespaces", STEPS),
            ("max_ipc_namespaces", STEPS),
            ("max_cgroup_namespaces", STEPS),
            ("max_net_namespaces", 0),
            ("max_uts_namespaces", 0),
            ("max_time_namespaces", 0),
            ("max_inotify_instances", INOTIFY[usize::from(!nested)]),
            ("max_inotify_watches", 1024),
            ("max_fanotify_groups", 0),
            ("max_fanotify_marks", 0),
        ];
        for (name, value) in limits {
            let file = openat(directory.as_fd(), name, OFlags::WRONLY | OFlags::CLOEXEC, Mode::empty());
            // A kernel may not have one of them, and a container may show them read-only: what bounds that container
            // bounds the box then.
            if let Ok(file) = file {
                let _ = rustix::io::write(&file, value.to_string().as_bytes());
            }
        }
    }
}
