//! Standard input and output of a running program.

use std::cell::RefCell;
use std::fs::File;
use std::io;
use std::rc::Rc;
use std::time::{Duration, Instant};

use optimus_core::{LimitHit, Stream};

use crate::errno::{End, Stop};
use crate::protocol::{CHUNK, Kind, Pipe, Reply};

/// The stream to the sandbox.
pub(crate) type Channel = Rc<RefCell<Pipe<File>>>;

/// Standard input and output of a running program.
pub(crate) struct Streams {
    channel: Channel,
    stdin: Vec<u8>,
    read: usize,
    stdin_ends: bool,
    /// Output is passed on without delay.
    live: bool,
    waiting: Vec<u8>,
    waiting_for: Stream,
    most: u64,
    /// Bytes kept of stdout and of stderr.
    pub(crate) kept: [u64; 2],
    pub(crate) truncated: [bool; 2],
    /// How long the program waited for the sandbox, or slept.
    pub(crate) blocked: Duration,
}

impl Streams {
    pub(crate) fn new(channel: Channel, stdin: Vec<u8>, stdin_ends: bool, live: bool, most: u64) -> Self {
        Self {
            channel,
            stdin,
            read: 0,
            stdin_ends,
            live,
            waiting: Vec::new(),
            waiting_for: Stream::Stdout,
            most,
            kept: [0; 2],
            truncated: [false; 2],
            blocked: Duration::ZERO,
        }
    }

    /// Waits until stdin has bytes or has ended, and returns how many are there.
    pub(crate) fn await_stdin(&mut self) -> Result<usize, Stop> {
        while self.read == self.stdin.len() && !self.stdin_ends {
            self.flush()?;
            let began = Instant::now();
            let mut channel = self.channel.borrow_mut();
            channel.reply(&Reply::Want)?;
            match channel.receive()? {
                Some((Kind::Data, bytes)) => {
                    self.stdin_ends = bytes.is_empty();
                    (self.stdin, self.read) = (bytes, 0);
                }
                // The sandbox says that the time by the clock is over.
                Some((Kind::Message, _)) => return Err(Stop::End(End::by_limit(LimitHit::WallTime))),
                _ => return Err(Stop::Broken(io::ErrorKind::UnexpectedEof.into())),
            }
            drop(channel);
            self.blocked += began.elapsed();
        }
        Ok(self.stdin.len() - self.read)
    }

    /// Reads what is there, and waits only when nothing is.
    pub(crate) fn read(&mut self, into: &mut [u8]) -> Result<usize, Stop> {
        let length = self.await_stdin()?.min(into.len());
        into[..length].copy_from_slice(&self.stdin[self.read..self.read + length]);
        self.read += length;
        Ok(length)
    }

    /// Prints, up to the limit: what goes beyond ends the program.
    pub(crate) fn write(&mut self, stream: Stream, bytes: &[u8]) -> Result<(), Stop> {
        let which = stream as usize;
        let room = usize::try_from(self.most - self.kept[which]).unwrap_or(usize::MAX);
        let kept = &bytes[..bytes.len().min(room)];
        if stream != self.waiting_for {
            self.flush()?;
            self.waiting_for = stream;
        }
        self.kept[which] += kept.len() as u64;
        self.waiting.extend_from_slice(kept);
        if kept.len() < bytes.len() {
            self.truncated[which] = true;
            return Err(Stop::End(End::by_limit(LimitHit::Output)));
        }
        if self.live || self.waiting.len() >= CHUNK { self.flush() } else { Ok(()) }
    }

    /// Passes on what waits.
    pub(crate) fn flush(&mut self) -> Result<(), Stop> {
        let kind = match self.waiting_for {
            Stream::Stdout => Kind::Stdout,
            Stream::Stderr => Kind::Stderr,
        };
        let began = Instant::now();
        for chunk in self.waiting.chunks(CHUNK) {
            self.channel.borrow_mut().send(kind, chunk)?;
        }
        if !self.waiting.is_empty() {
            self.blocked += began.elapsed();
        }
        self.waiting.clear();
        Ok(())
    }

    /// The program closed its stdout; whoever reads it need not wait for the program's own end.
    pub(crate) fn close_stdout(&mut self) -> Result<(), Stop> {
        self.flush()?;
        if self.live {
            self.channel.borrow_mut().send(Kind::Stdout, b"")?;
        }
        Ok(())
    }
}
