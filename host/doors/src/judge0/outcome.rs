//! What a report comes to in Judge0's terms: one status, and the figures of the last run.

use optimus_core::report::CompileReport;
use optimus_core::{Exit, Report, TestReport, Verdict};

use super::submission::Settings;

/// Ids and descriptions.
pub(super) const STATUSES: [(u8, &str); 14] = [
    (1, "In Queue"),
    (2, "Processing"),
    (3, "Accepted"),
    (4, "Wrong Answer"),
    (5, "Time Limit Exceeded"),
    (6, "Compilation Error"),
    (7, "Runtime Error (SIGSEGV)"),
    (8, "Runtime Error (SIGXFSZ)"),
    (9, "Runtime Error (SIGFPE)"),
    (10, "Runtime Error (SIGABRT)"),
    (11, "Runtime Error (NZEC)"),
    (12, "Runtime Error (Other)"),
    (13, "Internal Error"),
    (14, "Exec Format Error"),
];

pub(super) const IN_QUEUE: u8 = 1;
pub(super) const PROCESSING: u8 = 2;
const ACCEPTED: u8 = 3;
const WRONG_ANSWER: u8 = 4;
const TIME_LIMIT: u8 = 5;
const COMPILATION: u8 = 6;
const FILE_SIZE: u8 = 8;
const NON_ZERO_EXIT: u8 = 11;
const OTHER: u8 = 12;
const INTERNAL: u8 = 13;

pub(super) fn description(status: u8) -> &'static str {
    STATUSES.iter().find(|(id, _)| *id == status).map_or("", |(_, description)| description)
}

/// The status of a job of which nothing but the verdict is known; none: it is not over.
pub(super) fn of_verdict(verdict: Option<Verdict>) -> u8 {
    match verdict {
        None => IN_QUEUE,
        // How it ended is in its report.
        Some(Verdict::RuntimeError) => OTHER,
        Some(verdict) => status(&TestReport::unrun(String::new(), verdict)),
    }
}

/// The columns that a run fills.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Outcome {
    pub(super) status: u8,
    pub(super) verdict: Verdict,
    pub(super) stdout: Vec<u8>,
    pub(super) stderr: Vec<u8>,
    pub(super) compile_output: Vec<u8>,
    pub(super) message: Option<String>,
    pub(super) exit_code: Option<i32>,
    pub(super) exit_signal: Option<i32>,
    /// s, the average of all runs.
    pub(super) time: Option<f64>,
    /// s, of the last.
    pub(super) wall_time: Option<f64>,
    /// KB, the average of all runs.
    pub(super) memory: Option<u64>,
    pub(super) report: Box<Report>,
}

impl Outcome {
    pub(super) fn of(settings: &Settings, report: &Report) -> Self {
        let unrun = Self {
            status: INTERNAL,
            verdict: report.verdict,
            stdout: Vec::new(),
            stderr: Vec::new(),
            compile_output: Vec::new(),
            message: None,
            exit_code: None,
            exit_signal: None,
            time: None,
            wall_time: None,
            memory: None,
            report: Box::new(report.clone()),
        };
        let compile_output = report.compile.as_ref().map(compiler_said).unwrap_or_default();
        if report.verdict == Verdict::CompileError {
            return Self { status: COMPILATION, compile_output, ..unrun };
        }
        let runs = || report.tests.iter().filter(|test| test.verdict != Verdict::Skipped && test.exit.is_some());
        let Some(last) = runs().last().filter(|_| report.verdict != Verdict::Cancelled) else {
            let fault = report.error.as_ref().map(|fault| fault.message.clone());
            return Self { compile_output, message: fault.or(Some(report.verdict.to_string())), ..unrun };
        };
        let mut stdout = last.stdout.content.as_bytes().to_vec();
        let mut stderr = last.stderr.content.as_bytes().to_vec();
        if settings.redirect_stderr_to_stdout {
            stdout.append(&mut stderr);
        }
        let is_blank = settings.expects_blank && stdout.is_empty() && last.verdict == Verdict::Accepted;
        let (exit_code, exit_signal) = match &last.exit {
            Some(Exit::Code(code)) => (Some(*code), None),
            Some(Exit::Signal(signal)) if last.limit.is_none() => (None, Some(*signal)),
            Some(Exit::Signal(_) | Exit::NotStarted(_)) | None => (None, None),
        };
        let count = runs().count() as f64;
        let average = |of: fn(&TestReport) -> f64| runs().map(of).sum::<f64>() / count;
        Self {
            // Ruby: `"" == nil` is false.
            status: if is_blank { WRONG_ANSWER } else { status(last) },
            stdout,
            stderr,
            compile_output,
            message: message(last),
            exit_code,
            exit_signal,
            time: Some(average(|test| test.cpu_ms) / 1_000.0),
            wall_time: Some(last.wall_ms / 1_000.0),
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bytes of memory")]
            memory: Some((average(|test| test.memory_bytes as f64) / 1_024.0) as u64),
            ..unrun
        }
    }
}

fn compiler_said(compile: &CompileReport) -> Vec<u8> {
    let output = compile.output.content.as_bytes();
    match (&compile.message, compile.ok) {
        // Judge0 says it so, whatever the compiler had printed.
        (Some(message), false) if message.contains("took longer") => b"Compilation time limit exceeded.".to_vec(),
        (Some(message), false) if output.is_empty() => message.clone().into_bytes(),
        _ => output.to_vec(),
    }
}

/// Judge0 has no status for memory, output and forbidden calls: its `message` says what it was.
fn status(test: &TestReport) -> u8 {
    match test.verdict {
        Verdict::Accepted => ACCEPTED,
        Verdict::WrongAnswer | Verdict::PresentationError | Verdict::Partial => WRONG_ANSWER,
        Verdict::TimeLimitExceeded | Verdict::IdlenessLimitExceeded => TIME_LIMIT,
        Verdict::OutputLimitExceeded => FILE_SIZE,
        Verdict::MemoryLimitExceeded | Verdict::SecurityViolation => OTHER,
        Verdict::RuntimeError => match &test.exit {
            Some(Exit::Signal(signal)) => of_signal(*signal),
            _ => NON_ZERO_EXIT,
        },
        Verdict::CompileError => COMPILATION,
        Verdict::Skipped | Verdict::Cancelled | Verdict::InternalError => INTERNAL,
    }
}

/// signal(7): 11 is SIGSEGV, 25 SIGXFSZ, 8 SIGFPE, 6 SIGABRT.
fn of_signal(signal: i32) -> u8 {
    match signal {
        11 => 7,
        25 => FILE_SIZE,
        8 => 9,
        6 => 10,
        _ => OTHER,
    }
}

fn message(test: &TestReport) -> Option<String> {
    match (test.verdict, &test.exit) {
        (Verdict::TimeLimitExceeded | Verdict::IdlenessLimitExceeded, _) => Some("Time limit exceeded".to_owned()),
        (Verdict::MemoryLimitExceeded | Verdict::OutputLimitExceeded | Verdict::SecurityViolation, _) => {
            test.message.clone()
        }
        (Verdict::RuntimeError, Some(Exit::Code(code))) => Some(format!("Exited with error status {code}")),
        (Verdict::RuntimeError, Some(Exit::Signal(signal))) => Some(format!("Caught fatal signal {signal}")),
        (Verdict::RuntimeError, _) => test.message.clone(),
        (Verdict::InternalError, _) => test.error.as_ref().map(|fault| fault.message.clone()),
        _ => None,
    }
}
