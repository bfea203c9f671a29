//! DMOJ's `linecount`: each line that is right gives its part of the points. White space around a line does not count,
//! nor do empty lines; each CR and each LF ends a line.

use bytes::Bytes;

use super::difference::{Class, Kind, Shown, Unit};
use super::scan::{common_prefix, is_space, skip, trimmed_len};
use super::{Match, Mismatch};

/// Marks that are shown; what is beyond is left out.
const MARKS: u64 = 200;

#[derive(Debug)]
pub(super) struct LineCount {
    expected: Bytes,
    feedback: bool,
    /// Index where the next expected line may begin.
    next: usize,
    row: Row,
    rows: u64,
    right: u64,
    marks: String,
}

/// A line under way.
#[derive(Debug, Default)]
struct Row {
    len: u64,
    /// The expected bytes of the current line, from its first byte on.
    wanted: Option<(usize, usize)>,
    /// Bytes that are as expected.
    same: usize,
    begun: bool,
    wrong: bool,
}

impl LineCount {
    pub(super) fn new(expected: Bytes, feedback: bool) -> Self {
        Self { expected, feedback, next: 0, row: Row::default(), rows: 0, right: 0, marks: String::new() }
    }

    /// Only a line too many is decided immediately.
    pub(super) fn feed(&mut self, chunk: &[u8]) -> Option<Mismatch> {
        let mut i = 0;
        while i < chunk.len() {
            let end = skip(chunk, i, |byte| !is_break(byte));
            if i < end && !self.take(&chunk[i..end]) {
                let (expected, found) = (None, Shown::default());
                let (kind, unit, class) = (Kind::Other, Unit::Line, Class::Wrong);
                return Some(Mismatch { index: i, back: 0, kind, expected, found, unit, class, last: true });
            }
            if end < chunk.len() {
                self.end_row();
            }
            i = end + 1;
        }
        None
    }

    pub(super) fn finish(mut self) -> Match {
        self.end_row();
        let seen = self.rows;
        while next_row(&self.expected, &mut self.next).is_some() {
            self.rows += 1;
            self.mark('✗');
        }
        if self.right == self.rows {
            return Match::Same;
        }
        let (right, rows) = (self.right, self.rows);
        let missing = if seen < rows { format!(", {} missing", rows - seen) } else { String::new() };
        let message = format!("{right} of {rows} lines are right{missing}");
        let marks = match self.feedback {
            true if rows > MARKS => format!(": {}…", self.marks),
            true => format!(": {}", self.marks),
            false => String::new(),
        };
        #[expect(clippy::cast_precision_loss, reason = "nobody prints 2^53 lines")]
        let score = right as f64 / rows as f64;
        Match::Scored { score, message: message + &marks }
    }

    /// Returns whether a line is expected here at all.
    fn take(&mut self, piece: &[u8]) -> bool {
        let row = &mut self.row;
        if row.len == 0 {
            row.wanted = next_row(&self.expected, &mut self.next);
        }
        let Some((start, end)) = row.wanted else { return false };
        row.len += piece.len() as u64;
        let text = if row.begun { piece } else { &piece[skip(piece, 0, is_space)..] };
        row.begun |= !text.is_empty();
        let equal = common_prefix(text, &self.expected[start + row.same..end]);
        row.same += equal;
        row.wrong |= equal < text.len() && (start + row.same < end || !text[equal..].iter().all(|&b| is_space(b)));
        true
    }

    fn end_row(&mut self) {
        let row = std::mem::take(&mut self.row);
        let Some((start, end)) = row.wanted else { return };
        let right = !row.wrong && start + row.same == end;
        self.rows += 1;
        self.right += u64::from(right);
        self.mark(if right { '✓' } else { '✗' });
    }

    fn mark(&mut self, mark: char) {
        if self.rows <= MARKS {
            self.marks.push(mark);
        }
    }
}

fn is_break(byte: u8) -> bool {
    matches!(byte, b'\r' | b'\n')
}

/// The next line that is not empty, without white space around it.
fn next_row(expected: &[u8], next: &mut usize) -> Option<(usize, usize)> {
    let start = skip(expected, *next, is_break);
    let end = skip(expected, start, |byte| !is_break(byte));
    *next = end;
    let text = &expected[start..end];
    let len = trimmed_len(text);
    let lead = skip(&text[..len], 0, is_space);
    (start < end).then_some((start + lead, start + len))
}
