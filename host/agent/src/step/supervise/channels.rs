//! Channels: what a program has beside its three streams. Each is a pair of FIFOs, which it opens by their names.
//!
//! FIFOs, rather than descriptors that are handed down, because these would stay open in the program beside those that it
//! opens by name: whatever it closed, nobody would see the end.

use std::fs;

use optimus_agent::protocol::{CHANNELS, Kind, MAX_CHANNELS, Run, channel_paths};
use rustix::event::{PollFd, Timespec, poll};
use rustix::fs::{CWD, FileType, Mode, OFlags, mkdirat, mknodat, open};
use rustix::io::Errno;

use super::pipes::{Input, Output};
use crate::fault::{At as _, Fault};
use crate::link::Link;

/// The channels of a running program.
pub(super) struct Channels(Vec<Channel>);

struct Channel {
    kind: Kind,
    /// The FIFO that the program reads, while it has not opened it: before, there is nobody to write to.
    unopened: Option<String>,
    input: Input,
    output: Output,
}

impl Channels {
    /// Makes those of a step that is about to start.
    pub(super) fn make(order: &Run) -> Result<Self, Fault> {
        if order.channels == 0 {
            return Ok(Self(Vec::new()));
        }
        if order.channels > MAX_CHANNELS || !order.fresh {
            return Err(Fault { stage: "make channels".to_owned(), errno: libc::EINVAL });
        }
        mkdirat(CWD, CHANNELS, Mode::from_raw_mode(0o755)).at("make the directory of channels")?;
        (0..order.channels).map(|number| Channel::make(number, order)).collect::<Result<_, _>>().map(Self)
    }

    /// Takes their names away.
    pub(super) fn remove(&self) -> Result<(), Fault> {
        if self.0.is_empty() { Ok(()) } else { fs::remove_dir_all(CHANNELS).at("remove the channels") }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the program has still to open one: nothing tells when it does, so that one has to look.
    pub(super) fn is_awaited(&self) -> bool {
        self.0.iter().any(|channel| channel.unopened.is_some())
    }

    /// Whether the end of an input is being held back.
    pub(super) fn is_holding(&self) -> bool {
        self.0.iter().any(|channel| channel.input.is_holding())
    }

    /// One bit for each channel: the program was waiting for more when the end of that input came.
    pub(super) fn ends_awaited(&self) -> u64 {
        let awaited = self.0.iter().map(|channel| u64::from(channel.input.end_awaited));
        awaited.enumerate().fold(0, |bits, (number, bit)| bits | bit << number)
    }

    pub(super) fn is_over(&self) -> bool {
        self.0.iter().any(|channel| channel.output.truncated)
    }

    /// What to wait for.
    pub(super) fn add_to<'a>(&'a self, fds: &mut Vec<PollFd<'a>>, takes_output: bool) {
        for channel in &self.0 {
            channel.input.add_to(fds);
            if takes_output {
                channel.output.add_to(fds);
            }
        }
    }

    /// What the host sends into one of them; nothing is its end. False when there is no such channel.
    pub(super) fn take(&mut self, number: u8, payload: &[u8]) -> bool {
        self.0.get_mut(usize::from(number)).map(|channel| channel.take(payload)).is_some()
    }

    /// Moves what can be moved without waiting.
    pub(super) fn pump(&mut self, link: &mut Link, buffer: &mut [u8], takes_output: bool) {
        for channel in &mut self.0 {
            channel.open();
            channel.input.pump();
            if takes_output && channel.has_spoken() && !channel.output.pump(link, buffer) && channel.output.has_ended()
            {
                link.push(channel.kind, &[]);
            }
        }
    }

    /// Takes what is left of a program that has ended.
    pub(super) fn drain(&mut self, mut take: impl FnMut(&mut Output)) {
        self.0.iter_mut().for_each(|channel| take(&mut channel.output));
    }
}

impl Channel {
    fn make(number: u8, order: &Run) -> Result<Self, Fault> {
        let paths = channel_paths(number);
        for path in &paths {
            // Whoever the programs are, they may open it; nobody can put something else in its place.
            mknodat(CWD, path, FileType::Fifo, Mode::from_raw_mode(0o666), 0).at("make a channel")?;
        }
        let [unopened, out] = paths;
        let out =
            open(&out, OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC, Mode::empty()).at("open a channel")?;
        let kind = Kind::Channel(number);
        let output = Output::new(out, kind, order.limits.output_bytes);
        Ok(Self { kind, unopened: Some(unopened), input: Input::closed(order.holds_ends), output })
    }

    fn take(&mut self, payload: &[u8]) {
        if payload.is_empty() {
            self.input.end();
        } else if self.unopened.is_some() || self.input.is_open() {
            self.input.take(payload);
        }
    }

    /// Opens what the program reads, once it has opened it: fifo(7), `ENXIO` until then.
    fn open(&mut self) {
        let Some(path) = &self.unopened else { return };
        match open(path, OFlags::WRONLY | OFlags::NONBLOCK | OFlags::CLOEXEC, Mode::empty()) {
            Ok(pipe) => self.input.open(pipe),
            Err(Errno::NXIO | Errno::INTR) => return,
            Err(_) => {}
        }
        self.unopened = None;
    }

    /// Whether there is something to read, or its end: a FIFO that nobody has opened for writing reads as one that has
    /// ended, and only `poll` tells the two apart.
    fn has_spoken(&self) -> bool {
        let mut fds = Vec::new();
        self.output.add_to(&mut fds);
        let now = Timespec { tv_sec: 0, tv_nsec: 0 };
        matches!(poll(&mut fds, Some(&now)), Ok(1..))
    }
}
