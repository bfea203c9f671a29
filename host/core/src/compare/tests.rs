mod models;
mod testlib;
mod vectors;

use bytes::Bytes;
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::json;

use super::*;

const FLOATS: Comparer = Comparer::Floats { abs: 1e-6, rel: 1e-6 };
const ALL: [Comparer; 6] =
    [Comparer::Exact, Comparer::Trimmed, Comparer::Tokens, Comparer::Lines, Comparer::Unordered, FLOATS];

fn compare(comparer: &Comparer, expected: &[u8], chunks: &[&[u8]]) -> Match {
    let mut comparison = comparer.against(Bytes::copy_from_slice(expected)).unwrap();
    for chunk in chunks {
        comparison.feed(chunk);
    }
    comparison.finish()
}

fn word(comparer: &Comparer, expected: &str, found: &str) -> &'static str {
    match compare(comparer, expected.as_bytes(), &[found.as_bytes()]) {
        Match::Same => "same",
        Match::OnlyWhiteSpace(_) => "space",
        _ => "different",
    }
}

fn message(comparer: &Comparer, expected: &str, found: &str) -> String {
    match compare(comparer, expected.as_bytes(), &[found.as_bytes()]) {
        Match::Same => "same".to_owned(),
        Match::OnlyWhiteSpace(difference) | Match::Different(difference) => difference.to_string(),
        other => panic!("{other:?}"),
    }
}

/// Expected, found, and what each comparer says: exact, trimmed, tokens, lines, unordered, floats.
/// `=` same, `~` only white space, `x` different.
const TABLE: &[(&str, &str, &str)] = &[
    ("", "", "======"),
    ("", "\n", "~====="),
    ("", " \t\r\n\n", "~====="),
    ("\n", "", "~====="),
    ("", "x", "xxxxxx"),
    ("x", "", "xxxxxx"),
    ("a\n", "a", "~====="),
    ("a", "a\n", "~====="),
    ("a\n", "a\r\n", "~====="),
    ("a\r\nb\r\n", "a\nb\n", "~====="),
    ("a\nb", "a \t\nb\n\n \n", "~====="),
    ("a\nb", "a\u{b}\u{c}\nb", "~====="),
    ("a b", "a  b", "~x===="),
    ("a  \nb", "a \nb", "~====="),
    ("a  b", "a \nb", "~x=xx="),
    ("a\nb", " a\nb", "~x===="),
    ("a\nb", "a\n\nb", "~x===="),
    ("a\n\nb", "a\nb", "~x===="),
    ("\na", "a", "~x===="),
    ("1 2\n3", "1\n2 3", "~x=xx="),
    ("1 2 3", "1\n2\n3", "~x=xx="),
    ("1\n2\n3", "1 2 3", "~x=xx="),
    ("1\n2\n3", "3\n1\n2\n", "xxxx=x"),
    ("1 1\n2", "2\n1  1", "xxxx=x"),
    ("1\n1\n2", "2\n1\n2", "xxxxxx"),
    ("1\n1\n2", "1\n2", "xxxxxx"),
    ("1\n2", "1\n1\n2", "xxxxxx"),
    ("ab", "a b", "xxxxxx"),
    ("a b", "ab", "xxxxxx"),
    ("42", "41", "xxxxxx"),
    ("42", "4", "xxxxxx"),
    ("42", "421", "xxxxxx"),
    ("YES", "yes", "xxxxxx"),
    ("a", "a b", "xxxxxx"),
    ("a b", "a", "xxxxxx"),
    ("x\u{a0}y", "x y", "xxxxxx"),
    ("a", "\u{feff}a", "xxxxxx"),
    ("a\0b", "a\0b", "======"),
    ("a\0b", "a\0c", "xxxxxx"),
    ("1.0", "1", "xxxxx="),
    ("1", "1.0000001", "xxxxx="),
    ("1", "1.1", "xxxxxx"),
    ("1 2", "1.0 2.0 ", "xxxxx="),
    ("0", "-0.0000001", "xxxxx="),
    ("1000000", "1000000.5", "xxxxx="),
    ("1.4", "1.4🚀", "xxxxxx"),
    ("1e2", "100", "xxxxx="),
    ("nan", "nan", "======"),
    ("nan", "NaN", "xxxxxx"),
    ("inf", "0", "xxxxxx"),
    ("1", "inf", "xxxxxx"),
    ("1e999", "1e998", "xxxxxx"),
    ("1", "x", "xxxxxx"),
    ("x 1.5 y", "x 1.50 z", "xxxxxx"),
    ("x 1.5 y", "x 1.50  y", "xxxxx="),
    ("1.5", "1.50 2", "xxxxxx"),
    ("1.5 2", "1.50", "xxxxxx"),
];

#[test]
fn each_comparer_forgives_what_it_says() {
    for (expected, found, row) in TABLE {
        for (comparer, mark) in ALL.iter().zip(row.chars()) {
            let wanted = match mark {
                '=' => "same",
                '~' => "space",
                _ => "different",
            };
            assert_eq!(word(comparer, expected, found), wanted, "{comparer:?} {expected:?} {found:?}");
        }
    }
}

#[test]
fn either_tolerance_suffices_and_the_relative_one_is_of_the_expected_value() {
    let floats = |abs, rel| Comparer::Floats { abs, rel };
    assert_eq!(word(&floats(0.1, 0.0), "10", "10.09"), "same");
    assert_eq!(word(&floats(0.0, 0.01), "10", "10.09"), "same");
    assert_eq!(word(&floats(0.0, 0.0), "10", "10.0"), "same");
    assert_eq!(word(&floats(0.0, 0.0), "10", "10.01"), "different");
    assert_eq!(word(&floats(0.0, 0.1), "0", "0.0000001"), "different");
    let long = "1".repeat(5_000);
    assert_eq!(word(&floats(1e300, 1e300), "1", &long), "different");
    assert_eq!(word(&floats(0.0, 0.0), &long, &long), "same");
}

#[test]
fn tolerances_are_checked() {
    for (abs, rel) in [(-1.0, 0.0), (f64::NAN, 0.0), (0.0, f64::INFINITY)] {
        assert!(Comparer::Floats { abs, rel }.check().is_err());
    }
    assert!(FLOATS.check().is_ok());
}

#[test]
fn messages_name_the_place_and_both_sides() {
    use Comparer::*;
    let long = "x".repeat(200);
    for (comparer, expected, found, wanted) in [
        (Tokens, "1 2\n3 4 42\n", "1 2\n\n3 41\n", "line 3, column 3: expected \"4\", found \"41\""),
        (Tokens, "1", "1 2", "line 1, column 3: expected nothing more, found \"2\""),
        (Tokens, "1 2", "1\n", "line 2, column 1: expected \"2\", found the end of the output"),
        (Tokens, "", "\u{1}'\"é", "line 1, column 1: expected nothing more, found \"\\u{1}'\\\"é\""),
        (FLOATS, "7 1.5", "7\n1.6 9", "line 2, column 1: expected \"1.5\", found \"1.6\""),
        (Lines, "1 2", "1\n2", "line 2, column 1: expected \"2\" on the line before, found a line break"),
        (Lines, "1\n2", "1 2", "line 1, column 3: expected a line break before \"2\""),
        (Trimmed, "ab cd\n", "ab ce \nx", "line 1, column 5: expected \"ab cd\", found \"ab ce\""),
        (Trimmed, "a b", "a  b c", "line 1, column 3: expected \"a b\", found \"a  b c\""),
        (Trimmed, "a\nb", "a\n\nb", "line 2, column 1: expected \"b\", found \"\""),
        (Trimmed, "a", "a\n\n b", "line 3, column 2: expected nothing more, found \"b\""),
        (Exact, "a\n", "a", "line 1, column 2: expected \"a\\n\", found \"a\""),
        (Exact, "a", "a\r\n", "line 1, column 2: expected \"a\", found \"a\\r\\n\""),
        (Exact, "a\n", "a\nb", "line 2, column 1: expected nothing more, found \"b\""),
        (EndTrimmed, "a \n", "a\n\nb", "line 3, column 1: expected nothing more, found \"b\""),
        (Unordered, "a b\nc", "c\n  a  d \n", "line 2, column 3: found \"a  d\" once more than expected"),
        (Unordered, "a\n  b  c\n", "a", "expected \"b  c\", which is missing"),
    ] {
        assert_eq!(message(&comparer, expected, found), wanted, "{comparer:?} {expected:?} {found:?}");
    }
    let cut = message(&Tokens, &format!("{long}a{long}"), &format!("{long}b{long}"));
    let x = |n| "x".repeat(n);
    assert_eq!(
        cut,
        format!("line 1, column 1: expected \"…{0}a{1}…\", found \"…{0}b{1}…\"", x(24), x(39)),
        "both sides show where they part"
    );
}

#[test]
fn what_is_shown_is_escaped_without_loss_and_never_ends_in_half_a_character() {
    let difference = |expected: &[u8], found: &[u8]| match compare(&Comparer::Tokens, expected, &[found]) {
        Match::Different(difference) => difference.to_string(),
        other => panic!("{other:?}"),
    };
    assert!(difference(b"a", b"\xffb\xc3").ends_with("found \"\\xffb\\xc3\""));
    let accents = "é".repeat(40);
    assert!(difference(b"", format!("x{accents}").as_bytes()).ends_with(&format!("\"x{}…\"", "é".repeat(31))));
}

#[test]
fn a_decided_comparison_says_so_and_stays_small() {
    let mut tokens = Comparer::Tokens.against(Bytes::from_static(b"1")).unwrap();
    assert!(tokens.feed(b"1"));
    let flood = vec![b'2'; 1 << 20];
    assert!(!tokens.feed(&flood));
    for comparer in ALL {
        let mut comparison = comparer.against(Bytes::from_static(b"1 2")).unwrap();
        for _ in 0..64 {
            comparison.feed(&flood);
        }
        let Match::Different(difference) = comparison.finish() else { panic!("{comparer:?}") };
        assert!(difference.to_string().len() < 512, "{comparer:?}");
    }
}

/// Bytes that make white space, lines, numbers and words likely.
fn output() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        4 => prop::sample::select(vec![&b" "[..], b"\n", b"\n", b"\r\n", b"\t", b"  ", b"\n\n"]).prop_map(<[u8]>::to_vec),
        4 => prop::sample::select(vec![&b"a"[..], b"ab", b"1", b"1.0", b"1.00", b"-2e3", b"nan"]).prop_map(<[u8]>::to_vec),
        1 => vec(any::<u8>(), 0..4),
    ];
    vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

/// The same tokens on the same lines, with other white space.
fn respaced(bytes: &[u8], gaps: &[u8]) -> Vec<u8> {
    let mut gaps = gaps.iter().cycle();
    let gap = |n: u8| [&b" "[..], b"  ", b"\t", b" \x0b\r"][usize::from(n % 4)];
    let mut out = Vec::new();
    for line in bytes.split(|byte| *byte == b'\n') {
        for token in line.split(|byte| scan::is_space(*byte)).filter(|token| !token.is_empty()) {
            out.extend_from_slice(token);
            out.extend_from_slice(gaps.next().map_or(b" ", |n| gap(*n)));
        }
        out.push(b'\n');
    }
    out
}

/// The lines that `Trimmed` compares.
fn trimmed(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut lines: Vec<Vec<u8>> =
        bytes.split(|byte| *byte == b'\n').map(|line| line[..scan::trimmed_len(line)].to_vec()).collect();
    while lines.last().is_some_and(Vec::is_empty) {
        lines.pop();
    }
    lines
}

/// The tokens that `Lines` compares.
fn token_lines(bytes: &[u8]) -> Vec<Vec<Vec<u8>>> {
    let tokens = |line: &[u8]| -> Vec<Vec<u8>> {
        line.split(|byte| scan::is_space(*byte)).filter(|token| !token.is_empty()).map(<[u8]>::to_vec).collect()
    };
    bytes.split(|byte| *byte == b'\n').map(tokens).filter(|line| !line.is_empty()).collect()
}

fn near(a: &[u8], b: &[u8]) -> bool {
    let value = |token: &[u8]| floats::parse(token);
    a == b || value(a).zip(value(b)).is_some_and(|(a, b)| floats::near(a, b, 1e-6, 1e-6))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn everything_equals_itself(bytes in output()) {
        for comparer in ALL {
            prop_assert_eq!(compare(&comparer, &bytes, &[&bytes]), Match::Same);
        }
    }

    #[test]
    fn pieces_do_not_matter(expected in output(), found in output(), cuts in vec(0usize..8, 1..16), same in any::<bool>()) {
        let found = if same { [&expected[..], &found].concat() } else { found };
        let mut chunks = Vec::new();
        let mut rest = &found[..];
        for cut in cuts.iter().cycle().take(found.len() * 2 + 1) {
            let (chunk, after) = rest.split_at((*cut).min(rest.len()));
            chunks.push(chunk);
            rest = after;
        }
        chunks.push(rest);
        for comparer in ALL {
            let whole = compare(&comparer, &expected, &[&found]);
            prop_assert_eq!(compare(&comparer, &expected, &chunks), whole, "{:?}", comparer);
        }
    }

    #[test]
    fn spacing_is_nothing_to_those_who_look_at_tokens(bytes in output(), gaps in vec(any::<u8>(), 1..8)) {
        let other = respaced(&bytes, &gaps);
        for comparer in [Comparer::Tokens, Comparer::Lines, Comparer::Unordered, FLOATS] {
            prop_assert_eq!(compare(&comparer, &bytes, &[&other]), Match::Same, "{:?}", comparer);
            prop_assert_eq!(compare(&comparer, &other, &[&bytes]), Match::Same, "{:?}", comparer);
        }
    }

    #[test]
    fn streaming_says_what_a_plain_definition_says(expected in output(), found in output(), gaps in vec(any::<u8>(), 1..4)) {
        for found in [respaced(&expected, &gaps), [&expected[..], b" \n"].concat(), found] {
            let same = |comparer| compare(&comparer, &expected, &[&found]) == Match::Same;
            let (a, b) = (token_lines(&expected), token_lines(&found));
            let sorted = |lines: &[Vec<Vec<u8>>]| { let mut lines = lines.to_vec(); lines.sort(); lines };
            let flat = (a.concat(), b.concat());
            prop_assert_eq!(same(Comparer::Exact), expected == found);
            prop_assert_eq!(same(Comparer::Trimmed), trimmed(&expected) == trimmed(&found));
            prop_assert_eq!(same(Comparer::Lines), a == b);
            prop_assert_eq!(same(Comparer::Unordered), sorted(&a) == sorted(&b));
            prop_assert_eq!(same(Comparer::Tokens), flat.0 == flat.1);
            let all_near = flat.0.len() == flat.1.len() && flat.0.iter().zip(&flat.1).all(|(a, b)| near(a, b));
            prop_assert_eq!(same(FLOATS), all_near);
            let exact = compare(&Comparer::Exact, &expected, &[&found]);
            prop_assert_eq!(matches!(exact, Match::Different(_)), flat.0 != flat.1);
        }
    }
}
