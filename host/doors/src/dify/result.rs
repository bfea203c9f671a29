//! What a report comes to: both streams, an exit code, and in `error` the reason why a program failed.

use optimus_core::{Exit, Report, TestReport, Verdict};
use serde_json::{Value, json};

use crate::signal;

/// The exit code of a program that did not end by itself.
const KILLED: i32 = -1;

/// The field `data`.
///
/// # Errors
/// The job did not run, for a reason of ours.
pub(super) fn data(report: &Report) -> Result<Value, String> {
    match (report.verdict, report.tests.first(), &report.compile) {
        (Verdict::InternalError | Verdict::Cancelled, ..) => {
            let fault = report.error.as_ref().or_else(|| report.tests.first()?.error.as_ref());
            Err(fault.map_or_else(|| report.verdict.to_string(), |fault| fault.message.clone()))
        }
        // As an interpreter that does not begin with a program that it cannot read.
        (Verdict::CompileError, _, Some(compile)) => {
            let why = compile.message.as_ref().filter(|_| compile.output.content.as_bytes().is_empty());
            let stderr = String::from_utf8_lossy(compile.output.content.as_bytes());
            Ok(ended(1, ("", &stderr), why.map_or("", String::as_str)))
        }
        (_, Some(test), _) => Ok(run(test)),
        (_, None, _) => Err("the program was not run".to_owned()),
    }
}

fn run(test: &TestReport) -> Value {
    let said = || test.message.clone().unwrap_or_else(|| test.verdict.to_string());
    let (code, reason) = match (test.verdict, &test.exit) {
        (Verdict::TimeLimitExceeded | Verdict::IdlenessLimitExceeded, _) => (KILLED, "timeout".to_owned()),
        (Verdict::SecurityViolation, _) => (KILLED, "operation not permitted".to_owned()),
        (Verdict::MemoryLimitExceeded | Verdict::OutputLimitExceeded, _) => (KILLED, said()),
        (_, Some(Exit::Code(code))) => (*code, String::new()),
        (_, Some(Exit::Signal(number))) => (KILLED, format!("signal: {}", signal::name(*number))),
        (_, Some(Exit::NotStarted(_)) | None) => (KILLED, said()),
    };
    let reason = if reason.is_empty() { reason } else { format!("error: {reason}\n") };
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (stdout, stderr) = (text(test.stdout.content.as_bytes()), text(test.stderr.content.as_bytes()));
    ended(code, (&stdout, &stderr), &reason)
}

/// A program that ended well has no error, whatever it printed to stderr.
fn ended(code: i32, (stdout, stderr): (&str, &str), reason: &str) -> Value {
    let mut error = String::new();
    if code != 0 {
        error = format!("process exited with code {code}");
        for detail in [reason, stderr].into_iter().filter(|detail| !detail.is_empty()) {
            if !error.ends_with('\n') {
                error.push('\n');
            }
            error.push_str(detail);
        }
    }
    json!({"stdout": stdout, "stderr": stderr, "error": error, "exit_code": code})
}
