//! Byte for byte. CRLF is not LF, a BOM counts, and an empty output equals only an empty expectation.

use bytes::Bytes;

use super::Mismatch;
use super::difference::{Class, Kind, Shown, Unit};
use super::scan::{common_prefix, is_space};

#[derive(Debug)]
pub(super) struct Exact {
    pub(super) expected: Bytes,
    pub(super) at: usize,
    /// White space after the end does not count; that at the end of what is expected is gone.
    loose_end: bool,
    /// Some of that white space has come.
    gap: bool,
}

impl Exact {
    pub(super) fn new(expected: Bytes) -> Self {
        Self { expected, at: 0, loose_end: false, gap: false }
    }

    pub(super) fn end_trimmed(expected: &Bytes) -> Self {
        let end = expected.iter().rposition(|byte| !is_space(*byte)).map_or(0, |last| last + 1);
        Self { expected: expected.slice(..end), at: 0, loose_end: true, gap: false }
    }

    pub(super) fn feed(&mut self, chunk: &[u8]) -> Option<Mismatch> {
        let equal = common_prefix(chunk, &self.expected[self.at..]);
        self.at += equal;
        let is_over = self.loose_end && self.at == self.expected.len();
        let rest = &chunk[equal..];
        let stray =
            if is_over { rest.iter().position(|byte| !is_space(*byte)) } else { (!rest.is_empty()).then_some(0) };
        self.gap |= is_over && rest.first().is_some_and(|byte| is_space(*byte));
        stray.map(|stray| {
            // Behind white space that does not count, what is shown begins with the stray itself.
            let from = if self.gap { self.at } else { self.line() };
            self.mismatch(equal + stray, from)
        })
    }

    pub(super) fn finish(&self) -> Option<Mismatch> {
        (self.at < self.expected.len()).then(|| self.mismatch(0, self.line()))
    }

    /// Where the line begins that we are in.
    fn line(&self) -> usize {
        memchr::memrchr(b'\n', &self.expected[..self.at]).map_or(0, |lf| lf + 1)
    }

    fn mismatch(&self, index: usize, from: usize) -> Mismatch {
        let (expected, found) = Shown::pair(&self.expected, from, self.at, Unit::WholeLine);
        Mismatch {
            index,
            back: 0,
            kind: Kind::Other,
            expected,
            found,
            unit: Unit::WholeLine,
            class: Class::Wrong,
            last: true,
        }
    }
}
