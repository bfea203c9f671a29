//! Word by word, for the checkers of other judges: a stream is cut into words and the gaps between them, and a
//! [`Grammar`] says what each pair of words, and of gaps, comes to.
//!
//! Nothing kept grows: a gap is a few numbers, a word its first 4 KiB (the longest that can be a number) and how far it
//! equals the expected one. Output that is equal byte for byte never reaches a grammar that takes equal for right.

use std::fmt::Debug;

use bytes::Bytes;

use super::difference::{Class, Complaint, Kind, Shown, Unit};
use super::scan::{common_prefix, skip};
use super::{Mismatch, floats};

/// The reading rules of a checker.
pub(super) trait Grammar: Debug + Send + Sync {
    /// Its way of cutting words.
    fn lexis(&self) -> Lexis;

    /// The next word of the output, and the expected one, if there is one.
    fn word(&mut self, expected: Option<&Expected<'_>>, found: &Found<'_>) -> Result<(), Complaint>;

    /// The output has ended with this gap; the next expected word, if any, and all the rest of what is expected.
    fn end(&mut self, expected: Option<&Expected<'_>>, gap: &Gap, rest: &[u8]) -> Result<(), Complaint>;
}

/// A checker's way of cutting words.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lexis {
    /// Separators of words.
    pub(super) is_space: fn(u8) -> bool,
    /// ASCII letters are equal whatever their case.
    pub(super) fold: bool,
    /// Equal bytes are always right, wherever they stand.
    pub(super) equal_is_right: bool,
}

/// A run of white space.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Gap {
    /// No word is before it.
    pub(super) leading: bool,
    pub(super) bytes: u64,
    pub(super) lfs: u64,
    /// LFs and CRs.
    pub(super) breaks: u64,
    /// Pieces between two breaks that are not empty; at the very start, the first break needs none before it.
    pub(super) blank_rows: u64,
    /// Bytes since the last LF, or the last break.
    pub(super) after_lf: u64,
    pub(super) after_break: u64,
    /// Byte for byte what is expected; meaningful for a gap of the output.
    pub(super) same: bool,
}

/// A word that is expected, and the gap before it.
#[derive(Debug)]
pub(super) struct Expected<'a> {
    pub(super) gap: Gap,
    pub(super) text: &'a [u8],
    /// The expectation behind the word.
    pub(super) rest: &'a [u8],
}

/// A word of the output, and the gap before it.
#[derive(Debug)]
pub(super) struct Found<'a> {
    pub(super) gap: &'a Gap,
    /// Its beginning: all of it, unless it is too long for a number.
    pub(super) head: &'a [u8],
    pub(super) len: u64,
    /// It is the expected word.
    pub(super) same: bool,
    /// Digits only, but for the first byte.
    pub(super) digits: bool,
}

#[derive(Debug)]
pub(super) struct Words {
    grammar: Box<dyn Grammar>,
    lexis: Lexis,
    expected: Bytes,
    /// Index of the gap before the next expected word.
    at: usize,
    gap: Gap,
    word: Word,
}

/// A word of the output, under way.
#[derive(Debug, Default)]
struct Word {
    head: Vec<u8>,
    len: u64,
    /// Index where the expected word begins.
    start: usize,
    /// Number of its bytes that equal the expected word's.
    same: u64,
    not_digits: bool,
}

impl Words {
    pub(super) fn new(expected: Bytes, grammar: Box<dyn Grammar>) -> Self {
        let lexis = grammar.lexis();
        Self { grammar, lexis, expected, at: 0, gap: Gap::leading(), word: Word::default() }
    }

    pub(super) fn feed(&mut self, chunk: &[u8]) -> Option<Mismatch> {
        let mut i = 0;
        while i < chunk.len() {
            if self.word.len == 0 {
                i += self.equal_words(&chunk[i..]);
                let start = skip(chunk, i, self.lexis.is_space);
                self.take_gap(&chunk[i..start]);
                i = start;
            }
            let end = skip(chunk, i, |byte| !(self.lexis.is_space)(byte));
            self.take_word(&chunk[i..end]);
            i = end;
            if end < chunk.len()
                && self.word.len > 0
                && let Some(mismatch) = self.end_word(end)
            {
                return Some(mismatch);
            }
        }
        None
    }

    /// May be called again after a mismatch that is not final.
    pub(super) fn finish(&mut self) -> Option<Mismatch> {
        if self.word.len > 0
            && let Some(mismatch) = self.end_word(0)
        {
            return Some(mismatch);
        }
        let next = next_word(&self.expected, self.at, self.gap.leading, self.lexis);
        let all_gap = next.is_some() || self.gap.bytes == (self.expected.len() - self.at) as u64;
        self.gap.same &= all_gap;
        let complaint = self.grammar.end(next.as_ref(), &self.gap, &self.expected[self.at..]).err()?;
        let expected = next.and_then(|next| Shown::window(next.text, 0, Unit::Token));
        Some(mismatch(complaint, 0, 0, expected, Shown::default()))
    }

    /// Passes over words that are equal together with the gaps before them. Returns how many bytes.
    fn equal_words(&mut self, chunk: &[u8]) -> usize {
        if !self.lexis.equal_is_right || self.gap.bytes > 0 {
            return 0;
        }
        let is_space = self.lexis.is_space;
        let equal = common_prefix(chunk, &self.expected[self.at..]);
        // The last word may go on differently, so it is left to be looked at.
        let Some(space) = chunk[..equal].iter().rposition(|&byte| is_space(byte)) else { return 0 };
        let Some(last) = chunk[..space].iter().rposition(|&byte| !is_space(byte)) else { return 0 };
        self.at += last + 1;
        self.gap = Gap::after_word();
        last + 1
    }

    fn take_gap(&mut self, space: &[u8]) {
        let from = self.at + usize::try_from(self.gap.bytes).unwrap_or(usize::MAX / 2);
        self.gap.same &= self.expected.get(from..).is_some_and(|rest| rest.starts_with(space));
        self.gap.take(space);
    }

    fn take_word(&mut self, piece: &[u8]) {
        if piece.is_empty() {
            return;
        }
        if self.word.len == 0 {
            self.word.start = skip(&self.expected, self.at, self.lexis.is_space);
            self.gap.same &= self.gap.bytes == (self.word.start - self.at) as u64;
        }
        let Word { head, len, start, same, not_digits } = &mut self.word;
        *not_digits |= !piece[usize::from(*len == 0)..].iter().all(u8::is_ascii_digit);
        if *same == *len {
            let from = *start + usize::try_from(*len).unwrap_or(usize::MAX / 2);
            let rest = self.expected.get(from..).unwrap_or_default();
            // White space is never equal to a piece of a word, so the expected word's end needs no look.
            *same += match self.lexis.fold {
                false => common_prefix(piece, rest),
                true => piece.iter().zip(rest).take_while(|(a, b)| a.eq_ignore_ascii_case(b)).count(),
            } as u64;
        }
        let room = (floats::MAX_LEN + 1).saturating_sub(head.len()).min(piece.len());
        head.extend_from_slice(&piece[..room]);
        *len += piece.len() as u64;
    }

    /// The output's word ends before `index`.
    fn end_word(&mut self, index: usize) -> Option<Mismatch> {
        let next = next_word(&self.expected, self.at, self.gap.leading, self.lexis);
        let text = next.as_ref().map_or(&b""[..], |next| next.text);
        let found = Found {
            gap: &self.gap,
            head: &self.word.head,
            len: self.word.len,
            same: next.is_some() && self.word.same == self.word.len && self.word.len == text.len() as u64,
            digits: !self.word.not_digits,
        };
        let judged = self.grammar.word(next.as_ref(), &found);
        let mismatch = judged.err().map(|complaint| {
            let at = usize::try_from(self.word.same).unwrap_or(0);
            let expected = next.as_ref().and_then(|next| Shown::window(next.text, at.min(text.len()), Unit::Token));
            let shown = Shown::window(&self.word.head, at.min(self.word.head.len()), Unit::Token);
            mismatch(complaint, index, self.word.len, expected, shown.unwrap_or_default())
        });
        if let Some(next) = next {
            self.at = self.expected.len() - next.rest.len();
        }
        self.gap = Gap::after_word();
        self.word.head.clear();
        self.word = Word { head: std::mem::take(&mut self.word.head), ..Word::default() };
        mismatch
    }
}

fn mismatch(complaint: Complaint, index: usize, back: u64, expected: Option<Shown>, found: Shown) -> Mismatch {
    let Complaint { class, kind, last } = complaint;
    Mismatch { index, back, kind, expected, found, unit: Unit::Token, class, last }
}

fn next_word(expected: &[u8], at: usize, leading: bool, lexis: Lexis) -> Option<Expected<'_>> {
    let start = skip(expected, at, lexis.is_space);
    let end = skip(expected, start, |byte| !(lexis.is_space)(byte));
    let mut gap = if leading { Gap::leading() } else { Gap::after_word() };
    gap.take(&expected[at..start]);
    (start < end).then(|| Expected { gap, text: &expected[start..end], rest: &expected[end..] })
}

/// The words of what is left of an expectation.
pub(super) fn words(rest: &[u8], is_space: fn(u8) -> bool) -> impl Iterator<Item = &[u8]> {
    rest.split(move |&byte| is_space(byte)).filter(|word| !word.is_empty())
}

impl Gap {
    const fn new(leading: bool) -> Self {
        Self { leading, bytes: 0, lfs: 0, breaks: 0, blank_rows: 0, after_lf: 0, after_break: 0, same: true }
    }

    pub(super) const fn leading() -> Self {
        Self::new(true)
    }

    pub(super) const fn after_word() -> Self {
        Self::new(false)
    }

    pub(super) fn take(&mut self, space: &[u8]) {
        self.bytes += space.len() as u64;
        for &byte in space {
            self.after_lf += 1;
            self.after_break += 1;
            if matches!(byte, b'\n' | b'\r') {
                // After a word, the first break ends that word's own row.
                let is_row = self.after_break > 1 && (self.leading || self.breaks > 0);
                self.blank_rows += u64::from(is_row);
                self.breaks += 1;
                self.after_break = 0;
            }
            if byte == b'\n' {
                self.lfs += 1;
                self.after_lf = 0;
            }
        }
    }
}

/// The word is not there, or is another.
pub(super) fn wrong(kind: Kind) -> Complaint {
    Complaint { class: Class::Wrong, kind, last: true }
}

/// The word is none that the checker can read.
pub(super) fn malformed(kind: Kind) -> Complaint {
    Complaint { class: Class::Malformed, kind, last: true }
}

/// A complaint about an expectation that the checker cannot read.
pub(super) fn unusable(kind: Kind) -> Complaint {
    Complaint { class: Class::Unusable, kind, last: true }
}

impl Complaint {
    /// Makes it provisional: the output may still turn out to be malformed.
    pub(super) fn for_now(self) -> Self {
        Self { last: false, ..self }
    }
}
