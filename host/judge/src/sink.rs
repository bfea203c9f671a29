//! Receives a program's output while it runs: feeds the comparer, and keeps the beginning and the end. Both are
//! bounded here, independently of the limits.

use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use optimus_core::compare::{Comparison, Match};
use optimus_core::content::whole_characters;
use optimus_core::outcome::Excerpt;
use optimus_core::{Content, Stream};
use optimus_sandbox::Sink;

use super::live::Live;

/// Maximum bytes of all excerpts and transcripts of one report, as encoded in its JSON.
pub(super) const REPORT_BYTES: u64 = 64 << 20;
/// Bytes of a stream that a plugin sees: the end for a run, the beginning for a compiler.
const TAIL: usize = optimus_plugin::HEAD_BYTES;

/// The bytes left for the excerpts of a report; shared by its tests.
#[derive(Debug)]
pub(super) struct Budget(Mutex<u64>);

impl Budget {
    pub(super) fn new(bytes: u64) -> Self {
        Self(Mutex::new(bytes))
    }

    /// Reserves space for a prefix of `bytes` as encoded in JSON, and returns the length of that prefix.
    pub(super) fn take(&self, bytes: &[u8]) -> usize {
        let mut left = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = Content::fitting(bytes, *left);
        *left = left.saturating_sub(Content::encoded_len(&bytes[..fits]));
        fits
    }
}

/// Maximum bytes of one message for people: a checker's message, or a plugin's diagnostic.
const MESSAGE_BYTES: usize = 4 << 10;

/// Truncates a message that is too long for a report.
pub(super) fn cut(message: &mut String) {
    if message.len() > MESSAGE_BYTES {
        message.truncate(message.floor_char_boundary(MESSAGE_BYTES));
        message.push('…');
    }
}

/// The first bytes of a stream.
#[derive(Debug, Default)]
pub(super) struct Head {
    bytes: Vec<u8>,
    truncated: bool,
}

impl Head {
    pub(super) fn push(&mut self, bytes: &[u8], cap: u64, budget: &Budget) {
        if self.truncated {
            return;
        }
        let room = cap.saturating_sub(self.bytes.len() as u64).min(bytes.len() as u64);
        let room = budget.take(&bytes[..usize::try_from(room).unwrap_or(0)]);
        self.truncated = room < bytes.len();
        self.bytes.extend_from_slice(&bytes[..room]);
    }

    /// The excerpt for the report. Text is cut at a character boundary, so that it stays text.
    pub(super) fn excerpt(mut self, more: bool) -> Excerpt {
        let truncated = self.truncated || more;
        if truncated {
            self.bytes.truncate(whole_characters(&self.bytes));
        }
        Excerpt { content: self.bytes.into(), truncated }
    }
}

/// The last bytes of a stream; it holds at most twice `TAIL`.
#[derive(Debug, Default)]
pub(super) struct Tail(Vec<u8>);

impl Tail {
    pub(super) fn push(&mut self, bytes: &[u8]) {
        let bytes = &bytes[bytes.len().saturating_sub(TAIL)..];
        if self.0.len() + bytes.len() > 2 * TAIL {
            self.0.drain(..self.0.len() - TAIL);
        }
        self.0.extend_from_slice(bytes);
    }

    pub(super) fn into_bytes(mut self) -> Bytes {
        self.0.drain(..self.0.len().saturating_sub(TAIL));
        self.0.into()
    }
}

/// The consumer of stdout, besides the excerpt.
#[derive(Debug)]
pub(super) enum Reader {
    /// None: the program only has to end well.
    Ignore,
    /// A comparer, fed while the program runs.
    Comparer(Box<Comparison>),
    /// A checker, which gets the whole output afterwards. The output limit bounds it.
    Checker(Vec<u8>),
}

/// The result of a reader.
pub(super) enum Reading {
    Nothing,
    Compared(Match),
    ToCheck(Bytes),
}

/// Receives the output of one test.
pub(super) struct TestSink<'a> {
    pub(super) reader: Reader,
    pub(super) capture_bytes: u64,
    pub(super) budget: &'a Budget,
    pub(super) stdout: (Head, Tail),
    pub(super) stderr: (Head, Tail),
    /// Publishes the output while the test runs.
    live: Option<&'a Live<'a>>,
}

impl<'a> TestSink<'a> {
    pub(super) fn new(reader: Reader, capture_bytes: u64, budget: &'a Budget, live: Option<&'a Live<'a>>) -> Self {
        Self { reader, capture_bytes, budget, stdout: Default::default(), stderr: Default::default(), live }
    }
}

impl Sink for TestSink<'_> {
    fn write(&mut self, stream: Stream, bytes: &[u8]) {
        let (head, tail) = match stream {
            Stream::Stdout => &mut self.stdout,
            Stream::Stderr => &mut self.stderr,
        };
        head.push(bytes, self.capture_bytes, self.budget);
        tail.push(bytes);
        if let Some(live) = self.live {
            live.write(stream, bytes);
        }
        if stream == Stream::Stdout {
            self.reader.read(bytes);
        }
    }
}

impl Reader {
    pub(super) fn read(&mut self, bytes: &[u8]) {
        match self {
            Self::Ignore => {}
            Self::Comparer(comparison) => {
                comparison.feed(bytes);
            }
            Self::Checker(kept) => {
                let room = usize::try_from(super::limits::CHECKED_OUTPUT).unwrap_or(usize::MAX) - kept.len();
                kept.extend_from_slice(&bytes[..bytes.len().min(room)]);
            }
        }
    }

    pub(super) fn finish(self) -> Reading {
        match self {
            Self::Ignore => Reading::Nothing,
            Self::Comparer(comparison) => Reading::Compared(comparison.finish()),
            Self::Checker(kept) => Reading::ToCheck(kept.into()),
        }
    }
}

/// Receives the output of a compiler: both streams interleaved, the first lines of each for the plugin, and the
/// end of both.
#[derive(Debug)]
pub(super) struct CompileSink<'a> {
    pub(super) output: &'a mut Head,
    pub(super) budget: &'a Budget,
    pub(super) stdout: FirstLines,
    pub(super) stderr: FirstLines,
    pub(super) tail: Tail,
}

impl<'a> CompileSink<'a> {
    /// Maximum bytes of compiler output in a report.
    pub(super) const OUTPUT: u64 = 64 << 10;

    pub(super) fn new(output: &'a mut Head, budget: &'a Budget) -> Self {
        Self { output, budget, stdout: FirstLines::default(), stderr: FirstLines::default(), tail: Tail::default() }
    }
}

/// The first lines of a compiler's output. They name the cause; what follows may be thousands of consequences.
#[derive(Debug, Default)]
pub(super) struct FirstLines {
    bytes: Vec<u8>,
    cut: bool,
}

impl FirstLines {
    fn push(&mut self, bytes: &[u8]) {
        let room = TAIL.saturating_sub(self.bytes.len()).min(bytes.len());
        self.bytes.extend_from_slice(&bytes[..room]);
        self.cut |= room < bytes.len();
    }

    /// Cuts at the end of a line.
    pub(super) fn into_bytes(mut self) -> Bytes {
        if self.cut {
            let end = self.bytes.iter().rposition(|byte| *byte == b'\n').map_or(self.bytes.len(), |end| end + 1);
            self.bytes.truncate(end);
        }
        self.bytes.into()
    }
}

impl Sink for CompileSink<'_> {
    fn write(&mut self, stream: Stream, bytes: &[u8]) {
        self.output.push(bytes, Self::OUTPUT, self.budget);
        self.tail.push(bytes);
        match stream {
            Stream::Stdout => self.stdout.push(bytes),
            Stream::Stderr => self.stderr.push(bytes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_cut_by_its_cap_and_by_the_budget() {
        let budget = Budget::new(14);
        let (mut one, mut other) = (Head::default(), Head::default());
        one.push(b"1234567", 6, &budget);
        other.push(b"123", 6, &budget);
        other.push(b"\n\n", 6, &budget);
        let (one, other) = (one.excerpt(false), other.excerpt(false));
        assert_eq!((one.content.as_bytes(), one.truncated), (&b"123456"[..], true));
        assert_eq!(
            (other.content.as_bytes(), other.truncated),
            (&b"123"[..], true),
            "a line's end takes more than a byte"
        );
    }

    #[test]
    fn a_long_message_is_cut_between_characters() {
        let mut message = format!("x{}", "é".repeat(MESSAGE_BYTES));
        cut(&mut message);
        assert!(message.len() <= MESSAGE_BYTES + 3 && message.ends_with("é…"));
        let mut short = "short".to_owned();
        cut(&mut short);
        assert_eq!(short, "short");
    }

    #[test]
    fn text_is_cut_between_two_characters() {
        let budget = Budget::new(u64::MAX);
        for cap in 1..=5 {
            let mut head = Head::default();
            head.push("x€y".as_bytes(), cap, &budget);
            let excerpt = head.excerpt(false);
            assert_eq!(excerpt.truncated, cap < 5);
            assert!(["x", "x€", "x€y"].map(str::as_bytes).contains(&excerpt.content.as_bytes()), "{cap}");
        }
    }

    #[test]
    fn the_first_errors_are_kept_in_whole_lines() {
        let mut beginning = FirstLines::default();
        for number in 0..20_000 {
            beginning.push(format!("error {number}\n").as_bytes());
        }
        let bytes = beginning.into_bytes();
        assert!(bytes.len() <= TAIL && bytes.starts_with(b"error 0\n") && bytes.ends_with(b"\n"));
        let mut short = FirstLines::default();
        short.push(b"error");
        assert_eq!(short.into_bytes(), &b"error"[..]);
    }

    #[test]
    fn a_tail_is_the_end_and_stays_small() {
        let mut tail = Tail::default();
        for piece in 0..100u8 {
            tail.push(&vec![piece; 10_000]);
            assert!(tail.0.len() <= 2 * TAIL);
        }
        tail.push(&[7; 3 * TAIL]);
        tail.push(b"end");
        let bytes = tail.into_bytes();
        assert_eq!(bytes.len(), TAIL);
        assert!(bytes.ends_with(b"\x07end"));
    }
}
