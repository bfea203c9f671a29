//! `"reuse": true`: an equal earlier submission answers.

use optimus_server::keys::{Key, Scope};
use serde_json::{Value, json};

use crate::support::{Answer, Server, Setup};

fn job(source: &str) -> Value {
    json!({"language": "toy", "source": source, "tests": [{"stdin": "1"}], "reuse": true})
}

fn id(answer: &Answer) -> String {
    answer.json()["id"].as_str().unwrap_or_else(|| panic!("{}", answer.json())).to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_equal_submission_is_answered_by_the_first() {
    let server = Server::start().await;
    let first = server.post("/v1/jobs?wait=30s", &job("x")).await;
    assert_eq!((first.status, first.header("idempotent-replayed")), (200, None));
    let again = server.post("/v1/jobs", &job("x")).await;
    assert_eq!((again.status, again.header("idempotent-replayed")), (200, Some("true")));
    assert_eq!(again.json(), first.json());
    // An alias of the language, spaces in the JSON and an absent default change nothing that is judged.
    let alike =
        r#"{ "reuse": true, "tests": [{"stdin": {"text": "1"}}], "source": "x", "language": "toy-alias", "args": [] }"#;
    let alike = server.send("POST", "/v1/jobs", &["content-type: application/json"], alike).await;
    assert_eq!(id(&alike), id(&first));
    let batch = server.post("/v1/jobs/batch", &json!({"jobs": [job("x"), job("new"), job("new")]})).await.json();
    let ids: Vec<&str> = batch["jobs"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap()).collect();
    assert_eq!(ids[0], id(&first));
    assert_eq!(ids[1], ids[2]);
    assert_ne!(ids[0], ids[1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_submission_that_differs_is_judged() {
    let server = Server::start().await;
    let mut ids = vec![id(&server.post("/v1/jobs?wait=30s", &job("x")).await)];
    let with = |key: &str, value: Value| {
        let mut job = job("x");
        job[key] = value;
        job
    };
    for other in [
        job("y"),
        with("tests", json!([{"stdin": "2"}])),
        with("args", json!(["a"])),
        with("limits", json!({"cpu_ms": 700})),
        with("labels", json!({"a": "b"})),
        with("reuse", json!(false)),
    ] {
        let answer = server.post("/v1/jobs?wait=30s", &other).await;
        assert_eq!(answer.header("idempotent-replayed"), None, "{other}");
        ids.push(id(&answer));
    }
    let count = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), count);
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_that_wait_are_shared_and_cancelled_ones_are_not() {
    let server = Server::with(Setup { slots: 0, ..Setup::default() }).await;
    let mut earlier = id(&server.post("/v1/jobs", &job("x")).await);
    // More often than earlier jobs are passed over: at the end nothing is remembered, and everything is judged.
    for _ in 0..6 {
        let cancelled = server.send("DELETE", &format!("/v1/jobs/{earlier}"), &[], "").await;
        assert_eq!(cancelled.json()["report"]["verdict"], "cancelled");
        let next = server.post("/v1/jobs", &job("x")).await;
        assert_eq!((next.status, &next.json()["state"]), (202, &json!("queued")));
        assert_ne!(id(&next), earlier);
        earlier = id(&next);
    }
    let other = id(&server.post("/v1/jobs", &job("y")).await);
    assert_eq!(id(&server.post("/v1/jobs", &job("y")).await), other);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_tenant_is_answered_by_the_job_of_another() {
    let server = Server::start().await;
    let key = |tenant: &str| Key::new(tenant, [Scope::Submit, Scope::Read].into(), None).unwrap();
    let ((a, first), (b, second)) = (key("a"), key("b"));
    server.keys.replace(vec![a, b]);
    let post = async |secret: &str| {
        let head = [format!("authorization: Bearer {secret}"), "content-type: application/json".to_owned()];
        let head: Vec<&str> = head.iter().map(String::as_str).collect();
        server.send("POST", "/v1/jobs?wait=30s", &head, job("x").to_string()).await
    };
    let (of_a, of_b, again) = (post(&first).await, post(&second).await, post(&second).await);
    assert_ne!(id(&of_a), id(&of_b));
    assert_eq!(id(&of_b), id(&again));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_is_refused() {
    let server = Server::start().await;
    let mut job = job("x");
    job["webhook"] = json!({"url": "http://127.0.0.1:1/"});
    let message = server.post("/v1/jobs", &job).await.error(422, "invalid");
    assert!(message.contains("`reuse` cannot be combined with `webhook`"), "{message}");
}
