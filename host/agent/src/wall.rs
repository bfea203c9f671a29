//! The outer wall of a box: namespaces, a root of our own making, ids that mean nothing outside.
//!
//! Two processes: the one that was started stays outside, writes the id maps and waits; its child is pid 1 of the box.

mod granted;
mod ids;
pub(crate) mod machine;
mod pools;
mod root;
mod views;

use std::os::fd::{AsFd as _, OwnedFd};

pub(crate) use granted::{enter as enter_granted, hold as hold_granted};
pub(crate) use ids::{PROGRAM, map_root, nest};
pub(crate) use root::mount_tmpfs;

use optimus_agent::protocol::{Ids, Wall};
use rustix::io::{read, retry_on_intr, write};
use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};
use rustix::process::{Signal, WaitId, WaitIdOptions};

use crate::fault::{At as _, Fault};
use crate::sys;

/// Which user programs are, seen from the box's own user namespace, and whether that is a user of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Programs {
    /// User 1000, who is somebody else than the box.
    Apart,
    /// The box itself, until a step puts them into a user namespace of their own.
    Nested,
}

/// Who is left after [`build`].
pub(crate) enum Side {
    /// We are pid 1 of the box.
    Inside(Programs),
    /// We stayed outside, and the box is over.
    Outside,
}

/// Builds the wall. Returns on the inside once it stands, and on the outside once the box is over.
pub(crate) fn build(wall: &Wall, outside: impl FnOnce()) -> Result<Side, Fault> {
    let (here, there) =
        socketpair(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None).at("socketpair")?;
    let mut namespaces =
        libc::CLONE_NEWPID | libc::CLONE_NEWNS | libc::CLONE_NEWIPC | libc::CLONE_NEWUTS | libc::CLONE_NEWNET;
    if !matches!(wall.ids, Ids::Own { .. }) {
        namespaces |= libc::CLONE_NEWUSER;
    }
    match sys::clone3(namespaces, None).at("clone3")? {
        Some(child) => {
            outside();
            drop(there);
            stay_outside(wall.ids, &child, &here);
            Ok(Side::Outside)
        }
        None => {
            drop(here);
            go_inside(wall, &there).map(Side::Inside)
        }
    }
}

fn go_inside(wall: &Wall, outside: &OwnedFd) -> Result<Programs, Fault> {
    let pools = pools::Pools::find()?;
    match wall.ids {
        // As root: the root is built with root's means, and only then given up.
        Ids::Own { base } => {
            pools.bound_sockets();
            root::build(wall)?;
            ids::act_as(base)?;
            sys::unshare(rustix::thread::UnshareFlags::NEWUSER).at("unshare user namespace")?;
            await_ids(outside)?;
            ids::become_box_root()?;
            pools.shrink(wall.ids);
            // A mount namespace that belongs to the new user namespace; what it inherits is locked.
            sys::unshare(rustix::thread::UnshareFlags::NEWNS).at("unshare mount namespace")?;
        }
        Ids::Same | Ids::Within { .. } | Ids::Granted { .. } => {
            await_ids(outside)?;
            ids::become_box_root()?;
            pools.bound_sockets();
            pools.shrink(wall.ids);
            root::build(wall)?;
        }
    }
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL)).at("prctl: parent death signal")?;
    rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable).at("prctl: not dumpable")?;
    rustix::system::sethostname(b"box").at("sethostname").or_else(|fault| match wall.ids {
        // The uts namespace belongs to the outside then, and its name was set before.
        Ids::Own { .. } => Ok(()),
        Ids::Same | Ids::Within { .. } | Ids::Granted { .. } => Err(fault),
    })?;
    Ok(match wall.ids {
        Ids::Own { .. } | Ids::Within { .. } | Ids::Granted { .. } => Programs::Apart,
        Ids::Same => Programs::Nested,
    })
}

/// Asks the outside to write the maps.
fn await_ids(outside: &OwnedFd) -> Result<(), Fault> {
    retry_on_intr(|| write(outside, b"m")).at("ask for the id maps")?;
    let mut answer = [0; 4];
    match retry_on_intr(|| read(outside, &mut answer)).at("wait for the id maps")? {
        4 if answer == [0; 4] => Ok(()),
        4 => Err(Fault { stage: "write the id maps".to_owned(), errno: i32::from_ne_bytes(answer) }),
        _ => Err(Fault { stage: "wait for the id maps".to_owned(), errno: libc::EPIPE }),
    }
}

fn stay_outside(ids: Ids, child: &sys::Child, inside: &OwnedFd) {
    let mut byte = [0];
    if matches!(retry_on_intr(|| read(inside, &mut byte)), Ok(1)) {
        let errno = ids::write_maps(ids, child.pid).err().map_or(0, |fault| fault.errno);
        // Nothing is left to do that would need one.
        let _ = crate::capabilities::drop_capabilities();
        // If the box is gone already, there is nobody to tell.
        let _ = retry_on_intr(|| write(inside, &errno.to_ne_bytes()));
    }
    let _ = retry_on_intr(|| rustix::process::waitid(WaitId::PidFd(child.pidfd.as_fd()), WaitIdOptions::EXITED));
}
