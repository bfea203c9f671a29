//! The keeper of a parent: starts it, holds it still, and makes its children. It is a process of its own, so that what
//! goes wrong here can be ended, and costs the agent nothing but a cold start.

use std::os::fd::{AsFd as _, AsRawFd as _, BorrowedFd, OwnedFd};

use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};
use rustix::process::{ForeignRawFd, Pid, PidfdFlags, PidfdGetfdFlags, Rlimit, pidfd_getfd, pidfd_open};
use rustix::time::{ClockId, clock_gettime};

use super::lists::Groups;
use super::parent::{self, Parent};
use super::trace::{self, Stop, Until};
use super::words::{Order, Word};
use crate::fault::{At as _, Fault};
use crate::step::seccomp::Image;
use crate::step::{Launch, pin, receive, send};
use crate::sys;

/// The descriptor of a child's listener, for a moment.
const LISTENER: ForeignRawFd = 3;

/// What a keeper is made with.
pub(super) struct Plan<'a> {
    pub(super) launch: &'a Launch,
    pub(super) stack: Rlimit,
    pub(super) groups: Groups,
    pub(super) filter: &'a Image,
    pub(super) has_build: bool,
}

/// The keeper's whole life.
pub(super) fn live(plan: &Plan<'_>, agent: &OwnedFd) -> ! {
    let _ = rustix::thread::set_name(c"optimus-warm");
    sys::close_all_but(agent.as_raw_fd());
    if let Err(fault) = serve(plan, agent) {
        // If the agent has gone, so shall we, and the parent with us.
        let _ = send(agent, &Word::Failed { stage: fault.stage, errno: fault.errno }, &[]);
    }
    sys::exit(0)
}

fn serve(plan: &Plan<'_>, agent: &OwnedFd) -> Result<(), Fault> {
    rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL)).at("prctl: death signal")?;
    parent::hide_jobs(plan.has_build)?;
    let (door, door_there) =
        socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None).at("warm: socketpair")?;
    let pid = parent::begin(plan.launch, plan.stack, &door_there)?;
    drop(door_there);
    send(agent, &Word::Begun { parent: pid.as_raw_nonzero().get() }, &[]).at("warm: tell")?;
    let mut parent = parent::ready(pid, door, &plan.groups, plan.filter)?;
    send(agent, &Word::Ready { shared_bytes: parent.shared_bytes }, &[]).at("warm: tell")?;
    while let Some((order, files)) = receive::<Order>(agent).at("warm: hear")? {
        let (at, listener) = start(&mut parent, &order, &files)?;
        drop(files);
        let listener: Vec<_> = listener.iter().map(OwnedFd::as_fd).collect();
        send(agent, &Word::Started { at }, &listener).at("warm: tell")?;
        tidy(&parent)?;
    }
    Ok(())
}

/// Makes a child, and lets it go. Returns when that was, and where the calls arrive that its filter leaves to the agent.
fn start(parent: &mut Parent, order: &Order, files: &[OwnedFd]) -> Result<(u64, Option<OwnedFd>), Fault> {
    let limits: Vec<u8> = order.limits.iter().flatten().flat_map(|limit| limit.to_ne_bytes()).collect();
    parent.space.change(parent.lists.limits, &limits);
    parent.space.write()?;
    let files: Vec<BorrowedFd<'_>> = files.iter().map(OwnedFd::as_fd).collect();
    send(&parent.door, &0_u8, &files).at("warm: hand over")?;
    let (space, frozen) = (&parent.space, &parent.frozen.registers);

    space.begin(parent.pid, parent.lists.fork, frozen).at("warm: fork")?;
    let middle = forked(parent, parent.pid, "warm: fork")?;
    space.begin(middle, parent.lists.middle, frozen).at("warm: middle")?;
    let child = forked(parent, middle, "warm: middle")?;
    space.begin(child, parent.lists.child, frozen).at("warm: child")?;
    // While the child prepares itself, the middle leaves: from then on the child is the init's.
    trace::resume(middle, Until::Stop).at("warm: middle")?;
    if trace::wait(middle).at("warm: middle")? != Stop::Ended {
        return Err(Fault::new("warm: middle stays", Errno::CHILD));
    }
    space.finish(child, parent.lists.child, "warm: child")?;
    if !order.processors.is_empty() {
        pin::keep_on(child, &order.processors)?;
    }
    let listener = if parent.lists.makes_listener { Some(take_listener(child)?) } else { None };
    space.leave(child, frozen, listener.as_ref().map(|_| LISTENER))?;
    let now = clock_gettime(ClockId::Monotonic);
    trace::release(child).at("warm: release")?;
    Ok((u64::try_from(now.tv_sec * 1_000_000_000 + now.tv_nsec).unwrap_or(0), listener))
}

/// The listener that a child has made with its filter, when it had nothing open but its streams.
fn take_listener(child: Pid) -> Result<OwnedFd, Fault> {
    let child = pidfd_open(child, PidfdFlags::empty()).at("warm: pidfd_open")?;
    pidfd_getfd(child, LISTENER, PidfdGetfdFlags::empty()).at("warm: take the listener")
}

/// Whom `pid` has started. Both have stopped.
fn forked(parent: &Parent, pid: Pid, stage: &str) -> Result<Pid, Fault> {
    match trace::wait(pid).at(stage)? {
        Stop::Forked => {}
        // It stopped at a call that failed; which one is told by the list.
        Stop::Signal(libc::SIGTRAP) => {
            let registers = trace::registers(pid).at(stage)?;
            let list = if pid == parent.pid { parent.lists.fork } else { parent.lists.middle };
            return Err(parent.space.failure(&registers, list, stage));
        }
        other => return Err(Fault::new(format!("{stage}: {other:?}"), Errno::CHILD)),
    }
    let child = trace::started_by(pid).at(stage)?;
    match trace::wait(child).at(stage)? {
        Stop::Signal(libc::SIGSTOP) => Ok(child),
        other => Err(Fault::new(format!("{stage}: {other:?}"), Errno::CHILD)),
    }
}

/// The parent goes on after it has started the middle, and is as it was.
fn tidy(parent: &Parent) -> Result<(), Fault> {
    let frozen = &parent.frozen.registers;
    trace::resume(parent.pid, Until::Stop).at("warm: tidy")?;
    parent.space.finish(parent.pid, parent.lists.fork, "warm: fork")?;
    parent.space.begin(parent.pid, parent.lists.tidy, frozen).at("warm: tidy")?;
    parent.space.finish(parent.pid, parent.lists.tidy, "warm: tidy")
}
