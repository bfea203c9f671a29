//! A difference: its place, the expected piece and the found one; cut to size and escaped without loss.

use std::fmt::{self, Display, Formatter, Write as _};

use super::scan::{Place, is_space};

/// The first difference between found and expected output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// In the program's output, from 1; a line ends with LF.
    pub line: u64,
    /// From 1, in bytes.
    pub column: u64,
    /// The expected piece: a token or a line; none at the end of the expectation.
    pub expected: Option<Shown>,
    /// The found piece: a token or a line; none at the end of the output.
    pub found: Option<Shown>,
    pub(super) kind: Kind,
}

/// In which way they part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// This is not that.
    Other,
    /// A line ends too late.
    BreakMissing,
    /// A line ends too early.
    BreakUnexpected,
    /// No expected line is like this, or fewer of them.
    LineUnexpected,
    /// An expected line never came.
    LineMissing,
    /// The lines are not the expected ones; which of them is not known.
    Unlike,
    /// No expected byte is like this, or fewer of them.
    LetterUnexpected,
    /// An expected byte never came.
    LetterMissing,
    /// White space counts, and is another.
    Space,
    /// Lines of nothing but blanks count, and are not as many.
    BlankRows,
    /// This cannot be read as what has to be there.
    NotA(&'static str),
    /// Everything has come already.
    Extra,
    /// The pattern has no match that goes on like this.
    Pattern,
    /// This is not that, but only by white space.
    OnlySpace,
}

/// The class of a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    Wrong,
    /// The output is not in the form that the checker reads.
    Malformed,
    /// The expectation is not.
    Unusable,
}

/// A rejection by a checker.
#[derive(Debug, Clone, Copy)]
pub(super) struct Complaint {
    pub(super) class: Class,
    pub(super) kind: Kind,
    /// Nothing that follows can change it.
    pub(super) last: bool,
}

impl Difference {
    pub(super) fn new(place: Place, kind: Kind, expected: Option<Shown>, found: Option<Shown>) -> Self {
        Self { line: place.lines + 1, column: place.column + 1, expected, found, kind }
    }

    /// The same about the expectation, when that is what cannot be read.
    pub(super) fn unusable(&self) -> String {
        let what = if let Kind::NotA(what) = self.kind { what } else { "something else" };
        match &self.expected {
            Some(expected) => format!("the expected output should have {what} where it has {expected}"),
            None => format!("the expected output should have {what} and nothing else"),
        }
    }
}

impl Display for Difference {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let expected = OrElse(self.expected.as_ref(), "nothing more");
        let found = OrElse(self.found.as_ref(), "the end of the output");
        let (line, column) = (self.line, self.column);
        match self.kind {
            Kind::Other => write!(f, "line {line}, column {column}: expected {expected}, found {found}"),
            Kind::BreakMissing => write!(f, "line {line}, column {column}: expected a line break before {found}"),
            Kind::BreakUnexpected => {
                write!(f, "line {line}, column {column}: expected {expected} on the line before, found a line break")
            }
            Kind::LineUnexpected => write!(f, "line {line}, column {column}: found {found} once more than expected"),
            Kind::LineMissing => write!(f, "expected {expected}, which is missing"),
            Kind::Unlike => write!(f, "these are not the expected lines, in whatever order"),
            Kind::LetterUnexpected => write!(f, "line {line}, column {column}: found {found} once more than expected"),
            Kind::LetterMissing => write!(f, "expected {expected} once more"),
            Kind::Space => write!(f, "line {line}, column {column}: other white space than expected before {found}"),
            Kind::BlankRows => write!(f, "line {line}, column {column}: another number of blank lines than expected"),
            Kind::NotA(what) => write!(f, "line {line}, column {column}: expected {what}, found {found}"),
            Kind::Extra => write!(f, "line {line}, column {column}: found {found} after all that was expected"),
            Kind::OnlySpace => {
                write!(f, "line {line}, column {column}: expected {expected}, found {found}: only white space differs")
            }
            Kind::Pattern => write!(f, "line {line}, column {column}: the pattern does not match {found}"),
        }
    }
}

struct OrElse<'a>(Option<&'a Shown>, &'static str);

impl Display for OrElse<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(shown) => shown.fmt(f),
            None => f.write_str(self.1),
        }
    }
}

/// A piece of output, in quotes when displayed: UTF-8 as it is, any other byte as `\xff`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Shown {
    /// At most [`Shown::MAX`].
    pub bytes: Vec<u8>,
    /// Something of the same token or line is before it.
    pub cut_before: bool,
    /// Something of it follows.
    pub cut_after: bool,
}

/// The unit in which a piece is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    /// Before white space.
    Token,
    /// Before the LF, and without white space at the end.
    Line,
    /// After the LF.
    WholeLine,
}

impl Shown {
    /// The most bytes that are shown of anything.
    pub const MAX: usize = 64;
    /// Maximum distance of a difference from the start of its token or line before that start is left out; then as much
    /// is shown before the difference.
    const LEAD: usize = 24;

    /// The unit of `expected` that starts at `from` and is equal to what was found up to `at`: what is shown of it, and
    /// the beginning of what is shown of its counterpart.
    pub(super) fn pair(expected: &[u8], from: usize, at: usize, unit: Unit) -> (Option<Self>, Self) {
        let start = if at - from > Self::MAX / 2 { at - Self::LEAD } else { from };
        let found = Self { bytes: expected[start..at].to_vec(), cut_before: start > from, cut_after: false };
        let mut shown = Self { cut_before: start > from, ..Self::default() };
        shown.take(&expected[start..], unit);
        (shown.finished(unit, start == expected.len()), found)
    }

    /// The unit that `bytes` starts with, around its byte `at`; none where there is nothing.
    pub(super) fn window(bytes: &[u8], at: usize, unit: Unit) -> Option<Self> {
        let start = if at > Self::MAX / 2 { at - Self::LEAD } else { 0 };
        let mut shown = Self { cut_before: start > 0, ..Self::default() };
        shown.take(&bytes[start..], unit);
        shown.finished(unit, start == bytes.len())
    }

    /// Takes from `bytes` what belongs to the unit and fits. Returns whether the piece is complete.
    pub(super) fn take(&mut self, bytes: &[u8], unit: Unit) -> bool {
        for &byte in bytes {
            let ends = match unit {
                Unit::Token => is_space(byte),
                Unit::Line => byte == b'\n',
                Unit::WholeLine => self.bytes.last() == Some(&b'\n'),
            };
            if ends {
                return true;
            }
            if self.bytes.len() == Self::MAX {
                self.cut_after = true;
                return true;
            }
            self.bytes.push(byte);
        }
        false
    }

    /// The piece, without halves of characters at its cuts; none, when it is empty because nothing follows.
    pub(super) fn finished(mut self, unit: Unit, at_the_end: bool) -> Option<Self> {
        if self.cut_after {
            let half = self.bytes.utf8_chunks().last().map_or(0, |last| last.invalid().len());
            self.bytes.truncate(self.bytes.len() - half);
        }
        if self.cut_before {
            let halves = self.bytes.iter().take(3).take_while(|byte| **byte & 0xC0 == 0x80).count();
            self.bytes.drain(..halves);
        }
        if unit == Unit::Line && !self.cut_after {
            let len = super::scan::trimmed_len(&self.bytes);
            self.bytes.truncate(len);
        }
        (!at_the_end || !self.bytes.is_empty()).then_some(self)
    }
}

impl Display for Shown {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(if self.cut_before { "\"…" } else { "\"" })?;
        for chunk in self.bytes.utf8_chunks() {
            for character in chunk.valid().chars() {
                match character {
                    '\'' => f.write_char('\'')?,
                    other => other.escape_debug().fmt(f)?,
                }
            }
            chunk.invalid().iter().try_for_each(|byte| write!(f, "\\x{byte:02x}"))?;
        }
        f.write_str(if self.cut_after { "…\"" } else { "\"" })
    }
}
