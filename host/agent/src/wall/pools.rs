//! The pools of a box: `/proc/sys/user` as its own user namespace has it (namespaces(7)), and what waits at a socket.
//!
//! Each user namespace has limits of its own, and what a box uses counts in all of those above it as well. Small limits
//! here keep a program from emptying what others draw on.

use std::os::fd::{AsFd as _, OwnedFd};

use optimus_agent::protocol::Ids;
use rustix::fs::{CWD, Mode, OFlags, openat};

use crate::fault::{At as _, Fault};

/// Namespaces that steps need: a few are alive at once, and the kernel frees those of ended steps some time later.
const STEPS: u32 = 256;
/// What a box may have of each, where all boxes of a worker draw on the pool of the user who made their namespaces, and
/// where each has its own.
const INOTIFY: [u32; 2] = [8, 32];
/// Connections that wait at one listening socket. Each holds a message of 768 bytes that no group is charged for
/// (unix_stream_connect(), net/unix/af_unix.c); the kernel's own limit is 4,096.
const WAITING: u32 = 64;
/// Control data of a message, which `sendmsg` holds while it waits: enough for the 253 descriptors that a message may
/// carry. The kernel's own limit is 128 KiB, and one for the machine before Linux 6.8.
const CONTROL: u32 = 4096;

/// The directory with the limits of whichever namespaces its reader is in.
pub(super) struct Pools {
    directory: Option<OwnedFd>,
}

impl Pools {
    /// Finds it, before the root that shows it is left.
    pub(super) fn find() -> Result<Self, Fault> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        match openat(CWD, "/proc/sys", flags, Mode::empty()) {
            Ok(directory) => Ok(Self { directory: Some(directory) }),
            Err(rustix::io::Errno::NOENT) => Ok(Self { directory: None }),
            Err(errno) => Err(errno).at("open `/proc/sys`"),
        }
    }

    /// Makes the limits small; we are the root of a new user namespace.
    pub(super) fn shrink(&self, ids: Ids) {
        let Some(directory) = &self.directory else { return };
        let nested = matches!(ids, Ids::Same);
        let has_pool = matches!(ids, Ids::Own { .. } | Ids::Within { .. });
        let limits = [
            ("user/max_user_namespaces", if nested { STEPS } else { 0 }),
            ("user/max_pid_namespaces", STEPS),
            ("user/max_mnt_namespaces", STEPS),
            ("user/max_ipc_namespaces", STEPS),
            ("user/max_cgroup_namespaces", STEPS),
            ("user/max_net_namespaces", 0),
            ("user/max_uts_namespaces", 0),
            ("user/max_time_namespaces", 0),
            ("user/max_inotify_instances", INOTIFY[usize::from(has_pool)]),
            ("user/max_inotify_watches", 1024),
            ("user/max_fanotify_groups", 0),
            ("user/max_fanotify_marks", 0),
        ];
        limits.into_iter().for_each(|(name, value)| set(directory, name, value));
    }

    /// Makes small what waits at a socket; we have rights over the new network namespace.
    pub(super) fn bound_sockets(&self) {
        if let Some(directory) = &self.directory {
            set(directory, "net/core/somaxconn", WAITING);
            set(directory, "net/core/optmem_max", CONTROL);
        }
    }
}

/// A kernel may not have one of them, and a container may show them read-only: what bounds that container bounds the box
/// then.
fn set(directory: &OwnedFd, name: &str, value: u32) {
    if let Ok(file) = openat(directory.as_fd(), name, OFlags::WRONLY | OFlags::CLOEXEC, Mode::empty()) {
        let _ = rustix::io::write(&file, value.to_string().as_bytes());
    }
}
