//! Watches a step: streams both ways at once, enforces limits, and says how it ended.
//!
//! Everything is one `poll` loop, so neither a program that never reads nor one that never stops writing can hold up
//! the other direction. A host that reads slowly slows the program down, by a bounded buffer.

mod channels;
mod finish;
mod held;
mod pipes;
mod starved;
mod streams;
mod waiting;

use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use optimus_agent::protocol::{Ended, Run};
use optimus_core::LimitHit;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Signal, pidfd_send_signal};

use super::prepare::Prepared;
use super::say::{hear, say};
use super::seccomp::{Listener, uncharged};
use super::{Launch, Orders, Said, pin};
use crate::box_state::BoxState;
use crate::fault::{At as _, Fault};
use crate::sys::Child;
use channels::Channels;
use held::{Held, SOON};
pub(crate) use starved::entries;
use streams::Streams;

/// How long a killed step may take to be gone. Memory must be torn down, and a machine may be busy.
const DEATH: Duration = Duration::from_secs(20);
/// No limit is looked at more often.
const TICK: Duration = Duration::from_millis(1);
/// Output that is followed by so long a silence is sent.
const LULL: Duration = Duration::from_millis(3);
/// Every limit is looked at this often: memory events of a child, say, that the program survived.
const TOCK: Duration = Duration::from_millis(25);

/// What has been seen of a running step.
struct Watch<'a> {
    order: &'a Run,
    child: &'a Child,
    start: Instant,
    processors: u32,
    /// The first limit that was hit, and when we killed for it.
    stopped: Option<(LimitHit, Instant)>,
    memory_seen: u64,
    held: Held,
    /// Where calls wait that make what no group is charged for.
    listener: Option<Listener>,
    /// When it was stopped for what it held of the kernel's memory: what that was.
    holding: Option<String>,
    /// When it was stopped by the clock: how long it had waited for a processor.
    waited_us: u64,
}

/// A step that has ended: all that is left is its init, which waits to be dismissed.
pub(crate) struct Finished {
    child: Child,
    control: OwnedFd,
}

impl Finished {
    /// Ends the init.
    pub(crate) fn dismiss(self) -> Child {
        // It reads the other end, and leaves.
        drop(self.control);
        self.child
    }
}

/// A step's program at its start.
pub(crate) struct Begun {
    /// What the init shall start; without it the program is there already, as a copy of a warm parent.
    pub(crate) launch: Option<Launch>,
    /// Where the program's counted calls arrive.
    pub(crate) listener: Option<Listener>,
}

/// Runs a prepared step to its end. The init is left for the caller to bury.
pub(crate) fn supervise(
    state: &mut BoxState,
    prepared: Prepared,
    order: &Run,
    begun: Begun,
) -> Result<(Ended, Finished), Fault> {
    let Prepared { child, control, pipes, .. } = prepared;
    let Begun { launch, listener } = begun;
    let mut streams = Streams::new(pipes, Channels::make(order)?, order);
    streams.pump_input(&mut state.link);
    let mut watch = Watch::new(state, order, &child, listener);
    if !order.processors.is_empty() {
        pin::keep_on(child.pid, &order.processors)?;
    }
    if let Some(launch) = launch {
        say(&control, &Orders::Start(launch, order.limits)).at("launch the step")?;
    }

    let said = loop {
        let timeout = watch.timeout(state, &streams)?;
        let mut lull = false;
        let (init_spoke, init_died, is_asked) = {
            let mut fds = vec![PollFd::new(&control, PollFlags::IN), PollFd::new(&child.pidfd, PollFlags::IN)];
            streams.add_to(&mut fds, &state.link);
            fds.extend(watch.listener.as_ref().map(|listener| PollFd::new(listener, PollFlags::IN)));
            // An interrupted wait is tried again by the loop.
            if matches!(poll(&mut fds, Some(&timeout)), Ok(0)) {
                lull = true;
            }
            streams.look(&fds);
            let is_asked = fds.last().is_some_and(|last| last.revents().contains(PollFlags::IN));
            (!fds[0].revents().is_empty(), !fds[1].revents().is_empty(), is_asked)
        };
        streams.pump(&mut state.link);
        if lull {
            state.link.flush_some();
        }
        if is_asked {
            watch.answer(state);
        }
        watch.check(state, &streams)?;
        if init_spoke && watch.stopped.is_none() {
            break hear::<Said>(&control).at("hear the init")?;
        }
        if init_died {
            break hear::<Said>(&control).ok().flatten();
        }
    };
    streams.drain(&mut state.link);
    streams.channels.remove()?;
    let ended = finish::finish(state, &watch, &streams, said)?;
    Ok((ended, Finished { child, control }))
}

/// The program of an order, with the box's environment.
pub(crate) fn launch(state: &BoxState, order: &Run) -> Launch {
    let mut env = vec![
        ("PATH".to_owned(), state.path.clone()),
        ("HOME".to_owned(), "/tmp".to_owned()),
        ("TMPDIR".to_owned(), "/tmp".to_owned()),
        ("LANG".to_owned(), "C.UTF-8".to_owned()),
    ];
    for (name, value) in state.env.iter().chain(&order.env) {
        match env.iter_mut().find(|(known, _)| known == name) {
            Some((_, old)) => old.clone_from(value),
            None => env.push((name.clone(), value.clone())),
        }
    }
    let path = env[0].1.clone();
    let env = env.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    Launch { argv: order.argv.clone(), env, path }
}

impl<'a> Watch<'a> {
    fn new(state: &BoxState, order: &'a Run, child: &'a Child, listener: Option<Listener>) -> Self {
        Self {
            order,
            child,
            start: Instant::now(),
            processors: state.processors,
            stopped: None,
            memory_seen: 0,
            held: Held::new(crate::sys::stand_still),
            listener,
            holding: None,
            waited_us: 0,
        }
    }

    /// When to look again at the latest: before any limit can be passed by much.
    fn timeout(&self, state: &BoxState, streams: &Streams) -> Result<Timespec, Fault> {
        let wait = if let Some((_, since)) = self.stopped {
            DEATH
                .checked_sub(since.elapsed())
                .ok_or(Fault { stage: "kill the step".to_owned(), errno: libc::ETIMEDOUT })?
        } else {
            let wall = Duration::from_millis(self.order.limits.wall_ms).saturating_sub(self.start.elapsed());
            let cpu_left = self.order.limits.cpu_ms * 1_000 - self.cpu_us(state).min(self.order.limits.cpu_ms * 1_000);
            // So soon the limit is reached if every processor works for this step.
            let cpu = Duration::from_micros(cpu_left) / self.processors;
            let tock = match streams.channels.is_awaited() || streams.is_holding() {
                true => TICK,
                false if state.link.pending() > 0 => LULL,
                false if self.held.grows => SOON,
                false => TOCK,
            };
            wall.min(cpu).min(tock).max(TICK)
        };
        Ok(Timespec {
            tv_sec: i64::try_from(wait.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: i64::from(wait.subsec_nanos()),
        })
    }

    fn cpu_us(&self, state: &BoxState) -> u64 {
        state.meter.cpu_us().unwrap_or(0)
    }

    /// Lets the call happen that waits for our answer, unless it makes too much of what no group is charged for: then its
    /// caller waits until it is killed.
    fn answer(&mut self, state: &mut BoxState) {
        let Some(listener) = self.listener.as_ref().filter(|_| self.holding.is_none()) else { return };
        let Some(asked) = listener.asked() else { return };
        self.holding = self.held.make(uncharged(asked.number), || state.warm.end());
        if self.holding.is_none() {
            listener.allow(asked);
        }
    }

    fn holds_too_much(&mut self, state: &mut BoxState) -> bool {
        if self.holding.is_none() {
            self.holding = self.held.too_much(|| state.meter.kernel_bytes(), || state.warm.end());
        }
        self.holding.is_some()
    }

    /// Kills the step when a limit has been passed.
    fn check(&mut self, state: &mut BoxState, streams: &Streams) -> Result<(), Fault> {
        let current = state.meter.current();
        self.memory_seen = self.memory_seen.max(current);
        if self.stopped.is_some() {
            return Ok(());
        }
        let limits = &self.order.limits;
        let hit = if streams.is_over() {
            LimitHit::Output
        } else if state.meter.is_thrashing(current) {
            // Before the clocks, which such a program runs into.
            LimitHit::Memory
        } else if self.start.elapsed() >= Duration::from_millis(limits.wall_ms) {
            LimitHit::WallTime
        } else if self.cpu_us(state) > limits.cpu_ms * 1_000 {
            LimitHit::CpuTime
        } else if state.meter.out_of_memory() {
            LimitHit::Memory
        } else if self.holds_too_much(state) {
            LimitHit::KernelMemory
        } else {
            return Ok(());
        };
        if hit == LimitHit::WallTime {
            self.waited_us = starved::waited_us(|pid| state.warm.knows(pid));
        }
        self.stopped = Some((hit, Instant::now()));
        // All of its pid namespace goes with the init; it may be gone already.
        let _ = pidfd_send_signal(&self.child.pidfd, Signal::KILL);
        Ok(())
    }
}
