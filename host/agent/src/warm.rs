//! Warm starts: a command's start-up, which is the same work every time, is done once, and each step gets a copy.
//!
//! A *parent* is the very command of a step, stopped at its first system call that could mean something else in another
//! start: the first look at a job's file, say. It has seen nothing of any job. A *child* is a copy of it in a step's own
//! namespaces and control group, prepared as a program that the step's init starts (decision 0400). A *keeper* holds the
//! parent; whatever goes wrong with either, the step starts cold.

#[cfg(target_arch = "x86_64")]
mod freeze;
#[cfg(target_arch = "x86_64")]
mod hand_over;
#[cfg(target_arch = "x86_64")]
mod keeper;
#[cfg(target_arch = "x86_64")]
mod lists;
#[cfg(target_arch = "x86_64")]
mod pages;
#[cfg(target_arch = "x86_64")]
mod parent;
#[cfg(target_arch = "x86_64")]
mod remote;
#[cfg(target_arch = "x86_64")]
mod trace;
mod words;

use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::fs::MetadataExt as _;
use std::time::{Duration, Instant};

use optimus_agent::inventory::rlimits::RLIMITS;
use optimus_agent::protocol::Run;
use optimus_core::Limits;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Pid, Resource, WaitId, WaitIdOptions, waitid};

use seccompiler::BpfProgram;

use crate::cgroup::Meter;
use crate::fault::Fault;
use crate::step::{self, Launch};
use crate::sys::Child;
use crate::wall::Programs;
#[cfg(target_arch = "x86_64")]
use hand_over::{hand_over, spawn};
use words::Word;

/// The parent's descriptor of the socket through which it is given a step's. Below 64, which is how many a process has
/// room for at first, and above all that are given.
const DOOR: i32 = 50;
/// Children of one parent: they share the layout of its memory, and whatever seeds it has drawn.
const CHILDREN: u32 = 64;
/// And so long at most.
const AGE: Duration = Duration::from_secs(60);
/// A start-up that takes longer is given up.
const STARTUP: Duration = Duration::from_secs(10);
/// How often a command must have come before it gets a parent, which costs what some two starts do.
const SEEN: u32 = 2;
/// After so many failures a box starts everything cold.
const FAILURES: u32 = 3;

/// What parents there are, and what is known about the commands that come.
#[derive(Default)]
pub(crate) struct Warm {
    is_on: bool,
    seen: Option<(Key, u32)>,
    current: Option<Keeper>,
    coming: Option<Keeper>,
    failures: u32,
    /// A failure that the host has not been told yet.
    news: Option<String>,
}

/// Everything that a start-up depends on.
#[derive(Clone, PartialEq, Eq)]
struct Key {
    launch: Launch,
    stack: Option<u64>,
    /// Device, inode, and time of the last change: a toolchain that is replaced is another one.
    program: Option<(u64, u64, i64, i64)>,
}

/// What a parent has in common with the steps of its box.
pub(crate) struct Place<'a> {
    pub(crate) filter: &'a BpfProgram,
    /// Some calls of programs wait for the agent.
    pub(crate) counts_calls: bool,
    pub(crate) meter: &'a Meter,
    pub(crate) has_build: bool,
}

struct Keeper {
    key: Key,
    child: Child,
    socket: OwnedFd,
    parent: Option<Pid>,
    /// Known once the parent is frozen.
    shared_bytes: Option<u64>,
    children: u32,
    since: Instant,
}

impl Warm {
    pub(crate) fn new(is_on: bool, programs: Programs) -> Self {
        // Programs in a user namespace that their init makes would have to be put there, too.
        let is_on = is_on && programs == Programs::Apart && cfg!(target_arch = "x86_64");
        Self { is_on, ..Self::default() }
    }

    pub(crate) fn is_on(&self) -> bool {
        self.is_on
    }

    /// A failure that has not been told.
    pub(crate) fn take_news(&mut self) -> Option<String> {
        self.news.take()
    }

    /// Whether `pid` is a keeper, or its parent.
    pub(crate) fn knows(&self, pid: u32) -> bool {
        let is = |known: Pid| known.as_raw_nonzero().get().cast_unsigned() == pid;
        // What a keeper has started a moment ago, it may not have told yet.
        let parent = parent_of(pid);
        let is_of = |keeper: &Keeper| parent == Some(keeper.child.pid);
        self.keepers().any(|keeper| is(keeper.child.pid) || keeper.parent.is_some_and(is) || is_of(keeper))
    }

    /// Takes note that `pid` has ended. Whether it was a keeper or a parent.
    pub(crate) fn has_lost(&mut self, pid: Pid) -> bool {
        let is = |keeper: &mut Keeper| keeper.child.pid == pid || keeper.parent == Some(pid);
        let lost = self.current.take_if(is).or_else(|| self.coming.take_if(is));
        let is_ours = lost.is_some();
        if let Some(keeper) = lost {
            keeper.end();
            self.fail("it died".to_owned());
        }
        is_ours
    }

    fn keepers(&self) -> impl Iterator<Item = &Keeper> {
        self.current.iter().chain(&self.coming)
    }

    /// The memory that a child would share with the parent for `launch`, if that is ready.
    pub(crate) fn ready(&mut self, launch: &Launch, limits: &Limits) -> Option<u64> {
        let key = &Key { launch: launch.clone(), stack: stack(limits), program: program(launch) };
        let seen = self.seen.take().filter(|(known, _)| known == key).map_or(0, |(_, times)| times);
        self.seen = Some((key.clone(), seen.saturating_add(1)));
        self.listen();
        if self.coming.as_ref().is_some_and(|keeper| keeper.shared_bytes.is_some()) {
            let ready = self.coming.take();
            let old = std::mem::replace(&mut self.current, ready);
            old.into_iter().for_each(Keeper::end);
        }
        let keeper = self.current.as_ref()?;
        let is_usable = keeper.key == *key && keeper.children < 2 * CHILDREN && keeper.since.elapsed() < AGE;
        is_usable.then_some(keeper.shared_bytes?)
    }

    /// Hears what a keeper says that has a parent coming.
    pub(crate) fn listen(&mut self) {
        let Some(keeper) = &mut self.coming else { return };
        let failed = loop {
            if !is_readable(&keeper.socket, Duration::ZERO) {
                break (keeper.since.elapsed() > STARTUP && keeper.shared_bytes.is_none())
                    .then(|| "never ready".to_owned());
            }
            match step::receive::<Word>(&keeper.socket) {
                Ok(Some((Word::Begun { parent }, _))) => keeper.parent = Pid::from_raw(parent),
                Ok(Some((Word::Ready { shared_bytes }, _))) => keeper.shared_bytes = Some(shared_bytes),
                Ok(Some((Word::Failed { stage, errno }, _))) => break Some(said(&Fault { stage, errno })),
                Ok(Some((Word::Started { .. }, _))) | Err(_) => break Some("it speaks nonsense".to_owned()),
                Ok(None) => break Some("it died".to_owned()),
            }
        };
        if let Some(why) = failed {
            self.coming.take().into_iter().for_each(Keeper::end);
            self.fail(why);
        }
    }

    /// Has a child of the parent that is [`ready`](Self::ready) started where the init is whose `control` this is.
    ///
    /// Returns where the program's counted calls arrive. When that fails, the place is of no use any more.
    pub(crate) fn start(
        &mut self,
        control: &OwnedFd,
        run: &Run,
        streams: &[OwnedFd; 3],
        meter: &Meter,
    ) -> Result<Option<OwnedFd>, Fault> {
        let Some(mut keeper) = self.current.take() else { return Err(Fault::new("warm: no parent", Errno::CHILD)) };
        keeper.children += 1;
        match hand_over(&keeper, control, run, streams, meter) {
            Ok(listener) => {
                self.current = Some(keeper);
                Ok(listener)
            }
            Err(fault) => {
                keeper.end();
                self.fail(said(&fault));
                Err(fault)
            }
        }
    }

    /// Starts a parent for what is likely to come.
    pub(crate) fn look_ahead(&mut self, place: &Place<'_>) {
        self.listen();
        let Some(key) = self.wanted().cloned() else { return };
        match spawn(key, place) {
            Ok(keeper) => self.coming = Some(keeper),
            Err(fault) => self.fail(said(&fault)),
        }
    }

    fn fail(&mut self, why: String) {
        self.failures += 1;
        self.is_on &= self.failures < FAILURES;
        self.news = Some(why);
        if !self.is_on {
            self.end();
        }
    }

    /// Ends every parent.
    pub(crate) fn end(&mut self) {
        self.current.take().into_iter().chain(self.coming.take()).for_each(Keeper::end);
    }

    /// The command that should get a parent now.
    fn wanted(&self) -> Option<&Key> {
        let (key, times) = self.seen.as_ref()?;
        let is_fresh =
            |keeper: &Keeper| keeper.key == *key && keeper.children < CHILDREN && keeper.since.elapsed() < AGE;
        let is_wanted = self.is_on && *times >= SEEN && self.coming.is_none();
        (is_wanted && !self.current.as_ref().is_some_and(is_fresh)).then_some(key)
    }
}

impl Keeper {
    /// Ends it and its parent, and waits until both are gone.
    fn end(self) {
        // Fails only when it is dead already.
        let _ = rustix::process::pidfd_send_signal(&self.child.pidfd, rustix::process::Signal::KILL);
        let _ = rustix::io::retry_on_intr(|| waitid(WaitId::PidFd(self.child.pidfd.as_fd()), WaitIdOptions::EXITED));
        // Orphaned, it is ours. It was killed with its keeper, which was its tracer.
        if let Some(parent) = self.parent {
            let _ = rustix::io::retry_on_intr(|| waitid(WaitId::Pid(parent), WaitIdOptions::EXITED));
        }
    }
}

/// Who started `pid`: the fourth field of proc_pid_stat(5).
fn parent_of(pid: u32) -> Option<Pid> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    Pid::from_raw(stat.rsplit_once(") ")?.1.split(' ').nth(1)?.parse().ok()?)
}

fn said(fault: &Fault) -> String {
    format!("{}: {}", fault.stage, std::io::Error::from_raw_os_error(fault.errno))
}

/// What the command's name leads to.
fn program(launch: &Launch) -> Option<(u64, u64, i64, i64)> {
    let name = launch.argv.first()?;
    let directories = launch.path.split(':').filter(|directory| !directory.is_empty() && !name.contains('/'));
    let mut paths = directories.map(|directory| format!("{directory}/{name}")).chain([name.clone()]);
    let found = paths.find_map(|path| std::fs::metadata(path).ok())?;
    Some((found.dev(), found.ino(), found.ctime(), found.ctime_nsec()))
}

fn stack(limits: &Limits) -> Option<u64> {
    RLIMITS.iter().find(|limit| limit.resource == Resource::Stack).and_then(|limit| limit.amount.of(limits))
}

fn is_readable(socket: &OwnedFd, patience: Duration) -> bool {
    let timeout = Timespec {
        tv_sec: i64::try_from(patience.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: i64::from(patience.subsec_nanos()),
    };
    matches!(poll(&mut [PollFd::new(socket, PollFlags::IN)], Some(&timeout)), Ok(1..))
}
