//! The checkers that come with testlib, by name, with its rules for reading: words are separated by space, tab, CR and
//! LF; a byte order mark at the start of the output is skipped; what cannot be read is malformed in the output and
//! makes an expectation unusable; after all is right, any further word in the output is malformed.

mod cases;
mod lines;
mod numbers;
mod words;

use serde::{Deserialize, Serialize};

use super::words::{Grammar, Lexis};
use numbers::Number;

/// A standard checker of testlib.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Testlib {
    /// Words.
    Wcmp,
    /// Lines, each as its words.
    Lcmp,
    /// Lines, byte for byte but for their ends.
    Fcmp,
    /// 64-bit integers.
    Ncmp,
    /// One 32-bit integer.
    Icmp,
    /// One integer of any size.
    Hcmp,
    /// One YES or NO, in any case.
    Yesno,
    /// Any number of them.
    Nyesno,
    /// 64-bit integers in any order.
    Uncmp,
    /// One number, off by 1.5e-6.
    Acmp,
    /// One number, off by 1.5e-6.
    Rcmp,
    /// Numbers, off by 1e-4, absolutely or relatively.
    Rcmp4,
    /// Numbers, off by 1e-6, absolutely or relatively.
    Rcmp6,
    /// Numbers, off by 1e-9, absolutely or relatively.
    Rcmp9,
    /// One number, off by 1e-6, absolutely or relatively.
    Dcmp,
    /// Numbers, off by 1.5e-5.
    Rncmp,
    /// `Case 1: N`, `Case 2: N`, …: one 64-bit integer each.
    Caseicmp,
    /// `Case 1: N N …`, …: 64-bit integers.
    Casencmp,
    /// `Case 1: W W …`, …: words.
    Casewcmp,
}

impl Testlib {
    /// Every one.
    pub const ALL: [Self; 19] = [
        Self::Wcmp,
        Self::Lcmp,
        Self::Fcmp,
        Self::Ncmp,
        Self::Icmp,
        Self::Hcmp,
        Self::Yesno,
        Self::Nyesno,
        Self::Uncmp,
        Self::Acmp,
        Self::Rcmp,
        Self::Rcmp4,
        Self::Rcmp6,
        Self::Rcmp9,
        Self::Dcmp,
        Self::Rncmp,
        Self::Caseicmp,
        Self::Casencmp,
        Self::Casewcmp,
    ];

    /// The grammar of its words; none for `fcmp` and `uncmp`.
    pub(super) fn grammar(self, expected: &[u8]) -> Option<Box<dyn Grammar>> {
        Some(match self {
            Self::Fcmp | Self::Uncmp => return None,
            Self::Wcmp => Box::new(words::Words),
            Self::Lcmp => Box::new(lines::Lines::new(expected)),
            Self::Ncmp => Box::new(words::Integers::default()),
            Self::Icmp => Box::new(words::One::new(words::One::int)),
            Self::Hcmp => Box::new(words::One::new(words::One::huge)),
            Self::Yesno => Box::new(words::One::new(words::One::yes_or_no)),
            Self::Nyesno => Box::new(words::YesNo),
            Self::Acmp | Self::Rcmp => Box::new(numbers::Numbers::one(Number::Absolute(1.5e-6))),
            Self::Dcmp => Box::new(numbers::Numbers::one(Number::Either(1e-6))),
            Self::Rcmp4 => Box::new(numbers::Numbers::many(Number::Either(1e-4))),
            Self::Rcmp6 => Box::new(numbers::Numbers::many(Number::Either(1e-6))),
            Self::Rcmp9 => Box::new(numbers::Numbers::many(Number::Either(1e-9))),
            Self::Rncmp => Box::new(numbers::Numbers::many(Number::Absolute(1.5e-5))),
            Self::Caseicmp => Box::new(cases::OneEach::new(expected)),
            Self::Casencmp => Box::new(cases::Many::new(true)),
            Self::Casewcmp => Box::new(cases::Many::new(false)),
        })
    }
}

/// White space as testlib has it: VT and FF belong to words.
pub(super) const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

const LEXIS: Lexis = Lexis { is_space: is_blank, fold: false, equal_is_right: false };

/// Returns true if testlib reads the word as a 64-bit integer: only in the form in which it would print it.
pub(super) fn is_long(word: &[u8]) -> bool {
    (1..=20).contains(&word.len()) && is_huge(word) && parse(word).is_some()
}

fn is_int(word: &[u8]) -> bool {
    is_long(word) && parse(word).is_some_and(|value| i32::try_from(value).is_ok())
}

/// `0|-?[1-9][0-9]*`
fn is_huge(word: &[u8]) -> bool {
    let digits = word.strip_prefix(b"-").unwrap_or(word);
    word == b"0" || (digits.first().is_some_and(|first| *first != b'0') && digits.iter().all(u8::is_ascii_digit))
}

fn parse(word: &[u8]) -> Option<i64> {
    std::str::from_utf8(word).ok()?.parse().ok()
}
