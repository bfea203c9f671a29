//! Token by token, which runs of white space separate; with `Lines` it also counts which of those runs end a line, and
//! with `Floats` numbers need only be near.
//!
//! How much white space there is never counts, nor any before the first and after the last token, so CRLF is LF and
//! empty lines are ignored. A BOM is part of the first token. No tokens equal no tokens.

use bytes::Bytes;

use super::Mismatch;
use super::difference::{Class, Kind, Shown, Unit};
use super::floats;
use super::scan::{common_prefix, is_space, skip, trimmed_len};

#[derive(Debug, Clone, Copy)]
pub(super) enum Rule {
    Tokens,
    Lines,
    Floats { abs: f64, rel: f64 },
}

#[derive(Debug)]
pub(super) struct Tokens {
    rule: Rule,
    /// Without the white space at its end.
    expected: Bytes,
    at: usize,
    state: State,
    /// The found token, when it may be a number that is written differently. Kept for its allocation.
    number: Vec<u8>,
}

#[derive(Debug)]
enum State {
    /// Since the last token began, all is equal byte for byte, up to `at`: perhaps many tokens.
    Equal,
    /// Between two tokens (or before the first), with different white space: whether a line has ended, there and here.
    Between { leading: bool, expected_break: bool, found_break: bool },
    /// In a token that differs but may be near: the expected one starts at `at`.
    Number,
}

impl Tokens {
    pub(super) fn new(expected: &Bytes, rule: Rule) -> Self {
        Self::resume(expected, 0, rule)
    }

    /// A comparison that has found the first `at` bytes of `expected`.
    pub(super) fn resume(expected: &Bytes, at: usize, rule: Rule) -> Self {
        let expected = expected.slice(..trimmed_len(expected));
        let state = if at > expected.len() { State::AT_THE_END } else { State::Equal };
        let at = at.min(expected.len());
        Self { rule, expected, at, state, number: Vec::new() }
    }

    pub(super) fn feed(&mut self, chunk: &[u8]) -> Option<Mismatch> {
        let mut i = 0;
        while i < chunk.len() {
            let result = match self.state {
                State::Equal => self.equal(chunk, i),
                State::Between { leading, expected_break, found_break } => {
                    let start = skip(chunk, i, is_space);
                    let found_break = found_break || self.breaks(&chunk[i..start]);
                    self.state = State::Between { leading, expected_break, found_break };
                    if start < chunk.len() { self.begin_token(start).map_or(Ok(start), Err) } else { Ok(start) }
                }
                State::Number => self.number(chunk, i),
            };
            match result {
                Ok(next) => i = next,
                Err(mismatch) => return Some(mismatch),
            }
        }
        None
    }

    pub(super) fn finish(&mut self) -> Option<Mismatch> {
        match self.state {
            State::Equal if self.at == self.expected.len() => None,
            State::Equal if self.in_token() && !is_space(self.expected[self.at]) => {
                if let Err(mismatch) = self.token_differs(0) {
                    return Some(mismatch);
                }
                self.end_number(0).or_else(|| self.finish())
            }
            State::Number => self.end_number(0).or_else(|| self.finish()),
            State::Equal | State::Between { .. } => self.missing(),
        }
    }

    /// Passes over what is equal. Returns where to continue.
    fn equal(&mut self, chunk: &[u8], from: usize) -> Result<usize, Mismatch> {
        let equal = common_prefix(&chunk[from..], &self.expected[self.at..]);
        self.at += equal;
        let i = from + equal;
        let Some(&found) = chunk.get(i) else { return Ok(i) };
        let expected_space = self.expected.get(self.at).is_none_or(|&byte| is_space(byte));
        match (self.in_token(), is_space(found), expected_space) {
            (true, true, true) => {
                self.state = State::Between { leading: false, expected_break: false, found_break: false };
                Ok(i)
            }
            // One of the tokens ends here and the other does not, or neither does.
            (true, ..) | (false, false, false) => self.token_differs(i),
            (false, ..) => {
                let run = self.expected[..self.at].iter().rposition(|&byte| !is_space(byte)).map_or(0, |last| last + 1);
                let ended = self.breaks(&self.expected[run..self.at]);
                self.state = State::Between { leading: run == 0, expected_break: ended, found_break: ended };
                Ok(i)
            }
        }
    }

    /// A token of the output begins at `index`: finds the expected one.
    fn begin_token(&mut self, index: usize) -> Option<Mismatch> {
        let State::Between { leading, expected_break, found_break } = self.state else { return None };
        let start = skip(&self.expected, self.at, is_space);
        let expected_break = expected_break || self.breaks(&self.expected[self.at..start]);
        self.at = start;
        self.state = State::Equal;
        if start == self.expected.len() {
            return Some(self.mismatch(index, Kind::Other, None));
        }
        if matches!(self.rule, Rule::Lines) && !leading && expected_break != found_break {
            let kind = if expected_break { Kind::BreakMissing } else { Kind::BreakUnexpected };
            let (expected, _) = Shown::pair(&self.expected, start, start, Unit::Token);
            return Some(self.mismatch(index, kind, expected));
        }
        None
    }

    /// The tokens that hold `index` and `at` differ, unless they are numbers.
    fn token_differs(&mut self, index: usize) -> Result<usize, Mismatch> {
        let start = self.token_start();
        if matches!(self.rule, Rule::Floats { .. }) && floats::parse(self.expected_token(start)).is_some() {
            self.number.clear();
            self.number.extend_from_slice(&self.expected[start..self.at]);
            self.at = start;
            self.state = State::Number;
            return Ok(index);
        }
        let (expected, found) = Shown::pair(&self.expected, start, self.at, Unit::Token);
        let back = (self.at - start) as u64;
        Err(Mismatch {
            index,
            back,
            kind: Kind::Other,
            expected,
            found,
            unit: Unit::Token,
            class: Class::Wrong,
            last: true,
        })
    }

    /// Takes more of a token that should be a number.
    fn number(&mut self, chunk: &[u8], from: usize) -> Result<usize, Mismatch> {
        let end = skip(chunk, from, |byte| !is_space(byte));
        let room = (floats::MAX_LEN + 1).saturating_sub(self.number.len());
        let end = end.min(from + room);
        self.number.extend_from_slice(&chunk[from..end]);
        if end < chunk.len() || self.number.len() > floats::MAX_LEN {
            // Either this was all of it, or it is too long for a number.
            self.end_number(end).map_or(Ok(end), Err)
        } else {
            Ok(end)
        }
    }

    /// Decides about a token that should be a number and ends before `index`.
    fn end_number(&mut self, index: usize) -> Option<Mismatch> {
        let Rule::Floats { abs, rel } = self.rule else { return None };
        let token = self.expected_token(self.at);
        let near = floats::parse(token)
            .zip(floats::parse(&self.number))
            .is_some_and(|(expected, found)| floats::near(expected, found, abs, rel));
        if near {
            self.at += token.len();
            self.state = State::Between { leading: false, expected_break: false, found_break: false };
            return None;
        }
        let (expected, mut found) = Shown::pair(&self.expected, self.at, self.at, Unit::Token);
        found.take(&self.number, Unit::Token);
        let back = self.number.len() as u64;
        Some(Mismatch {
            index,
            back,
            kind: Kind::Other,
            expected,
            found,
            unit: Unit::Token,
            class: Class::Wrong,
            last: true,
        })
    }

    /// The output has ended and more was expected.
    fn missing(&self) -> Option<Mismatch> {
        let next = skip(&self.expected, self.at, is_space);
        let (expected, _) = Shown::pair(&self.expected, next, next, Unit::Token);
        expected.is_some().then(|| self.mismatch(0, Kind::Other, expected))
    }

    fn mismatch(&self, index: usize, kind: Kind, expected: Option<Shown>) -> Mismatch {
        Mismatch {
            index,
            back: 0,
            kind,
            expected,
            found: Shown::default(),
            unit: Unit::Token,
            class: Class::Wrong,
            last: true,
        }
    }

    /// Returns true if the byte before `at` belongs to a token; while all is equal, that holds on both sides.
    fn in_token(&self) -> bool {
        self.at > 0 && !is_space(self.expected[self.at - 1])
    }

    /// Returns true if the white space ends a line, where line ends count.
    fn breaks(&self, space: &[u8]) -> bool {
        matches!(self.rule, Rule::Lines) && space.contains(&b'\n')
    }

    fn token_start(&self) -> usize {
        self.expected[..self.at].iter().rposition(|&byte| is_space(byte)).map_or(0, |space| space + 1)
    }

    fn expected_token(&self, start: usize) -> &[u8] {
        &self.expected[start..skip(&self.expected, start, |byte| !is_space(byte))]
    }
}

impl State {
    const AT_THE_END: Self = Self::Between { leading: false, expected_break: false, found_break: false };
}
