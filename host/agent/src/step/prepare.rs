//! From nothing to an init that waits for its orders: namespaces, cgroup, mounts, filter, pipes.

use std::os::fd::{AsFd as _, OwnedFd};

use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{Gid, Uid};
use rustix::thread::{
    CapabilitySet, CapabilitySets, UnshareFlags, capabilities, remove_capability_from_bounding_set, set_capabilities,
};

use optimus_core::Limits;

use super::areas::{Shape, make_areas};
use super::init;
use super::say::pass;
use super::seccomp::{Listener, restrict_step};
use crate::box_state::BoxState;
use crate::fault::{At as _, Fault};
use crate::sys::{self, Child};
use crate::wall::{PROGRAM, Programs};

/// An init that waits for its orders.
pub(crate) struct Prepared {
    pub(crate) shape: Shape,
    pub(super) child: Child,
    pub(crate) control: OwnedFd,
    pub(super) pipes: Pipes,
    /// The program's ends, where a program may come that the init does not start.
    pub(crate) theirs: Option<[OwnedFd; 3]>,
}

impl Prepared {
    /// Ends it unused.
    pub(crate) fn dismiss(self) -> Child {
        // Fails only when it is dead already.
        let _ = rustix::process::pidfd_send_signal(&self.child.pidfd, rustix::process::Signal::KILL);
        self.child
    }
}

/// Our ends of a program's streams.
pub(super) struct Pipes {
    pub(super) stdin: OwnedFd,
    pub(super) stdout: OwnedFd,
    pub(super) stderr: OwnedFd,
}

/// Prepares an init.
pub(crate) fn prepare(state: &BoxState, shape: Shape) -> Result<Prepared, Fault> {
    let (stdin_there, stdin) = pipe_with(PipeFlags::CLOEXEC).at("pipe")?;
    let (stdout, stdout_there) = pipe_with(PipeFlags::CLOEXEC).at("pipe")?;
    let (stderr, stderr_there) = pipe_with(PipeFlags::CLOEXEC).at("pipe")?;
    for ours in [&stdin, &stdout, &stderr] {
        rustix::fs::fcntl_setfl(ours, rustix::fs::OFlags::NONBLOCK).at("pipe: non-blocking")?;
    }
    let theirs = [stdin_there, stdout_there, stderr_there];
    if state.programs == Programs::Apart {
        // So that the program may open /dev/stdout by name.
        for pipe in &theirs {
            rustix::fs::fchown(pipe, Some(Uid::from_raw(PROGRAM)), Some(Gid::from_raw(PROGRAM))).at("chown pipe")?;
        }
    }
    let (control, control_there) =
        socketpair(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None).at("socketpair")?;

    let namespaces = libc::CLONE_NEWPID | libc::CLONE_NEWNS | libc::CLONE_NEWIPC;
    let mut must_join = state.meter.directory().is_none();
    let mut child = sys::clone3(namespaces, state.meter.directory());
    if child.is_err() && !must_join {
        must_join = true;
        child = sys::clone3(namespaces, None);
    }
    match child.at("clone3 step")? {
        Some(child) => {
            let theirs = (shape.fresh && state.warm.is_on()).then_some(theirs);
            Ok(Prepared { shape, child, control, pipes: Pipes { stdin, stdout, stderr }, theirs })
        }
        None => {
            drop(control);
            let entered = enter(state, shape, must_join, &theirs);
            let listener = entered.as_ref().ok().and_then(Option::as_ref).map(|listener| listener.as_fd());
            let passed = pass(&control_there, listener).at("pass the listener");
            init::live(entered.and(passed), &control_there, state.programs, shape.fresh)
        }
    }
}

/// Makes the place that the program will find. We are the init.
fn enter(state: &BoxState, shape: Shape, must_join: bool, stdio: &[OwnedFd; 3]) -> Result<Option<Listener>, Fault> {
    if must_join {
        state.meter.join()?;
    }
    rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL)).at("prctl: death signal")?;
    rustix::stdio::dup2_stdin(&stdio[0]).at("dup2 stdin")?;
    rustix::stdio::dup2_stdout(&stdio[1]).at("dup2 stdout")?;
    rustix::stdio::dup2_stderr(&stdio[2]).at("dup2 stderr")?;
    sys::unshare(UnshareFlags::NEWCGROUP).at("unshare cgroup namespace")?;

    super::proc::mount_own()?;
    make_areas(state, shape)?;
    if state.programs == Programs::Nested {
        crate::wall::nest()?;
        // The new user namespace came with a full one.
        drop_bounding_set()?;
    }
    super::limits::forbid_cores(&Limits::DEFAULT).at("setrlimit: core")?;
    restrict_step(&state.filter)
}

/// What a parent needs to put its children into a step's namespaces. Each child gives them up before it goes on.
pub(crate) const CAPABILITIES: CapabilitySet =
    CapabilitySet::SYS_ADMIN.union(CapabilitySet::SYS_CHROOT).union(CapabilitySet::CHECKPOINT_RESTORE);

/// What parents of warm starts keep has to be inheritable before the bounding set goes, capabilities(7). Nothing else
/// inherits it: programs give up every set.
pub(crate) fn keep_inheritable() -> Result<(), Fault> {
    let sets = capabilities(None).at("capget")?;
    let inheritable = CAPABILITIES;
    set_capabilities(None, CapabilitySets { inheritable, ..sets }).at("capset: what is inheritable")
}

/// Takes away, from whatever is started from here on, every way back to a capability.
pub(crate) fn drop_bounding_set() -> Result<(), Fault> {
    for capability in CapabilitySet::all().iter() {
        match remove_capability_from_bounding_set(capability) {
            // A kernel that does not know the capability has nothing to drop.
            Ok(()) | Err(rustix::io::Errno::INVAL) => {}
            Err(errno) => return Err(Fault::new("prctl: drop the bounding set", errno)),
        }
    }
    Ok(())
}
