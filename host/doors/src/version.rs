//! Versions in what toolchains say of themselves.

/// The first number with a dot in it.
pub(crate) fn dotted(text: &str) -> Option<&str> {
    text.split(|c: char| !(c.is_ascii_digit() || c == '.'))
        .map(|word| word.trim_matches('.'))
        .find(|word| word.contains('.'))
}

#[cfg(test)]
mod tests {
    use super::dotted;

    #[test]
    fn a_version_is_found_in_what_a_toolchain_says() {
        for (said, wanted) in [
            ("gcc (Debian 12.2.0-14) 12.2.0", Some("12.2.0")),
            ("Python 3.11.2", Some("3.11.2")),
            ("go version go1.19.8 linux/amd64", Some("1.19.8")),
            ("v20.1.0.", Some("20.1.0")),
            ("version 7", None),
            ("", None),
        ] {
            assert_eq!(dotted(said), wanted, "{said}");
        }
    }
}
