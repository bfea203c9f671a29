//! The init's part of a warm start: it shows its namespaces, and takes the program that comes as its own.

use std::os::fd::{AsFd as _, OwnedFd};
use std::time::Duration;

use rustix::fs::{CWD, Mode, OFlags, openat};

use super::packets;
use crate::fault::{At as _, Fault};

/// In the order of the lists' descriptors.
const NAMESPACES: [&str; 4] = ["pid", "mnt", "ipc", "cgroup"];

/// Gives the agent our namespaces.
pub(crate) fn adopt(control: &OwnedFd) -> Result<(), Fault> {
    let mut files = Vec::new();
    for name in NAMESPACES {
        let flags = OFlags::RDONLY | OFlags::CLOEXEC;
        files.push(openat(CWD, format!("/proc/self/ns/{name}"), flags, Mode::empty()).at("warm: open a namespace")?);
    }
    let files: Vec<_> = files.iter().map(OwnedFd::as_fd).collect();
    packets::send(control, &0_u8, &files).at("warm: show the namespaces")
}

/// How long ago something was at a time of `CLOCK_MONOTONIC`, in nanoseconds.
pub(crate) fn since(at: u64) -> Duration {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    let now = u64::try_from(now.tv_sec * 1_000_000_000 + now.tv_nsec).unwrap_or(0);
    Duration::from_nanos(now.saturating_sub(at))
}
