//! What the places and tags of submissions say of them.

use optimus_core::problem::{Expectation, Labelled};
use optimus_core::{Problem, Verdict};

use crate::{PackageError, Tree, program};

/// Verdicts that formats with four words call one of these.
pub(crate) const ACCEPTED: &[Verdict] = &[Verdict::Accepted];
/// A test of which a part is right passes, in formats that know parts.
const PASSED: &[Verdict] = &[Verdict::Accepted, Verdict::Partial];
pub(crate) const WRONG: &[Verdict] = &[Verdict::WrongAnswer, Verdict::PresentationError];
pub(crate) const SLOW: &[Verdict] = &[Verdict::TimeLimitExceeded, Verdict::IdlenessLimitExceeded];
pub(crate) const BROKEN: &[Verdict] =
    &[Verdict::RuntimeError, Verdict::MemoryLimitExceeded, Verdict::OutputLimitExceeded, Verdict::SecurityViolation];

pub(crate) fn all(lists: &[&[Verdict]]) -> Vec<Verdict> {
    lists.concat()
}

/// `AC`, `WA`, `TLE`, `RTE`.
pub(crate) fn short(word: &str) -> Option<&'static [Verdict]> {
    match word {
        "AC" => Some(PASSED),
        "WA" => Some(WRONG),
        "TLE" => Some(SLOW),
        "RTE" => Some(BROKEN),
        _ => None,
    }
}

/// The directory below `submissions/`, in packages of Kattis and DOMjudge.
pub(crate) fn directory(name: &str) -> Option<Expectation> {
    let tests = |permitted: &[&[Verdict]], required: &[&[Verdict]]| Expectation {
        permitted: all(permitted),
        required: all(required),
        ..Expectation::default()
    };
    Some(match name {
        "accepted" => tests(&[PASSED], &[]),
        "rejected" => tests(&[], &[WRONG, SLOW, BROKEN]),
        "wrong_answer" => tests(&[PASSED, WRONG], &[WRONG]),
        "time_limit_exceeded" => tests(&[PASSED, SLOW], &[SLOW]),
        "run_time_error" | "runtime_error" => tests(&[PASSED, BROKEN], &[BROKEN]),
        "brute_force" => tests(&[PASSED, BROKEN, SLOW], &[BROKEN, SLOW]),
        "memory_limit_exceeded" => {
            tests(&[PASSED, &[Verdict::MemoryLimitExceeded]], &[&[Verdict::MemoryLimitExceeded]])
        }
        "output_limit_exceeded" => {
            tests(&[PASSED, &[Verdict::OutputLimitExceeded]], &[&[Verdict::OutputLimitExceeded]])
        }
        "compiler_error" | "compile_error" => Expectation::of(&[Verdict::CompileError]),
        "partially_accepted" | "partial" => Expectation::of(&[Verdict::Partial]),
        "no_output" => tests(&[PASSED, WRONG], &[WRONG]),
        "mixed" | "other" => Expectation::default(),
        _ => return None,
    })
}

/// The same in the legacy format, which says other things of some: <https://www.kattis.com/problem-package-format/spec/legacy#example-submissions>
pub(crate) fn legacy(name: &str) -> Option<Expectation> {
    Some(match name {
        // "May also give wrong answer but not crash for any test case."
        "time_limit_exceeded" => {
            Expectation { permitted: all(&[PASSED, WRONG, SLOW]), required: SLOW.to_vec(), ..Expectation::default() }
        }
        // "Crashes for some test case", and nothing is said of the others.
        "run_time_error" | "runtime_error" => Expectation { required: BROKEN.to_vec(), ..Expectation::default() },
        other => return directory(other),
    })
}

/// `@EXPECTED_RESULTS@: WRONG-ANSWER, TIMELIMIT` in a source, as DOMjudge reads it.
pub(crate) fn in_source(source: &[u8]) -> Option<Expectation> {
    let text = String::from_utf8_lossy(source);
    let marks = ["@EXPECTED_RESULTS@:", "@EXPECTED_SCORE@:"];
    let line = text.lines().find_map(|line| marks.iter().find_map(|mark| Some(line.split_once(mark)?.1)))?;
    let mut verdicts = Vec::new();
    // The end of a comment may follow.
    let bare = |word: &str| word.trim_matches(|c: char| !c.is_ascii_alphanumeric()).to_ascii_uppercase();
    for word in line.split(',').map(bare) {
        verdicts.extend_from_slice(match word.replace('_', "-").as_str() {
            "CORRECT" | "ACCEPTED" => ACCEPTED,
            "WRONG-ANSWER" | "NO-OUTPUT" => WRONG,
            "TIMELIMIT" | "TIME-LIMIT" | "TIME-LIMIT-EXCEEDED" => SLOW,
            "RUN-ERROR" | "RUN-TIME-ERROR" | "RUNTIME-ERROR" => BROKEN,
            "COMPILER-ERROR" | "COMPILE-ERROR" => &[Verdict::CompileError],
            "OUTPUT-LIMIT" | "OUTPUT-LIMIT-EXCEEDED" => &[Verdict::OutputLimitExceeded],
            "MEMORY-LIMIT" | "MEMORY-LIMIT-EXCEEDED" => &[Verdict::MemoryLimitExceeded],
            "PARTIAL" => &[Verdict::Partial],
            _ => return None,
        });
    }
    Some(Expectation { verdicts, ..Expectation::default() })
}

/// `submissions/VERDICT/…`, in packages whose format has no place for them.
pub(crate) fn submissions(tree: &Tree, problem: &mut Problem) -> Result<(), PackageError> {
    for place in tree.children("submissions") {
        let dir = format!("submissions/{place}");
        let by_verdict = || place.parse::<Verdict>().ok().map(|verdict| Expectation::of(&[verdict]));
        let Some(expect) = directory(&place).or_else(by_verdict).filter(|_| tree.has_dir(&dir)) else {
            problem.remarks.push(format!("`{dir}` is called after no verdict, and was ignored"));
            continue;
        };
        for child in tree.children(&dir) {
            let files = program::files(tree, &format!("{dir}/{child}"))?;
            let name = format!("{place}/{child}");
            problem.submissions.push(Labelled { name, files, expect: expect.clone(), ..Labelled::default() });
        }
    }
    Ok(())
}

/// The tag of a solution in a Polygon package. It is about tests: where these have points, the job may come to a part.
pub(crate) fn polygon(tag: &str) -> Option<Expectation> {
    let some = |fails: &[&[Verdict]]| Expectation {
        permitted: all(&[PASSED, &fails.concat()]),
        required: all(fails),
        ..Expectation::default()
    };
    // A checker may give a part of the points to what is wrong.
    const WRONG_OR_PART: &[Verdict] = &[Verdict::WrongAnswer, Verdict::PresentationError, Verdict::Partial];
    const MEMORY: &[Verdict] = &[Verdict::MemoryLimitExceeded];
    Some(match tag {
        "main" | "accepted" => Expectation::of(ACCEPTED),
        "wrong-answer" | "presentation-error" => some(&[WRONG_OR_PART]),
        "time-limit-exceeded" => some(&[SLOW]),
        "time-limit-exceeded-or-accepted" => {
            Expectation { permitted: all(&[ACCEPTED, SLOW]), ..Expectation::default() }
        }
        "time-limit-exceeded-or-memory-limit-exceeded" => some(&[SLOW, MEMORY]),
        "memory-limit-exceeded" => some(&[MEMORY]),
        "rejected" | "failed" => {
            Expectation::of(&all(&[WRONG, SLOW, BROKEN, &[Verdict::Partial, Verdict::CompileError]]))
        }
        "do-not-run" => Expectation::default(),
        _ => return None,
    })
}
