//! The user namespace that holds the subordinate ids of an ordinary user, subuid(5).
//!
//! Only `newuidmap`, which is set-user-ID root, may write the map of such a namespace. It is made once for all boxes: the
//! worker starts an agent that [`hold`]s it until it has its map, and each box's agent [`enter`]s it.

use std::os::fd::AsFd as _;

use rustix::fs::{CWD, Mode, OFlags, openat};
use rustix::io::{read, retry_on_intr, write};
use rustix::stdio::{stdin, stdout};
use rustix::thread::{LinkNameSpaceType, UnshareFlags, move_into_link_name_space};

use crate::fault::{At as _, Fault};
use crate::sys;

/// Makes a user namespace, writes a byte to standard output, and stays in the namespace until standard input ends.
pub(crate) fn hold() -> Result<(), Fault> {
    sys::unshare(UnshareFlags::NEWUSER).at("unshare user namespace")?;
    retry_on_intr(|| write(stdout(), b"m")).at("ask for the id maps")?;
    retry_on_intr(|| read(stdin(), &mut [0; 1])).at("wait for the id maps").map(drop)
}

/// Becomes the root of the namespace, a descriptor of the process `worker`.
pub(crate) fn enter(worker: u32, namespace: i32) -> Result<(), Fault> {
    let path = format!("/proc/{worker}/fd/{namespace}");
    let namespace = openat(CWD, &path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()).at("open the granted ids")?;
    move_into_link_name_space(namespace.as_fd(), Some(LinkNameSpaceType::User)).at("enter the granted ids")
}
