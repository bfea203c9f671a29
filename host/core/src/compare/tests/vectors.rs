//! Answers of other judges' checkers: expected, found, the answer (`=` right, `x` wrong, `m` malformed, `u` the
//! expectation is unusable), and the rule that it proves.

use super::*;

type Vectors = &'static [(&'static str, &'static str, char, &'static str)];

fn mark(comparer: &Comparer, expected: &[u8], chunks: &[&[u8]]) -> char {
    match compare(comparer, expected, chunks) {
        Match::Same => '=',
        Match::Different(_) | Match::Scored { .. } => 'x',
        Match::OnlyWhiteSpace(_) => '~',
        Match::Malformed(_) => 'm',
        Match::Unusable(_) => 'u',
    }
}

/// Each vector, whole and byte by byte.
pub(super) fn prove(json: &serde_json::Value, vectors: Vectors) {
    let comparer: Comparer = serde_json::from_value(json.clone()).unwrap();
    comparer.check().unwrap();
    assert_eq!(serde_json::from_value::<Comparer>(serde_json::to_value(&comparer).unwrap()).unwrap(), comparer);
    for (expected, found, wanted, rule) in vectors {
        let (expected, found) = (expected.as_bytes(), found.as_bytes());
        assert_eq!(mark(&comparer, expected, &[found]), *wanted, "{json}: {rule}: {expected:?} {found:?}");
        let bytes: Vec<&[u8]> = found.chunks(1).collect();
        assert_eq!(mark(&comparer, expected, &bytes), *wanted, "{json}, in pieces: {rule}");
    }
}

#[test]
fn kattis() {
    prove(
        &json!({"kattis": {}}),
        &[
            ("Yes 1", "yES 1\n", '=', "case does not count"),
            ("É", "é", 'x', "case is ASCII's"),
            ("a b\n", " a\n\n\tb", '=', "nor how much white space there is, nor where lines end"),
            ("a b", "ab", 'x', "but that there is some"),
            ("", " \n", '=', "no tokens are no tokens"),
            ("a", "", 'x', "the end of the output"),
            ("a", "a b", 'x', "trailing output"),
            ("1.0", "1", 'x', "numbers are words without a tolerance"),
            ("a\u{b}b", "a b", '=', "VT separates"),
            ("a\u{a0}b", "a b", 'x', "a no-break space does not"),
        ],
    );
    prove(&json!({"kattis": {"case_sensitive": true}}), &[("Yes", "yes", 'x', "case counts"), ("a", "a", '=', "same")]);
    prove(
        &json!({"kattis": {"space_change_sensitive": true}}),
        &[
            ("A b\n", "a b\n", '=', "tokens are compared as ever"),
            ("a b\n", "a  b\n", 'x', "one more space"),
            ("a  b\n", "a b\n", 'x', "one less"),
            ("a b\n", "a\tb\n", 'x', "another"),
            ("a b\n", "a b", 'x', "none at the end"),
            ("a b", "a b\n", 'x', "or one"),
            ("a", " a", 'x', "or at the start"),
            (" a", "a", 'x', "or none there"),
            ("", "\n", 'x', "white space alone"),
            ("\n", "", 'x', "white space alone is missing"),
        ],
    );
    prove(
        &json!({"kattis": {"float_absolute_tolerance": 0.01}}),
        &[
            ("1.0", "1.009", '=', "near absolutely"),
            ("1000", "1000.02", 'x', "no relative tolerance was given"),
            ("1", "x", 'x', "a number must be one"),
            ("1", "inf", 'x', "an infinity is none"),
            ("inf", "0", 'x', "an expected infinity is a word"),
            ("inf", "INF", '=', "a word, in any case"),
            ("nan", "nan", '=', "so is a not-a-number"),
            ("1.4", "1.4🚀", 'x', "nothing may follow the digits"),
            ("1", "0x1p0", 'x', "hexadecimal is none"),
            ("1e999", "1e998", 'x', "what overflows is a word"),
            ("x 1", "X 1.001", '=', "words beside numbers"),
            ("1", "+1.", '=', "a sign, and a point at the end"),
        ],
    );
    prove(
        &json!({"kattis": {"float_relative_tolerance": 0.01}}),
        &[
            ("100", "100.9", '=', "near relatively"),
            ("0", "1e-9", 'x', "at 0 only 0 is near"),
            ("0", "-0.0", '=', "at 0 only 0 is near"),
            ("100.9", "100", '=', "relative to what is expected"),
        ],
    );
    prove(
        &json!({"kattis": {"float_tolerance": 0.01}}),
        &[("0", "0.01", '=', "absolutely"), ("1000", "1009", '=', "relatively"), ("1", "1.1", 'x', "neither")],
    );
    let flags = |text: &str| Kattis::from_flags(text.split_whitespace());
    let wanted = Kattis { case_sensitive: true, float_tolerance: Some(1e-6), ..Kattis::default() };
    assert_eq!(flags("case_sensitive float_tolerance 1e-6"), Ok(wanted));
    for bad in ["float_tolerance", "float_tolerance x", "float_tolerance 1 float_tolerance 1", "fuzzy"] {
        assert!(flags(bad).is_err(), "{bad}");
    }
    assert!(flags("float_tolerance 1 float_absolute_tolerance 1").is_err(), "both and one of them");
    assert!(flags("float_absolute_tolerance -1").is_err(), "negative");
}

#[test]
fn dmoj_standard_and_identical() {
    prove(
        &json!({"dmoj": {"name": "standard"}}),
        &[
            ("1 2\n3", "1\n2 3", 'x', "where lines end counts"),
            ("a\n\n\nb", "a\nb", '=', "how many lines end there does not"),
            ("a b", "a \t b", '=', "nor how many blanks there are"),
            ("a\rb", "a\nb", '=', "CR ends a line"),
            ("\n a", "a \n\n", '=', "nothing counts before and after"),
            ("A", "a", 'x', "case counts"),
            ("a", "a b", 'x', "more"),
            ("a b", "a", 'x', "less"),
            ("", "", '=', "nothing"),
        ],
    );
    let identical = json!({"dmoj": {"name": "identical"}});
    prove(&identical, &[("a\n", "a\n", '=', "byte for byte"), ("a\n", "a", 'x', "a presentation error is wrong")]);
    let identical: Comparer = serde_json::from_value(identical).unwrap();
    assert!(message(&identical, "a b\n", "a b").ends_with("only white space differs"));
    assert!(!message(&identical, "a b\n", "a\nb").ends_with("only white space differs"), "as `standard` sees it");
    let quiet = Comparer::Dmoj(Dmoj::Identical { pe_allowed: false });
    assert!(!message(&quiet, "a b\n", "a b").ends_with("only white space differs"));
}

#[test]
fn dmoj_easy_and_sorted() {
    prove(
        &json!({"dmoj": {"name": "easy"}}),
        &[
            ("abc", "C\nB A", '=', "no order, no case, no white space"),
            ("aab", "abb", 'x', "how often counts"),
            ("a", "", 'x', "missing"),
            ("", "a", 'x', "too much"),
        ],
    );
    prove(
        &json!({"dmoj": {"name": "sorted"}}),
        &[
            ("1 2\n3", "3\r\n1  2\n\n", '=', "lines in any order, empty ones left out, CR ends a line"),
            ("1 2", "2 1", 'x', "order in a line"),
            ("1\n1\n2", "1\n2\n2", 'x', "how often"),
            ("1\n \n", "1\n", 'x', "a line of blanks is a line"),
            ("1\n \n", "\t\n1\n", '=', "and like any other of them"),
        ],
    );
    for json in [json!({"dmoj": {"name": "sorted", "split_on": "whitespace"}}), json!({"dmoj": {"name": "unordered"}})]
    {
        prove(&json, &[("1 2\n3", "3 2\n1", '=', "words in any order"), ("1 1", "1", 'x', "how often")]);
    }
}

#[test]
fn dmoj_rstripped() {
    prove(
        &json!({"dmoj": {"name": "rstripped"}}),
        &[
            ("a\nb", "a \t\nb\u{b} ", '=', "white space at the end of a line"),
            ("a\n", "a", 'x', "the end of the file ends a line, too"),
            ("a\r\nb", "a\nb", 'x', "CR ends one, so that CRLF makes one more"),
            ("a\r\nb", "a\n\nb", '=', "CR ends one, so that CRLF makes one more"),
            (" a", "a", 'x', "at the start it counts"),
            ("a b", "a", 'x', "and a word does"),
            ("a  b", "a b", 'x', "as does white space inside"),
            ("", " ", '=', "a line of blanks is an empty one"),
            ("", "\n", 'x', "two lines"),
        ],
    );
    prove(
        &json!({"dmoj": {"name": "rstripped", "filter_new_line": true}}),
        &[
            ("a\n\nb\n", "\na\nb", '=', "empty lines do not count"),
            ("a\r\nb", "a\nb", '=', "so CRLF is LF"),
            ("a\n \nb", "a\nb", 'x', "a line of blanks is not empty"),
            ("a\n", "a\n ", 'x', "not even the last"),
            ("a\nb", "a", 'x', "missing"),
        ],
    );
}

#[test]
fn dmoj_floats() {
    prove(
        &json!({"dmoj": {"name": "floats"}}),
        &[
            ("1.0", "1.0000009", '=', "absolutely"),
            ("1000000", "1000000.9", '=', "or relatively"),
            ("0", "0.000002", 'x', "not at 0"),
            ("nan", "nan", 'x', "never what is no number"),
            ("inf", "inf", 'x', "nor an infinity, whose difference is none"),
            ("1_000", "1000", '=', "as Python reads them"),
            ("1__0", "10", 'x', "as Python reads them"),
            ("abc 0.5", "abc 0.50", '=', "words are words"),
            ("abc", "abd", 'x', "words are words"),
            ("1", "x", 'x', "a number must be one"),
            ("1 2\n3", "1\n2 3", 'x', "as many words on each line"),
            ("1\n\n2", "1\r\n2", '=', "empty lines do not count"),
            ("1\n \n2", "1\n2", 'x', "lines of blanks do"),
            ("1\n ", "1\n", 'x', "also at the end"),
            (" \n1", "1", 'x', "and at the start"),
            (" 1", "1 ", '=', "blanks on a line with words do not"),
            ("1 2", "1", 'x', "missing"),
            ("1", "1 2", 'x', "too many"),
        ],
    );
    prove(&json!({"dmoj": {"name": "floats", "precision": 2}}), &[("1", "1.009", '=', "a precision of its own")]);
    prove(
        &json!({"dmoj": {"name": "floatsabs", "precision": 3}}),
        &[("1000", "1000.1", 'x', "absolute only"), ("1", "1.0009", '=', "absolute")],
    );
    prove(
        &json!({"dmoj": {"name": "floatsrel", "precision": 3}}),
        &[
            ("1000", "1000.9", '=', "relative"),
            ("-1000", "-1000.9", '=', "of negatives, too"),
            ("0", "1e-12", 'x', "relative only"),
            ("inf", "inf", '=', "an infinity lies between itself and itself"),
        ],
    );
}

#[test]
fn dmoj_linecount() {
    let comparer: Comparer = serde_json::from_value(json!({"dmoj": {"name": "linecount"}})).unwrap();
    let scored = |score, message: &str| Match::Scored { score, message: message.to_owned() };
    for (expected, found, wanted) in [
        ("1\n2\n", " 1 \r\n\n2", Match::Same),
        ("", "", Match::Same),
        ("1\n2\n3\n4", "1\nx\n3", scored(0.5, "2 of 4 lines are right, 1 missing: ✓✗✓✗")),
        ("1\n2", "2\n1", scored(0.0, "0 of 2 lines are right: ✗✗")),
        ("a b", "a  b", scored(0.0, "0 of 1 lines are right: ✗")),
        ("ab", "a", scored(0.0, "0 of 1 lines are right: ✗")),
    ] {
        assert_eq!(compare(&comparer, expected.as_bytes(), &[found.as_bytes()]), wanted, "{expected:?} {found:?}");
        let bytes: Vec<&[u8]> = found.as_bytes().chunks(1).collect();
        assert_eq!(compare(&comparer, expected.as_bytes(), &bytes), wanted, "{expected:?} {found:?} in pieces");
    }
    let more = compare(&comparer, b"1", &[b"1\n2"]);
    assert!(matches!(more, Match::Different(_)), "a line too many is wrong, whatever was right: {more:?}");
}

#[test]
fn cms_white_diff() {
    prove(
        &json!("cms_white_diff"),
        &[
            ("a b\n", "  a \t b  \n", '=', "white space in a line is one blank"),
            ("a\n\nb", "a\nb", 'x', "an empty line counts"),
            ("\na", "a", 'x', "also at the start"),
            ("a\n", "a\n \n\n", '=', "but not at the end"),
            ("a\n\n\n", "a", '=', "but not at the end"),
            ("a\rb", "a b", '=', "CR ends no line"),
            ("a\nb", "a b", 'x', "LF does"),
            ("ab", "a b", 'x', "a blank where none is"),
        ],
    );
}

#[test]
fn end_trimmed() {
    prove(
        &json!("end_trimmed"),
        &[
            ("a\nb\n", "a\nb \t\r\n\n", '=', "white space at the end of all does not count"),
            ("a \n", "a", '=', "on neither side"),
            ("a\nb", "a \nb", 'x', "that at the end of a line does"),
            ("a\nb", "a\r\nb", '=', "but not the CR of a CRLF"),
            ("a\r\nb\r\n", "a\nb", '=', "on either side"),
            ("a\nb", "a\rb", 'x', "a CR without its LF does"),
            ("a\nb", "a\r\r\nb", 'x', "and so does a second one"),
            ("a\n\nb", "a\r\nb", 'x', "a line that is missing is missing"),
            ("a", " a", 'x', "and what begins it"),
            ("a", "a\n\nb", 'x', "what comes after the end"),
            (" \n", "", '=', "white space alone is nothing"),
        ],
    );
}

#[test]
fn judge0() {
    prove(
        &json!("judge0"),
        &[
            ("a\nb\n", "a \r\nb\n\n", '=', "what ends a line, and the file, does not count"),
            ("a", " a", 'x', "what begins one does"),
            ("a\n\nb", "a\nb", 'x', "and empty lines inside"),
            ("a\nb", "a\0 \nb\0\n\0", '=', "NUL is white space to Ruby"),
            ("a\0b", "a b", 'x', "but not inside"),
        ],
    );
    let invalid = |found: &[u8]| mark(&Comparer::Judge0, b"\xff\n", &[found]);
    assert_eq!((invalid(b"\xff\n"), invalid(b"\xff")), ('=', 'x'), "what is not UTF-8 is compared as it is");
}

#[test]
fn regular_expressions() {
    let regex = |pattern: &str| Comparer::Regex(pattern.to_owned());
    for (pattern, found, wanted) in [
        ("a+b", "aaab", '='),
        ("a+b", "aaabc", 'x'),
        ("a+b", "aaa", 'x'),
        ("a|ab", "ab", '='),
        (r"(\d+\n){2}", "12\n3\n", '='),
        (r"(?s).*", "any\nthing", '='),
        ("", "", '='),
        ("", "x", 'x'),
        ("^a$", "a", '='),
        ("(?i)é", "É", '='),
        ("(?x) a # comment", "a", '='),
    ] {
        assert_eq!(mark(&regex(pattern), b"not looked at", &[found.as_bytes()]), wanted, "{pattern} {found}");
        let bytes: Vec<&[u8]> = found.as_bytes().chunks(1).collect();
        assert_eq!(mark(&regex(pattern), b"", &bytes), wanted, "{pattern} {found} in pieces");
    }
    assert_eq!(mark(&regex(r"(?-u:\xff)"), b"", &[b"\xff"]), '=', "bytes need not be UTF-8");
    assert_eq!(message(&regex("ab\ncd"), "", "ab\ncx"), "line 2, column 2: the pattern does not match \"x\"");
    for bad in ["(", "a{1000}{1000}{1000}", &"a".repeat(20_000), r"a)|(b"] {
        assert!(regex(bad).check().is_err(), "{bad:.20}");
        assert_eq!(mark(&regex(bad), b"", &[b"a"]), 'u');
    }
}
