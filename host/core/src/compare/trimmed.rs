//! Line by line, without the white space at the end of each line and without empty lines at the end.
//!
//! The CR of a CRLF is such white space. What stands before or between words counts, and so do empty lines before the
//! last word. Any output of nothing but white space equals any other, and the empty one.

use bytes::Bytes;

use super::Mismatch;
use super::difference::{Class, Kind, Shown, Unit};
use super::scan::{common_prefix, is_space, skip};

#[derive(Debug)]
pub(super) struct Trimmed {
    /// Without the white space at its end.
    expected: Bytes,
    at: usize,
    state: State,
    /// The beginning of the white space in `State::Space`. Kept for its allocation.
    space: Vec<u8>,
    /// A NUL is white space, too.
    nul: bool,
}

#[derive(Debug)]
enum State {
    /// This line is equal so far, up to `at`.
    Equal,
    /// Then came white space that was not expected, and may yet turn out to end the line: its length.
    Space(u64),
    /// All that was expected has come.
    Tail,
}

impl Trimmed {
    pub(super) fn new(expected: &Bytes) -> Self {
        Self::with(expected, false)
    }

    /// Judge0's `strip`, which is Ruby's: NUL is white space at the end of a line.
    pub(super) fn judge0(expected: &Bytes) -> Self {
        Self::with(expected, true)
    }

    fn with(expected: &Bytes, nul: bool) -> Self {
        let is_text = |byte: &u8| !(is_space(*byte) || (nul && *byte == 0));
        let expected = expected.slice(..expected.iter().rposition(is_text).map_or(0, |last| last + 1));
        let state = if expected.is_empty() { State::Tail } else { State::Equal };
        Self { expected, at: 0, state, space: Vec::new(), nul }
    }

    fn is_space(&self, byte: u8) -> bool {
        is_space(byte) || (self.nul && byte == 0)
    }

    fn is_line_space(&self, byte: u8) -> bool {
        self.is_space(byte) && byte != b'\n'
    }

    pub(super) fn feed(&mut self, chunk: &[u8]) -> Option<Mismatch> {
        let nul = self.nul;
        let is_space = |byte: u8| is_space(byte) || (nul && byte == 0);
        let is_line_space = |byte: u8| is_space(byte) && byte != b'\n';
        let mut i = 0;
        while i < chunk.len() {
            i += match &mut self.state {
                State::Equal => {
                    let equal = common_prefix(&chunk[i..], &self.expected[self.at..]);
                    self.at += equal;
                    equal
                }
                State::Space(len) => {
                    let spaces = skip(chunk, i, is_line_space) - i;
                    *len += spaces as u64;
                    let shown = spaces.min(Shown::MAX.saturating_sub(self.space.len()));
                    self.space.extend_from_slice(&chunk[i..i + shown]);
                    spaces
                }
                State::Tail => skip(chunk, i, is_space) - i,
            };
            match chunk.get(i) {
                None => break,
                Some(b'\n') if self.end_line() => i += 1,
                Some(b'\n') => return Some(self.mismatch(i)),
                Some(&byte) if is_space(byte) => {
                    self.state = State::Space(0);
                    self.space.clear();
                }
                Some(_) => return Some(self.mismatch(i)),
            }
        }
        None
    }

    pub(super) fn finish(&self) -> Option<Mismatch> {
        let done = matches!(self.state, State::Tail) || self.at == self.expected.len();
        (!done).then(|| self.mismatch(0))
    }

    /// The output's line ends here. Returns whether the expected one does, too.
    fn end_line(&mut self) -> bool {
        let end = skip(&self.expected, self.at, |byte| self.is_line_space(byte));
        match self.expected.get(end) {
            None => self.state = State::Tail,
            Some(b'\n') => {
                self.state = State::Equal;
                self.at = end + 1;
            }
            Some(_) => return false,
        }
        true
    }

    fn mismatch(&self, index: usize) -> Mismatch {
        let line = memchr::memrchr(b'\n', &self.expected[..self.at]).map_or(0, |lf| lf + 1);
        let (expected, mut found) = Shown::pair(&self.expected, line, self.at, Unit::Line);
        let (back, expected, found) = match self.state {
            State::Equal => (0, expected, found),
            State::Space(len) => {
                found.take(&self.space, Unit::Line);
                (len, expected, found)
            }
            State::Tail => (0, None, Shown::default()),
        };
        Mismatch { index, back, kind: Kind::Other, expected, found, unit: Unit::Line, class: Class::Wrong, last: true }
    }
}
