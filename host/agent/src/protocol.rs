//! Frames: a kind, a length, that many bytes. A message's bytes are postcard; the other kinds' are a program's own.
//!
//! The order, host first:
//! ```text
//! Hello                         → Ready
//! Unpack, Data…  (bytes in all) → Done
//! UnpackFile     (a descriptor) → Done      only over a socket, which can carry one
//! Run, Data…     (stdin)        → (Stdout | Stderr)…, Ended      Data that comes after Ended is dropped
//!                 of a live stdin, an empty Data is the end
//!     (Data | Channel)…           → (Stdout | Stderr | Channel)…   when the step has channels; an empty one is the end
//! Collect                       → Data… (a tar archive), Done | Refused
//! Gather                        → Data… (a tar archive), Gathered
//! Reset                         → Done
//! anything                      → Failed, and the box is over
//! ```
//! A frame of an unknown kind, one that is too long, or one out of order ends the conversation, and with it the box.

mod hello;
pub mod wire_limits;

use optimus_core::collect::Pattern;
use optimus_core::plan::Collect;
use optimus_core::{Exit, LimitHit, Limits};
use serde::{Deserialize, Serialize};

pub use hello::{Cgroup, HOLD_IDS, Hello, Ids, Wall};

/// The longest payload. A message carries argv and environment, which the kernel bounds too.
pub const MAX_PAYLOAD: usize = 1 << 20;
/// How much of a stream goes into one frame: what a pipe holds.
pub const CHUNK: usize = 64 << 10;
const HEAD: usize = 5;

/// The most channels of a step.
pub const MAX_CHANNELS: u8 = 64;
const FIRST_CHANNEL: u8 = 16;

/// What a frame's payload is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A [`Request`] or a [`Reply`].
    Message,
    /// stdin, or a piece of an archive.
    Data,
    /// What the program printed.
    Stdout,
    /// What it printed to stderr.
    Stderr,
    /// What goes through one of the program's channels, by its number.
    Channel(u8),
}

impl Kind {
    fn code(self) -> u8 {
        match self {
            Self::Message => 1,
            Self::Data => 2,
            Self::Stdout => 3,
            Self::Stderr => 4,
            Self::Channel(number) => FIRST_CHANNEL + number,
        }
    }

    fn of(code: u8) -> Result<Self, Garbled> {
        Ok(match code {
            1 => Self::Message,
            2 => Self::Data,
            3 => Self::Stdout,
            4 => Self::Stderr,
            FIRST_CHANNEL.. if code - FIRST_CHANNEL < MAX_CHANNELS => Self::Channel(code - FIRST_CHANNEL),
            other => return Err(Garbled::Kind(other)),
        })
    }
}

/// Where a program finds one of its channels: the FIFO that it reads, and the one that it writes.
pub fn channel_paths(number: u8) -> [String; 2] {
    ["in", "out"].map(|way| format!("{CHANNELS}/{number}.{way}"))
}

/// The directory of the channels, on the stage, where no program can change anything. No file of a job is called so.
pub const CHANNELS: &str = "/stage/.channels";

/// The stream made no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Garbled {
    /// No such kind.
    #[error("a frame of kind {0}")]
    Kind(u8),
    /// Above [`MAX_PAYLOAD`].
    #[error("a frame of {0} bytes")]
    Length(usize),
    /// Not what the kind promises.
    #[error("a message that cannot be read")]
    Message,
    /// Not now.
    #[error("a frame out of order")]
    Order,
}

/// A frame at the start of a buffer: its kind, its payload, and how many bytes it takes in all.
pub type Frame<'a> = (Kind, &'a [u8], usize);

/// The first frame in `buffer`, if it is all there.
///
/// # Errors
/// When no sequence of further bytes could make this a frame.
pub fn parse(buffer: &[u8]) -> Result<Option<Frame<'_>>, Garbled> {
    let Some((head, rest)) = buffer.split_first_chunk::<HEAD>() else { return Ok(None) };
    let kind = Kind::of(head[0])?;
    let length = u32::from_le_bytes([head[1], head[2], head[3], head[4]]) as usize;
    if length > MAX_PAYLOAD {
        return Err(Garbled::Length(length));
    }
    Ok(rest.get(..length).map(|payload| (kind, payload, HEAD + length)))
}

/// Appends a frame to `out`.
///
/// # Panics
/// When `payload` is longer than [`MAX_PAYLOAD`]: callers cut streams into chunks; and for a channel's number of
/// [`MAX_CHANNELS`] or above.
pub fn push(out: &mut Vec<u8>, kind: Kind, payload: &[u8]) {
    assert!(payload.len() <= MAX_PAYLOAD, "frames are cut before they are pushed");
    assert!(!matches!(kind, Kind::Channel(MAX_CHANNELS..)), "there are no more channels");
    out.push(kind.code());
    #[expect(clippy::cast_possible_truncation, reason = "at most MAX_PAYLOAD")]
    out.extend_from_slice(&(payload.len() as u32).to_le_bytes());
    out.extend_from_slice(payload);
}

/// Appends a message to `out`.
///
/// # Errors
/// When it is too long for a frame.
pub fn push_message(out: &mut Vec<u8>, message: &impl Serialize) -> Result<(), Garbled> {
    let payload = postcard::to_stdvec(message).map_err(|_| Garbled::Message)?;
    if payload.len() > MAX_PAYLOAD {
        return Err(Garbled::Length(payload.len()));
    }
    push(out, Kind::Message, &payload);
    Ok(())
}

/// Reads a message.
///
/// # Errors
/// When it is none.
pub fn read_message<'a, T: Deserialize<'a>>(payload: &'a [u8]) -> Result<T, Garbled> {
    match postcard::take_from_bytes(payload) {
        Ok((message, [])) => Ok(message),
        _ => Err(Garbled::Message),
    }
}

/// What a host says.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Request {
    /// The first: how to build the box.
    Hello(Box<Hello>),
    /// A tar archive of `bytes` bytes follows; it goes onto the stage, or takes the stage's place.
    Unpack {
        /// Empty the stage first.
        replace: bool,
        /// The archive's length.
        bytes: u64,
    },
    /// The same, with an archive that is in the file whose descriptor came with this request. Nobody may be able to
    /// change that file any more: it is read while it is unpacked.
    UnpackFile {
        /// Empty the stage first.
        replace: bool,
    },
    /// Run one step.
    Run(Box<Run>),
    /// Put what the build area holds onto the stage, and send it.
    Collect {
        /// What of it.
        paths: Vec<Collect>,
        /// At most so many bytes.
        cap_bytes: u64,
    },
    /// Send the files of the build area that match, and leave the stage as it is.
    Gather {
        /// Which files.
        patterns: Vec<Pattern>,
        /// At most so many bytes.
        cap_bytes: u64,
        /// The build area is not needed any more: the next step that works in one starts with a copy of the stage.
        drop_build: bool,
    },
    /// Forget everything: stage, build area, processes.
    Reset,
}

/// What an agent says.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Reply {
    /// The box is built.
    Ready,
    /// It is done.
    Done,
    /// The step ended.
    Ended(Box<Ended>),
    /// What the program left cannot be taken.
    Refused(String),
    /// The matching files were sent.
    Gathered {
        /// Why others are missing.
        notes: Vec<String>,
    },
    /// The box is over.
    Failed {
        /// Where it stopped.
        stage: String,
        /// What the kernel said.
        errno: i32,
    },
}

/// One step.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Run {
    /// The program and its arguments.
    pub argv: Vec<String>,
    /// Added to the box's environment, or put in its place.
    pub env: Vec<(String, String)>,
    /// A work area of its own, rather than the build area.
    pub fresh: bool,
    /// How many bytes of stdin follow; none: whatever comes until an empty piece, and output is sent without delay,
    /// because somebody answers to it.
    pub stdin_bytes: Option<u64>,
    /// How many channels it has beside its three streams, at most [`MAX_CHANNELS`]; only in a fresh work area.
    pub channels: u8,
    /// The ends of its live inputs are held back until it waits for more of them.
    pub holds_ends: bool,
    /// What it may use.
    #[serde(with = "wire_limits")]
    pub limits: Limits,
    /// It may be started as a copy of a program that was started so before, up to where starts differ.
    pub warm: bool,
    /// The processors that it runs on, and cannot leave; none: all that the agent may run on.
    pub processors: Vec<u16>,
}

/// How a step ended. The fields are those of `optimus_core::Outcome`, which leaves some out as JSON may; these frames
/// have no names, so that nothing can be left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields of `Outcome`")]
pub struct Ended {
    pub exit: Exit,
    pub limit: Option<LimitHit>,
    pub cpu_us: u64,
    pub wall_us: u64,
    pub waited_us: u64,
    pub memory_peak_bytes: u64,
    pub memory_is_estimate: bool,
    pub stdout_bytes: u64,
    pub stderr_bytes: u64,
    pub stdout_truncated: bool,
    pub stderr_truncated: bool,
    /// It was waiting for more input when that ended.
    pub stdin_end_awaited: bool,
    /// The same of its channels: the bit of that number.
    pub channel_ends_awaited: u64,
    pub notes: Vec<String>,
    /// How it was started.
    pub start: Start,
    /// Why a warm start that was tried since the last step failed.
    pub warm_fault: Option<String>,
}

/// How a program was started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Start {
    /// By `execve`.
    Cold,
    /// As a copy of a process that was.
    Warm,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_read_as_it_was_written() {
        let mut out = Vec::new();
        push(&mut out, Kind::Stdout, b"hello");
        push_message(&mut out, &Request::Unpack { replace: true, bytes: 7 }).unwrap();
        let (kind, payload, used) = parse(&out).unwrap().unwrap();
        assert_eq!((kind, payload), (Kind::Stdout, &b"hello"[..]));
        let (kind, payload, _) = parse(&out[used..]).unwrap().unwrap();
        assert_eq!(kind, Kind::Message);
        assert!(matches!(read_message(payload), Ok(Request::Unpack { replace: true, bytes: 7 })));
    }

    #[test]
    fn channels_are_kinds_of_their_own() {
        for number in [0, MAX_CHANNELS - 1] {
            let mut out = Vec::new();
            push(&mut out, Kind::Channel(number), b"x");
            assert_eq!(parse(&out), Ok(Some((Kind::Channel(number), &b"x"[..], 6))));
        }
        let beyond = FIRST_CHANNEL + MAX_CHANNELS;
        assert_eq!(parse(&[beyond, 0, 0, 0, 0]), Err(Garbled::Kind(beyond)));
    }

    #[test]
    fn part_of_a_frame_is_not_a_frame() {
        let mut out = Vec::new();
        push(&mut out, Kind::Data, &[0; 300]);
        for end in 0..out.len() {
            assert_eq!(parse(&out[..end]), Ok(None), "{end}");
        }
    }

    #[test]
    fn nonsense_is_refused() {
        assert_eq!(parse(&[9, 0, 0, 0, 0]), Err(Garbled::Kind(9)));
        assert_eq!(parse(&[1, 255, 255, 255, 255]), Err(Garbled::Length(u32::MAX as usize)));
        assert!(read_message::<Request>(&[200, 1, 2]).is_err());
        let mut long = postcard::to_stdvec(&Request::Reset).unwrap();
        long.push(0);
        assert_eq!(read_message::<Request>(&long).unwrap_err(), Garbled::Message, "bytes were left over");
    }
}
