//! In any order: each line, or word, that is expected must come as often as it is expected.
//!
//! They are kept as hashes in a [`Bag`]; one of the output is hashed while it streams by, so that none is too long. 128
//! bits of SHA-256 under a random key: no other piece with the same hash can be found.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};

use bytes::Bytes;
use sha2::{Digest as _, Sha256};

use super::Mismatch;
use super::bag::Bag;
use super::difference::{Class, Kind, Shown, Unit};
use super::scan::{is_space, skip};
use super::testlib::{is_blank, is_long};

/// The unit that is compared without order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cut {
    /// Lines as their words, which LF ends; blank ones do not count.
    Lines,
    /// Lines as their words, which CR or LF ends; empty ones do not count, others of nothing but blanks do.
    Rows,
    /// Words.
    Words,
    /// 64-bit integers as testlib reads them; a word that is none makes the output malformed.
    Integers,
}

#[derive(Debug)]
pub(super) struct Unordered {
    cut: Cut,
    expected: Bytes,
    bag: Bag,
    line: Line,
    /// False if the expectation has to be integers and is not.
    usable: bool,
    /// One too many came already.
    wrong: bool,
}

/// A line under way: its tokens with one space between them.
#[derive(Debug, Default)]
struct Line {
    key: [u8; 16],
    hash: Sha256,
    /// Bytes that are not hashed yet: many small pieces cost more than one.
    unhashed: Vec<u8>,
    shown: Shown,
    /// Bytes since the first token began; 0 before that.
    len: u64,
    /// Bytes at all.
    raw: u64,
    /// White space came after the last token.
    space: bool,
}

impl Cut {
    fn ends(self, byte: u8) -> bool {
        match self {
            Self::Lines => byte == b'\n',
            Self::Rows => matches!(byte, b'\n' | b'\r'),
            Self::Words => is_space(byte),
            Self::Integers => is_blank(byte),
        }
    }

    fn unit(self) -> Unit {
        match self {
            Self::Lines | Self::Rows => Unit::Line,
            Self::Words | Self::Integers => Unit::Token,
        }
    }
}

impl Unordered {
    pub(super) fn new(expected: Bytes, cut: Cut) -> Self {
        let line = Line::keyed();
        let mut under_way = Line { key: line.key, ..Line::default() };
        let bag = Bag::new(pieces(&expected, cut).filter_map(|(start, end)| under_way.all(&expected[start..end], cut)));
        let is_integer = |(start, end): (usize, usize)| start == end || is_long(&expected[start..end]);
        let usable = cut != Cut::Integers || pieces(&expected, cut).all(is_integer);
        Self { cut, bag, line, expected, usable, wrong: false }
    }

    pub(super) fn feed(&mut self, chunk: &[u8]) -> Option<Mismatch> {
        if !self.usable {
            return Some(self.mismatch(0, Kind::NotA("an integer"), Class::Unusable));
        }
        for (start, end) in pieces(chunk, self.cut) {
            self.line.take(&chunk[start..end]);
            if end < chunk.len()
                && let Some(mismatch) = self.end_line(end)
            {
                return Some(mismatch);
            }
        }
        None
    }

    /// May be called again after a mismatch that is not final.
    pub(super) fn finish(&mut self) -> Option<Mismatch> {
        if !self.usable {
            return Some(self.mismatch(0, Kind::NotA("an integer"), Class::Unusable));
        }
        if let Some(mismatch) = self.end_line(0) {
            return Some(mismatch);
        }
        if std::mem::replace(&mut self.wrong, true) { None } else { self.missing() }
    }

    fn mismatch(&self, index: usize, kind: Kind, class: Class) -> Mismatch {
        let (back, expected, found, unit) = (0, None, Shown::default(), self.cut.unit());
        Mismatch { index, back, kind, expected, found, unit, class, last: true }
    }

    fn end_line(&mut self, index: usize) -> Option<Mismatch> {
        let (back, found) = (self.line.len, std::mem::take(&mut self.line.shown));
        let hash = self.line.finished(self.cut)?;
        if self.cut == Cut::Integers && !is_long(&found.bytes) {
            let malformed = self.mismatch(index, Kind::NotA("an integer"), Class::Malformed);
            return Some(Mismatch { back, found, ..malformed });
        }
        if self.bag.take(hash) || std::mem::replace(&mut self.wrong, true) {
            return None;
        }
        // A word that is no integer may yet come.
        let last = self.cut != Cut::Integers;
        Some(Mismatch { back, found, last, ..self.mismatch(index, Kind::LineUnexpected, Class::Wrong) })
    }

    fn missing(&self) -> Option<Mismatch> {
        let kind = self.bag.rest()?;
        let mut under_way = Line { key: self.line.key, ..Line::default() };
        let left = |&(start, end): &(usize, usize)| {
            under_way.all(&self.expected[start..end], self.cut).is_some_and(|hash| self.bag.holds(hash))
        };
        let expected = pieces(&self.expected, self.cut).find(left).and_then(|(start, _)| {
            let start = skip(&self.expected, start, is_space);
            Shown::window(&self.expected[start..], 0, self.cut.unit())
        });
        Some(Mismatch { expected, ..self.mismatch(0, kind, Class::Wrong) })
    }
}

impl Line {
    fn keyed() -> Self {
        let random = || RandomState::new().build_hasher().finish().to_le_bytes();
        let mut key = [0; 16];
        key[..8].copy_from_slice(&random());
        key[8..].copy_from_slice(&random());
        Self { key, ..Self::default() }
    }

    fn take(&mut self, piece: &[u8]) {
        self.raw += piece.len() as u64;
        let mut i = 0;
        while i < piece.len() {
            let token = skip(piece, i, is_space);
            self.space |= token > i;
            let end = skip(piece, token, |byte| !is_space(byte));
            if token < end {
                if self.space && self.len > 0 {
                    self.unhashed.push(b' ');
                }
                self.hash(&piece[token..end]);
                let start = if self.len > 0 { i } else { token };
                self.show(&piece[start..end]);
                self.space = false;
                self.len += (end - start) as u64;
            } else if self.len > 0 {
                self.show(&piece[i..]);
                self.len += (piece.len() - i) as u64;
            }
            i = end;
        }
    }

    /// The hash of a line that is all there.
    fn all(&mut self, line: &[u8], cut: Cut) -> Option<u128> {
        self.take(line);
        self.shown = Shown::default();
        self.finished(cut)
    }

    fn hash(&mut self, bytes: &[u8]) {
        const ENOUGH: usize = 4096;
        if self.unhashed.len() + bytes.len() <= ENOUGH {
            self.unhashed.extend_from_slice(bytes);
        } else {
            self.hash.update(&self.unhashed);
            self.hash.update(bytes);
            self.unhashed.clear();
        }
    }

    fn show(&mut self, bytes: &[u8]) {
        if !self.shown.cut_after {
            self.shown.take(bytes, Unit::Line);
        }
    }

    /// Its hash, unless it does not count. The next line begins.
    fn finished(&mut self, cut: Cut) -> Option<u128> {
        let (len, raw) = (std::mem::take(&mut self.len), std::mem::take(&mut self.raw));
        self.space = false;
        if len == 0 && (raw == 0 || cut != Cut::Rows) {
            return None;
        }
        self.hash.update(&self.unhashed);
        self.unhashed.clear();
        // At the end, since a secret there hides as much, and what streams by needs no other beginning.
        self.hash.update(self.key);
        Some(first_half(&self.hash.finalize_reset()))
    }
}

fn first_half(hash: &[u8]) -> u128 {
    hash.iter().take(16).fold(0, |half, byte| half << 8 | u128::from(*byte))
}

/// The bounds of the pieces, without their separators; the last one ends where `bytes` do.
fn pieces(bytes: &[u8], cut: Cut) -> impl Iterator<Item = (usize, usize)> + '_ {
    let mut next = Some(0);
    std::iter::from_fn(move || {
        let start = next?;
        let end = match cut {
            Cut::Lines => memchr::memchr(b'\n', &bytes[start..]).map_or(bytes.len(), |lf| start + lf),
            _ => skip(bytes, start, |byte| !cut.ends(byte)),
        };
        next = (end < bytes.len()).then_some(end + 1);
        Some((start, end))
    })
}
