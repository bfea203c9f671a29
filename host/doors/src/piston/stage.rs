//! What a report comes to in Piston's terms: one stage for compiling, one for running.

use optimus_core::report::CompileReport;
use optimus_core::{Exit, Report, TestReport, Verdict};
use serde_json::{Map, Value, json};

use super::runtime::Runtime;
use crate::signal;

/// The answer to `execute`.
///
/// # Errors
/// The job did not run, for a reason of ours.
pub(super) fn answer(runtime: &Runtime, report: &Report) -> Result<Value, String> {
    let compile = report.compile.as_ref().map(compile);
    if let Some(why) = failure(report) {
        return Err(why);
    }
    let run = match (report.verdict, report.tests.first(), &compile) {
        (Verdict::CompileError, _, Some(compile)) => compile.clone(),
        (_, Some(test), _) => run(test),
        (_, None, _) => return Err("the program was not run".to_owned()),
    };
    let mut answer = Map::new();
    answer.extend(compile.map(|compile| ("compile".to_owned(), compile)));
    answer.insert("run".to_owned(), run);
    answer.insert("language".to_owned(), runtime.language.clone().into());
    answer.insert("version".to_owned(), runtime.version.to_string().into());
    Ok(answer.into())
}

/// Why the job did not run to an end of its own, if it did not.
pub(super) fn failure(report: &Report) -> Option<String> {
    if !matches!(report.verdict, Verdict::InternalError | Verdict::Cancelled) {
        return None;
    }
    let fault = report.error.as_ref().or_else(|| report.tests.first()?.error.as_ref());
    Some(fault.map_or_else(|| report.verdict.to_string(), |fault| fault.message.clone()))
}

/// How a stage ended, as the last message of a stage has it: `error`, `code` and `signal`.
pub(super) fn exit_of_compile(report: &CompileReport) -> Value {
    compile_ending(report).exit()
}

/// The same of the program.
pub(super) fn exit_of_run(test: &TestReport) -> Value {
    run_ending(test).exit()
}

/// How it ended, as isolate calls it.
struct Ending {
    code: Option<i32>,
    signal: Option<String>,
    status: Option<&'static str>,
    message: Option<String>,
}

impl Ending {
    fn killed(status: &'static str, message: impl Into<String>) -> Self {
        Self { code: None, signal: Some("SIGKILL".to_owned()), status: Some(status), message: Some(message.into()) }
    }

    fn exit(self) -> Value {
        json!({"code": self.code, "signal": self.signal, "error": self.message.filter(|_| self.code.is_none())})
    }

    fn code(code: i32) -> Self {
        let failed = code != 0;
        Self {
            code: Some(code),
            signal: None,
            status: failed.then_some("RE"),
            message: failed.then(|| format!("Exited with error status {code}")),
        }
    }
}

fn compile(report: &CompileReport) -> Value {
    // Compilers complain to stderr; what they print to stdout is between the same lines.
    let streams = (&[][..], report.output.content.as_bytes());
    stage(compile_ending(report), streams, (report.cpu_ms, report.wall_ms), report.memory_bytes)
}

fn compile_ending(report: &CompileReport) -> Ending {
    let message = report.message.clone().unwrap_or_default();
    match report.ok {
        true => Ending::code(0),
        false if message.contains("took longer") => Ending::killed("TO", "Time limit exceeded"),
        // Of several steps, and of what a limit ended, no code is known.
        false => Ending { message: Some(message), ..Ending::code(1) },
    }
}

fn run(test: &TestReport) -> Value {
    let streams = (test.stdout.content.as_bytes(), test.stderr.content.as_bytes());
    stage(run_ending(test), streams, (test.cpu_ms, test.wall_ms), test.memory_bytes)
}

fn run_ending(test: &TestReport) -> Ending {
    let said = || test.message.clone().unwrap_or_else(|| test.verdict.to_string());
    match (test.verdict, &test.exit) {
        (Verdict::TimeLimitExceeded | Verdict::IdlenessLimitExceeded, _) => Ending::killed("TO", "Time limit exceeded"),
        (Verdict::OutputLimitExceeded, _) if test.stderr.truncated && !test.stdout.truncated => {
            Ending::killed("EL", "stderr length exceeded")
        }
        (Verdict::OutputLimitExceeded, _) => Ending::killed("OL", "stdout length exceeded"),
        (Verdict::MemoryLimitExceeded, _) => Ending::killed("SG", said()),
        (Verdict::SecurityViolation, _) => Ending { signal: Some("SIGSYS".to_owned()), ..Ending::killed("SG", said()) },
        (_, Some(Exit::Code(code))) => Ending::code(*code),
        (_, Some(Exit::Signal(number))) => {
            let message = format!("Caught fatal signal {number}");
            Ending { signal: Some(signal::name(*number)), ..Ending::killed("SG", message) }
        }
        (_, Some(Exit::NotStarted(_)) | None) => {
            Ending { code: None, signal: None, status: Some("XX"), message: Some(said()) }
        }
    }
}

fn stage(ending: Ending, (stdout, stderr): (&[u8], &[u8]), (cpu_ms, wall_ms): (f64, f64), memory: u64) -> Value {
    let (stdout, stderr) = (String::from_utf8_lossy(stdout), String::from_utf8_lossy(stderr));
    let Ending { code, signal, status, message } = ending;
    json!({
        "signal": signal,
        "stdout": stdout,
        "stderr": stderr,
        "code": code,
        "output": format!("{stdout}{stderr}"),
        "memory": memory,
        "message": message,
        "status": status,
        "cpu_time": cpu_ms,
        "wall_time": wall_ms,
    })
}
