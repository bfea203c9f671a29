//! Sessions of cells, with interpreters that do as they are told.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use optimus_core::cells::{Cell, CellStatus, End, Loss, LossReason, Told};
use optimus_core::language::Availability;
use optimus_core::{Fault, Stream};
use optimus_server::interpreters::{Interpreter, Interpreters, Rules, StartInterpreter, Wanted};
use optimus_server::keys::{Key, Scope};
use optimus_server::metrics::Metrics;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::support::{Answer, Server, Setup, language};

/// Prints the cells so far; `die`, `lose` and `slow` do what they say.
#[derive(Default)]
struct Toy {
    cells: Vec<String>,
    lost: Option<Loss>,
}

#[async_trait]
impl Interpreter for Toy {
    async fn run(&mut self, cell: &Cell, hear: &mut (dyn FnMut(Told) + Send)) -> Result<End, Loss> {
        self.cells.push(cell.source.clone());
        hear(Told::Stream { name: Stream::Stdout, text: self.cells.join(",") });
        let end = End { status: CellStatus::Ok, alive: true, wall_ms: 1.5, truncated: false, exit: None };
        match cell.source.as_str() {
            "slow" => tokio::time::sleep(Duration::from_millis(600)).await,
            "die" => {
                self.lost = Some(Loss::new(LossReason::Memory, "the session reached its limit of memory"));
                return Ok(End { status: CellStatus::Died, alive: false, exit: Some(-9), ..end });
            }
            "lose" => {
                let loss = Loss::new(LossReason::Failed, "the box broke");
                self.lost = Some(loss.clone());
                return Err(loss);
            }
            _ => {}
        }
        Ok(end)
    }

    fn lost(&mut self) -> Option<Loss> {
        self.lost.clone()
    }
}

struct Toys;

#[async_trait]
impl StartInterpreter for Toys {
    async fn start(&self, wanted: Wanted) -> Result<Box<dyn Interpreter>, Fault> {
        if wanted.files.iter().any(|file| file.path.as_str() == "broken") {
            return Err(Fault::new("kernel_failed", "the interpreter did not start: signal 9 ended it"));
        }
        Ok(Box::new(Toy::default()))
    }
}

async fn server(rules: Rules) -> Server {
    let interpreters = Interpreters::new(Arc::new(Toys), rules, Arc::<Metrics>::default());
    tokio::spawn(Arc::clone(&interpreters).keep_time(CancellationToken::new()));
    let server = Server::with(Setup { interpreters, ..Setup::default() }).await;
    let mut celled = language("celled", Availability::Available { version: "celled 1".to_owned() });
    let schema = r#"{"type": "object", "properties": {"cells": {"type": "boolean"}}}"#;
    celled.descriptor.options_schema = Some(schema.to_owned());
    server.languages.replace(server.languages.all().iter().cloned().chain([celled]).collect());
    server
}

async fn ask(server: &Server, method: &str, path: &str, key: &str, body: &Value) -> Answer {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let bearer = format!("authorization: Bearer {key}");
    let json = "content-type: application/json";
    let headers: &[&str] = if key.is_empty() { &[json] } else { &[json, &bearer] };
    server.send(method, path, headers, body).await
}

async fn begin(server: &Server, key: &str) -> String {
    let answer = ask(server, "POST", "/v1/sessions", key, &json!({"language": "celled"})).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    let id = answer.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(answer.header("location"), Some(format!("/v1/sessions/{id}").as_str()));
    id
}

async fn cell(server: &Server, id: &str, key: &str, source: &str) -> Answer {
    ask(server, "POST", &format!("/v1/sessions/{id}/cells"), key, &json!({"source": source})).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_keeps_its_state_and_says_when_it_is_gone() {
    let server = server(Rules::default()).await;
    let (one, other) = (begin(&server, "").await, begin(&server, "").await);
    cell(&server, &one, "", "a").await;
    let second = cell(&server, &one, "", "b").await.json();
    let wanted = json!({
        "number": 2, "status": "ok", "stdout": "a,b", "stderr": "", "display": [], "wall_ms": 1.5, "truncated": false,
    });
    assert_eq!(second, wanted);
    assert_eq!(cell(&server, &other, "", "c").await.json()["stdout"], "c", "the other has its own");
    let shown = server.get(&format!("/v1/sessions/{one}")).await.json();
    assert_eq!((&shown["state"], &shown["cells"], &shown["language"]), (&json!("idle"), &json!(2), &json!("celled")));
    let died = cell(&server, &one, "", "die").await;
    assert_eq!((died.status, &died.json()["status"]), (200, &json!("died")));
    assert_eq!(died.json()["session_lost"]["reason"], "memory");
    let said = cell(&server, &one, "", "d").await.error(410, "session_lost");
    assert!(said.contains("limit of memory") && said.contains("POST /v1/sessions"), "{said}");
    assert_eq!(server.get(&format!("/v1/sessions/{one}")).await.json()["lost"]["reason"], "memory");
    let lost = cell(&server, &other, "", "lose").await.json();
    assert_eq!((&lost["status"], &lost["session_lost"]["reason"]), (&json!("died"), &json!("failed")));
    let listed = server.get("/v1/sessions").await.json();
    let ids: Vec<&Value> = listed["sessions"].as_array().unwrap().iter().map(|session| &session["id"]).collect();
    assert_eq!(ids, [&json!(other), &json!(one)], "the newest first");
}

#[tokio::test(flavor = "multi_thread")]
async fn cells_run_one_after_another_and_a_session_can_be_ended() {
    let server = server(Rules::default()).await;
    let id = begin(&server, "").await;
    let path = format!("/v1/sessions/{id}");
    let (slow, busy) = tokio::join!(cell(&server, &id, "", "slow"), async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert_eq!(server.get(&path).await.json()["state"], "running");
        cell(&server, &id, "", "a").await
    });
    assert_eq!(slow.status, 200);
    busy.error(409, "session_busy");
    let (cut, ended) = tokio::join!(cell(&server, &id, "", "slow"), async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        server.send("DELETE", &path, &[], "").await
    });
    assert_eq!((ended.status, &cut.json()["session_lost"]["reason"]), (204, &json!("closed")));
    cell(&server, &id, "", "a").await.error(410, "session_lost");
    assert_eq!(server.send("DELETE", &path, &[], "").await.status, 204, "it is ended already");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_ends_when_no_cell_comes_and_at_its_end() {
    let server = server(Rules::default()).await;
    let mut reasons = Vec::new();
    for body in [json!({"language": "celled", "idle_s": 1}), json!({"language": "celled", "life_s": 1})] {
        let id = server.post("/v1/sessions", &body).await.json()["id"].as_str().unwrap().to_owned();
        let begun = Instant::now();
        loop {
            let shown = server.get(&format!("/v1/sessions/{id}")).await.json();
            if shown["state"] == "lost" {
                reasons.push(shown["lost"]["reason"].clone());
                break;
            }
            assert!(begun.elapsed() < Duration::from_secs(20), "{shown}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        cell(&server, &id, "", "a").await.error(410, "session_lost");
    }
    assert_eq!(reasons, ["idle", "life"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn tenants_have_sessions_of_their_own_and_no_more_than_their_share() {
    let server = server(Rules { most: 3, tenant_most: 2, ..Rules::default() }).await;
    let key = |tenant: &str, scopes: &[Scope]| Key::new(tenant, scopes.iter().copied().collect(), None).unwrap();
    let (a, first) = key("a", &[Scope::Submit, Scope::Read]);
    let (b, second) = key("b", &[Scope::Submit, Scope::Read]);
    let (reader, reads) = key("a", &[Scope::Read]);
    let (boss, admin) = key("boss", &[Scope::Admin]);
    server.keys.replace(vec![a, b, reader, boss]);
    let new = json!({"language": "celled"});
    ask(&server, "POST", "/v1/sessions", &reads, &new).await.error(403, "forbidden");
    let id = begin(&server, &first).await;
    let path = format!("/v1/sessions/{id}");
    cell(&server, &id, &reads, "a").await.error(403, "forbidden");
    cell(&server, &id, &second, "a").await.error(404, "no_such_session");
    cell(&server, &id, &admin, "a").await.error(404, "no_such_session");
    ask(&server, "GET", &path, &second, &Value::Null).await.error(404, "no_such_session");
    ask(&server, "DELETE", &path, &second, &Value::Null).await.error(404, "no_such_session");
    assert_eq!(ask(&server, "GET", "/v1/sessions", &second, &Value::Null).await.json()["sessions"], json!([]));
    assert_eq!(ask(&server, "GET", &path, &reads, &Value::Null).await.json()["state"], "idle");
    begin(&server, &first).await;
    let said = ask(&server, "POST", "/v1/sessions", &first, &new).await.error(429, "too_many_sessions");
    assert!(said.contains("this tenant"), "{said}");
    begin(&server, &second).await;
    let full = ask(&server, "POST", "/v1/sessions", &second, &new).await;
    full.error(429, "too_many_sessions");
    assert!(full.header("retry-after").is_some());
    assert_eq!(ask(&server, "DELETE", &path, &admin, &Value::Null).await.status, 204, "an administrator ends all");
    begin(&server, &second).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_request_is_named() {
    let server = server(Rules { memory_bytes: Some(1 << 30), ..Rules::default() }).await;
    for (body, field) in [
        (json!({}), "language"),
        (json!({"language": 7}), "language"),
        (json!({"language": "celled", "idle": 1}), "idle"),
        (json!({"language": "celled", "limits": {"cell_ms": -1}}), "limits.cell_ms"),
    ] {
        let said = server.post("/v1/sessions", &body).await.error(400, "bad_job");
        assert!(said.contains(&format!("`{field}`")), "{body}: {said}");
    }
    let files = |paths: [&str; 2]| json!(paths.map(|path| json!({"path": path, "content": ""})));
    for (change, field) in [
        (json!({"language": "nosuch"}), "language"),
        (json!({"language": "toy"}), "language"),
        (json!({"language": "absent"}), "language"),
        (json!({"idle_s": 0}), "idle_s"),
        (json!({"life_s": 99_999_999}), "life_s"),
        (json!({"limits": {"cell_ms": 0}}), "limits.cell_ms"),
        (json!({"limits": {"memory_bytes": 1u64 << 50}}), "limits.memory_bytes"),
        (json!({"limits": {"memory_bytes": (1u64 << 30) + 1}}), "limits.memory_bytes"),
        (json!({"limits": {"output_bytes": 1u64 << 30}}), "limits.output_bytes"),
        (json!({"files": files(["a", "../x"])}), "files[1].path"),
        (json!({"files": files(["a", "a/b"])}), "files[1].path"),
    ] {
        let mut body = json!({"language": "celled"});
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let said = server.post("/v1/sessions", &body).await.error(422, "invalid");
        assert!(said.contains(&format!("`{field}`")), "{body}: {said}");
    }
    let broken = json!({"language": "celled", "files": files(["broken", "b"])});
    server.post("/v1/sessions", &broken).await.error(422, "kernel_failed");
    let id = begin(&server, "").await;
    let cells = format!("/v1/sessions/{id}/cells");
    server.post(&cells, &json!({"source": 7})).await.error(400, "bad_job");
    let said = server.post(&cells, &json!({"source": "a", "limit_ms": 99_999_999})).await.error(422, "invalid");
    assert!(said.contains("`limit_ms`"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_of_an_earlier_server_is_gone_and_others_are_unknown() {
    let server = server(Rules::default()).await;
    for id in ["nonsense", "%00", &uuid::Uuid::now_v7().to_string()] {
        server.get(&format!("/v1/sessions/{id}")).await.error(404, "no_such_session");
        cell(&server, id, "", "a").await.error(404, "no_such_session");
    }
    let said = cell(&server, "0197b5c2-7d1e-7b3a-9c54-3f0a6b1d2e4f", "", "a").await.error(410, "session_lost");
    assert!(said.contains("older than this server"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_boxes_says_where_sessions_are() {
    let server = Server::start().await;
    let said = server.post("/v1/sessions", &json!({"language": "toy"})).await.error(501, "no_sessions");
    assert!(said.contains("the remedy"), "{said}");
    assert_eq!(server.get("/v1/sessions").await.json(), json!({"sessions": []}));
}
