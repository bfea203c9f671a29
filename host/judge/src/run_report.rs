//! The report of a test, from its run and its ruling.

use optimus_core::{Fault, Outcome, TestReport, Verdict};

use super::sink::Head;
use super::verdict::Ruling;

/// The report of a test; `outcome` is `None` when nothing was run.
pub(super) fn report(
    name: String,
    outcome: Option<&Outcome>,
    judged: Result<Ruling, Fault>,
    [stdout, stderr]: [Head; 2],
) -> TestReport {
    let error = judged.as_ref().err().cloned();
    let ruling = judged.unwrap_or_else(|_| Ruling { verdict: Verdict::InternalError, ..Ruling::accepted() });
    let Ruling { verdict, message, score, difference } = ruling;
    let measured = match outcome {
        Some(outcome) => TestReport {
            stdout: stdout.excerpt(outcome.stdout_truncated),
            stderr: stderr.excerpt(outcome.stderr_truncated),
            ..TestReport::measured(name, verdict, outcome)
        },
        None => TestReport::unrun(name, verdict),
    };
    TestReport { score, message, difference, error, ..measured }
}
