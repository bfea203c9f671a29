//! What a report comes to: a status, a result of compiling, and one of running. `SandboxError` is ours alone, since clients
//! pay five retries for it.

use optimus_core::report::CompileReport;
use optimus_core::{Exit, Report, TestReport, Verdict};
use serde_json::{Value, json};

pub(super) fn of(report: &Report) -> Value {
    let compile = report.compile.as_ref().map(compile);
    let failed = |message: String| answer("SandboxError", &message, compile.as_ref(), None);
    let run = match (report.verdict, report.tests.first()) {
        (Verdict::InternalError | Verdict::Cancelled, test) => {
            let fault = report.error.as_ref().or_else(|| test?.error.as_ref());
            return failed(fault.map_or_else(|| report.verdict.to_string(), |fault| fault.message.clone()));
        }
        (Verdict::CompileError, _) => return answer("Failed", "", compile.as_ref(), None),
        (_, Some(test)) => run(test),
        (_, None) => return failed("the program was not run".to_owned()),
    };
    let status = if run["return_code"] == 0 { "Success" } else { "Failed" };
    answer(status, "", compile.as_ref(), Some(&run))
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
