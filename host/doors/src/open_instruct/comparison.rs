//! Whether what was printed is what was expected, as LiveCodeBench compares (`testing_util.py`).
//!
//! White space around the whole and around each line does not count; there are as many lines as expected. Two lines that
//! differ may be the same decimal numbers, exactly.

use crate::space::{is_space, strip};

pub(super) fn is_right(found: &str, expected: &str) -> bool {
    let (found, mut expected) = (strip(found), strip(expected).split('\n'));
    let all = found.split('\n').all(|line| expected.next().is_some_and(|wanted| is_equal(strip(line), strip(wanted))));
    all && expected.next().is_none()
}

fn is_equal(found: &str, expected: &str) -> bool {
    found == expected || matches!((numbers(found), numbers(expected)), (Some(found), Some(wanted)) if found == wanted)
}

/// None: a word is no number.
fn numbers(line: &str) -> Option<Vec<Decimal>> {
    line.split(is_space).filter(|word| !word.is_empty()).map(Decimal::read).collect()
}

/// A number as Python's `decimal` reads and compares it.
#[derive(Debug)]
enum Decimal {
    /// Digits without zeros at either end, and the power of ten of the last one; zero has no digits.
    Finite {
        is_negative: bool,
        digits: String,
        exponent: i64,
    },
    Infinite {
        is_negative: bool,
    },
    /// Equal to nothing, itself included.
    NotANumber,
}

impl PartialEq for Decimal {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Infinite { is_negative }, Self::Infinite { is_negative: other }) => is_negative == other,
            (
                Self::Finite { is_negative, digits, exponent },
                Self::Finite { is_negative: sign, digits: others, exponent: power },
            ) => (is_negative, digits, exponent) == (sign, others, power),
            _ => false,
        }
    }
}

impl Decimal {
    fn read(word: &str) -> Option<Self> {
        let word = word.replace('_', "").to_ascii_lowercase();
        let (is_negative, rest) = match word.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, word.strip_prefix('+').unwrap_or(&word)),
        };
        let payload = rest.strip_prefix('s').unwrap_or(rest).strip_prefix("nan");
        if payload.is_some_and(|payload| payload.bytes().all(|byte| byte.is_ascii_digit())) {
            return Some(Self::NotANumber);
        }
        if matches!(rest, "inf" | "infinity") {
            return Some(Self::Infinite { is_negative });
        }
        let (number, power) = rest.split_once('e').map_or((rest, "0"), |(number, power)| (number, power));
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let all = format!("{whole}{fraction}");
        if all.is_empty() || !all.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let exponent = power.parse::<i64>().ok()?.checked_sub(i64::try_from(fraction.len()).ok()?)?;
        let digits = all.trim_end_matches('0');
        let dropped = i64::try_from(all.len() - digits.len()).ok()?;
        let digits = digits.trim_start_matches('0').to_owned();
        Some(match digits.is_empty() {
            true => Self::Finite { is_negative: false, digits, exponent: 0 },
            false => Self::Finite { is_negative, digits, exponent: exponent.checked_add(dropped)? },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_equal_as_texts_or_as_decimal_numbers() {
        // Each as `grade_stdio` says it.
        for (found, expected) in [
            ("8\n", "8"),
            ("  a b \n\tc\n\n", "a b\nc"),
            ("1.0 2", "1 2.00"),
            ("1  2", "1 2"),
            ("1e3", "1000"),
            ("1E+3", "1_000"),
            ("-0.0", "0"),
            (".5", "0.50"),
            ("5.", "+5"),
            ("Infinity", "inf"),
            ("nan", "nan"),
            ("", "\n"),
            ("00012.3400", "12.34"),
        ] {
            assert!(is_right(found, expected), "{found:?} {expected:?}");
        }
        for (found, expected) in [
            ("a  b", "a b"),
            ("YES", "yes"),
            ("1\n\n2", "1\n2"),
            ("1", "1\n2"),
            ("1\n2", "1"),
            ("0.1", "0.10000000000000000001"),
            ("nan", "NaN"),
            ("-inf", "inf"),
            ("-1", "1"),
            ("0x10", "16"),
            ("1e99999999999999999999", "1e99999999999999999998"),
            ("1 2", "1 2 3"),
            ("", "0"),
            (".", "0"),
            ("1e", "1"),
        ] {
            assert!(!is_right(found, expected), "{found:?} {expected:?}");
        }
    }
}
