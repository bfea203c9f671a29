//! Whether what was printed is what was expected, as SandboxFusion compares (`sandbox/utils/testing.py`).
//!
//! White space around the whole and around each line does not count, nor does the case of letters; there are as many lines
//! as expected. Two lines that are numbers as a whole may differ by less than a hundred-thousandth of the expected one.

use crate::space::strip;

/// Of the expected number.
const RELATIVE: f64 = 1e-5;
/// Expected numbers nearer to 0 count as this.
const SMALLEST: f64 = 1e-10;

pub(super) fn is_right(found: &str, expected: &str) -> bool {
    let (found, expected) = (strip(found), strip(expected));
    let mut expected = expected.split('\n');
    let all = found.split('\n').all(|line| expected.next().is_some_and(|wanted| is_equal(line, wanted)));
    all && expected.next().is_none()
}

fn is_equal(found: &str, expected: &str) -> bool {
    let (found, expected) = (strip(found), strip(expected));
    found == expected || found.to_lowercase() == expected.to_lowercase() || are_near(found, expected)
}

fn are_near(found: &str, expected: &str) -> bool {
    let (Some(found), Some(expected)) = (float(found), float(expected)) else { return false };
    (found - expected).abs() / expected.abs().max(SMALLEST) < RELATIVE
}

/// What Python's `float` reads: as Rust's, and `_` between two digits.
fn float(text: &str) -> Option<f64> {
    if !text.contains('_') {
        return text.parse().ok();
    }
    let is_digit = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_digit);
    let bytes = text.as_bytes();
    let is_between = |(at, _): (usize, _)| at > 0 && is_digit(bytes.get(at - 1)) && is_digit(bytes.get(at + 1));
    text.match_indices('_').all(is_between).then(|| text.replace('_', "").parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_compared_without_white_space_around_them_and_without_case() {
        for (found, expected) in [
            ("YES\n", "yes"),
            ("\n\n  1 2 \n3\t\n\n", "1 2\n3"),
            ("a\r\nb\r\n", "a\nb"),
            ("", " \n"),
            ("ÄRGER", "ärger"),
            ("\u{1c}x\u{a0}", "x"),
        ] {
            assert!(is_right(found, expected), "{found:?} {expected:?}");
        }
        for (found, expected) in
            [("1  2", "1 2"), ("1\n2", "1 2"), ("1\n\n2", "1\n2"), ("1", "1\n2"), ("1\n2", "1"), ("", "1"), ("1", "")]
        {
            assert!(!is_right(found, expected), "{found:?} {expected:?}");
        }
    }

    #[test]
    fn numbers_that_fill_their_lines_may_be_off_by_less_than_a_hundred_thousandth() {
        for (found, expected) in [
            ("1.000009", "1"),
            ("1e5", "100000"),
            ("-0.333333", "-0.3333333333"),
            ("1_0", "10.0"),
            ("0.0", "0"),
            ("1e-16", "0"),
            ("+5.", "5"),
            ("NaN", "nan"),
            ("inf", "INF"),
        ] {
            assert!(is_right(found, expected), "{found:?} {expected:?}");
        }
        for (found, expected) in [
            ("1.00002", "1"),
            ("1e-14", "0"),
            ("1.000001 2", "1 2"),
            ("_1", "1"),
            ("1__0", "10"),
            ("0x10", "16"),
            ("nan", "0"),
            ("inf", "infinity"),
            ("1", "one"),
        ] {
            assert!(!is_right(found, expected), "{found:?} {expected:?}");
        }
    }
}
