//! What the server says of itself is true: documents, health, metrics.

use std::collections::{BTreeMap, BTreeSet};

use optimus_core::checker::{Checker, Protocol, Scale};
use optimus_core::job::{FileIo, FileRequest};
use optimus_core::language::Availability;
use optimus_core::outcome::{Excerpt, Exit, LimitHit};
use optimus_core::plan::Diagnostic;
use optimus_core::report::{CompileReport, DifferenceReport, PluginRef, Speaker, Timing, Transcript, Turn};
use optimus_core::scoring::tree::Node;
use optimus_core::scoring::{Aggregate, Group, GroupScore, Score, Stop, Total, Tree};
use optimus_core::{
    BoxPath, Comparer, Content, Event, Fault, JobId, JobRequest, Limits, LimitsRequest, Report, Scoring, SourceFile,
    Stream, Test, TestLimits, TestReport, Timestamp, Verdict, Webhook,
};
use optimus_queue::{DeadJob, Summary};
use serde_json::{Value, json};

use crate::support::{Server, Setup, language};

async fn document() -> (Server, Value) {
    let server = Server::with(Setup { slots: 0, ..Setup::default() }).await;
    let document = server.get("/openapi.json").await.json();
    (server, document)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_documented_path_answers_and_every_path_is_documented() {
    let (server, document) = document().await;
    let mut documented = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        let real = path.replace("{id}", &JobId::new().to_string());
        for method in methods.as_object().unwrap().keys() {
            let answer = server.send(&method.to_uppercase(), &real, &[], "").await;
            let code = (answer.status != 200).then(|| answer.json()["error"]["code"].clone());
            assert!(![Some(json!("no_such_path")), Some(json!("wrong_method"))].contains(&code), "{method} {path}");
            let status = answer.status.to_string();
            assert!(methods[method]["responses"].get(&status).is_some(), "{method} {path} answers {status}");
            documented.insert((path.clone(), method.clone()));
        }
    }
    let routes: BTreeSet<_> =
        optimus_server::api::paths().into_iter().map(|(path, m)| (path.to_owned(), m.to_owned())).collect();
    assert_eq!(documented, routes);
}

/// The fields that a schema names, and those that it requires.
/// What any request of a tenant may be answered: it has too many under way, or its key cannot be read. What has a body may also send
/// it too slowly, or too much of it.
#[tokio::test(flavor = "multi_thread")]
async fn answers_that_every_operation_can_give_are_documented() {
    let (_server, document) = document().await;
    let mut count = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let answers = operation["responses"].as_object().unwrap();
            let mut wanted = vec![];
            if answers.contains_key("401") {
                wanted.extend(["403", "429", "503"]);
            }
            if operation.get("requestBody").is_some() {
                wanted.extend(["408", "413"]);
            }
            let missing: Vec<_> = wanted.into_iter().filter(|status| !answers.contains_key(*status)).collect();
            assert!(missing.is_empty(), "{method} {path} lists no {missing:?}");
            count += 1;
        }
    }
    assert!(count > 20);
    assert!(
        document["paths"]["/v1/problems"]["post"]["responses"].get("507").is_some(),
        "a tenant's problems are bounded"
    );
}

fn fields(document: &Value, schema: &str) -> (BTreeSet<String>, BTreeSet<String>) {
    let schema = &document["components"]["schemas"][schema];
    let properties = schema["properties"].as_object().unwrap_or_else(|| panic!("{schema}")).keys().cloned().collect();
    let required = schema["required"].as_array().into_iter().flatten().map(|name| name.as_str().unwrap().to_owned());
    (properties, required.collect())
}

fn keys(value: &Value) -> BTreeSet<String> {
    value.as_object().unwrap().keys().cloned().collect()
}

fn fault() -> Fault {
    Fault::new("code", "message").hint("hint")
}

fn excerpt() -> Excerpt {
    Excerpt { content: Content::from("x"), truncated: true }
}

fn full_test_report() -> TestReport {
    TestReport {
        score: Some(0.5),
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
        error: Some(fault()),
        ..TestReport::unrun("t".to_owned(), Verdict::Accepted)
    }
}

fn full_compile_report() -> CompileReport {
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

fn full_report() -> Report {
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
        compile: Some(full_compile_report()),
        tests: vec![full_test_report()],
        error: Some(fault()),
        limits: Some(Limits::DEFAULT),
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

fn full_group() -> Group {
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

fn full_scoring() -> Scoring {
    let tree = Some(Box::new(full_tree()));
    Scoring { groups: vec![full_group()], total: Total::Min, lazy: true, tree }
}

fn full_tree() -> Tree {
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

fn full_checker() -> Checker {
    let request = full_request();
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

fn full_request() -> JobRequest {
    let path = || BoxPath::new("p").unwrap();
    let one = Some(json!(1));
    JobRequest {
        language: "toy".to_owned(),
        source: Some(Content::from("x")),
        files: vec![FileRequest { path: "p".to_owned(), content: Content::from("x") }],
        entry: Some("p".to_owned()),
        args: vec!["a".to_owned()],
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
            work_bytes: one,
        },
        compare: Some(Comparer::Tokens),
        interactor: Some(Box::default()),
        communication: Some(Box::default()),
        scoring: Some(full_scoring()),
        file_io: Some(FileIo { input: Some(path()), output: Some(path()) }),
        exact_limits: true,
        rerun_on_time_limit: 1,
        problem: Some("p".to_owned()),
        stop_at_first_failure: true,
        hide_feedback: true,
        capture_bytes: Some(1),
        labels: BTreeMap::from([("a".to_owned(), "b".to_owned())]),
        webhook: Some(Webhook { url: "u".to_owned(), secret: Some("s".to_owned()) }),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_documented_field_exists_and_every_field_is_documented() {
    let (_server, document) = document().await;
    let json = |value: &dyn erased::Json| value.json();
    let (report, request) = (json(&full_report()), json(&full_request()));
    let summary = Summary {
        id: JobId::new(),
        language: String::new(),
        state: String::new(),
        verdict: Some(Verdict::Accepted),
        created_at: Some(Timestamp(0)),
    };
    let (reason, at_ms) = (String::new(), 0);
    let tenant = Some("t".to_owned());
    let dead = DeadJob { id: JobId::new(), language: String::new(), tenant, attempts: 1, reason, at_ms };
    let info = json(&language("toy", Availability::Unknown));
    for (schema, value) in [
        ("Report", &report),
        ("PluginRef", &report["plugin"]),
        ("Timing", &report["timing"]),
        ("CompileReport", &report["compile"]),
        ("Diagnostic", &report["compile"]["diagnostics"][0]),
        ("TestReport", &report["tests"][0]),
        ("Difference", &report["tests"][0]["difference"]),
        ("Transcript", &report["tests"][0]["transcript"]),
        ("Score", &report["score"]),
        ("GroupScore", &report["score"]["groups"][0]),
        ("Scoring", &request["scoring"]),
        ("Group", &request["scoring"]["groups"][0]),
        ("GradingTree", &request["scoring"]["tree"]),
        ("GradingGroup", &request["scoring"]["tree"]["root"]),
        ("Checker", &json(&full_checker())),
        ("Excerpt", &report["tests"][0]["stdout"]),
        ("Fault", &report["error"]),
        ("JobRequest", &request),
        ("SourceFile", &request["files"][0]),
        ("Test", &request["tests"][0]),
        ("Limits", &request["limits"]),
        ("Webhook", &request["webhook"]),
        ("JobSummary", &json(&summary)),
        ("DeadJob", &json(&dead)),
        ("Language", &info),
    ] {
        let (known, required) = fields(&document, schema);
        assert_eq!(known, keys(value), "{schema}");
        assert!(required.is_subset(&known), "{schema}");
    }
    let verdicts: Vec<&str> = Verdict::ALL.into_iter().map(Verdict::as_str).collect();
    assert_eq!(document["components"]["schemas"]["Verdict"]["enum"], serde_json::json!(verdicts));
}

mod erased {
    pub(super) trait Json {
        fn json(&self) -> serde_json::Value;
    }

    impl<T: serde::Serialize> Json for T {
        fn json(&self) -> serde_json::Value {
            serde_json::to_value(self).unwrap()
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_event_is_documented() {
    let (_server, document) = document().await;
    let report = Box::new(full_report());
    let test = Event::Test { index: 0, total: 1, report: full_test_report() };
    let compiling = Event::Compiling { step: "s".to_owned() };
    let output = Event::Output { index: 0, stream: Stream::Stdout, content: Content::from("x"), truncated: true };
    let all = [
        Event::Queued,
        Event::Started,
        compiling,
        Event::Compiled(full_compile_report()),
        output,
        test,
        Event::Done { report },
    ];
    let variants = document["components"]["schemas"]["Event"]["oneOf"].as_array().unwrap();
    assert_eq!(variants.len(), all.len());
    for (event, variant) in all.iter().zip(variants) {
        let json = serde_json::to_value(event).unwrap();
        let own = document.pointer(variant["$ref"].as_str().unwrap().trim_start_matches('#')).unwrap();
        assert_eq!(keys(&own["properties"]), keys(&json), "{json}");
        assert_eq!(own["properties"]["event"]["const"], json["event"]);
        assert!(own["required"].as_array().unwrap().iter().all(|name| json.get(name.as_str().unwrap()).is_some()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_have_the_documented_fields() {
    let (_, document) = document().await;
    let server = Server::start().await;
    let job = json!({"language": "toy", "source": "x"});
    let done = server.post("/v1/jobs?wait=30s", &job).await.json();
    for (schema, answer) in [
        ("Job", done.clone()),
        ("JobList", server.get("/v1/jobs?limit=1").await.json()),
        ("LanguageList", server.get("/v1/languages").await.json()),
        ("PluginList", server.get("/v1/plugins").await.json()),
        ("Reloaded", server.post("/v1/plugins/reload", &json!({})).await.json()),
        ("WebhookSecret", server.get("/v1/webhooks/secret").await.json()),
        ("Health", server.get("/healthz").await.json()),
        ("Ready", server.get("/readyz").await.json()),
        ("Error", server.get("/v1/jobs/x").await.json()),
    ] {
        assert_eq!(fields(&document, schema).0, keys(&answer), "{schema}");
    }
    let plugins = server.get("/v1/plugins").await.json()["plugins"].clone();
    let both: BTreeSet<String> = keys(&plugins[0]).union(&keys(&plugins[1])).cloned().collect();
    assert_eq!(fields(&document, "Plugin").0, both);
    let languages = server.get("/v1/languages").await.json();
    assert_eq!(languages["languages"][0]["id"], "absent");
    assert_eq!(languages["languages"][0]["availability"]["hint"], "get it");
}

/// Every `$ref` leads somewhere.
#[tokio::test(flavor = "multi_thread")]
async fn references_in_the_document_resolve() {
    let (_server, document) = document().await;
    let text = document.to_string();
    let mut count = 0;
    for rest in text.split("\"$ref\":\"#").skip(1) {
        let pointer = rest.split('"').next().unwrap();
        assert!(document.pointer(pointer).is_some(), "{pointer}");
        count += 1;
    }
    assert!(count > 50);
}

#[tokio::test(flavor = "multi_thread")]
async fn ready_means_that_jobs_can_be_judged() {
    let server = Server::start().await;
    assert_eq!(server.get("/readyz").await.json(), json!({"ready": true, "troubles": {}, "remarks": {}}));
    server.readiness.remark("queue", Some("redis is away"));
    let answer = server.get("/readyz").await;
    assert_eq!((answer.status, &answer.json()["remarks"]["queue"]), (200, &json!("redis is away")));
    server.readiness.set("sandbox", Some("it is not open yet"));
    let answer = server.get("/readyz").await;
    assert_eq!((answer.status, &answer.json()["troubles"]["sandbox"]), (503, &json!("it is not open yet")));
    assert!(answer.header("retry-after").is_some());
    server.readiness.set("sandbox", None);
    assert_eq!(server.get("/readyz").await.status, 200);
    server.languages.replace(Vec::new());
    assert_eq!(server.get("/readyz").await.json()["troubles"]["plugins"], "no plugin is loaded");
    assert_eq!(server.get("/healthz").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happened_is_counted() {
    let server = Server::with(Setup { slots: 1, ..Setup::default() }).await;
    server.post("/v1/jobs?wait=30s", &json!({"language": "toy", "source": "x"})).await;
    server.post("/v1/jobs?wait=30s", &json!({"language": "toy", "source": "fail"})).await;
    let running = server.submit("hang").await;
    server.is_running(&running).await;
    server.submit("x").await;
    server.get("/nowhere/special").await;
    server.post("/v1/jobs", &json!({"language": "klingon", "source": "x"})).await;
    let batch = json!({"jobs": [{"language": "klingon", "source": "x"}, {"language": "toy", "source": "x"}]});
    server.post("/v1/jobs/batch", &batch).await;
    let text = server.get("/metrics").await.text();
    for line in [
        r#"optimus_jobs_completed_total{language="toy",verdict="accepted"} 1"#,
        r#"optimus_job_failures_total{code="sandbox_failed"} 2"#,
        r#"optimus_jobs_submitted_total{language="toy"} 5"#,
        r#"optimus_submissions_rejected_total{reason="unknown_language"} 2"#,
        r#"optimus_queue_jobs{language="toy",state="queued"} 2"#,
        r#"optimus_queue_depth{language="toy"} 3"#,
        r#"optimus_queue_jobs{language="toy",state="running"} 1"#,
        "optimus_queue_dead 1",
        "optimus_slots 1",
        "optimus_slots_busy 1",
        r#"optimus_http_requests_total{method="GET",route="none",status="404"} 1"#,
        r#"optimus_http_requests_total{method="POST",route="/v1/jobs",status="200"} 2"#,
        r#"optimus_plugins{plugin="toy",version="1.0.0",state="active"} 1"#,
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
    assert!(text.contains("optimus_queue_oldest_age_seconds{language=\"toy\"}"));
    assert!(!text.contains("special"), "paths are the clients' own, and there is no end of them");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_has_the_request_s_name() {
    let server = Server::start().await;
    let given = server.send("GET", "/healthz", &["x-request-id: mine-7"], "").await;
    assert_eq!(given.header("x-request-id"), Some("mine-7"));
    let made = server.get("/healthz").await;
    assert!(made.header("x-request-id").is_some_and(|id| id.len() == 36));
}
