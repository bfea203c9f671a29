//! SandboxFusion's `run_code` and `run_jupyter`; its routes for data sets, and ScaleBox' batches.

mod batch;
mod data;
mod jupyter;
mod prompts;
mod submit;

use optimus_core::{Exit, Job, LimitHit, Report, Verdict};
use optimus_doors::Door;
use serde_json::{Value, json};

use crate::support::{House, echo, excerpt, failed_compile, report};

const RUN: &str = "/run_code";

fn house(judge: impl Fn(&Job) -> Option<Report> + Send + Sync + 'static) -> House {
    House::new(Door::Fusion, judge)
}

fn with(changes: &Value) -> Value {
    let mut request = json!({"code": "print", "language": "toy"});
    request.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    request
}

#[tokio::test]
async fn what_verl_sends_runs_and_comes_back_as_it_reads_it() {
    let house = house(echo);
    let request = with(&json!({
        "compile_timeout": 10, "run_timeout": 2.5, "stdin": "4", "memory_limit_MB": 64, "fetch_files": [],
        "files": {"data/in.txt": "aGVsbG8=", "none": null, "IGNORE_THIS_FILE": "eA=="}, "an unknown field": 1,
    }));
    let answer = house.post("/run_code/", &request).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let stage = json!({"status": "Finished", "execution_time": 0.034, "return_code": 0, "stdout": "4", "stderr": ""});
    assert_eq!(
        answer.json(),
        json!({
            "status": "Success", "message": "", "compile_result": null, "run_result": stage,
            "executor_pod_name": null, "files": {},
        })
    );
    let job = house.job();
    let files: Vec<_> = job.files.iter().map(|file| (file.path.as_str(), file.content.as_bytes())).collect();
    assert_eq!(files, [("main.toy", &b"print"[..]), ("data/in.txt", b"hello")]);
    assert_eq!((job.limits.wall_ms, job.limits.memory_bytes), (2_500, 64 << 20));
    for name in ["toy-alias", "TOY", "toy3"] {
        assert_eq!(house.post(RUN, &with(&json!({"language": name, "stdin": null}))).await.status, 200, "{name}");
    }
    assert_eq!(house.get("/v1/ping").await.text(), "\"pong\"");
}

#[tokio::test]
async fn every_end_is_a_stage() {
    use Verdict::{Accepted, IdlenessLimitExceeded, MemoryLimitExceeded, RuntimeError, TimeLimitExceeded};
    for (verdict, exit, limit, status, stage, code) in [
        (Accepted, Exit::Code(0), None, "Success", "Finished", json!(0)),
        (RuntimeError, Exit::Code(3), None, "Failed", "Finished", json!(3)),
        (RuntimeError, Exit::Signal(11), None, "Failed", "Finished", json!(-11)),
        (TimeLimitExceeded, Exit::Signal(9), Some(LimitHit::CpuTime), "Failed", "TimeLimitExceeded", Value::Null),
        (IdlenessLimitExceeded, Exit::Signal(9), Some(LimitHit::WallTime), "Failed", "TimeLimitExceeded", Value::Null),
        (MemoryLimitExceeded, Exit::Signal(9), Some(LimitHit::Memory), "Failed", "Finished", json!(-9)),
    ] {
        let exit = exit.clone();
        let house = house(move |job| {
            Some(report(job, verdict, |test| {
                (test.exit, test.limit, test.stdout) = (Some(exit.clone()), limit, excerpt(b"half\xff"));
            }))
        });
        let answer = house.post(RUN, &with(&json!({}))).await.json();
        let run = &answer["run_result"];
        assert_eq!((&answer["status"], &run["status"]), (&json!(status), &json!(stage)), "{verdict}");
        assert_eq!((&run["return_code"], &run["stdout"]), (&code, &json!("half\u{fffd}")), "{verdict}");
    }
}

#[tokio::test]
async fn a_compile_error_has_no_run_and_our_failure_is_a_sandbox_error() {
    for (message, status, code) in [
        ("the compiler exited with code 1", "Finished", json!(1)),
        ("compiling took longer than 30000 ms (step `build`)", "TimeLimitExceeded", Value::Null),
    ] {
        let house = house(move |job| {
            let mut report = report(job, Verdict::CompileError, |test| test.exit = None);
            report.compile = Some(failed_compile(Some(message)));
            Some(report)
        });
        let answer = house.post(RUN, &with(&json!({"language": "built"}))).await.json();
        let compile = &answer["compile_result"];
        assert_eq!((&answer["status"], &answer["run_result"]), (&json!("Failed"), &Value::Null));
        assert_eq!((&compile["status"], &compile["return_code"]), (&json!(status), &code));
        assert_eq!(compile["stderr"], "x.c:1: error\n");
    }
    let house = house(|job| {
        let mut report = report(job, Verdict::InternalError, |test| test.exit = None);
        report.error = Some(optimus_core::Fault::new("sandbox_failed", "the box broke"));
        Some(report)
    });
    let answer = house.post(RUN, &with(&json!({}))).await;
    assert_eq!((answer.status, &answer.json()["status"]), (200, &json!("SandboxError")));
    assert_eq!(answer.json()["message"], "the box broke");
}

#[tokio::test]
async fn mistakes_are_pydantics() {
    let house = house(echo);
    for (changes, place, kind) in [
        (json!({"code": 7}), "code", "string_type"),
        (json!({"language": "nosuch"}), "language", "literal_error"),
        (json!({"language": "gone"}), "language", "literal_error"),
        (json!({"run_timeout": "x"}), "run_timeout", "float_type"),
        (json!({"memory_limit_MB": []}), "memory_limit_MB", "float_type"),
        (json!({"files": []}), "files", "dict_type"),
        (json!({"files": {"x": 1}}), "files", "string_type"),
        (json!({"files": {"../x": "eA=="}}), "files", "value_error"),
        (json!({"files": {"/etc/x": "eA=="}}), "files", "value_error"),
        (json!({"fetch_files": ["../x"]}), "fetch_files", "value_error"),
        (json!({"fetch_files": ["/etc/passwd"]}), "fetch_files", "value_error"),
        (json!({"fetch_files": [1]}), "fetch_files", "string_type"),
        (json!({"fetch_files": "x"}), "fetch_files", "list_type"),
    ] {
        let answer = house.post(RUN, &with(&changes)).await;
        let detail = answer.json()["detail"][0].clone();
        assert_eq!((answer.status, &detail["type"]), (422, &json!(kind)), "{changes}: {detail}");
        assert_eq!((&detail["loc"][0], &detail["loc"][1]), (&json!("body"), &json!(place)), "{changes}");
    }
    let answer = house.post(RUN, &json!({"language": "toy"})).await;
    let detail = &answer.json()["detail"][0];
    assert_eq!((&detail["type"], &detail["loc"]), (&json!("missing"), &json!(["body", "code"])));
    for body in ["{", "[]"] {
        assert_eq!(house.send("POST", RUN, &["content-type: application/json"], body).await.status, 422, "{body}");
    }
    assert_eq!(house.jobs(), 0);
    assert_eq!(house.get("/nothing").await.json(), json!({"detail": "Not Found"}));
}

#[tokio::test]
async fn a_request_is_held_and_answered_504_at_its_deadline() {
    let never = house(|_| None);
    let answer = never.post(RUN, &with(&json!({}))).await;
    assert_eq!((answer.status, never.jobs()), (504, 0));
    let house = House::with_keys(Door::Fusion, &[("one", "a", false)], echo);
    assert_eq!(house.post(RUN, &with(&json!({}))).await.status, 401);
    assert_eq!(house.post("/key/one/run_code", &with(&json!({}))).await.status, 200);
}
