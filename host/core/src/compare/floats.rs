//! Numbers as the ICPC problem package format has them: decimal, finite, correctly rounded to 64 bits.

/// The longest token that can be a number; anything longer is compared byte for byte, so that a program cannot have us
/// keep what it prints.
pub(super) const MAX_LEN: usize = 4096;

/// The value of a token that is `[+-]?(\d*\.\d+|\d+\.|\d+)([Ee][+-]?\d+)?` and finite. `inf`, `nan`, `0x1p3` and
/// `1e999` are words, not numbers.
pub(super) fn parse(token: &[u8]) -> Option<f64> {
    if token.len() > MAX_LEN || !is_decimal(token) {
        return None;
    }
    let value: f64 = std::str::from_utf8(token).ok()?.parse().ok()?;
    value.is_finite().then_some(value)
}

pub(super) fn is_decimal(token: &[u8]) -> bool {
    let rest = unsigned(token);
    let whole = digits(rest);
    let mut rest = &rest[whole..];
    let mut fraction = 0;
    if let [b'.', after @ ..] = rest {
        fraction = digits(after);
        rest = &after[fraction..];
    }
    if whole + fraction == 0 {
        return false;
    }
    match rest {
        [] => true,
        [b'e' | b'E', exponent @ ..] => {
            let exponent = unsigned(exponent);
            !exponent.is_empty() && digits(exponent) == exponent.len()
        }
        _ => false,
    }
}

fn unsigned(token: &[u8]) -> &[u8] {
    token.strip_prefix(b"+").or_else(|| token.strip_prefix(b"-")).unwrap_or(token)
}

fn digits(token: &[u8]) -> usize {
    token.iter().take_while(|byte| byte.is_ascii_digit()).count()
}

/// Returns true if either tolerance suffices; the relative one is relative to the expected value.
pub(super) fn near(expected: f64, found: f64, abs: f64, rel: f64) -> bool {
    let distance = (expected - found).abs();
    distance <= abs || distance <= rel * expected.abs()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_decimal_and_finite() {
        for number in ["0", "-0", "+1", "1.", ".5", "-.5e-3", "1e5", "1E+05", "00012", "1e-999"] {
            assert!(parse(number.as_bytes()).is_some(), "{number}");
        }
        for word in ["", ".", "+", "-.", "1e", "1e+", "e5", "inf", "-inf", "nan", "NaN", "0x10", "1e999", "1_0", "1,5"]
        {
            assert!(parse(word.as_bytes()).is_none(), "{word}");
        }
        assert!(parse("1.4🚀".as_bytes()).is_none());
        assert!(parse(&[b'1'; MAX_LEN + 1]).is_none());
    }

    #[test]
    fn the_relative_tolerance_is_of_the_expected_value() {
        assert!(near(100.0, 110.0, 0.0, 0.1));
        assert!(!near(110.0 / 1.1 - 11.0, 100.0, 0.0, 0.1));
        assert!(!near(0.0, 1e-300, 0.0, 0.5), "at 0 only the absolute tolerance helps");
        assert!(near(0.0, -0.0, 0.0, 0.0));
        assert!(near(-1.0, -1.5, 0.5, 0.0));
        assert!(!near(1e308, -1e308, 1e300, 1.0), "a distance of infinity is not near");
    }
}
