//! The program's streams, between its pipes and the link. Output is kept up to the limit; the first byte beyond
//! it is what tells that there was more.

use std::os::fd::{AsFd as _, OwnedFd};
use std::time::{Duration, Instant};

use optimus_agent::protocol::{CHUNK, Garbled, Kind, Run};
use rustix::event::{PollFd, PollFlags};
use rustix::io::{Errno, read, write};

use super::channels::Channels;
use super::starved::waited_us;
use super::waiting::waits_for;
use crate::link::{Link, leave};
use crate::step::prepare::Pipes;

/// How much of stdin waits for a program that reads slowly.
const STDIN_WAITING: usize = 4 * CHUNK;
/// How much output waits for a host that reads slowly.
const OUTPUT_WAITING: usize = 8 * CHUNK;
/// So much is sent at once; less waits a moment for more, because most programs' only output is soon followed by their
/// end.
const FLUSH: usize = CHUNK / 4;
/// How long an end is held back from a program that never waits for it: one that only polls, say, would wait for ever.
/// Time for which it was ready to run, and the machine was busy, does not count.
const HOLD: Duration = Duration::from_secs(5);

/// The streams of a running program.
pub(super) struct Streams {
    pub(super) stdin: Input,
    /// Bytes that the host has still to send; of a live stdin, that is not known before its end.
    to_come: u64,
    /// It ends with an empty piece.
    is_live: bool,
    pub(super) out: Output,
    pub(super) err: Output,
    pub(super) channels: Channels,
    buffer: Vec<u8>,
}

/// What a program reads.
pub(super) struct Input {
    pipe: Option<OwnedFd>,
    waiting: Vec<u8>,
    written: usize,
    /// Nothing more is to come.
    is_whole: bool,
    /// The end is held back until the program waits for more.
    holds_end: bool,
    hold: Option<Hold>,
    /// The program was waiting for more when the end came.
    pub(super) end_awaited: bool,
}

/// An end that is being held back.
struct Hold {
    since: Instant,
    /// For how long the step's threads had been ready to run, and did not, when it began.
    waited_us: u64,
}

/// What a program writes.
pub(super) struct Output {
    pipe: Option<OwnedFd>,
    kind: Kind,
    limit: u64,
    pub(super) kept: u64,
    pub(super) truncated: bool,
}

impl Streams {
    pub(super) fn new(pipes: Pipes, channels: Channels, order: &Run) -> Self {
        let output = |pipe, kind| Output::new(pipe, kind, order.limits.output_bytes);
        let mut stdin = Input::closed(order.holds_ends);
        stdin.open(pipes.stdin);
        Self {
            stdin,
            to_come: order.stdin_bytes.unwrap_or(u64::MAX),
            is_live: order.stdin_bytes.is_none(),
            out: output(pipes.stdout, Kind::Stdout),
            err: output(pipes.stderr, Kind::Stderr),
            channels,
            buffer: vec![0; CHUNK],
        }
    }

    /// What to wait for.
    pub(super) fn add_to<'a>(&'a self, fds: &mut Vec<PollFd<'a>>, link: &'a Link) {
        // A host that has gone shows as a hang-up, also while we read nothing from it.
        let wants = if self.wants_input() { PollFlags::IN } else { PollFlags::empty() };
        fds.push(PollFd::from_borrowed_fd(link.input(), wants));
        if link.is_full() {
            fds.push(PollFd::from_borrowed_fd(link.output(), PollFlags::OUT));
        }
        self.stdin.add_to(fds);
        let takes_output = link.pending() < OUTPUT_WAITING;
        if takes_output {
            self.out.add_to(fds);
            self.err.add_to(fds);
        }
        self.channels.add_to(fds, takes_output);
    }

    /// A program that does not read holds up what the host sends; but with channels, one of them would hold up the
    /// others. What waits then is bounded by its input, and by the output limits of those at the other ends.
    fn wants_input(&self) -> bool {
        let wants_stdin = self.stdin.is_open() && self.to_come > 0 && self.stdin.waits() < STDIN_WAITING;
        wants_stdin || !self.channels.is_empty()
    }

    /// Ends with the host.
    pub(super) fn look(&self, fds: &[PollFd<'_>]) {
        let gone = PollFlags::HUP | PollFlags::ERR;
        if fds.get(2).is_some_and(|host| host.revents().intersects(gone) && !host.revents().contains(PollFlags::IN)) {
            crate::sys::exit(0);
        }
    }

    /// Moves what can be moved without waiting.
    pub(super) fn pump(&mut self, link: &mut Link) {
        if self.wants_input() {
            link.fill();
        }
        self.pump_input(link);
        let takes_output = link.pending() < OUTPUT_WAITING;
        if takes_output {
            let spoke = !self.out.has_ended();
            self.out.pump(link, &mut self.buffer);
            // Somebody waits for what it says, and must hear that this was all.
            if spoke && self.is_live && self.out.has_ended() {
                link.push(Kind::Stdout, &[]);
            }
            self.err.pump(link, &mut self.buffer);
        }
        self.channels.pump(link, &mut self.buffer, takes_output);
        if link.is_full() || link.pending() >= FLUSH || (self.is_answered() && link.pending() > 0) {
            link.flush_some();
        }
    }

    /// Whether somebody answers to what the program prints, and so must hear it at once.
    fn is_answered(&self) -> bool {
        self.is_live || !self.channels.is_empty()
    }

    /// Hands on what the host has sent.
    pub(super) fn pump_input(&mut self, link: &mut Link) {
        while self.wants_input()
            && let Some((kind, payload)) = link.next()
        {
            let known = match kind {
                Kind::Data => self.take_stdin(&payload),
                Kind::Channel(number) => self.channels.take(number, &payload),
                _ => false,
            };
            if !known {
                leave(&Garbled::Order);
            }
        }
        if self.to_come == 0 {
            self.stdin.end();
        }
        self.stdin.pump();
    }

    fn take_stdin(&mut self, payload: &[u8]) -> bool {
        let Some(left) = self.to_come.checked_sub(payload.len() as u64) else { return false };
        self.to_come = if self.is_live && payload.is_empty() { 0 } else { left };
        if self.stdin.is_open() {
            self.stdin.take(payload);
        }
        true
    }

    /// Takes what is left in the pipes of a program that has ended.
    pub(super) fn drain(&mut self, link: &mut Link) {
        self.stdin.close();
        let Self { out, err, channels, buffer, .. } = self;
        let mut take = |output: &mut Output| {
            while output.pump(link, buffer) {
                if link.pending() >= OUTPUT_WAITING {
                    link.flush();
                }
            }
        };
        [out, err].into_iter().for_each(&mut take);
        channels.drain(take);
    }

    /// Whether the end of an input is being held back.
    pub(super) fn is_holding(&self) -> bool {
        self.stdin.is_holding() || self.channels.is_holding()
    }

    /// Whether a stream went past its limit.
    pub(super) fn is_over(&self) -> bool {
        self.out.truncated || self.err.truncated || self.channels.is_over()
    }
}

impl Input {
    /// One that nobody reads yet.
    pub(super) fn closed(holds_end: bool) -> Self {
        Self { pipe: None, waiting: Vec::new(), written: 0, is_whole: false, holds_end, hold: None, end_awaited: false }
    }

    /// Gives up what is not written yet.
    pub(super) fn close(&mut self) {
        self.pipe = None;
        self.waiting.clear();
        self.written = 0;
    }

    /// Whether an end is being held back: nothing tells when the program waits, so that one has to look.
    pub(super) fn is_holding(&self) -> bool {
        self.hold.is_some() && self.pipe.is_some()
    }

    pub(super) fn open(&mut self, pipe: OwnedFd) {
        self.pipe = Some(pipe);
    }

    /// What to wait for: a program that reads. Without anything to write, one that reads no more would wake us for ever.
    pub(super) fn add_to<'a>(&'a self, fds: &mut Vec<PollFd<'a>>) {
        if self.waits() > 0 {
            fds.extend(self.pipe.as_ref().map(|pipe| PollFd::new(pipe, PollFlags::OUT)));
        }
    }

    fn waits(&self) -> usize {
        self.waiting.len() - self.written
    }

    pub(super) fn is_open(&self) -> bool {
        self.pipe.is_some()
    }

    pub(super) fn take(&mut self, payload: &[u8]) {
        self.waiting.extend_from_slice(payload);
    }

    pub(super) fn end(&mut self) {
        self.is_whole = true;
    }

    /// Writes what can be written now, and then the end.
    pub(super) fn pump(&mut self) {
        let Some(pipe) = &self.pipe else { return };
        while self.written < self.waiting.len() {
            match write(pipe, &self.waiting[self.written..]) {
                Ok(written) => self.written += written,
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return,
                // It does not read any more, which is its right.
                Err(_) => {
                    self.pipe = None;
                    break;
                }
            }
        }
        self.waiting.clear();
        self.written = 0;
        if self.is_whole && self.may_end() {
            self.pipe = None;
        }
    }

    /// Whether the end may come now.
    fn may_end(&mut self) -> bool {
        let Some(pipe) = self.pipe.as_ref().filter(|_| self.holds_end) else { return true };
        let hold = self.hold.get_or_insert_with(Hold::begin);
        self.end_awaited = waits_for(pipe);
        self.end_awaited || hold.is_over()
    }
}

impl Hold {
    fn begin() -> Self {
        Self { since: Instant::now(), waited_us: waited_us() }
    }

    fn is_over(&self) -> bool {
        let held = self.since.elapsed();
        // In this order: every thread's figure is a file to read.
        held >= HOLD && held >= HOLD + Duration::from_micros(waited_us().saturating_sub(self.waited_us))
    }
}

impl Output {
    pub(super) fn new(pipe: OwnedFd, kind: Kind, limit: u64) -> Self {
        Self { pipe: Some(pipe), kind, limit, kept: 0, truncated: false }
    }

    /// What to wait for.
    pub(super) fn add_to<'a>(&'a self, fds: &mut Vec<PollFd<'a>>) {
        fds.extend(self.pipe.as_ref().map(|pipe| PollFd::new(pipe, PollFlags::IN)));
    }

    pub(super) fn has_ended(&self) -> bool {
        self.pipe.is_none()
    }

    /// Takes one buffer full. False when nothing came.
    pub(super) fn pump(&mut self, link: &mut Link, buffer: &mut [u8]) -> bool {
        let Some(pipe) = &self.pipe else { return false };
        match read(pipe.as_fd(), &mut *buffer) {
            Ok(0) => self.pipe = None,
            Ok(length) => {
                let room = usize::try_from(self.limit - self.kept).unwrap_or(usize::MAX);
                let kept = length.min(room);
                if kept > 0 {
                    link.push(self.kind, &buffer[..kept]);
                }
                self.kept += kept as u64;
                if kept < length {
                    self.truncated = true;
                    self.pipe = None;
                }
                return true;
            }
            Err(Errno::INTR) => return true,
            Err(Errno::AGAIN) => {}
            Err(_) => self.pipe = None,
        }
        false
    }
}
