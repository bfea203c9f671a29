//! Completions, rows and programs of these tests.

use bytes::Bytes;
use optimus_core::compare::Match;
use optimus_core::{Exit, Job, Report, Verdict};
use serde_json::{Value, json};

use crate::support::{excerpt, report};

/// A model's answer with one program.
pub(super) fn completion(code: &str) -> String {
    format!("Here it is:\n```toy\n{code}\n```\nDone.")
}

/// A body of `/submit`.
pub(super) fn submission(row: &Value, extra: &Value) -> Value {
    json!({
        "dataset": "mine", "id": 7, "completion": completion("print"),
        "config": {"dataset_type": "CommonOJDataset", "language": "toy", "provided_data": row, "extra": extra},
    })
}

/// A row of `CommonOJDataset`.
pub(super) fn row(cases: &[(&str, &str)]) -> Value {
    let case = |(stdin, stdout): &(&str, &str)| json!({"input": {"stdin": stdin}, "output": {"stdout": stdout}});
    json!({"id": 7, "content": "Add.", "labels": {}, "test": cases.iter().map(case).collect::<Vec<_>>()})
}

/// A body of `/common_evaluate_batch`.
pub(super) fn batch(cases: &[(&str, &str)], extra: &Value) -> Value {
    let (input, output): (Vec<_>, Vec<_>) = cases.iter().copied().unzip();
    let cases = json!({"type": "stdin_stdout", "input": input, "output": output, "fn_name": null});
    json!({
        "completion": completion("print"),
        "config": {"language": "toy", "run_timeout": 3, "provided_data": {"test_cases": cases}, "extra": extra},
    })
}

/// A program that prints `of` its input, judged and stopped as workers do.
pub(super) fn program(of: impl Fn(&str) -> String) -> impl Fn(&Job) -> Option<Report> {
    move |job| {
        let mut ended = report(job, Verdict::Accepted, |_| {});
        let mut has_failed = false;
        for (test, found) in job.tests.iter().zip(&mut ended.tests) {
            if has_failed && job.stop_at_first_failure {
                (found.verdict, found.exit) = (Verdict::Skipped, None);
                continue;
            }
            let output = of(std::str::from_utf8(test.stdin.as_bytes()).unwrap());
            found.stdout = excerpt(output.as_bytes());
            if output == "crash" {
                (found.verdict, found.exit) = (Verdict::RuntimeError, Some(Exit::Code(1)));
            } else if let (Some(compare), Some(expect)) = (&job.compare, &test.expect) {
                let mut comparison = compare.against(Bytes::copy_from_slice(expect.as_bytes())).unwrap();
                comparison.feed(output.as_bytes());
                if comparison.finish() != Match::Same {
                    found.verdict = Verdict::WrongAnswer;
                }
            }
            has_failed |= found.verdict != Verdict::Accepted;
        }
        ended.verdict = Verdict::of_job(ended.tests.iter().map(|test| test.verdict));
        Some(ended)
    }
}

/// What `passed` says in each of an answer's tests.
pub(super) fn passed(answer: &Value) -> Vec<bool> {
    answer["tests"].as_array().unwrap().iter().map(|test| test["passed"].as_bool().unwrap()).collect()
}
