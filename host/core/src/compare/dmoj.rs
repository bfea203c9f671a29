//! The checkers of DMOJ that compare word by word: `standard`, `floats`; and the names and options of them all.

use serde::{Deserialize, Serialize};

use super::difference::{Complaint, Kind};
use super::floats::is_decimal;
use super::scan::is_space;
use super::words::{Expected, Found, Gap, Grammar, Lexis, wrong};

/// A checker of DMOJ, by its name, with its options: `{"name": "floats", "precision": 4}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case", deny_unknown_fields)]
pub enum Dmoj {
    /// Words and their order count, and whether a line ends between them.
    Standard {},
    /// White space does not count, nor case, nor order: the same bytes, each as often.
    Easy {},
    /// Byte for byte.
    Identical {
        /// Reports when only white space differs; the answer is still wrong.
        #[serde(default = "yes")]
        pe_allowed: bool,
    },
    /// White space at the end of each line does not count; each CR and each LF ends a line.
    Rstripped {
        /// Empty lines do not count.
        #[serde(default)]
        filter_new_line: bool,
    },
    /// Lines are lines, words are words; a number need only be near.
    Floats {
        /// The tolerance is 10 to the power of minus this.
        #[serde(default = "six")]
        precision: i32,
        /// The meaning of the tolerance.
        #[serde(default)]
        error_mode: ErrorMode,
    },
    /// `floats`, absolute.
    Floatsabs {
        /// As in `floats`.
        #[serde(default = "six")]
        precision: i32,
    },
    /// `floats`, relative.
    Floatsrel {
        /// As in `floats`.
        #[serde(default = "six")]
        precision: i32,
    },
    /// Each line that is right gives its part of the points.
    Linecount {
        /// Says which lines are right.
        #[serde(default = "yes")]
        feedback: bool,
    },
    /// In any order.
    Sorted {
        /// The pieces that are sorted.
        #[serde(default)]
        split_on: SplitOn,
    },
    /// `sorted`, by words.
    Unordered {},
}

/// The meaning of a tolerance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorMode {
    /// Absolute, or relative where the expected value is not below the tolerance.
    #[default]
    Default,
    /// Of the difference.
    Absolute,
    /// Of the expected value.
    Relative,
}

/// The pieces that `sorted` sorts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SplitOn {
    /// Lines, each as its words.
    #[default]
    Lines,
    /// Words.
    Whitespace,
}

fn yes() -> bool {
    true
}

fn six() -> i32 {
    6
}

/// `standard`.
#[derive(Debug)]
pub(super) struct Standard;

impl Grammar for Standard {
    fn lexis(&self) -> Lexis {
        Lexis { is_space, fold: false, equal_is_right: true }
    }

    fn word(&mut self, expected: Option<&Expected<'_>>, found: &Found<'_>) -> Result<(), Complaint> {
        let Some(expected) = expected else { return Err(wrong(Kind::Other)) };
        match (expected.gap.breaks > 0, found.gap.breaks > 0) {
            _ if expected.gap.leading => {}
            (true, false) => return Err(wrong(Kind::BreakMissing)),
            (false, true) => return Err(wrong(Kind::BreakUnexpected)),
            _ => {}
        }
        if found.same { Ok(()) } else { Err(wrong(Kind::Other)) }
    }

    fn end(&mut self, expected: Option<&Expected<'_>>, _: &Gap, _: &[u8]) -> Result<(), Complaint> {
        expected.map_or(Ok(()), |_| Err(wrong(Kind::Other)))
    }
}

/// `floats`, `floatsabs`, `floatsrel`.
#[derive(Debug)]
pub(super) struct Floats {
    epsilon: f64,
    mode: ErrorMode,
}

impl Floats {
    pub(super) fn new(precision: i32, mode: ErrorMode) -> Self {
        // Correctly rounded, which a power computed here need not be.
        let epsilon = format!("1e{}", i64::from(precision).saturating_neg()).parse().unwrap_or(0.0);
        Self { epsilon, mode }
    }

    /// Never of what is not a number, not even of itself.
    fn near(&self, expected: f64, found: f64) -> bool {
        let epsilon = self.epsilon;
        let absolute = (found - expected).abs() <= epsilon;
        match self.mode {
            ErrorMode::Absolute => absolute,
            ErrorMode::Relative => {
                let (a, b) = (expected * (1.0 - epsilon), expected * (1.0 + epsilon));
                // Python's `min` and `max` keep the first where neither is less.
                let (low, high) = (if b < a { b } else { a }, if b > a { b } else { a });
                low <= found && found <= high
            }
            ErrorMode::Default => absolute || (expected.abs() >= epsilon && (1.0 - found / expected).abs() <= epsilon),
        }
    }
}

impl Grammar for Floats {
    fn lexis(&self) -> Lexis {
        Lexis { is_space, fold: false, equal_is_right: false }
    }

    fn word(&mut self, expected: Option<&Expected<'_>>, found: &Found<'_>) -> Result<(), Complaint> {
        let Some(expected) = expected else { return Err(wrong(Kind::Other)) };
        match (rows(&expected.gap, false), rows(found.gap, false)) {
            (here, there) if here > there => return Err(wrong(Kind::BreakMissing)),
            (here, there) if here < there => return Err(wrong(Kind::BreakUnexpected)),
            _ => {}
        }
        let Some(value) = python_float(expected.text) else {
            return if found.same { Ok(()) } else { Err(wrong(Kind::Other)) };
        };
        match python_float(found.head) {
            None => Err(wrong(Kind::NotA("a number"))),
            Some(number) if self.near(value, number) => Ok(()),
            Some(_) => Err(wrong(Kind::Other)),
        }
    }

    fn end(&mut self, expected: Option<&Expected<'_>>, gap: &Gap, rest: &[u8]) -> Result<(), Complaint> {
        if expected.is_some() {
            return Err(wrong(Kind::Other));
        }
        let mut last = if gap.leading { Gap::leading() } else { Gap::after_word() };
        last.take(rest);
        if rows(&last, true) == rows(gap, true) { Ok(()) } else { Err(wrong(Kind::BlankRows)) }
    }
}

/// Number of lines that begin in a gap: lines of blanks count, empty ones do not.
fn rows(gap: &Gap, is_last: bool) -> u64 {
    let own = u64::from(!gap.leading && gap.breaks > 0 && !is_last);
    let open = u64::from(is_last && gap.after_break > 0 && (gap.leading || gap.breaks > 0));
    gap.blank_rows + own + open
}

/// Python's `float` of a word: decimal, with single underscores between digits; infinities; not-a-numbers.
fn python_float(word: &[u8]) -> Option<f64> {
    if word.len() > super::floats::MAX_LEN {
        return None;
    }
    let unsigned = word.strip_prefix(b"+").or_else(|| word.strip_prefix(b"-")).unwrap_or(word);
    let is_word = |other: &str| unsigned.eq_ignore_ascii_case(other.as_bytes());
    if is_word("inf") || is_word("infinity") {
        return Some(if word[0] == b'-' { f64::NEG_INFINITY } else { f64::INFINITY });
    }
    if is_word("nan") {
        return Some(f64::NAN);
    }
    let is_digit = |at: Option<usize>| at.and_then(|at| word.get(at)).is_some_and(u8::is_ascii_digit);
    let misplaced =
        |(at, byte): (usize, &u8)| *byte == b'_' && !(is_digit(at.checked_sub(1)) && is_digit(Some(at + 1)));
    if word.iter().enumerate().any(misplaced) {
        return None;
    }
    let plain: Vec<u8> = word.iter().copied().filter(|byte| *byte != b'_').collect();
    is_decimal(&plain).then(|| std::str::from_utf8(&plain).ok()?.parse().ok())?
}
