//! One value of each documented type, with every field set.

use std::collections::BTreeMap;

use optimus_core::checker::{Checker, Protocol, Scale};
use optimus_core::collect::CollectedFile;
use optimus_core::job::{FileIo, FileRequest};
use optimus_core::outcome::{Excerpt, Exit, LimitHit};
use optimus_core::plan::Diagnostic;
use optimus_core::report::{CompileReport, DifferenceReport, PluginRef, Speaker, Timing, Transcript, Turn};
use optimus_core::scoring::tree::Node;
use optimus_core::scoring::{Aggregate, Group, GroupScore, Score, Stop, Total, Tree};
use optimus_core::{
    BoxPath, Comparer, Content, Digest, Fault, JobId, JobRequest, Limits, LimitsRequest, Report, Scoring, SourceFile,
    Test, TestLimits, TestReport, Timestamp, Verdict, Webhook,
};
use serde_json::json;

fn fault() -> Fault {
    Fault::new("code", "message").hint("hint")
}

fn excerpt() -> Excerpt {
    Excerpt { content: Content::from("x"), truncated: true }
}

pub(crate) fn test_report() -> TestReport {
    TestReport {
        score: Some(0.5),
        fuel: Some(1),
        memory_is_estimate: true,
        exit: Some(Exit::Code(0)),
        limit: Some(LimitHit::CpuTime),
        stdout: excerpt(),
        message: Some("m".to_owned()),
        difference: Some(Box::new(DifferenceReport {
            line: 1,
            column: 1,
            expected: Some(excerpt()),
            found: Some(excerpt()),
        })),
        transcript: Some(Box::new(Transcript {
            turns: vec![Turn { by: Speaker::Program, process: Some(0), said: Content::from("x") }],
            truncated: true,
        })),
        files: [collected_file()].into(),
        files_message: Some("m".into()),
        error: Some(fault()),
        ..TestReport::unrun("t".to_owned(), Verdict::Accepted)
    }
}

fn collected_file() -> CollectedFile {
    let sha256 = Digest::Sha256([0; 32]);
    CollectedFile { path: "p".to_owned(), bytes: 1, sha256, executable: true, content: Some(Content::from("x")) }
}

pub(crate) fn compile_report() -> CompileReport {
    let diagnostic = Diagnostic {
        path: "p".to_owned(),
        line: 1,
        column: 1,
        severity: "error".to_owned(),
        message: "m".to_owned(),
        code: Some("c".to_owned()),
    };
    CompileReport {
        ok: false,
        cached: true,
        failed_step: Some("s".to_owned()),
        output: excerpt(),
        diagnostics: vec![diagnostic],
        cpu_ms: 1.0,
        wall_ms: 1.0,
        memory_bytes: 1,
        message: Some("m".to_owned()),
    }
}

pub(crate) fn report() -> Report {
    Report {
        id: JobId::new(),
        language: "toy".to_owned(),
        verdict: Verdict::InternalError,
        score: Some(Score {
            points: 1.0,
            max: 2.0,
            groups: vec![group_score()],
            unbounded: true,
            verdict: Some(Verdict::Accepted),
        }),
        plugin: Some(PluginRef { id: "toy".to_owned(), version: "1".to_owned(), digest: "0".to_owned() }),
        image: Some("i".to_owned()),
        sandbox: "native".to_owned(),
        compile: Some(compile_report()),
        tests: vec![test_report()],
        error: Some(fault()),
        limits: Some(Limits { fuel: Some(1), ..Limits::DEFAULT }),
        created_at: Some(Timestamp(0)),
        started_at: Some(Timestamp(0)),
        finished_at: Some(Timestamp(0)),
        timing: Timing::default(),
        labels: BTreeMap::from([("a".to_owned(), "b".to_owned())]),
    }
}

fn group_score() -> GroupScore {
    GroupScore { name: "g".to_owned(), points: 1.0, max: 2.0, passed: false, judged: 1, tests: 2 }
}

fn path() -> BoxPath {
    BoxPath::new("p").unwrap()
}

fn group() -> Group {
    Group {
        name: "g".to_owned(),
        points: Some(1.0),
        score: Aggregate::All,
        threshold: Some(7.5),
        requires: vec!["h".to_owned()],
        stop: Stop::Group,
        sample: true,
    }
}

fn tree() -> Tree {
    let root = Node {
        name: "g".to_owned(),
        groups: vec![Node::default()],
        accept_if_any_accepted: true,
        ignore_sample: true,
        max: Some(1.0),
        custom: Some(Vec::new()),
        ..Node::default()
    };
    Tree { root, grader: Some(Checker::default()), open_scores: true, verdict_only: true, minimize: true }
}

pub(crate) fn checker() -> Checker {
    let request = request();
    Checker {
        language: request.language,
        protocol: Protocol::Testlib,
        source: request.source,
        files: request.files,
        entry: request.entry,
        args: request.args,
        options: request.options,
        limits: request.limits,
        full_score: Some(1.0),
        scale: Scale::Points,
        also: vec![Checker::default()],
        passes: Some(2),
    }
}

pub(crate) fn request() -> JobRequest {
    let one = Some(json!(1));
    JobRequest {
        language: "toy".to_owned(),
        source: Some(Content::from("x")),
        files: vec![FileRequest { path: "p".to_owned(), content: Content::from("x") }],
        entry: Some("p".to_owned()),
        args: vec!["a".to_owned()],
        env: BTreeMap::from([("a".to_owned(), "b".to_owned())]),
        options: json!({"o": 1}).as_object().unwrap().clone(),
        tests: vec![Test {
            name: Some("n".to_owned()),
            stdin: Content::from("x"),
            expect: Some(Content::from("x")),
            args: vec!["a".to_owned()],
            checker_args: vec!["a".to_owned()],
            compare: Some(Comparer::Tokens),
            files: vec![SourceFile { path: path(), content: Content::from("x") }],
            submitted: Some(path()),
            check_sources: true,
            limits: Some(TestLimits { cpu_ms: Some(1_000), memory_bytes: Some(1 << 20) }),
            group: Some("g".to_owned()),
            points: Some(1.0),
        }],
        limits: LimitsRequest {
            cpu_ms: one.clone(),
            wall_ms: one.clone(),
            memory_bytes: one.clone(),
            output_bytes: one.clone(),
            processes: one.clone(),
            open_files: one.clone(),
            file_bytes: one.clone(),
            work_bytes: one.clone(),
            fuel: one,
        },
        compare: Some(Comparer::Tokens),
        source_checker: Some(Box::default()),
        interactor: Some(Box::default()),
        communication: Some(Box::default()),
        scoring: Some(Scoring { groups: vec![group()], total: Total::Min, lazy: true, tree: Some(Box::new(tree())) }),
        file_io: Some(FileIo { input: Some(path()), output: Some(path()) }),
        exact_limits: true,
        rerun_on_time_limit: 1,
        live_stdin: true,
        problem: Some("p".to_owned()),
        stop_at_first_failure: true,
        hide_feedback: true,
        collect: vec!["out/*".to_owned()],
        capture_bytes: Some(1),
        reuse: true,
        labels: BTreeMap::from([("a".to_owned(), "b".to_owned())]),
        webhook: Some(Webhook { url: "u".to_owned(), secret: Some("s".to_owned()) }),
    }
}
