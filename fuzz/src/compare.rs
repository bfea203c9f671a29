//! Comparers: output in pieces is judged like the same output in one, and nothing that they say grows with it.
//!
//! The first byte says how large the pieces are; then what was expected and what was found.

use std::sync::LazyLock;

use bytes::Bytes;
use optimus_core::Comparer;
use optimus_core::compare::Match;

use crate::parts;

static COMPARERS: LazyLock<Vec<Comparer>> = LazyLock::new(|| {
    let dmoj = ["standard", "easy", "identical", "rstripped", "floats", "floatsabs", "floatsrel", "linecount"];
    let testlib = [
        "wcmp", "lcmp", "fcmp", "ncmp", "icmp", "hcmp", "yesno", "nyesno", "uncmp", "acmp", "rcmp", "rcmp4", "dcmp",
        "rncmp", "caseicmp", "casencmp", "casewcmp",
    ];
    let plain =
        ["exact", "end_trimmed", "trimmed", "tokens", "lines", "unordered", "cms_white_diff", "judge0"].map(quoted);
    let dmoj = dmoj.map(|name| format!(r#"{{"dmoj": {{"name": "{name}"}}}}"#));
    let testlib = testlib.map(|name| format!(r#"{{"testlib": "{name}"}}"#));
    let more = [
        r#"{"floats": {"abs": 1e-6, "rel": 1e-6}}"#,
        r#"{"kattis": {}}"#,
        r#"{"kattis": {"case_sensitive": true, "space_change_sensitive": true, "float_tolerance": 1e-6}}"#,
        r#"{"dmoj": {"name": "identical", "pe_allowed": false}}"#,
        r#"{"dmoj": {"name": "rstripped", "filter_new_line": true}}"#,
        r#"{"dmoj": {"name": "sorted", "split_on": "lines"}}"#,
        r#"{"dmoj": {"name": "sorted", "split_on": "whitespace"}}"#,
        r#"{"dmoj": {"name": "unordered"}}"#,
        r#"{"regex": "(a|b)*\\s+\\d+(\\.\\d*)?\\s*"}"#,
    ];
    let all = plain.into_iter().chain(dmoj).chain(testlib).chain(more.map(str::to_owned));
    all.map(|json| serde_json::from_str(&json).unwrap_or_else(|error| panic!("{json}: {error}"))).collect()
});

fn quoted(name: &str) -> String {
    format!("\"{name}\"")
}

/// Every comparer over the same two texts; a short expectation also as a pattern.
pub fn fuzz(bytes: &[u8]) {
    let Some((piece, rest)) = bytes.split_first() else { return };
    let parts = parts(rest);
    let [expected, found] = parts[..] else { return };
    let pieces = usize::from(*piece % 32) + 1;
    COMPARERS.iter().for_each(|comparer| agrees(comparer, expected, found, pieces));
    if let Ok(pattern) = std::str::from_utf8(expected)
        && *piece >= 128
        && pattern.len() < 48
    {
        let comparer = Comparer::Regex(pattern.to_owned());
        if comparer.check().is_ok() {
            agrees(&comparer, expected, found, pieces);
        }
    }
}

fn agrees(comparer: &Comparer, expected: &[u8], found: &[u8], pieces: usize) {
    let whole = compare(comparer, expected, [found], false);
    let one = || found.chunks(pieces);
    assert_eq!(compare(comparer, expected, one(), false), whole, "{comparer:?} in pieces of {pieces}");
    assert_eq!(compare(comparer, expected, one(), true), whole, "{comparer:?} up to where it wants no more");
    let shown = format!("{whole:?}");
    assert!(shown.len() < 4 << 10, "{comparer:?} says {} bytes", shown.len());
    if let Match::Scored { score, .. } = whole {
        assert!((0.0..1.0).contains(&score), "{score}");
    }
}

/// `lazy`: what a comparison does not want to see is not shown to it.
fn compare<'a>(comparer: &Comparer, expected: &[u8], pieces: impl IntoIterator<Item = &'a [u8]>, lazy: bool) -> Match {
    let mut comparison = comparer.against(Bytes::copy_from_slice(expected)).expect("a comparer of the host's");
    for piece in pieces {
        if !comparison.feed(piece) && lazy {
            break;
        }
    }
    comparison.finish()
}
