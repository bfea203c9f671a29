//! `lcmp`: the words of each line that the expectation has; in a line, VT and FF separate words, too.

use crate::compare::difference::{Complaint, Kind};
use crate::compare::scan::{is_space, trimmed_len};
use crate::compare::words::{Expected, Found, Gap, Grammar, Lexis, malformed, wrong};

use super::LEXIS;

const LINE: Kind = Kind::NotA("a line");

#[derive(Debug)]
pub(super) struct Lines {
    /// Blank lines that are expected after the last word.
    blank: u64,
}

impl Lines {
    pub(super) fn new(expected: &[u8]) -> Self {
        let words = trimmed_len(expected);
        Self { blank: blank_lines(&expected[words..], words == 0) }
    }
}

impl Grammar for Lines {
    fn lexis(&self) -> Lexis {
        Lexis { is_space, equal_is_right: true, ..LEXIS }
    }

    fn word(&mut self, expected: Option<&Expected<'_>>, found: &Found<'_>) -> Result<(), Complaint> {
        let Some(expected) = expected else {
            // On a line that is expected to be blank it is wrong; after all of them it is malformed.
            let line = found.gap.lfs + u64::from(found.gap.leading);
            return Err(if line <= self.blank { wrong(Kind::Other) } else { malformed(Kind::Extra) });
        };
        match (expected.gap.lfs, found.gap.lfs) {
            (here, there) if here > there => Err(wrong(Kind::BreakMissing)),
            (here, there) if here < there => Err(wrong(Kind::BreakUnexpected)),
            _ if found.same => Ok(()),
            _ => Err(wrong(Kind::Other)),
        }
    }

    fn end(&mut self, expected: Option<&Expected<'_>>, gap: &Gap, _: &[u8]) -> Result<(), Complaint> {
        let wanted = match expected {
            Some(expected) if expected.gap.lfs == 0 && !gap.leading => return Err(wrong(Kind::Other)),
            Some(expected) => expected.gap.lfs + u64::from(gap.leading),
            None => self.blank,
        };
        match (wanted > lines(gap), expected) {
            (true, _) => Err(malformed(LINE)),
            (false, Some(_)) => Err(wrong(Kind::Other)),
            (false, None) => Ok(()),
        }
    }
}

/// Number of lines that begin in a gap at the end of the output.
fn lines(gap: &Gap) -> u64 {
    match (gap.leading, gap.lfs) {
        (true, lfs) => lfs + u64::from(gap.after_lf > 0),
        (false, 0) => 0,
        (false, lfs) => lfs - 1 + u64::from(gap.after_lf > 0),
    }
}

/// Number of blank lines that testlib reads at the end of an expectation: a last line that is completely empty is
/// ignored.
fn blank_lines(rest: &[u8], leading: bool) -> u64 {
    let rest = match (leading, rest.iter().position(|&byte| byte == b'\n')) {
        (true, _) => rest,
        (false, None) => return 0,
        (false, Some(end)) => &rest[end + 1..],
    };
    let mut lines: Vec<&[u8]> = rest.split(|&byte| byte == b'\n').collect();
    // After the last LF there is no line, unless there is something.
    if lines.last().is_some_and(|tail| tail.is_empty()) {
        lines.pop();
        if lines.last().is_some_and(|last| last.is_empty() || *last == b"\r") {
            lines.pop();
        }
    }
    lines.len() as u64
}
