//! dify-sandbox, route by route.

use optimus_core::{Exit, Fault, Job, LimitHit, Report, Verdict};
use optimus_doors::Door;
use serde_json::{Value, json};

use crate::support::{House, excerpt, failed_compile, report};

const RUN: &str = "/v1/sandbox/run";

fn house(judge: impl Fn(&Job) -> Option<Report> + Send + Sync + 'static) -> House {
    House::new(Door::Dify, judge)
}

fn hello(job: &Job) -> Option<Report> {
    Some(report(job, Verdict::Accepted, |test| {
        (test.stdout, test.stderr) = (excerpt(b"<<RESULT>>{}<<RESULT>>\n"), excerpt(b"INFO: a line\n"));
    }))
}

fn with(changes: &Value) -> Value {
    let mut request = json!({"language": "toy", "code": "print"});
    request.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    request
}

#[tokio::test]
async fn what_dify_sends_runs_and_comes_back_as_it_reads_it() {
    let house = house(hello);
    // As `CodeExecutor.execute_code` sends it.
    let answer = house.post(RUN, &with(&json!({"preload": "", "enable_network": true}))).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let data = json!({
        "stdout": "<<RESULT>>{}<<RESULT>>\n", "stderr": "INFO: a line\n", "error": "", "exit_code": 0,
    });
    assert_eq!(answer.json(), json!({"code": 0, "message": "success", "data": data}));
    let job = house.job();
    assert_eq!((job.language.as_str(), job.files[0].path.as_str()), ("toy", "main.toy"));
    assert_eq!((job.files[0].content.as_bytes(), job.limits.wall_ms), (&b"print"[..], 5_000));
    let form = ["content-type: application/x-www-form-urlencoded"];
    let answer = house.send("POST", RUN, &form, "language=toy-alias&code=print+1&enable_network=1").await;
    assert_eq!((answer.status, &answer.json()["code"]), (200, &json!(0)), "{}", answer.text());
    assert_eq!(house.job().files[0].content.as_bytes(), b"print 1");
}

#[tokio::test]
async fn a_program_that_fails_is_an_answer_whose_error_says_why() {
    use Verdict::{MemoryLimitExceeded, RuntimeError, SecurityViolation, TimeLimitExceeded};
    let killed = Exit::Signal(9);
    for (verdict, exit, limit, code, error) in [
        (RuntimeError, Exit::Code(7), None, 7, "process exited with code 7\nValueError: bad\n"),
        (
            RuntimeError,
            Exit::Signal(11),
            None,
            -1,
            "process exited with code -1\nerror: signal: SIGSEGV\nValueError: bad\n",
        ),
        (
            TimeLimitExceeded,
            killed.clone(),
            Some(LimitHit::WallTime),
            -1,
            "process exited with code -1\nerror: timeout\nValueError: bad\n",
        ),
        (
            MemoryLimitExceeded,
            killed.clone(),
            Some(LimitHit::Memory),
            -1,
            "process exited with code -1\nerror: used too much\nValueError: bad\n",
        ),
        (
            SecurityViolation,
            Exit::Signal(31),
            Some(LimitHit::ForbiddenCall),
            -1,
            "process exited with code -1\nerror: operation not permitted\nValueError: bad\n",
        ),
    ] {
        let exit = exit.clone();
        let house = house(move |job| {
            Some(report(job, verdict, |test| {
                (test.exit, test.limit, test.message) = (Some(exit.clone()), limit, Some("used too much".to_owned()));
                (test.stdout, test.stderr) = (excerpt(b"partial\n"), excerpt(b"ValueError: bad\n"));
            }))
        });
        let answer = house.post(RUN, &with(&json!({}))).await;
        let data = json!({"stdout": "partial\n", "stderr": "ValueError: bad\n", "error": error, "exit_code": code});
        assert_eq!((answer.status, answer.json()["data"].clone()), (200, data), "{verdict}");
    }
    let house = house(|job| {
        let mut report = report(job, Verdict::CompileError, |test| test.exit = None);
        report.compile = Some(failed_compile(Some("the check exited with code 1")));
        Some(report)
    });
    let data = house.post(RUN, &with(&json!({}))).await.json()["data"].clone();
    assert_eq!((&data["exit_code"], &data["stderr"]), (&json!(1), &json!("x.c:1: error\n")));
    assert_eq!(data["error"], "process exited with code 1\nx.c:1: error\n");
}

#[tokio::test]
async fn mistakes_are_gins() {
    let house = house(hello);
    let required =
        |field: &str| format!("Key: '{field}' Error:Field validation for '{field}' failed on the 'required' tag");
    let cannot = |given: &str, field: &str, wanted: &str| {
        format!("json: cannot unmarshal {given} into Go struct field .{field} of type {wanted}")
    };
    for (body, message) in [
        (json!({}), format!("{}\n{}", required("Language"), required("Code"))),
        (with(&json!({"code": ""})), required("Code")),
        (with(&json!({"code": null})), required("Code")),
        (with(&json!({"language": 3})), cannot("number", "language", "string")),
        (with(&json!({"code": ["x"]})), cannot("array", "code", "string")),
        (with(&json!({"preload": {}})), cannot("object", "preload", "string")),
        (with(&json!({"enable_network": "yes"})), cannot("string", "enable_network", "bool")),
        (json!([]), "json: cannot unmarshal array into Go value of type struct".to_owned()),
        (with(&json!({"language": "nosuch"})), "unsupported language".to_owned()),
        (with(&json!({"language": "gone"})), "unsupported language".to_owned()),
    ] {
        let answer = house.post(RUN, &body).await;
        let wanted = json!({"code": -400, "message": message, "data": null});
        assert_eq!((answer.status, answer.json()), (400, wanted), "{body}");
    }
    let kind = "content-type: application/json";
    for (body, message) in [("", "EOF"), ("{", "the body is not JSON"), ("{\"language\"", "the body is not JSON")] {
        let answer = house.send("POST", RUN, &[kind], body).await;
        let said = answer.json()["message"].as_str().unwrap().to_owned();
        assert!(answer.status == 400 && said.starts_with(message), "{body}: {} {said}", answer.status);
    }
    // What does not say that it is JSON, and nothing else, is answered with 200.
    for kind in ["content-type: application/json; charset=utf-8", "content-type: text/plain"] {
        let answer = house.send("POST", RUN, &[kind], "{}").await;
        assert_eq!((answer.status, &answer.json()["code"]), (200, &json!(-400)), "{kind}");
    }
    assert_eq!(house.jobs(), 0);
    for (method, path) in [("GET", "/nothing"), ("GET", RUN), ("POST", "/v1/sandbox/file/upload")] {
        let answer = house.send(method, path, &[], "").await;
        assert_eq!((answer.status, answer.text()), (404, "404 page not found".to_owned()), "{method} {path}");
    }
}

#[tokio::test]
async fn a_failure_of_ours_says_nothing_of_the_program() {
    let broken = house(|job| {
        let mut report = report(job, Verdict::InternalError, |test| test.exit = None);
        report.error = Some(Fault::new("sandbox_failed", "the box broke"));
        Some(report)
    });
    let answer = broken.post(RUN, &with(&json!({}))).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json(), json!({"code": -500, "message": "the box broke", "data": null}));
    let never = house(|_| None);
    let answer = never.post(RUN, &with(&json!({}))).await;
    assert_eq!((answer.status, never.jobs()), (503, 0));
    assert_eq!(answer.json(), json!({"code": -503, "message": "Too many requests", "data": null}));
}

#[tokio::test]
async fn dependencies_are_the_operators() {
    let house = house(hello);
    let none = json!({"code": 0, "message": "success", "data": {"dependencies": []}});
    for path in ["/v1/sandbox/dependencies", "/v1/sandbox/dependencies/refresh"] {
        // As Dify asks, and as the package `dify-sandbox` does.
        assert_eq!(house.get(&format!("{path}?language=toy")).await.json(), none);
        let kind = ["content-type: application/json"];
        assert_eq!(house.send("GET", path, &kind, r#"{"language": "toy"}"#).await.json(), none);
        assert_eq!(house.get(&format!("{path}?language=nosuch")).await.status, 400);
        let missing = house.get(path).await;
        assert_eq!((missing.status, &missing.json()["code"]), (200, &json!(-400)));
    }
    let update = house.post("/v1/sandbox/dependencies/update", &json!({"language": "toy"})).await;
    assert_eq!((update.status, &update.json()["code"]), (200, &json!(-500)));
    assert!(update.text().contains("operator"), "{}", update.text());
}

#[tokio::test]
async fn the_key_is_asked_for_and_the_health_is_everybodys() {
    let house = House::with_keys(Door::Dify, &[("one", "a", false)], hello);
    let kind = "content-type: application/json";
    let body = with(&json!({})).to_string();
    for headers in [&[kind][..], &[kind, "x-api-key: two"]] {
        let refused = house.send("POST", RUN, headers, body.clone()).await;
        assert_eq!((refused.status, refused.text()), (401, String::new()));
    }
    assert_eq!(house.send("POST", RUN, &[kind, "X-Api-Key: one"], body.clone()).await.status, 200);
    assert_eq!(house.post("/key/one/v1/sandbox/run", &with(&json!({}))).await.status, 200);
    let health = house.get("/health").await;
    assert_eq!((health.status, health.json()), (200, json!("ok")));
}
