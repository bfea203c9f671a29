//! Versions and ranges as npm's `semver` has them, which Piston uses: `*`, `3.x`, `15.10.0` (exactly), `>=3 <4`, `^1.2 || 3`.

use semver::{Version, VersionReq};

/// A version of three numbers, from as many as a toolchain has.
pub(super) fn version(text: &str) -> Option<Version> {
    let mut numbers = text.split('.').map(|part| part.parse::<u64>().ok());
    let major = numbers.next()??;
    let mut next = || numbers.next().flatten().unwrap_or(0);
    Some(Version::new(major, next(), next()))
}

/// Whether a version is in the range. What is no range holds none.
pub(super) fn satisfies(version: &Version, range: &str) -> bool {
    range.split("||").any(|part| comparators(part).is_some_and(|range| range.matches(version)))
}

/// One alternative, for the crate `semver`: it takes a bare version for a caret, and wants commas.
fn comparators(part: &str) -> Option<VersionReq> {
    let mut words: Vec<String> = Vec::new();
    let tokens: Vec<&str> = part.split_whitespace().collect();
    if let [from, "-", to] = tokens[..] {
        return VersionReq::parse(&format!(">={from}, <={to}")).ok();
    }
    for token in tokens {
        // `>= 3` is `>=3`.
        match words.last_mut().filter(|word| word.ends_with(['<', '>', '=', '^', '~'])) {
            Some(operator) => operator.push_str(token),
            None => words.push(token.to_owned()),
        }
    }
    let word = |word: String| match word.trim_start_matches('v') {
        "x" | "X" | "*" | "" => "*".to_owned(),
        bare if bare.starts_with(|c: char| c.is_ascii_digit()) && !bare.contains(['x', 'X', '*']) => format!("={bare}"),
        other => other.to_owned(),
    };
    let words: Vec<String> = words.into_iter().map(word).collect();
    VersionReq::parse(&if words.is_empty() { "*".to_owned() } else { words.join(", ") }).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_hold_what_npm_says() {
        for (range, inside, outside) in [
            ("*", "3.10.0", None),
            ("x", "3.10.0", None),
            ("", "3.10.0", None),
            ("3.x", "3.10.0", Some("2.7.18")),
            ("3", "3.10.0", Some("4.0.0")),
            ("3.10", "3.10.2", Some("3.11.0")),
            ("3.10.0", "3.10.0", Some("3.10.1")),
            ("v3.10.0", "3.10.0", Some("3.11.0")),
            ("=3.10.0", "3.10.0", Some("3.10.1")),
            ("^3.1", "3.10.0", Some("4.0.0")),
            ("~3.10", "3.10.9", Some("3.11.0")),
            (">=3 <4", "3.10.0", Some("4.0.0")),
            (">= 3.9.0", "3.10.0", Some("3.8.0")),
            ("2 || 3", "3.10.0", Some("4.0.0")),
            ("3.1.0 - 3.10.0", "3.10.0", Some("3.11.0")),
        ] {
            let holds = |text: &str| satisfies(&version(text).unwrap(), range);
            assert!(holds(inside), "{range} {inside}");
            assert!(outside.is_none_or(|outside| !holds(outside)), "{range} {outside:?}");
        }
        for none in ["latest", "3.y", "one", "<>3", "3..1"] {
            assert!(!satisfies(&Version::new(3, 1, 0), none), "{none}");
        }
    }

    #[test]
    fn a_version_has_three_numbers() {
        assert_eq!(version("12.2.0"), Some(Version::new(12, 2, 0)));
        assert_eq!(version("5.4"), Some(Version::new(5, 4, 0)));
        assert_eq!(version("1.2.3.4"), Some(Version::new(1, 2, 3)));
        assert_eq!(version("x"), None);
    }
}
