//! code-judge, route by route.

use optimus_core::{Exit, Job, LimitHit, Report, Verdict};
use optimus_doors::Door;
use serde_json::{Value, json};

use crate::support::{House, echo, excerpt, failed_compile, report};

fn house(judge: impl Fn(&Job) -> Option<Report> + Send + Sync + 'static) -> House {
    House::new(Door::CodeJudge, judge)
}

fn with(changes: &Value) -> Value {
    let mut request = json!({"type": "toy", "solution": "print"});
    request.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    request
}

#[tokio::test]
async fn a_submission_runs_and_its_output_is_compared() {
    let house = house(echo);
    let sent = with(&json!({"sub_id": "s1", "input": " 4\n", "expected_output": "4", "options": {"a": "b"}}));
    let answer = house.post("/run", &sent).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    // These fields and no others: its client makes a dataclass of them.
    let result = json!({
        "sub_id": "s1", "success": true, "run_success": true, "cost": 0.034, "reason": "", "stdout": " 4\n", "stderr": "",
    });
    assert_eq!(answer.json(), result);
    let job = house.job();
    assert_eq!((job.files[0].path.as_str(), job.tests[0].stdin.as_bytes()), ("main.toy", &b" 4\n"[..]));
    assert_eq!((job.limits.wall_ms, job.limits.memory_bytes), (10_000, 256 << 20));
    let judged = house.post("/judge/", &sent).await.json();
    let result = json!({"sub_id": "s1", "success": true, "run_success": true, "cost": 0.034, "reason": ""});
    assert_eq!(judged, result);
    for (expected, success) in [(json!(" 4 "), true), (json!("4\n4"), false), (json!(""), false), (Value::Null, true)] {
        let changes = json!({"input": "4", "expected_output": expected});
        let answer = house.post("/judge", &with(&changes)).await.json();
        assert_eq!((&answer["success"], &answer["run_success"]), (&json!(success), &json!(true)), "{expected}");
        assert!(answer["sub_id"].as_str().unwrap().len() > 20, "{answer}");
    }
    assert_eq!(house.get("/ping").await.json(), "pong");
    assert_eq!(house.get("/status").await.json(), json!({"queue": 3, "num_workers": 2}));
}

#[tokio::test]
async fn every_end_has_its_reason() {
    use Verdict::{Accepted, IdlenessLimitExceeded, MemoryLimitExceeded, RuntimeError, TimeLimitExceeded};
    for (verdict, exit, limit, success, reason, stderr) in [
        (Accepted, Exit::Code(0), None, true, "", "said"),
        (RuntimeError, Exit::Code(3), None, false, "", "said"),
        (RuntimeError, Exit::Signal(11), None, false, "", "said"),
        (TimeLimitExceeded, Exit::Signal(9), Some(LimitHit::CpuTime), false, "worker_timeout", "said"),
        (IdlenessLimitExceeded, Exit::Signal(9), Some(LimitHit::WallTime), false, "worker_timeout", "said"),
        (MemoryLimitExceeded, Exit::Signal(9), Some(LimitHit::Memory), false, "", "too much\nsaid"),
    ] {
        let exit = exit.clone();
        let house = house(move |job| {
            Some(report(job, verdict, |test| {
                (test.exit, test.limit, test.message) = (Some(exit.clone()), limit, Some("too much".to_owned()));
                (test.stdout, test.stderr) = (excerpt("ß".repeat(1_001).as_bytes()), excerpt(b"said"));
            }))
        });
        let answer = house.post("/run", &with(&json!({}))).await.json();
        assert_eq!((&answer["success"], &answer["run_success"]), (&json!(success), &json!(success)), "{verdict}");
        assert_eq!((&answer["reason"], &answer["stderr"]), (&json!(reason), &json!(stderr)), "{verdict}");
        assert_eq!(answer["stdout"], "ß".repeat(1_000));
    }
    let broken = house(|job| {
        let mut report = report(job, Verdict::CompileError, |test| test.exit = None);
        report.compile = Some(failed_compile(None));
        Some(report)
    });
    let answer = broken.post("/run", &with(&json!({"type": "built"}))).await.json();
    assert_eq!((&answer["run_success"], &answer["reason"], &answer["cost"]), (&json!(false), &json!(""), &json!(0.0)));
    assert_eq!((&answer["stdout"], &answer["stderr"]), (&json!(""), &json!("x.c:1: error\n")));
}

#[tokio::test]
async fn a_failure_of_ours_is_an_internal_error_and_no_room_a_queue_timeout() {
    let broken = house(|job| Some(report(job, Verdict::InternalError, |test| test.exit = None)));
    let answer = broken.post("/run", &with(&json!({}))).await;
    let fields = answer.json();
    assert_eq!((answer.status, &fields["reason"]), (200, &json!("internal_error")));
    assert_eq!((&fields["stdout"], &fields["success"]), (&Value::Null, &json!(false)));
    let never = house(|_| None);
    let answer = never.post("/run", &with(&json!({}))).await;
    assert_eq!((answer.status, &answer.json()["reason"], never.jobs()), (200, &json!("queue_timeout"), 0));
    assert!(answer.json()["cost"].as_f64().unwrap() >= 0.2);
}

#[tokio::test]
async fn a_batch_is_answered_in_its_order_and_what_was_late_is_told_apart() {
    // One of them never ends.
    let house = house(|job| (job.files[0].content.as_bytes() != b"loop").then(|| echo(job)).flatten());
    let submissions: Vec<Value> = (0..150)
        .map(|i| match i {
            3 => with(&json!({"solution": "loop", "sub_id": "late"})),
            i => with(&json!({"input": i.to_string(), "expected_output": (i / 2 * 2).to_string()})),
        })
        .collect();
    for path in ["/run/long-batch", "/judge/long-batch", "/run/batch", "/judge/batch"] {
        let answer = house.post(path, &json!({"type": "batch", "sub_id": "b", "submissions": submissions})).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let answer = answer.json();
        let results = answer["results"].as_array().unwrap();
        assert_eq!((&answer["sub_id"], results.len()), (&json!("b"), 150));
        assert_eq!((&results[3]["reason"], &results[3]["sub_id"]), (&json!("queue_timeout"), &json!("late")));
        for (i, result) in results.iter().enumerate().filter(|(i, _)| *i != 3) {
            assert_eq!((&result["success"], &result["reason"]), (&json!(i % 2 == 0), &json!("")), "{i} {result}");
            assert_eq!(result.get("stdout").is_some(), path.starts_with("/run"));
        }
    }
}

#[tokio::test]
async fn mistakes_are_pydantics() {
    let house = house(echo);
    let batch = |submissions: Value| json!({"type": "batch", "submissions": submissions});
    for (path, body, place, kind) in [
        ("/run", with(&json!({"type": "nosuch"})), json!(["body", "type"]), "literal_error"),
        ("/run", with(&json!({"type": "gone"})), json!(["body", "type"]), "literal_error"),
        ("/run", with(&json!({"type": null})), json!(["body", "type"]), "string_type"),
        ("/judge", with(&json!({"solution": 7})), json!(["body", "solution"]), "string_type"),
        ("/judge", json!({"type": "toy"}), json!(["body", "solution"]), "missing"),
        ("/judge", with(&json!({"input": 7})), json!(["body", "input"]), "string_type"),
        ("/judge", with(&json!({"expected_output": []})), json!(["body", "expected_output"]), "string_type"),
        ("/judge", with(&json!({"sub_id": 1})), json!(["body", "sub_id"]), "string_type"),
        ("/judge", with(&json!({"options": {"a": 1}})), json!(["body", "options"]), "string_type"),
        ("/judge", with(&json!({"options": []})), json!(["body", "options"]), "dict_type"),
        ("/run/batch", json!({}), json!(["body", "submissions"]), "missing"),
        ("/run/batch", json!({"submissions": [], "type": "x"}), json!(["body", "type"]), "literal_error"),
        ("/run/batch", batch(json!([])), json!(["body", "submissions"]), "too_short"),
        ("/run/batch", batch(json!({})), json!(["body", "submissions"]), "list_type"),
        ("/run/batch", batch(json!([7])), json!(["body", "submissions", 0]), "model_attributes_type"),
        (
            "/run/long-batch",
            batch(json!([with(&json!({})), with(&json!({"type": "nosuch"}))])),
            json!(["body", "submissions", 1, "type"]),
            "literal_error",
        ),
    ] {
        let answer = house.post(path, &body).await;
        let detail = answer.json()["detail"][0].clone();
        assert_eq!((answer.status, &detail["type"], &detail["loc"]), (422, &json!(kind), &place), "{path} {body}");
    }
    for body in ["{", "[]", ""] {
        assert_eq!(house.send("POST", "/run", &["content-type: application/json"], body).await.status, 422, "{body}");
    }
    assert_eq!(house.jobs(), 0);
    assert_eq!(house.get("/nothing").await.json(), json!({"detail": "Not Found"}));
    assert_eq!(house.get("/run").await.json(), json!({"detail": "Method Not Allowed"}));
}

#[tokio::test]
async fn keys_stand_in_the_path() {
    let house = House::with_keys(Door::CodeJudge, &[("one", "a", false)], echo);
    assert_eq!(house.post("/run", &with(&json!({}))).await.status, 401);
    assert_eq!(house.post("/key/one/run/long-batch", &json!({"submissions": [with(&json!({}))]})).await.status, 200);
}
