//! What a report comes to: Jobe's result object.

use std::fmt::Write as _;

use axum::Json;
use axum::response::{IntoResponse as _, Response};
use optimus_core::{Exit, Report, TestReport, Verdict};
use serde_json::{Value, json};

use crate::signal;

/// As ideone's API has them.
const COMPILATION_ERROR: u8 = 11;
const RUNTIME_ERROR: u8 = 12;
const TIME_LIMIT: u8 = 13;
const SUCCESS: u8 = 15;
const MEMORY_LIMIT: u8 = 17;
const ILLEGAL_SYSCALL: u8 = 19;
const SERVER_OVERLOAD: u8 = 21;

/// There was no room for the run, or it did not end in time.
pub(super) fn overload() -> Response {
    Json(object("0", SERVER_OVERLOAD, "", ("", ""))).into_response()
}

/// # Errors
/// The job did not run, for a reason of ours: an outcome would be the program's.
pub(super) fn answer(report: &Report) -> Result<Response, String> {
    let id = report.id.to_string();
    let object = match (report.verdict, report.tests.first(), &report.compile) {
        (Verdict::InternalError | Verdict::Cancelled, ..) => {
            let fault = report.error.as_ref().or_else(|| report.tests.first()?.error.as_ref());
            return Err(fault.map_or_else(|| report.verdict.to_string(), |fault| fault.message.clone()));
        }
        (Verdict::CompileError, _, Some(compile)) => {
            let output = clean(compile.output.content.as_bytes());
            // Without a word here, CodeRunner would say nothing at all.
            let said = if output.is_empty() { compile.message.clone().unwrap_or_default() } else { output };
            object(&id, COMPILATION_ERROR, &said, ("", ""))
        }
        (_, Some(test), _) => run(&id, test),
        (_, None, _) => return Err("the program was not run".to_owned()),
    };
    Ok(Json(object).into_response())
}

fn run(id: &str, test: &TestReport) -> Value {
    let (stdout, mut stderr) = (clean(test.stdout.content.as_bytes()), clean(test.stderr.content.as_bytes()));
    let outcome = match (test.verdict, &test.exit) {
        // What is in stderr makes a runtime error of it at CodeRunner.
        (Verdict::TimeLimitExceeded | Verdict::IdlenessLimitExceeded | Verdict::OutputLimitExceeded, _) => {
            stderr.clear();
            TIME_LIMIT
        }
        (Verdict::MemoryLimitExceeded, _) => MEMORY_LIMIT,
        (Verdict::SecurityViolation, _) => ILLEGAL_SYSCALL,
        // Exit codes mean nothing to Jobe; that something went wrong is what a program says.
        (_, Some(Exit::Code(_))) if stderr.is_empty() => SUCCESS,
        (_, Some(Exit::Code(_))) => RUNTIME_ERROR,
        (_, Some(Exit::Signal(number))) => {
            let line = format!("command terminated with signal {number} ({})\n", signal::name(*number));
            stderr.push_str(&line);
            RUNTIME_ERROR
        }
        (_, Some(Exit::NotStarted(_)) | None) => {
            stderr.push_str(test.message.as_deref().unwrap_or(test.verdict.as_str()));
            RUNTIME_ERROR
        }
    };
    object(id, outcome, "", (&stdout, &stderr))
}

fn object(id: &str, outcome: u8, cmpinfo: &str, (stdout, stderr): (&str, &str)) -> Value {
    json!({"run_id": id, "outcome": outcome, "cmpinfo": cmpinfo, "stdout": stdout, "stderr": stderr})
}

/// Text as it is; of other bytes, those that are not printable ASCII or ends of lines as `\xHH`.
fn clean(bytes: &[u8]) -> String {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return text.to_owned();
    }
    let mut cleaned = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        match byte {
            b'\n' | b'\r' | b'\t' | b' '..=b'~' => cleaned.push(char::from(*byte)),
            byte => drop(write!(cleaned, "\\x{byte:02x}")),
        }
    }
    cleaned
}

#[cfg(test)]
mod tests {
    use super::clean;

    #[test]
    fn bytes_that_are_no_text_are_escaped() {
        // Of Jobe's own tests.
        assert_eq!(clean(b"Hello world\n\x01\x06\xc0\xc9\n"), "Hello world\n\\x01\\x06\\xc0\\xc9\n");
        assert_eq!(clean("Un rôle\x01".as_bytes()), "Un rôle\u{1}");
        assert_eq!(clean(b"\x7f\xff\t~"), "\\x7f\\xff\t~");
    }
}
