//! Piston, route by route.

use optimus_core::{Exit, Job, LimitHit, Report, Verdict};
use optimus_doors::Door;
use serde_json::{Value, json};

use crate::support::{House, echo, failed_compile, report};

const EXECUTE: &str = "/api/v2/execute";

fn house(judge: impl Fn(&Job) -> Option<Report> + Send + Sync + 'static) -> House {
    House::new(Door::Piston, judge)
}

fn with(changes: &Value) -> Value {
    let mut request = json!({"language": "toy", "version": "*", "files": [{"content": "print"}]});
    request.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    request
}

#[tokio::test]
async fn files_run_and_what_they_print_comes_back() {
    let house = house(echo);
    let request = with(&json!({
        "files": [
            {"name": "data.bin", "content": "aGVsbG8=", "encoding": "base64"},
            {"name": "prog", "content": "print"},
            {"content": "6869", "encoding": "hex"},
        ],
        "stdin": "4", "args": ["-n", "x y"], "run_timeout": 1500.5, "run_cpu_time": 900, "run_memory_limit": 67_108_864,
    }));
    let answer = house.post("/api/v2/execute/", &request).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let answer = answer.json();
    assert_eq!((&answer["language"], &answer["version"]), (&json!("toy"), &json!("3.11.2")));
    assert_eq!(answer.get("compile"), None);
    assert_eq!(
        answer["run"],
        json!({
            "signal": null, "stdout": "4\n", "stderr": "", "code": 0, "output": "4\n", "memory": 2 << 20,
            "message": null, "status": null, "cpu_time": 12.0, "wall_time": 34.0,
        })
    );
    let job = house.job();
    let files: Vec<_> = job.files.iter().map(|file| (file.path.as_str(), file.content.as_bytes())).collect();
    assert_eq!(files, [("prog.toy", &b"print"[..]), ("data.bin", b"hello"), ("file2.code", b"hi")]);
    assert_eq!(job.args, ["-n", "x y"]);
    assert_eq!((job.limits.wall_ms, job.limits.cpu_ms, job.limits.memory_bytes), (1_501, 900, 64 << 20));
    // What clients send who have no limits in mind.
    for none in [json!({}), json!({"run_timeout": 0, "run_memory_limit": -1, "compile_memory_limit": -1})] {
        assert_eq!(house.post(EXECUTE, &with(&none)).await.status, 200);
        assert_eq!((house.job().limits.wall_ms, house.job().tests[0].stdin.len()), (3_000, 0));
    }
    // As npm's `piston-client` sends it.
    let plain = ["content-type: text/plain;charset=UTF-8"];
    assert_eq!(house.send("POST", EXECUTE, &plain, with(&json!({})).to_string()).await.status, 200);
}

#[tokio::test]
async fn every_mistake_has_pistons_words() {
    let house = house(echo);
    for (changes, message) in [
        (json!({"language": null}), "language is required as a string"),
        (json!({"language": 7}), "language is required as a string"),
        (json!({"version": ""}), "version is required as a string"),
        (json!({"files": {}}), "files is required as an array"),
        (json!({"files": [{"content": "x"}, {"name": "x"}]}), "files[1].content is required as a string"),
        (json!({"files": []}), "files must include at least one utf8 encoded file"),
        (
            json!({"files": [{"content": "eA==", "encoding": "base64"}]}),
            "files must include at least one utf8 encoded file",
        ),
        (json!({"language": "nosuch"}), "nosuch-* runtime is unknown"),
        (json!({"language": "gone"}), "gone-* runtime is unknown"),
        (json!({"version": "2.x"}), "toy-2.x runtime is unknown"),
        (json!({"run_timeout": "x"}), "If specified, run_timeout must be a number"),
        (json!({"run_timeout": -1}), "run_timeout must be non-negative"),
        (json!({"run_timeout": 300_001}), "run_timeout cannot exceed the configured limit of 300000"),
        (json!({"compile_cpu_time": 1e9}), "compile_cpu_time cannot exceed the configured limit of 120000"),
        (json!({"run_memory_limit": "x"}), "If specified, run_memory_limit must be a number"),
        (json!({"args": "x"}), "args is required as an array of strings"),
        (json!({"files": [{"name": "../x.toy", "content": ""}]}), "files[0].name has a `.` or `..` part"),
        (
            json!({"files": [{"name": "/etc/x.toy", "content": ""}]}),
            "files[0].name is absolute; paths are relative to the work area",
        ),
    ] {
        let answer = house.post(EXECUTE, &with(&changes)).await;
        assert_eq!((answer.status, answer.json()), (400, json!({"message": message})), "{changes}");
    }
    assert_eq!(house.jobs(), 0);
    for body in ["{", "[]", "7"] {
        assert_eq!(house.send("POST", EXECUTE, &["content-type: application/json"], body).await.status, 400, "{body}");
    }
    let page = "origin: https://page.example";
    for (kind, origin) in
        [("text/plain;charset=UTF-8", page), ("application/x-www-form-urlencoded", "x: y"), ("", "x: y")]
    {
        let answer = house.send("POST", EXECUTE, &[&format!("content-type: {kind}"), origin], "{}").await;
        assert_eq!(
            (answer.status, answer.json()),
            (415, json!({"message": "requests must be of type application/json"})),
            "{kind}"
        );
    }
    let nothing = house.get("/api/v2/nothing").await;
    assert_eq!((nothing.status, nothing.json()), (404, json!({"message": "Not Found"})));
}

#[tokio::test]
async fn every_end_has_its_status_and_signal() {
    use Verdict::{
        Accepted, IdlenessLimitExceeded, MemoryLimitExceeded, OutputLimitExceeded, RuntimeError, SecurityViolation,
        TimeLimitExceeded,
    };
    let (code, killed) = (Exit::Code, Exit::Signal(9));
    for (verdict, exit, limit, status, signal, shown, message) in [
        (Accepted, code(0), None, Value::Null, Value::Null, json!(0), Value::Null),
        (RuntimeError, code(3), None, json!("RE"), Value::Null, json!(3), json!("Exited with error status 3")),
        (
            RuntimeError,
            Exit::Signal(11),
            None,
            json!("SG"),
            json!("SIGSEGV"),
            Value::Null,
            json!("Caught fatal signal 11"),
        ),
        (
            TimeLimitExceeded,
            killed.clone(),
            Some(LimitHit::CpuTime),
            json!("TO"),
            json!("SIGKILL"),
            Value::Null,
            json!("Time limit exceeded"),
        ),
        (
            IdlenessLimitExceeded,
            killed.clone(),
            Some(LimitHit::WallTime),
            json!("TO"),
            json!("SIGKILL"),
            Value::Null,
            json!("Time limit exceeded"),
        ),
        (
            OutputLimitExceeded,
            killed.clone(),
            Some(LimitHit::Output),
            json!("OL"),
            json!("SIGKILL"),
            Value::Null,
            json!("stdout length exceeded"),
        ),
        (
            MemoryLimitExceeded,
            killed,
            Some(LimitHit::Memory),
            json!("SG"),
            json!("SIGKILL"),
            Value::Null,
            json!("what it was"),
        ),
        (
            SecurityViolation,
            Exit::Signal(31),
            Some(LimitHit::ForbiddenCall),
            json!("SG"),
            json!("SIGSYS"),
            Value::Null,
            json!("what it was"),
        ),
    ] {
        let exit = exit.clone();
        let house = house(move |job| {
            Some(report(job, verdict, |test| {
                (test.exit, test.limit, test.message) = (Some(exit.clone()), limit, Some("what it was".to_owned()));
            }))
        });
        let run = house.post(EXECUTE, &with(&json!({}))).await.json()["run"].clone();
        assert_eq!((&run["status"], &run["signal"], &run["code"]), (&status, &signal, &shown), "{verdict}");
        assert_eq!(run["message"], message, "{verdict}");
    }
}

#[tokio::test]
async fn a_failed_compile_is_the_run_as_well() {
    let house = house(|job| {
        let mut report = report(job, Verdict::CompileError, |test| test.exit = None);
        report.compile = Some(failed_compile(Some("the compiler exited with code 1")));
        Some(report)
    });
    let answer = house.post(EXECUTE, &with(&json!({"language": "built"}))).await.json();
    assert_eq!(answer["compile"], answer["run"]);
    let compile = &answer["compile"];
    assert_eq!(
        (&compile["code"], &compile["stderr"], &compile["cpu_time"]),
        (&json!(1), &json!("x.c:1: error\n"), &json!(5.0))
    );
}

#[tokio::test]
async fn runtimes_are_the_languages_by_pistons_names() {
    let house = house(echo);
    let runtimes = house.get("/api/v2/runtimes").await.json();
    assert_eq!(
        runtimes,
        json!([
            {"language": "built", "version": "12.2.0", "aliases": ["built-alias"]},
            {"language": "toy", "version": "3.11.2", "aliases": ["toy3", "toy-alias"]},
        ])
    );
    assert_eq!(house.get("/api/v2/piston/runtimes").await.json(), runtimes);
    assert!(house.get("/").await.json()["message"].as_str().unwrap().starts_with("Piston v"));
    for (name, version) in [("toy", "3.x"), ("toy3", "^3.10"), ("toy-alias", "3.11.2"), ("toy", ">=3 <4")] {
        let request = with(&json!({"language": name, "version": version}));
        let answer = house.post(EXECUTE, &request).await.json();
        assert_eq!(answer["language"], "toy", "{name} {version}");
    }
}

#[tokio::test]
async fn packages_are_listed_and_the_operators() {
    let house = house(echo);
    let packages = house.get("/api/v2/packages").await.json();
    let row = |language: &str, version: &str, installed: bool| json!({"language": language, "language_version": version, "installed": installed});
    let rows = packages.as_array().unwrap();
    assert!(rows.contains(&row("toy", "3.11.2", true)) && rows.contains(&row("gone", "1.0.0", false)), "{packages}");
    let kind = ["content-type: application/json"];
    for (method, language, status, word) in [
        ("POST", "toy", 500, "Already installed"),
        ("DELETE", "toy", 500, "operator"),
        ("POST", "gone", 500, "operator"),
        ("DELETE", "gone", 500, "Package not installed"),
        ("POST", "nosuch", 404, "Requested package nosuch-* does not exist"),
    ] {
        let body = json!({"language": language, "version": "*"}).to_string();
        let answer = house.send(method, "/api/v2/packages", &kind, body).await;
        let said = answer.json()["message"].as_str().unwrap().to_owned();
        assert!(answer.status == status && said.contains(word), "{method} {language}: {} {said}", answer.status);
    }
}

#[tokio::test]
async fn a_program_that_does_not_end_in_time_is_cancelled_and_keys_are_needed() {
    let never = house(|_| None);
    let answer = never.post(EXECUTE, &with(&json!({}))).await;
    assert_eq!((answer.status, never.jobs()), (504, 0), "{}", answer.text());
    let house = House::with_keys(Door::Piston, &[("one", "a", false)], echo);
    assert_eq!(house.get("/api/v2/runtimes").await.status, 401);
    assert_eq!(house.get("/key/one/api/v2/runtimes").await.status, 200);
    for authorization in ["authorization: Bearer one", "authorization: one"] {
        assert_eq!(house.send("GET", "/api/v2/runtimes", &[authorization], "").await.status, 200, "{authorization}");
    }
}
