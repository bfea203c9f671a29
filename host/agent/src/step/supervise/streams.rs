//! The program's streams, between its pipes and the link. Output is kept up to the limit; the first byte beyond
//! it is what tells that there was more.

use optimus_agent::protocol::{CHUNK, Garbled, Kind, Run};
use rustix::event::{PollFd, PollFlags};

use super::channels::Channels;
use super::pipes::{Input, Output};
use crate::link::{Link, leave};
use crate::step::prepare::Pipes;

/// How much of stdin waits for a program that reads slowly.
const STDIN_WAITING: usize = 4 * CHUNK;
/// How much output waits for a host that reads slowly.
const OUTPUT_WAITING: usize = 8 * CHUNK;
/// So much is sent at once; less waits a moment for more, because most programs' only output is soon followed by their
/// end.
const FLUSH: usize = CHUNK / 4;
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
