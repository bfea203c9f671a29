//! Answers of each standard checker of testlib; see `vectors`.

use super::vectors::prove;
use super::*;

#[test]
fn words_and_lines() {
    prove(
        &json!({"testlib": "wcmp"}),
        &[
            ("a b\n", " a\n\nb", '=', "white space does not count"),
            ("a", "A", 'x', "case does"),
            ("a", "a b", 'x', "a word too many is wrong, not malformed"),
            ("a b", "a", 'x', "one too few"),
            ("a\u{b}b", "a b", 'x', "VT is part of a word"),
            ("a", "\u{feff}a", '=', "a byte order mark is skipped"),
            ("\u{feff}a", "a", 'x', "in the output only"),
            ("a", "\u{feff}\u{feff}a", 'x', "and only one"),
            ("", "", '=', "nothing"),
        ],
    );
    prove(
        &json!({"testlib": "lcmp"}),
        &[
            ("a b\nc\n", "a  b \r\nc", '=', "the words of each line"),
            ("a b", "a\nb", 'x', "where lines end counts"),
            ("a\nb", "a b", 'x', "where lines end counts"),
            ("a\n\nb", "a\nb", 'x', "an empty line counts"),
            ("a\nb", "a\n\nb", 'x', "an empty line counts"),
            ("a\nb", "a\n", 'm', "no line to read is malformed"),
            ("a\nb", "a\n\n", 'x', "an empty one is wrong"),
            ("a\n\nb", "a\n\n", 'm', "the third line cannot be read"),
            ("a b", "a", 'x', "a word too few"),
            ("a", "a b", 'x', "a word too many on its line"),
            ("a", "a\nb", 'm', "a line too many"),
            ("a", "a\n \n\n", '=', "blank ones may follow"),
            ("a\n\n", "a\n", '=', "an empty line at the very end is not looked at"),
            ("a\n\n\n", "a\n", 'm', "but the one before it is"),
            ("a\n\n\n", "a\nb", 'x', "a blank line that holds a word is wrong"),
            ("a\n\n\n", "a\n\nb", 'm', "and one too many is malformed"),
            ("a\n ", "a", 'm', "a last line of blanks is a line"),
            ("", "", '=', "nothing"),
            ("", "\n\n", '=', "nothing"),
            ("", "x", 'm', "extra"),
            ("\n", "", '=', "an empty line at the very end"),
            ("a", "", 'm', "no line to read"),
            ("a", "\n", 'x', "an empty one"),
            ("a", "\u{feff}a", '=', "a byte order mark is skipped"),
        ],
    );
    prove(
        &json!({"testlib": "fcmp"}),
        &[
            ("a b\nc\n", "a b\r\nc", '=', "how lines end does not count"),
            ("a b", "a  b", 'x', "all else does"),
            ("a", "a ", 'x', "also at the end of a line"),
            ("a \n", "a\n", 'x', "also at the end of a line"),
            ("a\r\n", "a\n", '=', "nor how those of the answer end"),
            ("a\rb", "a\rb", '=', "a CR elsewhere is like any other"),
            ("a\rb", "ab", 'x', "a CR elsewhere is like any other"),
            ("a", "a\n\n \t\n", '=', "blanks may follow"),
            ("a", "a\nb", 'm', "a line too many"),
            ("a\nb", "a", 'm', "a line too few"),
            ("a\nb", "a\n\n", 'x', "an empty line instead"),
            ("a\n\nb", "a\nb", 'x', "an empty line counts"),
            ("a\n\n", "a\n", '=', "an empty line at the very end is not looked at"),
            ("a\n\n\n", "a\n", 'm', "but the one before it is"),
            ("", "", '=', "nothing"),
            ("", "x", 'm', "extra"),
            ("a", "\u{feff}a", '=', "a byte order mark is skipped"),
        ],
    );
}

#[test]
fn integers() {
    prove(
        &json!({"testlib": "ncmp"}),
        &[
            ("1 -2\n3", "1\n-2 3\n", '=', "numbers in order"),
            ("1", "2", 'x', "another"),
            ("1", "01", 'm', "no leading zeros"),
            ("0", "-0", 'm', "no negative zero"),
            ("1", "+1", 'm', "no plus"),
            ("1", "1.0", 'm', "no fractions"),
            ("9223372036854775807", "9223372036854775807", '=', "the largest"),
            ("1", "9223372036854775808", 'm', "beyond 64 bits"),
            ("1", "1 2", 'x', "too many are wrong"),
            ("1", "1 2 x", 'm', "unless one of them is none"),
            ("1 2", "1", 'x', "too few are wrong"),
            ("1 x", "1", 'u', "the answer is read to its end"),
            ("x", "1", 'u', "the answer holds no number"),
            ("", "", '=', "no numbers"),
            ("1", "\u{feff}1", '=', "a byte order mark is skipped"),
        ],
    );
    prove(
        &json!({"testlib": "icmp"}),
        &[
            ("7", " 7\n", '=', "one number"),
            ("7", "8", 'x', "another"),
            ("7", "7 8", 'm', "extra"),
            ("7", "8 8", 'x', "what is wrong is not read further"),
            ("7", "2147483648", 'm', "beyond 32 bits"),
            ("2147483648", "7", 'u', "beyond 32 bits in the answer"),
            ("7", "", 'm', "nothing to read"),
            ("", "7", 'u', "no answer"),
            ("7 8", "7", '=', "the answer is not read further"),
        ],
    );
    prove(
        &json!({"testlib": "hcmp"}),
        &[
            ("123456789012345678901234567890", "123456789012345678901234567890", '=', "of any size"),
            ("123456789012345678901234567890", "123456789012345678901234567891", 'x', "another"),
            ("0", "-0", 'm', "no negative zero"),
            ("1", "01", 'm', "no leading zeros"),
            ("1", "1 2", 'm', "extra"),
            ("1 2", "1", 'u', "one word in the answer"),
            ("x", "1", 'u', "a number in the answer"),
        ],
    );
    let huge = Comparer::Testlib(Testlib::Hcmp);
    let (long, tail) = ("1".repeat(9_000), "x");
    assert_eq!(word(&huge, &long, &long), "same");
    assert_eq!(word(&huge, &long, &format!("{long}1")), "different");
    assert!(matches!(compare(&huge, long.as_bytes(), &[long.as_bytes(), tail.as_bytes()]), Match::Malformed(_)));
    prove(
        &json!({"testlib": "uncmp"}),
        &[
            ("1 2 3", "3 1\n2", '=', "in any order"),
            ("1 1 2", "1 2 2", 'x', "each as often"),
            ("1", "1 1", 'x', "too many"),
            ("1 2", "1", 'x', "too few"),
            ("1", "2 x", 'm', "all is read before anything is compared"),
            ("1", "x", 'm', "no number"),
            ("x", "1", 'u', "no number in the answer"),
            ("", "", '=', "no numbers"),
            ("1", "\u{feff}1", '=', "a byte order mark is skipped"),
        ],
    );
}

#[test]
fn yes_and_no() {
    prove(
        &json!({"testlib": "yesno"}),
        &[
            ("YES", "yes", '=', "in any case"),
            ("YES", "No", 'x', "the other"),
            ("YES", "maybe", 'm', "neither"),
            ("maybe", "YES", 'u', "neither in the answer"),
            ("YES", "YES YES", 'm', "extra"),
            ("YES", "", 'm', "nothing to read"),
        ],
    );
    prove(
        &json!({"testlib": "nyesno"}),
        &[
            ("YES no", "yes NO\n", '=', "any number of them"),
            ("YES", "NO", 'x', "the other"),
            ("YES", "maybe", 'm', "neither"),
            ("YES maybe", "YES no", 'u', "neither in the answer"),
            ("YES", "YES maybe", 'x', "what is too much is not read"),
            ("YES NO", "YES", 'x', "too few"),
            ("", "", '=', "none"),
        ],
    );
}

#[test]
fn numbers() {
    for name in ["rcmp", "acmp"] {
        prove(
            &json!({"testlib": name}),
            &[
                ("1", "1.0000015", '=', "1.5e-6, absolutely"),
                ("1", "1.000002", 'x', "beyond"),
                ("1000000", "1000000.1", 'x', "never relatively"),
                ("1", "1 2", 'm', "extra"),
                ("1", "nan", 'm', "not a number"),
                ("1", "inf", 'm', "infinity as a word is none"),
                ("1e999", "1e999", '=', "infinities are not apart"),
                ("1", "0x1", 'm', "hexadecimal is none"),
                ("1", "1e", 'm', "half a number is none"),
                ("x", "1", 'u', "no number in the answer"),
                ("1", "", 'm', "nothing to read"),
            ],
        );
    }
    prove(
        &json!({"testlib": "dcmp"}),
        &[
            ("1000000", "1000000.9", '=', "relatively"),
            ("0", "0.0000009", '=', "absolutely"),
            ("1", "1.1", 'x', "neither"),
            ("1e999", "1e999", '=', "equal infinities"),
            ("1e999", "-1e999", 'x', "unequal ones"),
            ("1", "1e999", 'x', "an infinity"),
            ("1", "1 1", 'm', "extra"),
        ],
    );
    for (name, near, far) in
        [("rcmp4", "1.00009", "1.0002"), ("rcmp6", "1.0000009", "1.000002"), ("rcmp9", "1.0000000009", "1.000000002")]
    {
        let comparer: Comparer = serde_json::from_value(json!({"testlib": name})).unwrap();
        assert_eq!((word(&comparer, "1", near), word(&comparer, "1", far)), ("same", "different"), "{name}");
    }
    prove(
        &json!({"testlib": "rcmp6"}),
        &[
            ("1 2", "1.0\n2.0", '=', "a sequence"),
            ("1 2", "1", 'm', "too few are malformed"),
            ("1", "1 2", 'm', "too many, too"),
            ("1 x", "1 2", 'u', "no number in the answer"),
            ("", "", '=', "none"),
        ],
    );
    prove(
        &json!({"testlib": "rncmp"}),
        &[
            ("1 2", "1.00001 2", '=', "1.5e-5, absolutely"),
            ("100000", "100000.1", 'x', "never relatively"),
            ("1", "1 2", 'm', "extra"),
        ],
    );
}

#[test]
fn numbered_cases() {
    prove(
        &json!({"testlib": "caseicmp"}),
        &[
            ("Case 1: 5\nCase 2: 6", "Case 1: 5 Case 2: 6\n", '=', "one number each"),
            ("Case 1: 5", "Case 1: 6", 'x', "another"),
            ("Case 1: 5", "case 1: 5", 'm', "the word"),
            ("Case 1: 5", "Case 2: 5", 'm', "the number of the case"),
            ("Case 1: 5", "Case 1: x", 'm', "no number"),
            ("Case 1: 5\nCase 2: 6", "Case 1: 9\nCase 2: x", 'm', "all is read before anything is compared"),
            ("Case 1: 5\nCase 2: 6", "Case 1: 5", 'm', "a case too few"),
            ("Case 1: 5", "Case 1: 5 Case 2: 6", 'm', "a case too many"),
            ("Case 1: 5", "Case 1: 4 Case 2: 6", 'x', "what is wrong comes before how many"),
            ("5", "Case 1: 5", 'u', "the answer's form"),
            ("", "", '=', "none"),
        ],
    );
    prove(
        &json!({"testlib": "casencmp"}),
        &[
            ("Case 1: 5 6\nCase 2:", "Case 1: 5 6 Case 2:", '=', "any number of numbers"),
            ("Case 1: 5 6", "Case 1: 5 7", 'x', "another"),
            ("Case 1: 5 6", "Case 1: 5", 'x', "too few"),
            ("Case 1: 5", "Case 1: 5 6", 'x', "too many"),
            ("Case 1: 5", "Case 1: 5 x", 'm', "a case is read to its end"),
            ("Case 1: 5 6", "Case 1: 7 x", 'm', "before it is compared"),
            ("Case 1: 5 Case 2: 6", "Case 1: 7 Case 2: x", 'x', "but not further"),
            ("Case 1: 5 Case 2: 6", "Case 1: 5", 'm', "a case too few"),
            ("Case 1: 5", "Case 1: 5 Case 2: 6", 'm', "a case too many"),
            ("Case 1: x", "Case 1: 5", 'u', "the answer's form"),
        ],
    );
    prove(
        &json!({"testlib": "casewcmp"}),
        &[
            ("Case 1: a b\nCase 2: c", "Case 1: a b Case 2: c", '=', "words"),
            ("Case 1: a b", "Case 1: a c", 'x', "another"),
            ("Case 1: a", "a", 'm', "the form"),
        ],
    );
}

#[test]
fn every_checker_is_known_by_its_name() {
    for checker in Testlib::ALL {
        let json = serde_json::to_value(checker).unwrap();
        assert_eq!(serde_json::from_value::<Testlib>(json.clone()).unwrap(), checker);
        assert!(json.as_str().is_some_and(|name| name.contains("cmp") || name.ends_with("yesno")));
    }
}

#[test]
fn messages_say_what_should_be_there() {
    let testlib = |checker| Comparer::Testlib(checker);
    for (checker, expected, found, wanted) in [
        (Testlib::Ncmp, "1 2", "1 x7", "line 1, column 3: expected an integer, found \"x7\""),
        (Testlib::Yesno, "YES", "", "line 1, column 1: expected YES or NO, found the end of the output"),
        (Testlib::Icmp, "7", "7\n8", "line 2, column 1: found \"8\" after all that was expected"),
        (Testlib::Wcmp, "a bc", "a\nbd", "line 2, column 1: expected \"bc\", found \"bd\""),
        (Testlib::Rcmp6, "1 2", "1 2.5", "line 1, column 3: expected \"2\", found \"2.5\""),
    ] {
        let message = match compare(&testlib(checker), expected.as_bytes(), &[found.as_bytes()]) {
            Match::Different(difference) | Match::Malformed(difference) => difference.to_string(),
            other => panic!("{other:?}"),
        };
        assert_eq!(message, wanted);
    }
    let unusable = compare(&testlib(Testlib::Ncmp), b"1 x", &[b"1 2"]);
    assert_eq!(unusable, Match::Unusable("the expected output should have an integer where it has \"x\"".to_owned()));
}
