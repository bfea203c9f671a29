//! Frames between the sandbox and its engine process: a kind, a length, that many bytes. A message's bytes are postcard.
//!
//! The sandbox asks, the engine answers, and only one of them speaks at a time, so that neither can wait for the other's
//! full pipe:
//! ```text
//! Stage   → Done
//! Restore → Done | Refused
//! Collect → Data…, Done | Refused
//! Gather  → Data…, Gathered
//! Run     → (Stdout | Stderr | Want)…, Ended      each Want is answered by Data; an empty one is the end of stdin
//! ```

use std::io::{self, Read, Write};

use optimus_core::collect::Pattern;
use optimus_core::plan::Collect;
use optimus_core::{Exit, LimitHit, Limits};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// The largest piece of a stream in one frame.
pub(crate) const CHUNK: usize = 64 << 10;
/// The largest message that an engine sends.
pub(crate) const REPLY_BYTES: usize = 1 << 20;
pub(crate) const HEAD: usize = 5;

/// What a frame's payload is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Message,
    /// stdin, or a piece of an archive.
    Data,
    Stdout,
    Stderr,
}

impl Kind {
    pub(crate) fn from_code(code: u8) -> Option<Self> {
        [Self::Message, Self::Data, Self::Stdout, Self::Stderr].into_iter().find(|kind| *kind as u8 == code)
    }
}

/// What the sandbox asks.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Request {
    /// Put files on the stage, in place of those of the same path.
    Stage(Vec<Placed>),
    /// Replace the stage by an archive's content.
    Restore { archive: Vec<u8> },
    /// Run one step.
    Run(Box<Run>),
    /// Replace the stage by what the build area holds, and send it.
    Collect { paths: Vec<Collect> },
    /// Send what matches in the build area, which ends if `drop_build` is set.
    Gather { patterns: Vec<Pattern>, cap_bytes: u64, drop_build: bool },
}

/// A file for the stage.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Placed {
    pub(crate) path: String,
    pub(crate) executable: bool,
    pub(crate) content: Vec<u8>,
}

/// One step.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Run {
    pub(crate) argv: Vec<String>,
    pub(crate) env: Vec<(String, String)>,
    pub(crate) fresh: bool,
    /// Output is passed on without delay.
    pub(crate) live: bool,
    /// The first bytes of stdin.
    pub(crate) stdin: Vec<u8>,
    /// No more follow.
    pub(crate) stdin_ends: bool,
    pub(crate) limits: WireLimits,
}

/// `Limits`, with a field that JSON leaves out.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct WireLimits {
    pub(crate) cpu_ms: u64,
    pub(crate) wall_ms: u64,
    pub(crate) memory_bytes: u64,
    pub(crate) output_bytes: u64,
    pub(crate) open_files: u64,
    pub(crate) file_bytes: u64,
    pub(crate) work_bytes: u64,
    pub(crate) fuel: Option<u64>,
}

impl From<&Limits> for WireLimits {
    fn from(limits: &Limits) -> Self {
        Self {
            cpu_ms: limits.cpu_ms,
            wall_ms: limits.wall_ms,
            memory_bytes: limits.memory_bytes,
            output_bytes: limits.output_bytes,
            open_files: limits.open_files,
            file_bytes: limits.file_bytes,
            work_bytes: limits.work_bytes,
            fuel: limits.fuel,
        }
    }
}

/// What the engine answers.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Reply {
    Done,
    /// The program is to blame: `` `out` is a symlink, not a file``.
    Refused(String),
    /// Every file that was gathered was sent; why others are missing.
    Gathered {
        notes: Vec<String>,
    },
    /// The program is a module that has to be compiled first, which may take more memory than it may have: then this
    /// process ends.
    Compiling,
    /// It is compiled.
    Compiled,
    /// The program waits for its stdin.
    Want,
    /// The step is over.
    Ended(Box<Ended>),
}

/// The end of a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ended {
    pub(crate) exit: Exit,
    pub(crate) limit: Option<LimitHit>,
    pub(crate) fuel: u64,
    pub(crate) cpu_us: u64,
    pub(crate) wall_us: u64,
    pub(crate) waited_us: u64,
    pub(crate) memory_peak_bytes: u64,
    pub(crate) stdout_bytes: u64,
    pub(crate) stderr_bytes: u64,
    pub(crate) stdout_truncated: bool,
    pub(crate) stderr_truncated: bool,
    pub(crate) notes: Vec<String>,
}

/// The bytes of a frame.
pub(crate) fn frame(kind: Kind, payload: &[u8]) -> io::Result<Vec<u8>> {
    let length = u32::try_from(payload.len()).map_err(io::Error::other)?;
    let mut frame = Vec::with_capacity(HEAD + payload.len());
    frame.push(kind as u8);
    frame.extend_from_slice(&length.to_le_bytes());
    frame.extend_from_slice(payload);
    Ok(frame)
}

/// The bytes of a message's frame.
pub(crate) fn message(message: &impl Serialize) -> io::Result<Vec<u8>> {
    frame(Kind::Message, &postcard::to_stdvec(message).map_err(io::Error::other)?)
}

/// Reads a message's payload.
pub(crate) fn parse<T: DeserializeOwned>(payload: &[u8]) -> io::Result<T> {
    match postcard::take_from_bytes(payload) {
        Ok((message, [])) => Ok(message),
        Ok(_) => Err(io::Error::other("bytes follow a message")),
        Err(error) => Err(io::Error::other(error)),
    }
}

/// Splits a frame's head into kind and length.
pub(crate) fn head(head: [u8; HEAD]) -> io::Result<(Kind, usize)> {
    let [code, length @ ..] = head;
    let kind = Kind::from_code(code).ok_or_else(|| io::Error::other(format!("no kind of frame is {code}")))?;
    Ok((kind, u32::from_le_bytes(length) as usize))
}

/// The engine's end of the stream.
pub(crate) struct Pipe<S>(pub(crate) S);

impl<S: Read + Write> Pipe<S> {
    /// The next frame; `None` at the end of the stream.
    pub(crate) fn receive(&mut self) -> io::Result<Option<(Kind, Vec<u8>)>> {
        let mut bytes = [0; HEAD];
        if self.0.read(&mut bytes[..1])? == 0 {
            return Ok(None);
        }
        self.0.read_exact(&mut bytes[1..])?;
        let (kind, length) = head(bytes)?;
        let mut payload = vec![0; length];
        self.0.read_exact(&mut payload)?;
        Ok(Some((kind, payload)))
    }

    pub(crate) fn send(&mut self, kind: Kind, payload: &[u8]) -> io::Result<()> {
        self.0.write_all(&frame(kind, payload)?)
    }

    pub(crate) fn reply(&mut self, reply: &Reply) -> io::Result<()> {
        self.0.write_all(&message(reply)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_comes_back_and_an_unknown_kind_does_not() {
        let mut bytes = frame(Kind::Stderr, b"abc").unwrap();
        let (kind, length) = head(bytes[..HEAD].try_into().unwrap()).unwrap();
        assert_eq!((kind, length, &bytes[HEAD..]), (Kind::Stderr, 3, &b"abc"[..]));
        bytes[0] = 9;
        assert!(head(bytes[..HEAD].try_into().unwrap()).is_err());
    }

    #[test]
    fn a_message_with_a_tail_is_none() {
        let mut payload = postcard::to_stdvec(&Reply::Want).unwrap();
        assert!(matches!(parse::<Reply>(&payload).unwrap(), Reply::Want));
        payload.push(0);
        assert!(parse::<Reply>(&payload).is_err());
    }
}
