//! What a report comes to: a status, a result of compiling, and one of running. `SandboxError` is ours alone, since clients
//! pay five retries for it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use optimus_core::report::CompileReport;
use optimus_core::{Exit, Report, TestReport, Verdict};
use serde_json::{Value, json};

use super::request::literal;

/// Of the only test.
pub(super) fn of(report: &Report) -> Value {
    of_test(report, report.tests.first())
}

/// Of one of its tests, as if that had been a request by itself.
pub(super) fn of_test(report: &Report, test: Option<&TestReport>) -> Value {
    let compile = report.compile.as_ref().map(compile);
    match (report.verdict, test) {
        (Verdict::CompileError, _) => answer("Failed", "", compile.as_ref(), None),
        (verdict, test) if failed(report, test) => {
            let fault = test.and_then(|test| test.error.as_ref()).or(report.error.as_ref());
            let message = fault.map_or_else(|| verdict.to_string(), |fault| fault.message.clone());
            answer("SandboxError", &message, compile.as_ref(), None)
        }
        (_, Some(test)) => {
            let run = run(test);
            let status = if run["return_code"] == 0 { "Success" } else { "Failed" };
            answer(status, "", compile.as_ref(), Some(&run))
        }
        (_, None) => answer("SandboxError", "the program was not run", compile.as_ref(), None),
    }
}

/// The files that were asked for and are there, by the names that they were asked for by.
pub(super) fn files(report: &Report, names: &[String]) -> Value {
    let left = report.tests.first().map_or(&[][..], |test| &test.files);
    let found = |name: &String| {
        let path = literal(name);
        let content = left.iter().find(|file| file.path == path)?.content.as_ref()?;
        Some((name.clone(), Value::from(STANDARD.encode(content.as_bytes()))))
    };
    Value::Object(names.iter().filter_map(found).collect())
}

/// Whether we did not find out how this test ends.
fn failed(report: &Report, test: Option<&TestReport>) -> bool {
    let is_ours = |verdict| matches!(verdict, Verdict::InternalError | Verdict::Cancelled);
    match test {
        Some(test) => is_ours(test.verdict) || is_ours(report.verdict) && test.exit.is_none(),
        None => is_ours(report.verdict),
    }
}

fn answer(status: &str, message: &str, compile: Option<&Value>, run: Option<&Value>) -> Value {
    json!({
        "status": status,
        "message": message,
        "compile_result": compile,
        "run_result": run,
        "executor_pod_name": null,
        "files": {},
    })
}

fn compile(report: &CompileReport) -> Value {
    let is_late = report.message.as_ref().is_some_and(|message| message.contains("took longer"));
    let output = String::from_utf8_lossy(report.output.content.as_bytes());
    let stderr = match (&report.message, report.ok) {
        (Some(message), false) if output.is_empty() => message.clone(),
        _ => output.into_owned(),
    };
    let code = if is_late { Value::Null } else { json!(i32::from(!report.ok)) };
    stage(report.wall_ms, &code, ("", &stderr))
}

fn run(test: &TestReport) -> Value {
    let code = match (test.verdict, &test.exit) {
        (Verdict::TimeLimitExceeded | Verdict::IdlenessLimitExceeded, _) => Value::Null,
        // As a shell's child that was killed.
        (Verdict::MemoryLimitExceeded | Verdict::OutputLimitExceeded, _) => json!(-9),
        (_, Some(Exit::Code(code))) => json!(code),
        (_, Some(Exit::Signal(signal))) => json!(-signal),
        (_, Some(Exit::NotStarted(_)) | None) => json!(127),
    };
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (stdout, stderr) = (text(test.stdout.content.as_bytes()), text(test.stderr.content.as_bytes()));
    stage(test.wall_ms, &code, (&stdout, &stderr))
}

/// Without a code the time was over.
fn stage(wall_ms: f64, code: &Value, (stdout, stderr): (&str, &str)) -> Value {
    json!({
        "status": if code.is_null() { "TimeLimitExceeded" } else { "Finished" },
        "execution_time": wall_ms / 1_000.0,
        "return_code": code,
        "stdout": stdout,
        "stderr": stderr,
    })
}
