//! Line by line, byte for byte but for the ends of lines: DMOJ's `rstripped` and testlib's `fcmp`.

use bytes::Bytes;

use super::Mismatch;
use super::difference::{Class, Kind, Shown, Unit};
use super::scan::{common_prefix, is_space, skip, trimmed_len};
use super::testlib::is_blank;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RowRule {
    /// Each CR and each LF ends a line, and the end of the file ends one more; white space at the end of a line does not
    /// count. Perhaps empty lines do not, either.
    Rstripped { filter: bool },
    /// LF or CRLF ends a line; nothing but blanks may follow the last one that is expected.
    Fcmp,
}

#[derive(Debug)]
pub(super) struct Rows {
    rule: RowRule,
    expected: Bytes,
    /// Index where the next expected line begins; none after the last.
    next: Option<usize>,
    /// The expected bytes of this line; none before its first byte.
    row: Option<Option<(usize, usize)>>,
    /// Bytes of it that came, and how many of them are as expected.
    len: u64,
    same: usize,
    /// White space after those, which may yet end the line: how much, and its beginning.
    pads: (u64, Vec<u8>),
    /// A CR came that may belong to the end of the line.
    cr: bool,
}

impl Rows {
    pub(super) fn new(expected: Bytes, rule: RowRule) -> Self {
        Self { rule, expected, next: Some(0), row: None, len: 0, same: 0, pads: (0, Vec::new()), cr: false }
    }

    pub(super) fn feed(&mut self, chunk: &[u8]) -> Option<Mismatch> {
        let mut i = 0;
        while i < chunk.len() {
            let end = skip(chunk, i, |byte| !self.is_break(byte));
            let ends = end < chunk.len();
            if let Some(mismatch) = self.piece(chunk, i, end) {
                return Some(mismatch);
            }
            if ends {
                self.cr = false;
                if let Some(mismatch) = self.end_row(end) {
                    return Some(mismatch);
                }
            }
            i = end + usize::from(ends);
        }
        None
    }

    pub(super) fn finish(&mut self) -> Option<Mismatch> {
        if std::mem::take(&mut self.cr) && self.take(b"\r", 0).is_some() {
            return Some(self.mismatch_at_cr(0));
        }
        let is_row = self.len > 0 || self.rule == RowRule::Rstripped { filter: false };
        if is_row && let Some(mismatch) = self.end_row(0) {
            return Some(mismatch);
        }
        let missing = self.expected_row()?;
        let (expected, found) = Shown::pair(&self.expected, missing.0, missing.0, Unit::Line);
        let class = if self.rule == RowRule::Fcmp { Class::Malformed } else { Class::Wrong };
        let (index, back, kind) = (0, 0, Kind::Other);
        // An empty line that is missing is shown as one.
        let expected = expected.or(Some(Shown::default()));
        Some(Mismatch { index, back, kind, expected, found, unit: Unit::Line, class, last: true })
    }

    fn is_break(&self, byte: u8) -> bool {
        byte == b'\n' || (byte == b'\r' && self.rule != RowRule::Fcmp)
    }

    /// Bytes of one line; a CR at the end waits for what follows.
    fn piece(&mut self, chunk: &[u8], from: usize, end: usize) -> Option<Mismatch> {
        if from < end && std::mem::take(&mut self.cr) && self.take(b"\r", 0).is_some() {
            return Some(self.mismatch_at_cr(from));
        }
        let held = self.rule == RowRule::Fcmp && chunk[from..end].last() == Some(&b'\r');
        self.cr |= held;
        let at = self.take(&chunk[from..end - usize::from(held)], from)?;
        Some(self.mismatch(at, 0))
    }

    /// Compares some of a line. Returns the index of what is not as expected.
    fn take(&mut self, piece: &[u8], from: usize) -> Option<usize> {
        if piece.is_empty() {
            return None;
        }
        let row = self.wanted();
        self.len += piece.len() as u64;
        let Some((start, end)) = row else { return self.beyond(piece).map(|at| from + at) };
        let rest = &self.expected[start + self.same..end];
        let equal = if self.pads.0 > 0 { 0 } else { common_prefix(piece, rest) };
        self.same += equal;
        if equal == piece.len() {
            return None;
        }
        if start + self.same < end {
            return Some(from + equal);
        }
        let pads = if self.rule == RowRule::Fcmp { equal } else { skip(piece, equal, is_space) };
        let (count, shown) = &mut self.pads;
        *count += (pads - equal) as u64;
        shown.extend_from_slice(&piece[equal..pads.min(equal + Shown::MAX.saturating_sub(shown.len()))]);
        (pads < piece.len()).then_some(from + pads)
    }

    /// Compares the output behind the last expected line.
    fn beyond(&self, piece: &[u8]) -> Option<usize> {
        match self.rule {
            RowRule::Fcmp => piece.iter().position(|&byte| !is_blank(byte)),
            RowRule::Rstripped { .. } => Some(0),
        }
    }

    fn end_row(&mut self, index: usize) -> Option<Mismatch> {
        if self.rule == (RowRule::Rstripped { filter: true }) && self.len == 0 {
            return None;
        }
        let row = self.wanted();
        let right = match row {
            Some((start, end)) => start + self.same == end,
            None => self.rule == RowRule::Fcmp,
        };
        if !right {
            return Some(self.mismatch(index, 0));
        }
        self.row = None;
        (self.len, self.same, self.pads.0) = (0, 0, 0);
        self.pads.1.clear();
        None
    }

    /// The expected bytes of the current line.
    fn wanted(&mut self) -> Option<(usize, usize)> {
        if self.row.is_none() {
            self.row = Some(self.expected_row());
        }
        self.row.flatten()
    }

    /// The next expected line, without what does not count at its end.
    fn expected_row(&mut self) -> Option<(usize, usize)> {
        loop {
            let start = self.next?;
            let end = skip(&self.expected, start, |byte| !self.is_break(byte));
            let is_last = end == self.expected.len();
            self.next = (!is_last).then_some(end + 1);
            let text = &self.expected[start..end];
            match self.rule {
                RowRule::Rstripped { filter: true } if text.is_empty() => {}
                RowRule::Rstripped { .. } => return Some((start, start + trimmed_len(text))),
                RowRule::Fcmp if is_last && text.is_empty() => return None,
                RowRule::Fcmp => {
                    let len = text.len() - usize::from(!is_last && text.last() == Some(&b'\r'));
                    // testlib does not look at an empty line at the very end.
                    let is_end = end + 1 >= self.expected.len();
                    return (len > 0 || !is_end).then_some((start, start + len));
                }
            }
        }
    }

    /// The CR that was held back is the first byte that is not as expected; the rest of what is found comes at `index`.
    fn mismatch_at_cr(&self, index: usize) -> Mismatch {
        let mut mismatch = self.mismatch(index, 1);
        mismatch.found.take(b"\r", Unit::Line);
        mismatch
    }

    fn mismatch(&self, index: usize, back: u64) -> Mismatch {
        let unit = Unit::Line;
        let Some(Some((start, _))) = self.row else {
            let class = if self.rule == RowRule::Fcmp { Class::Malformed } else { Class::Wrong };
            let (kind, found) = (Kind::Other, Shown::default());
            return Mismatch { index, back, kind, expected: None, found, unit, class, last: true };
        };
        let (expected, mut found) = Shown::pair(&self.expected, start, start + self.same, unit);
        found.take(&self.pads.1, unit);
        let back = back + self.pads.0;
        Mismatch { index, back, kind: Kind::Other, expected, found, unit, class: Class::Wrong, last: true }
    }
}
