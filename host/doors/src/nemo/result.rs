//! What a report comes to: a status, which says little of the program, and both streams, cut to what is asked for.

use optimus_core::{Exit, Report, TestReport, Verdict};
use serde_json::{Value, json};

use super::request::Execute;

/// The language whose exit code is looked at.
const SHELL: &str = "shell";

/// An output, as the client reads one.
pub(super) fn output(status: &str, stdout: &str, stderr: &str) -> Value {
    json!({"process_status": status, "stdout": stdout, "stderr": stderr})
}

/// # Errors
/// The job did not run, for a reason of ours.
pub(super) fn of(sent: &Execute, report: &Report) -> Result<Value, String> {
    let (status, stdout, stderr) = match (report.verdict, report.tests.first(), &report.compile) {
        (Verdict::InternalError | Verdict::Cancelled, ..) => {
            let fault = report.error.as_ref().or_else(|| report.tests.first()?.error.as_ref());
            return Err(fault.map_or_else(|| report.verdict.to_string(), |fault| fault.message.clone()));
        }
        // An interpreter would have said the same, and ended.
        (Verdict::CompileError, _, Some(compile)) => {
            let output = text(compile.output.content.as_bytes());
            let said = if output.is_empty() { compile.message.clone().unwrap_or_default() } else { output };
            (ended(sent, false), String::new(), said)
        }
        (_, Some(test), _) => run(sent, test),
        (_, None, _) => return Err("the program was not run".to_owned()),
    };
    Ok(output(status, &shown(sent, &stdout), &shown(sent, &stderr)))
}

fn run(sent: &Execute, test: &TestReport) -> (&'static str, String, String) {
    if matches!(test.verdict, Verdict::TimeLimitExceeded | Verdict::IdlenessLimitExceeded) {
        return ("timeout", String::new(), format!("Execution timed out after {} seconds\n", sent.timeout));
    }
    let (stdout, mut stderr) = (text(test.stdout.content.as_bytes()), text(test.stderr.content.as_bytes()));
    let is_told = matches!(test.exit, Some(Exit::Code(_))) && test.limit.is_none();
    if !is_told {
        // A status says neither which limit nor which signal ended a program; the first words are never cut.
        stderr.insert_str(0, &format!("{}\n", test.message.as_deref().unwrap_or(test.verdict.as_str())));
    }
    (ended(sent, test.exit == Some(Exit::Code(0))), stdout, stderr)
}

/// Of all languages but one, a program that ended is `completed`, however it did.
fn ended(sent: &Execute, is_success: bool) -> &'static str {
    if is_success || sent.language != SHELL { "completed" } else { "error" }
}

fn shown(sent: &Execute, text: &str) -> String {
    match text.char_indices().nth(sent.shown) {
        Some((end, _)) => format!("{}<output cut>", &text[..end]),
        None => text.to_owned(),
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
