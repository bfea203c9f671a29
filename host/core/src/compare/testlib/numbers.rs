//! `acmp`, `rcmp`, `dcmp`, `rcmp4`, `rcmp6`, `rcmp9`, `rncmp`.

use crate::compare::difference::{Complaint, Kind};
use crate::compare::floats::{MAX_LEN, is_decimal};
use crate::compare::words::{Expected, Found, Gap, Grammar, Lexis, malformed, unusable, wrong};

use super::LEXIS;

const NUMBER: Kind = Kind::NotA("a number");

/// The kind of number, with its tolerance.
#[derive(Debug, Clone, Copy)]
pub(super) enum Number {
    Absolute(f64),
    /// Absolutely or relatively.
    Either(f64),
}

#[derive(Debug)]
pub(super) struct Numbers {
    near: Number,
    /// Only the first one is looked at, and no other may follow.
    only_one: bool,
    seen: bool,
}

impl Numbers {
    pub(super) fn one(near: Number) -> Self {
        Self { near, only_one: true, seen: false }
    }

    pub(super) fn many(near: Number) -> Self {
        Self { near, only_one: false, seen: false }
    }
}

impl Grammar for Numbers {
    fn lexis(&self) -> Lexis {
        LEXIS
    }

    fn word(&mut self, expected: Option<&Expected<'_>>, found: &Found<'_>) -> Result<(), Complaint> {
        if std::mem::replace(&mut self.seen, true) && self.only_one {
            return Err(malformed(Kind::Extra));
        }
        let Some(expected) = expected else {
            return Err(if self.only_one { unusable(NUMBER) } else { malformed(Kind::Extra) });
        };
        let value = read(expected.text).ok_or(unusable(NUMBER))?;
        let number = read(found.head).ok_or(malformed(NUMBER))?;
        if self.near.accepts(value, number) { Ok(()) } else { Err(wrong(Kind::Other)) }
    }

    fn end(&mut self, expected: Option<&Expected<'_>>, _: &Gap, _: &[u8]) -> Result<(), Complaint> {
        match expected {
            _ if self.only_one && self.seen => Ok(()),
            None if !self.only_one => Ok(()),
            Some(expected) if read(expected.text).is_some() => Err(malformed(NUMBER)),
            _ => Err(unusable(NUMBER)),
        }
    }
}

impl Number {
    /// As testlib computes it: an absolute difference between equal infinities is no number, and so not too large.
    fn accepts(self, expected: f64, found: f64) -> bool {
        let off = (expected - found).abs();
        match self {
            Self::Absolute(epsilon) => off.is_nan() || off <= epsilon + 1e-15,
            Self::Either(_) if expected.is_infinite() || found.is_infinite() => expected == found,
            Self::Either(epsilon) => {
                let epsilon = epsilon + 1e-15;
                let (a, b) = (expected * (1.0 - epsilon), expected * (1.0 + epsilon));
                off <= epsilon || (found >= a.min(b) && found <= a.max(b))
            }
        }
    }
}

/// Decimal, and what overflows is an infinity; the words for infinities are no numbers.
fn read(word: &[u8]) -> Option<f64> {
    if word.len() > MAX_LEN || !is_decimal(word) {
        return None;
    }
    std::str::from_utf8(word).ok()?.parse().ok()
}
