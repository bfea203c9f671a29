//! One pipe of a program, with what waits to be written to it or the bytes of it that were kept.

use std::os::fd::{AsFd as _, OwnedFd};
use std::time::{Duration, Instant};

use optimus_agent::protocol::Kind;
use rustix::event::{PollFd, PollFlags};
use rustix::io::{Errno, read, write};

use super::starved::waited_us;
use super::waiting::waits_for;
use crate::link::Link;

/// How long an end is held back from a program that never waits for it: one that only polls, say, would wait for ever.
/// Time for which it was ready to run, and the machine was busy, does not count.
const HOLD: Duration = Duration::from_secs(5);

/// A pipe that the program reads.
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

/// A pipe that the program writes.
pub(super) struct Output {
    pipe: Option<OwnedFd>,
    kind: Kind,
    limit: u64,
    pub(super) kept: u64,
    pub(super) truncated: bool,
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

    pub(super) fn waits(&self) -> usize {
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
    /// There is no warm parent while a step has live inputs.
    fn begin() -> Self {
        Self { since: Instant::now(), waited_us: waited_us(|_| false) }
    }

    fn is_over(&self) -> bool {
        let held = self.since.elapsed();
        // In this order: every thread's figure is a file to read.
        held >= HOLD && held >= HOLD + Duration::from_micros(waited_us(|_| false).saturating_sub(self.waited_us))
    }
}

impl Output {
    pub(super) fn new(pipe: OwnedFd, kind: Kind, limit: u64) -> Self {
        Self { pipe: Some(pipe), kind, limit, kept: 0, truncated: false }
    }

    /// What to wait for.
    pub(super) fn add_to<'a>(&'a self, fds: &mut Vec<PollFd<'a>>) {
        fds.extend(self.open().map(|pipe| PollFd::new(pipe, PollFlags::IN)));
    }

    pub(super) fn has_ended(&self) -> bool {
        self.open().is_none()
    }

    /// The pipe, while more of it is wanted. One that brought too much is not closed: so the program ends by our signal, and
    /// not, by chance, by `SIGPIPE`.
    fn open(&self) -> Option<&OwnedFd> {
        self.pipe.as_ref().filter(|_| !self.truncated)
    }

    /// Takes one buffer full. False when nothing came.
    pub(super) fn pump(&mut self, link: &mut Link, buffer: &mut [u8]) -> bool {
        let Some(pipe) = self.open() else { return false };
        match read(pipe.as_fd(), &mut *buffer) {
            Ok(0) => self.pipe = None,
            Ok(length) => {
                let room = usize::try_from(self.limit - self.kept).unwrap_or(usize::MAX);
                let kept = length.min(room);
                if kept > 0 {
                    link.push(self.kind, &buffer[..kept]);
                }
                self.kept += kept as u64;
                self.truncated = kept < length;
                return true;
            }
            Err(Errno::INTR) => return true,
            Err(Errno::AGAIN) => {}
            Err(_) => self.pipe = None,
        }
        false
    }
}
