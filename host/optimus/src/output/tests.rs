//! Reports as a person and a script see them. A wanted change is written by `INSTA_UPDATE=always`, and reviewed as a diff.

use optimus_core::outcome::{Excerpt, Exit};
use optimus_core::report::{DifferenceReport, Timing};
use optimus_core::{Content, JobId, LimitHit, Limits, Timestamp};

use super::*;

#[test]
fn a_strangers_text_moves_no_cursor() {
    assert_eq!(indented("a\u{1b}[2Jb\r\nc"), "    a\u{fffd}[2Jb\n    c\n");
}

#[test]
fn a_test_is_one_line() {
    let test = TestReport::unrun("3".into(), Verdict::Skipped);
    let line = anstream::adapter::strip_str(&test_line(&test, 2)).to_string();
    assert_eq!(line, "  3   skipped\n");
}

#[test]
fn sample_reports_read_as_reviewed() {
    let samples = [accepted(), compile_error(), scored(), failed()];
    let text: Vec<String> =
        samples.iter().map(|sample| anstream::adapter::strip_str(&report(sample)).to_string()).collect();
    insta::assert_snapshot!("text", text.join("\n"));
    insta::assert_snapshot!("json", serde_json::to_string_pretty(&samples).unwrap());
}

fn sample(verdict: Verdict, tests: Vec<TestReport>) -> Report {
    Report {
        id: "0197b5c2-7d1e-7b3a-9c54-3f0a6b1d2e4f".parse::<JobId>().unwrap(),
        language: "python".to_owned(),
        verdict,
        score: None,
        plugin: None,
        image: Some("optimus/python:3".to_owned()),
        sandbox: "native".to_owned(),
        compile: None,
        tests,
        error: None,
        limits: Some(Limits::DEFAULT),
        created_at: Some(Timestamp(0)),
        started_at: Some(Timestamp(1_000)),
        finished_at: Some(Timestamp(2_000)),
        timing: Timing { total_ms: 1_000.0, ..Timing::default() },
        labels: [("course".to_owned(), "a".to_owned())].into(),
    }
}

fn test(name: &str, verdict: Verdict) -> TestReport {
    TestReport {
        cpu_ms: 8.25,
        wall_ms: 12.5,
        memory_bytes: 9 << 20,
        exit: Some(Exit::Code(0)),
        ..TestReport::unrun(name.to_owned(), verdict)
    }
}

fn excerpt(text: &'static str) -> Excerpt {
    Excerpt { content: Content::from(text), truncated: false }
}

/// One test: its output is shown, too.
fn accepted() -> Report {
    sample(Verdict::Accepted, vec![TestReport { stdout: excerpt("42\n"), ..test("1", Verdict::Accepted) }])
}

fn compile_error() -> Report {
    let diagnostic = Diagnostic {
        path: "main.c".to_owned(),
        line: 3,
        column: 5,
        severity: "error".to_owned(),
        message: "expected `;`".to_owned(),
        code: None,
    };
    let compile = CompileReport {
        ok: false,
        cached: false,
        failed_step: Some("compile".to_owned()),
        output: excerpt("main.c:3:5: error: expected `;`\n"),
        diagnostics: vec![diagnostic],
        cpu_ms: 20.0,
        wall_ms: 30.0,
        memory_bytes: 30 << 20,
        message: Some("`compile` exited with code 1".to_owned()),
    };
    let tests = vec![TestReport::unrun("1".to_owned(), Verdict::Skipped)];
    Report { compile: Some(compile), ..sample(Verdict::CompileError, tests) }
}

fn scored() -> Report {
    let wrong = TestReport {
        message: Some("line 1, column 1: expected \"3\", found \"4\"".to_owned()),
        difference: Some(Box::new(DifferenceReport {
            line: 1,
            column: 1,
            expected: Some(excerpt("3")),
            found: Some(excerpt("4")),
        })),
        ..test("small/2", Verdict::WrongAnswer)
    };
    let slow = TestReport {
        exit: Some(Exit::Signal(9)),
        limit: Some(LimitHit::CpuTime),
        message: Some("CPU time limit exceeded".to_owned()),
        ..test("large/1", Verdict::TimeLimitExceeded)
    };
    let group = |name: &str, points: f64, max: f64, judged: usize| GroupScore {
        name: name.to_owned(),
        points,
        max,
        passed: points >= max,
        judged,
        tests: 2,
    };
    let groups = vec![group("small", 20.0, 40.0, 2), group("large", 0.0, 60.0, 1)];
    let score = Score { points: 20.0, max: 100.0, groups, unbounded: false, verdict: None };
    let tests = vec![
        test("small/1", Verdict::Accepted),
        wrong,
        slow,
        TestReport::unrun("large/2".to_owned(), Verdict::Skipped),
    ];
    Report { score: Some(score), ..sample(Verdict::Partial, tests) }
}

fn failed() -> Report {
    let error = Fault::new("sandbox_failed", "box set-up: clone3: Resource temporarily unavailable")
        .hint("run `optimus doctor`");
    let tests = vec![TestReport::unrun("1".to_owned(), Verdict::InternalError)];
    Report { error: Some(error), ..sample(Verdict::InternalError, tests) }
}
