//! "Did you mean": the known word that a mistyped one is nearest to.

/// The candidate that `word` was probably meant to be. Of words of one or two letters everything is near, so there is no
/// guess; longer ones may differ by one letter, from five letters on by two. A word that begins with a candidate of four
/// letters or more, or the other way round, is near it, too: `expected_output` means `expect`.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_ascii_lowercase();
    let most = match word.chars().count() {
        0..=2 => return None,
        3..=4 => 1,
        _ => 2,
    };
    let near = |candidate: &'a str| {
        let begins = |long: &str, short: &str| short.len() >= 4 && long.starts_with(short);
        let distance = strsim::damerau_levenshtein(&word, candidate);
        // What is left of the word must be more than what was changed in it.
        let is_near = distance <= most && distance < candidate.chars().count();
        let is_prefix = begins(&word, candidate) || begins(candidate, &word);
        (is_near || is_prefix).then_some((if is_near { distance } else { 3 }, candidate))
    };
    candidates.into_iter().filter_map(near).min().map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_word_is_recognised_and_a_short_one_is_not_guessed() {
        let fields = ["name", "stdin", "expect", "args", "source", "c", "r", "go", "python"];
        for (word, meant) in [
            ("expected_output", Some("expect")),
            ("sorce", Some("source")),
            ("Pyhton", Some("python")),
            ("stdni", Some("stdin")),
            ("arg", Some("args")),
            ("x", None),
            ("js", None),
            ("gop", Some("go")),
            ("cobol", None),
        ] {
            assert_eq!(nearest(word, fields), meant, "{word}");
        }
    }
}
