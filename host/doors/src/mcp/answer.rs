//! What a tool says of a report: JSON that a model reads. What is not UTF-8 is shown with replacement characters.

use optimus_core::outcome::Excerpt;
use optimus_core::{Exit, Report, TestReport, Verdict};
use serde_json::{Map, Value, json};

use super::resources;

/// Whether the job says nothing of the program.
pub(super) fn is_ours(report: &Report) -> bool {
    matches!(report.verdict, Verdict::InternalError | Verdict::Cancelled)
}

/// Why a job says nothing.
pub(super) fn of_failure(report: &Report) -> String {
    let fault = report.error.as_ref().or_else(|| report.tests.iter().find_map(|test| test.error.as_ref()));
    let why = fault.map(|fault| format!(": {}", fault.message)).unwrap_or_default();
    format!("the program could not be judged ({}){why}", report.verdict)
}

/// Of a program that ran once.
pub(super) fn of_run(report: &Report) -> Value {
    let mut answer = job(report);
    if let Some(test) = report.tests.first().filter(|_| report.verdict != Verdict::CompileError) {
        answer.extend(ran(test));
    }
    answer.into()
}

/// Of a program that was judged.
pub(super) fn of_tests(report: &Report) -> Value {
    let mut answer = job(report);
    let passed = report.tests.iter().filter(|test| test.verdict == Verdict::Accepted).count();
    answer.extend(object(json!({"passed": passed, "total": report.tests.len()})));
    if let Some(score) = &report.score {
        answer.extend(object(json!({"score": score.points, "max_score": score.max})));
    }
    let test = |test: &TestReport| {
        let mut shown = object(json!({"name": test.name, "verdict": test.verdict}));
        if test.exit.is_some() {
            shown.extend(ran(test));
        }
        Value::Object(shown)
    };
    answer.insert("tests".to_owned(), report.tests.iter().map(test).collect());
    answer.into()
}

fn job(report: &Report) -> Map<String, Value> {
    let mut answer = object(json!({
        "verdict": report.verdict,
        "language": report.language,
        "report": resources::of_report(report.id),
    }));
    if let Some(compile) = &report.compile {
        let output = String::from_utf8_lossy(compile.output.content.as_bytes());
        let message = compile.message.iter().map(String::as_str);
        let lines: Vec<_> = message.chain((!output.is_empty()).then_some(&*output)).collect();
        if !lines.is_empty() {
            answer.insert("compile_output".to_owned(), lines.join("\n").into());
        }
    }
    answer
}

fn ran(test: &TestReport) -> Map<String, Value> {
    let (code, signal) = match test.exit {
        Some(Exit::Code(code)) => (Some(code), None),
        Some(Exit::Signal(signal)) => (None, Some(signal)),
        Some(Exit::NotStarted(_)) | None => (None, None),
    };
    let timed_out = matches!(test.verdict, Verdict::TimeLimitExceeded | Verdict::IdlenessLimitExceeded);
    let mut answer = object(json!({
        "exit_code": code,
        "signal": signal,
        "timed_out": timed_out,
        "stdout": text(&test.stdout),
        "stderr": text(&test.stderr),
        "truncated": test.stdout.truncated || test.stderr.truncated,
        "cpu_ms": test.cpu_ms,
        "wall_ms": test.wall_ms,
        "memory_bytes": test.memory_bytes,
    }));
    if let Some(message) = &test.message {
        answer.insert("message".to_owned(), message.as_str().into());
    }
    answer
}

fn text(excerpt: &Excerpt) -> String {
    String::from_utf8_lossy(excerpt.content.as_bytes()).into_owned()
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}
