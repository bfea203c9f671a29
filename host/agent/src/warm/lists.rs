//! The lists of calls by which a parent gets a child that is in a step's namespaces, and by which the child becomes what
//! a program is there.
//!
//! Three processes make them. The parent takes the descriptors of the step, and starts a *middle* that shares its memory
//! and is in the step's pid namespace already. The middle starts the *child*, and leaves: so the child is the init's, as
//! a program is that the init started.

use super::DOOR;
use super::freeze::Frozen;
use super::pages::Pages;
use super::remote::{Call, List, Space, word};
use crate::step::WORK;
use crate::step::seccomp::Image;

/// The step's descriptors, in the order in which they come: the parent has nothing open but 0 to 2 and the door.
const PID_NAMESPACE: u64 = 3;
const MOUNT_NAMESPACE: u64 = 4;
const IPC_NAMESPACE: u64 = 5;
const CGROUP_NAMESPACE: u64 = 6;
const STREAMS: u64 = 7;
const GROUPS: u64 = 10;

/// The middle's pid in the step's namespace: none that a program will be given soon.
const MIDDLE: u64 = 299;

/// How a child gets into the step's control group.
#[derive(Debug, Clone, Copy)]
pub(super) enum Groups {
    /// There is none.
    None,
    /// By writing to so many files (version 1).
    Join(u64),
    /// By being started in it (version 2).
    Into,
}

impl Groups {
    /// Descriptors that come for this.
    pub(super) fn files(self) -> usize {
        match self {
            Self::None => 0,
            Self::Join(files) => usize::try_from(files).unwrap_or(usize::MAX),
            Self::Into => 1,
        }
    }
}

/// The lists, and where the limits are that the last one sets.
pub(super) struct Lists {
    pub(super) fork: List,
    pub(super) tidy: List,
    pub(super) middle: List,
    pub(super) child: List,
    pub(super) limits: u64,
    /// The child's filter makes a listener.
    pub(super) makes_listener: bool,
}

/// How many limits there are.
const LIMITS: u64 = optimus_agent::inventory::rlimits::RLIMITS.len() as u64;

impl Lists {
    pub(super) fn write(space: &mut Space, frozen: &Frozen, groups: &Groups, own: &Pages, filter: &Image) -> Self {
        let limits = space.put_words(&[0; 2 * LIMITS as usize]);
        let child = child(space, frozen, (*groups, own), filter, limits);
        let files = 7 + groups.files();
        Self {
            fork: fork(space, files),
            tidy: tidy(space),
            middle: middle(space, frozen, *groups),
            child,
            limits,
            makes_listener: filter.flags != 0,
        }
    }
}

/// The parent takes the descriptors, and starts the middle.
fn fork(space: &mut Space, files: usize) -> List {
    let control = space.put(&vec![0; 16 + files.next_multiple_of(2) * 4]);
    let byte = space.put(&[0; 16]);
    let iov = space.put_words(&[byte, 16]);
    // struct msghdr: name, its length, buffers, how many, control, its length, flags.
    let message = space.put_words(&[0, 0, iov, 1, control, 16 + files.next_multiple_of(2) as u64 * 4, 0]);
    let pid = space.put(&u32::try_from(MIDDLE).unwrap_or(0).to_ne_bytes());
    // struct clone_args of 80 bytes: flags, pidfd, child_tid, parent_tid, exit_signal, stack, its size, tls, set_tid,
    // how many. Without a signal the parent learns nothing of its end.
    let flags = word(libc::CLONE_VM);
    let arguments = space.put_words(&[flags, 0, 0, 0, 0, 0, 0, 0, pid, 1]);
    space.list(&[
        Call::new(libc::SYS_recvmsg, [word(DOOR), message]),
        Call::new(libc::SYS_setns, [PID_NAMESPACE, word(libc::CLONE_NEWPID)]),
        Call::new(libc::SYS_clone3, [arguments, 80]),
    ])
}

/// The parent forgets the middle and the step.
fn tidy(space: &mut Space) -> List {
    let any = u64::MAX;
    space.list(&[
        Call::new(libc::SYS_wait4, [any, 0, word(libc::__WALL | libc::WNOHANG)]),
        Call::new(libc::SYS_close_range, [3, word(DOOR) - 1]),
    ])
}

fn middle(space: &mut Space, frozen: &Frozen, groups: Groups) -> List {
    let mut flags = word(libc::CLONE_CHILD_SETTID | libc::CLONE_CHILD_CLEARTID);
    let mut group = 0;
    if matches!(groups, Groups::Into) {
        (flags, group) = (flags | crate::sys::CLONE_INTO_CGROUP, GROUPS);
    }
    let tid = frozen.tid_address;
    let arguments = space.put_words(&[flags, 0, tid, 0, word(libc::SIGCHLD), 0, 0, 0, 0, 0, group]);
    space.list(&[Call::new(libc::SYS_clone3, [arguments, 88]), Call::new(libc::SYS_exit, [0])])
}

/// What the init does for itself and for a program, in the same order; see `step::prepare` and `step::program`.
fn child(space: &mut Space, frozen: &Frozen, (groups, own): (Groups, &Pages), filter: &Image, limits: u64) -> List {
    let mut calls = Vec::new();
    if let Groups::Join(files) = groups {
        let own = space.put(b"0");
        calls.extend((0..files).map(|file| Call::new(libc::SYS_pwrite64, [GROUPS + file, own, 1, 0])));
    }
    // Now that the step is charged for it.
    for (start, length) in &own.writable {
        calls.push(Call::new(libc::SYS_madvise, [*start, *length, word(libc::MADV_POPULATE_WRITE)]));
    }
    for (file, kind) in [
        (MOUNT_NAMESPACE, libc::CLONE_NEWNS),
        (IPC_NAMESPACE, libc::CLONE_NEWIPC),
        (CGROUP_NAMESPACE, libc::CLONE_NEWCGROUP),
    ] {
        calls.push(Call::new(libc::SYS_setns, [file, word(kind)]));
    }
    calls.extend((0..3).map(|stream| Call::new(libc::SYS_dup3, [STREAMS + stream, stream, 0])));
    calls.push(Call::new(libc::SYS_close_range, [3, u64::from(u32::MAX)]));
    calls.push(Call::new(libc::SYS_setsid, []));
    for (index, limit) in optimus_agent::inventory::rlimits::RLIMITS.iter().enumerate() {
        let address = limits + 16 * index as u64;
        calls.push(Call::new(libc::SYS_prlimit64, [0, limit.resource as u64, address]));
    }
    // Version 3 of capset(2), of this thread: no capability in any set, which empties the ambient one too.
    let head = space.put(&[0x2008_0522_u32.to_ne_bytes(), [0; 4]].concat());
    let none = space.put(&[0; 24]);
    calls.push(Call::new(libc::SYS_capset, [head, none]));
    let work = space.put(format!("{WORK}\0").as_bytes());
    calls.push(Call::new(libc::SYS_chdir, [work]));
    if let Some((list, length)) = frozen.robust_list {
        calls.push(Call::new(libc::SYS_set_robust_list, [list, length]));
    }
    let instructions = space.put(&filter.instructions);
    let program = space.put_words(&[filter.instructions.len() as u64 / 8, instructions]);
    calls.push(Call::new(libc::SYS_prctl, [word(libc::PR_SET_NO_NEW_PRIVS), 1]));
    calls.push(Call::new(libc::SYS_seccomp, [u64::from(libc::SECCOMP_SET_MODE_FILTER), filter.flags, program]));
    space.list(&calls)
}
