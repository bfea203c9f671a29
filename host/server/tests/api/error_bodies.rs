//! The bodies of errors, which are part of the API. A wanted change is written by `INSTA_UPDATE=always`.

use serde_json::{Value, json};

use crate::support::Server;

/// A job with one field more.
fn job(field: &str, value: Value) -> Value {
    let mut job = json!({"language": "toy", "source": "x"});
    job[field] = value;
    job
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_of_errors_read_as_reviewed() {
    let server = Server::start().await;
    let unknown = "/v1/jobs/0197b5c2-7d1e-7b3a-9c54-3f0a6b1d2e4f";
    let absent = "sha256:0000000000000000000000000000000000000000000000000000000000000000";
    let mut bodies = Vec::new();
    for (method, path, body) in [
        ("GET", "/v2/jobs", Value::Null),
        ("GET", "/v1/jobs/", Value::Null),
        ("PATCH", "/v1/jobs", Value::Null),
        ("GET", "/v1/jobs/42", Value::Null),
        ("GET", unknown, Value::Null),
        ("GET", "/v1/jobs?state=waiting", Value::Null),
        ("GET", "/v1/jobs?stat=done", Value::Null),
        ("POST", "/v1/jobs?wait=1h", job("stop_at_first_failure", json!(true))),
        ("POST", "/v1/jobs", Value::Null),
        ("POST", "/v1/jobs", json!({"language": "toy"})),
        ("POST", "/v1/jobs", json!({"language": "tpy", "source": "x"})),
        ("POST", "/v1/jobs", json!({"language": "absent", "source": "x"})),
        ("POST", "/v1/jobs", job("sorce", json!("x"))),
        ("POST", "/v1/jobs", job("files", json!([{"path": "a", "content": ""}]))),
        ("POST", "/v1/jobs", job("limits", json!({"cpu_ms": 0}))),
        ("POST", "/v1/jobs", job("limits", json!({"memory_bytes": 1u64 << 60}))),
        ("POST", "/v1/jobs", job("compare", json!({"regex": "("}))),
        ("POST", "/v1/jobs", job("options", json!({"optimise": true}))),
        ("POST", "/v1/jobs", job("problem", json!(absent))),
        ("POST", "/v1/jobs/batch", json!([job("args", json!([]))])),
        ("DELETE", unknown, Value::Null),
    ] {
        let text = if body.is_null() { String::new() } else { body.to_string() };
        let answer = server.send(method, path, &[], text.clone()).await;
        let error = serde_json::to_string_pretty(&answer.json()).unwrap();
        bodies.push(format!("{method} {path} {text}\n{} {error}\n", answer.status));
    }
    insta::assert_snapshot!(bodies.join("\n"));
}
