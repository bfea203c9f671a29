//! `caseicmp`, `casencmp`, `casewcmp`: answers that are numbered, `Case 1: …`.

use crate::compare::difference::{Complaint, Kind};
use crate::compare::words::{Expected, Found, Gap, Grammar, Lexis, malformed, unusable, words, wrong};

use super::{LEXIS, is_blank, is_long};

const CASE: Kind = Kind::NotA("`Case` and its number");
const INTEGER: Kind = Kind::NotA("an integer");

/// `caseicmp`: both sides are read whole before anything is compared, so that what is malformed comes before what is
/// wrong.
#[derive(Debug)]
pub(super) struct OneEach {
    usable: bool,
    /// Words so far.
    count: u64,
    /// Something was wrong already.
    wrong: bool,
}

impl OneEach {
    pub(super) fn new(expected: &[u8]) -> Self {
        let mut count = 0;
        let in_form = words(expected, is_blank).all(|word| {
            count += 1;
            fits(count - 1, word)
        });
        Self { usable: in_form && count % 3 == 0, count: 0, wrong: false }
    }
}

impl Grammar for OneEach {
    fn lexis(&self) -> Lexis {
        LEXIS
    }

    fn word(&mut self, expected: Option<&Expected<'_>>, found: &Found<'_>) -> Result<(), Complaint> {
        if !self.usable {
            return Err(unusable(CASE));
        }
        let place = self.count;
        self.count += 1;
        if !fits(place, found.head) {
            return Err(malformed(if place % 3 == 2 { INTEGER } else { CASE }));
        }
        if found.same || std::mem::replace(&mut self.wrong, true) {
            return Ok(());
        }
        // One case too many is bad form, and shows only when all numbers were right.
        Err(if expected.is_some() { wrong(Kind::Other) } else { malformed(Kind::Extra) }.for_now())
    }

    fn end(&mut self, expected: Option<&Expected<'_>>, _: &Gap, _: &[u8]) -> Result<(), Complaint> {
        match expected {
            _ if !self.usable => Err(unusable(CASE)),
            _ if !self.count.is_multiple_of(3) => Err(malformed(CASE)),
            Some(_) if !self.wrong => Err(malformed(CASE)),
            _ => Ok(()),
        }
    }
}

/// Returns true if a word may stand at this place.
fn fits(place: u64, word: &[u8]) -> bool {
    match place % 3 {
        0 => word == b"Case",
        1 => is_number(word, place / 3 + 1),
        _ => is_long(word),
    }
}

fn is_number(word: &[u8], number: u64) -> bool {
    word.strip_suffix(b":").is_some_and(|digits| digits == number.to_string().as_bytes())
}

/// `casencmp`, `casewcmp`: each case is read whole, and then compared.
#[derive(Debug)]
pub(super) struct Many {
    integers: bool,
    /// The number of the case under way.
    case: u64,
    place: Place,
    /// Something in this case was wrong: once it is read to its end, it is decided.
    wrong: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Place {
    Case,
    Number,
    Values,
}

impl Many {
    pub(super) fn new(integers: bool) -> Self {
        Self { integers, case: 1, place: Place::Case, wrong: false }
    }

    /// Checks that the word may stand here; the next place is noted elsewhere.
    fn check(&self, word: &[u8]) -> Result<(), Kind> {
        match self.place {
            Place::Case if word != b"Case" => Err(CASE),
            Place::Number if !is_number(word, self.case) => Err(CASE),
            Place::Values if self.integers && word != b"Case" && !is_long(word) => Err(INTEGER),
            _ => Ok(()),
        }
    }
}

impl Grammar for Many {
    fn lexis(&self) -> Lexis {
        LEXIS
    }

    fn word(&mut self, expected: Option<&Expected<'_>>, found: &Found<'_>) -> Result<(), Complaint> {
        let next_case = found.head == b"Case" && found.len == 4;
        if self.wrong {
            // Only the end of this case is waited for, and whether it is in form.
            return match self.check(found.head) {
                _ if next_case => Err(wrong(Kind::Other)),
                Ok(()) => Ok(()),
                Err(kind) => Err(malformed(kind)),
            };
        }
        let Some(expected) = expected else {
            // All cases were right, or this is one value too many in the last.
            return match self.check(found.head) {
                _ if next_case || self.place == Place::Case => Err(malformed(Kind::Extra)),
                Err(kind) => Err(malformed(kind)),
                Ok(()) => {
                    self.wrong = true;
                    Err(wrong(Kind::Other).for_now())
                }
            };
        };
        let here_ends = self.place == Place::Values && expected.text == b"Case";
        self.check(expected.text).map_err(unusable)?;
        self.check(found.head).map_err(malformed)?;
        match self.place {
            Place::Case => self.place = Place::Number,
            Place::Number => self.place = Place::Values,
            Place::Values if here_ends && next_case => {
                self.case += 1;
                self.place = Place::Number;
            }
            Place::Values if next_case => return Err(wrong(Kind::Other)),
            Place::Values if found.same => {}
            Place::Values => {
                self.wrong = true;
                return Err(wrong(Kind::Other).for_now());
            }
        }
        Ok(())
    }

    fn end(&mut self, expected: Option<&Expected<'_>>, _: &Gap, _: &[u8]) -> Result<(), Complaint> {
        match (expected, self.place) {
            _ if self.wrong => Ok(()),
            (None, Place::Number) => Err(malformed(CASE)),
            (None, _) => Ok(()),
            (Some(expected), Place::Values) if expected.text != b"Case" => Err(wrong(Kind::Other)),
            (Some(expected), _) => {
                self.check(expected.text).map_err(unusable)?;
                Err(malformed(CASE))
            }
        }
    }
}
