//! Byte for byte: a BOM counts, and an empty output equals only an empty expectation. CRLF is LF only where the end is
//! loose.

use bytes::Bytes;

use super::Mismatch;
use super::difference::{Class, Kind, Shown, Unit};
use super::scan::{common_prefix, is_space};

#[derive(Debug)]
pub(super) struct Exact {
    pub(super) expected: Bytes,
    pub(super) at: usize,
    /// White space after the end does not count; that at the end of what is expected is gone. Neither does a CR before
    /// a line's end, which is gone from what is expected, too.
    loose_end: bool,
    /// Some of that white space has come.
    gap: bool,
    /// A CR has come where a line should end.
    cr: bool,
}

impl Exact {
    pub(super) fn new(expected: Bytes) -> Self {
        Self { expected, at: 0, loose_end: false, gap: false, cr: false }
    }

    pub(super) fn end_trimmed(expected: &Bytes) -> Self {
        let end = expected.iter().rposition(|byte| !is_space(*byte)).map_or(0, |last| last + 1);
        let expected = without_crs(&expected.slice(..end));
        Self { expected, at: 0, loose_end: true, gap: false, cr: false }
    }

    pub(super) fn feed(&mut self, chunk: &[u8]) -> Option<Mismatch> {
        let mut done = 0;
        loop {
            let equal = common_prefix(&chunk[done..], &self.expected[self.at..]);
            self.at += equal;
            done += equal;
            self.cr &= equal == 0;
            let byte = *chunk.get(done)?;
            if self.loose_end && self.at == self.expected.len() {
                return self.behind(chunk, done);
            }
            let may_end = self.loose_end && !self.cr && self.expected.get(self.at) == Some(&b'\n');
            if byte != b'\r' || !may_end {
                return Some(self.mismatch(done, self.line()));
            }
            self.cr = true;
            done += 1;
        }
    }

    /// Compares the output behind the end of the expectation.
    fn behind(&mut self, chunk: &[u8], from: usize) -> Option<Mismatch> {
        let rest = &chunk[from..];
        self.gap |= rest.first().is_some_and(|byte| is_space(*byte));
        // Behind white space that does not count, what is shown begins with the stray itself.
        let shown = if self.gap { self.at } else { self.line() };
        rest.iter().position(|byte| !is_space(*byte)).map(|stray| self.mismatch(from + stray, shown))
    }

    pub(super) fn finish(&self) -> Option<Mismatch> {
        (self.at < self.expected.len()).then(|| self.mismatch(0, self.line()))
    }

    /// Index of the start of the current line.
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

/// Lines that end with CRLF end with LF.
fn without_crs(bytes: &Bytes) -> Bytes {
    if memchr::memmem::find(bytes, b"\r\n").is_none() {
        return bytes.clone();
    }
    let is_kept = |i: &usize| bytes[*i] != b'\r' || bytes.get(i + 1) != Some(&b'\n');
    (0..bytes.len()).filter(is_kept).map(|i| bytes[i]).collect()
}
