//! NeMo-Skills, route by route.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use optimus_core::{Exit, Fault, Job, LimitHit, Report, Verdict};
use optimus_doors::Door;
use serde_json::{Value, json};

use crate::support::{House, echo, excerpt, failed_compile, report};

const EXECUTE: &str = "/execute";

fn house(judge: impl Fn(&Job) -> Option<Report> + Send + Sync + 'static) -> House {
    House::new(Door::NemoSkills, judge)
}

/// As `LocalSandbox._prepare_request` makes it.
fn with(changes: &Value) -> Value {
    let mut request = json!({
        "generated_code": "print", "std_input": "", "timeout": 10.0, "language": "toy", "max_output_characters": 1000,
        "traceback_verbosity": "Plain",
    });
    request.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    request
}

#[tokio::test]
async fn what_the_client_sends_runs_and_comes_back_as_it_reads_it() {
    let house = house(echo);
    let answer = house.post(EXECUTE, &with(&json!({"std_input": "4", "timeout": 2.5}))).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.json(), json!({"process_status": "completed", "stdout": "4", "stderr": ""}));
    let job = house.job();
    assert_eq!((job.files[0].path.as_str(), job.limits.wall_ms), ("main.toy", 2_500));
    // Characters, and not bytes.
    let cut = house.post(EXECUTE, &with(&json!({"std_input": "ßßß", "max_output_characters": 2}))).await.json();
    assert_eq!(cut["stdout"], "ßß<output cut>");
    let whole = house.post(EXECUTE, &with(&json!({"std_input": "ßß", "max_output_characters": 2}))).await.json();
    assert_eq!(whole["stdout"], "ßß");
    assert_eq!(house.get("/health").await.json()["status"], "healthy");
}

#[tokio::test]
async fn every_end_is_completed_but_a_time_out() {
    use Verdict::{MemoryLimitExceeded, RuntimeError, TimeLimitExceeded};
    let late = "Execution timed out after 10.0 seconds\n";
    for (verdict, exit, limit, status, stderr) in [
        (RuntimeError, Exit::Code(3), None, "completed", "Traceback"),
        (RuntimeError, Exit::Signal(11), None, "completed", "what it was\nTraceback"),
        (MemoryLimitExceeded, Exit::Signal(9), Some(LimitHit::Memory), "completed", "what it was\nTraceback"),
        (TimeLimitExceeded, Exit::Signal(9), Some(LimitHit::WallTime), "timeout", late),
    ] {
        let exit = exit.clone();
        let house = house(move |job| {
            Some(report(job, verdict, |test| {
                (test.exit, test.limit, test.message) = (Some(exit.clone()), limit, Some("what it was".to_owned()));
                test.stderr = excerpt(b"Traceback");
            }))
        });
        let answer = house.post(EXECUTE, &with(&json!({}))).await.json();
        assert_eq!((&answer["process_status"], &answer["stderr"]), (&json!(status), &json!(stderr)), "{verdict}");
        assert_eq!(answer["stdout"], "");
    }
    let broken = house(|job| {
        let mut report = report(job, Verdict::CompileError, |test| test.exit = None);
        report.compile = Some(failed_compile(None));
        Some(report)
    });
    let answer = broken.post(EXECUTE, &with(&json!({"timeout": 3}))).await.json();
    assert_eq!(answer, json!({"process_status": "completed", "stdout": "", "stderr": "x.c:1: error\n"}));
}

#[tokio::test]
async fn a_session_is_refused_and_never_pretended() {
    let house = house(echo);
    for body in [with(&json!({"language": "ipython"})), json!({"generated_code": "x", "timeout": 1})] {
        let missing = house.post(EXECUTE, &body).await;
        let said = "X-Session-ID header required for ipython sessions";
        assert_eq!((missing.status, &missing.json()["error"]), (400, &json!(said)));
        let headers = ["content-type: application/json", "X-Session-ID: 1"];
        let refused = house.send("POST", EXECUTE, &headers, body.to_string()).await;
        let fields = refused.json();
        assert_eq!((refused.status, &fields["process_status"]), (501, &json!("error")));
        assert!(fields["stderr"].as_str().unwrap().contains("sessions are not supported"), "{fields}");
        assert_eq!(fields.get("new_session_created"), None);
    }
    assert_eq!(house.jobs(), 0);
    assert_eq!(house.get("/sessions").await.json(), json!({"sessions": {}, "backend": "ipython"}));
    let deleted = house.send("DELETE", "/sessions/1", &[], "").await;
    assert_eq!((deleted.status, &deleted.json()["error"]), (404, &json!("IPython session 1 not found")));
}

#[tokio::test]
async fn mistakes_are_errors_that_the_client_can_show() {
    let house = house(echo);
    for (body, message) in [
        (json!([]), "the body is not an object"),
        (json!({"language": "toy", "timeout": 1}), "`generated_code` is missing"),
        (with(&json!({"generated_code": 7})), "`generated_code` is not a string"),
        (with(&json!({"language": "nosuch"})), "Unsupported language: nosuch"),
        (with(&json!({"language": "gone"})), "Unsupported language: gone"),
        (with(&json!({"timeout": "x"})), "`timeout` is not a number of seconds above 0"),
        (with(&json!({"timeout": 0})), "`timeout` is not a number of seconds above 0"),
        (with(&json!({"max_output_characters": -1})), "`max_output_characters` is no count"),
        (with(&json!({"std_input": []})), "`std_input` is not a string"),
    ] {
        let answer = house.post(EXECUTE, &body).await;
        let fields = answer.json();
        assert_eq!((answer.status, &fields["error"]), (400, &json!(message)), "{body}");
        assert_eq!((&fields["process_status"], &fields["stdout"]), (&json!("error"), &json!("")));
    }
    assert_eq!(house.send("POST", EXECUTE, &["content-type: application/json"], "{").await.status, 400);
    assert_eq!((house.jobs(), house.get("/x").await.status, house.get(EXECUTE).await.status), (0, 404, 405));
}

#[tokio::test]
async fn a_failure_of_ours_is_said_and_the_key_is_the_hosts_password() {
    let broken = house(|job| {
        let mut report = report(job, Verdict::InternalError, |test| test.exit = None);
        report.error = Some(Fault::new("sandbox_failed", "the box broke"));
        Some(report)
    });
    let answer = broken.post(EXECUTE, &with(&json!({}))).await;
    assert_eq!((answer.status, &answer.json()["error"]), (500, &json!("the box broke")));
    let never = house(|_| None);
    assert_eq!((never.post(EXECUTE, &with(&json!({}))).await.status, never.jobs()), (502, 0));
    let locked = House::with_keys(Door::NemoSkills, &[("one", "a", false)], echo);
    let body = with(&json!({})).to_string();
    let send = async |authorization: &str| {
        let headers = ["content-type: application/json", authorization];
        locked.send("POST", EXECUTE, &headers, body.clone()).await.status
    };
    let basic = |pair: &str| format!("authorization: Basic {}", STANDARD.encode(pair));
    assert_eq!((send("x: y").await, send(&basic("x:two")).await), (401, 401));
    assert_eq!((send(&basic("x:one")).await, send("authorization: Bearer one").await), (200, 200));
    assert_eq!(locked.get("/health").await.status, 200);
}
