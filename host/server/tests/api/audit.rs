//! The audit log: every change is in it, whoever made it, and no secret is.

use std::collections::BTreeSet;

use optimus_core::JobId;
use optimus_server::keys::{Key, Scope};
use serde_json::{Value, json};

use crate::support::{Answer, Server, Setup};

/// Operations that change nothing although their methods say so: a job is its own entry, and a dry run changes nothing.
const NO_CHANGES: [&str; 7] = [
    "POST /v1/jobs",
    "POST /v1/jobs/batch",
    "POST /submit",
    "POST /v1/pipelines/{id}/dry-run",
    "POST /v1/plugins/{id}/dry-run",
    "POST /v1/problems/{id}/submissions/{number}/jobs",
    "POST /v1/sessions/{id}/cells",
];

/// A server that needs keys, and the secret of an administrator's.
async fn guarded(setup: Setup) -> (Server, String) {
    let server = Server::with(setup).await;
    let made = server.post("/v1/keys", &json!({"tenant": "ops", "scopes": ["admin"]})).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let secret = made.json()["secret"].as_str().unwrap().to_owned();
    (server, secret)
}

async fn ask(server: &Server, method: &str, path: &str, secret: &str, body: &Value) -> Answer {
    let bearer = format!("authorization: Bearer {secret}");
    let body = if body.is_null() { String::new() } else { body.to_string() };
    server.send(method, path, &[&bearer, "content-type: application/json"], body).await
}

async fn entries(server: &Server, secret: &str) -> Vec<Value> {
    let list = ask(server, "GET", "/v1/audit?limit=500", secret, &Value::Null).await;
    assert_eq!(list.status, 200, "{}", list.text());
    list.json()["entries"].as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_operation_that_may_change_something_leaves_no_entry() {
    let (server, admin) = guarded(Setup { slots: 0, ..Setup::default() }).await;
    let document = server.get("/openapi.json").await.json();
    let mut wanted = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys().filter(|method| !["get", "head"].contains(&method.as_str())) {
            let real = path.replace("{id}", &JobId::new().to_string());
            let method = method.to_uppercase();
            ask(&server, &method, &real, &admin, &json!({})).await;
            wanted.insert(format!("{method} {path}"));
        }
    }
    let exempt = BTreeSet::from(NO_CHANGES.map(str::to_owned));
    assert!(exempt.is_subset(&wanted), "{wanted:?}");
    let noted = entries(&server, &admin).await;
    let noted: BTreeSet<String> = noted.iter().map(|entry| entry["action"].as_str().unwrap().to_owned()).collect();
    let wanted: BTreeSet<String> = wanted.difference(&exempt).cloned().collect();
    assert_eq!(noted, wanted);
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_are_noted_with_who_made_them_and_without_secrets() {
    let (server, admin) = guarded(Setup { slots: 1, ..Setup::default() }).await;
    let made =
        ask(&server, "POST", "/v1/keys", &admin, &json!({"tenant": "school", "scopes": ["submit", "read"]})).await;
    let (user, id) = (made.json()["secret"].as_str().unwrap().to_owned(), made.json()["key"]["id"].clone());
    let hook = json!({"url": "https://example.org/x", "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"});
    let job = json!({"language": "toy", "source": "TOP-SECRET-SOURCE", "webhook": hook});
    let steps = json!({"steps": [{"name": "a", "with": {"language": "toy", "source": "TOP-SECRET-SOURCE"}}]});
    let pipeline = ask(&server, "POST", "/v1/pipelines", &user, &steps).await.json()["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/pipelines/{pipeline}");
    ask(&server, "PUT", &path, &user, &steps).await;
    let run = ask(&server, "POST", &format!("{path}/runs"), &user, &json!({})).await.json()["id"].clone();
    let spec = json!({"cron": ["0 0 1 1 *"]});
    let schedule = ask(&server, "POST", "/v1/schedules", &user, &json!({"spec": spec, "job": job})).await;
    assert_eq!(schedule.status, 201, "{}", schedule.text());
    ask(&server, "DELETE", &path, &user, &Value::Null).await;
    ask(&server, "DELETE", &path, &user, &Value::Null).await.error(404, "no_such_pipeline");
    // Somebody names a key by its secret: that is none, and the secret is not noted.
    ask(&server, "DELETE", &format!("/v1/keys/{user}"), &admin, &Value::Null).await.error(404, "no_such_key");
    let failing = json!({"language": "toy", "source": "fail"});
    let dead =
        ask(&server, "POST", "/v1/jobs?wait=30s", &user, &failing).await.json()["id"].as_str().unwrap().to_owned();
    let requeued = ask(&server, "POST", &format!("/v1/dead/{dead}/requeue"), &admin, &Value::Null).await;
    assert_eq!(requeued.status, 202, "{}", requeued.text());

    let all = entries(&server, &admin).await;
    let rows: Vec<Value> = all
        .iter()
        .map(|entry| json!([entry["action"], entry["tenant"], entry["key"], entry["outcome"], entry["status"]]))
        .collect();
    let admin_id = &admin[..12];
    let by_user = |action: &str, outcome: &str, status: u16| json!([action, "school", id, outcome, status]);
    let by_admin = |action: &str, outcome: &str, status: u16| json!([action, "ops", admin_id, outcome, status]);
    let expected = [
        by_admin("POST /v1/dead/{id}/requeue", "done", 202),
        by_admin("DELETE /v1/keys/{id}", "refused", 404),
        by_user("DELETE /v1/pipelines/{id}", "refused", 404),
        by_user("DELETE /v1/pipelines/{id}", "done", 200),
        by_user("POST /v1/schedules", "done", 201),
        by_user("POST /v1/pipelines/{id}/runs", "done", 202),
        by_user("PUT /v1/pipelines/{id}", "done", 200),
        by_user("POST /v1/pipelines", "done", 201),
        by_admin("POST /v1/keys", "done", 201),
        json!(["POST /v1/keys", null, null, "done", 201]),
    ];
    assert_eq!(rows, expected);
    assert_eq!(
        (&all[5]["target"], &all[5]["created"]),
        (&json!(format!("{path}/runs")), &json!(format!("/v1/runs/{}", run.as_str().unwrap())))
    );
    assert_eq!(all[8]["created"], json!(format!("/v1/keys/{}", id.as_str().unwrap())));
    assert_eq!(all[0]["target"], json!(format!("/v1/dead/{dead}/requeue")));
    assert!(all.iter().all(|entry| entry["from"] == "127.0.0.1" && entry["request"].is_string()), "{all:?}");

    let text = json!(all).to_string();
    for secret in ["TOP-SECRET-SOURCE", "whsec_", admin.as_str(), user.as_str(), &admin[12..], &user[12..]] {
        assert!(!text.contains(secret), "{secret} is in {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_reads_its_own_entries_with_the_scope() {
    let server = Server::start().await;
    let key = |tenant: &str, scopes: &[Scope]| Key::new(tenant, scopes.iter().copied().collect(), None).unwrap();
    let ((a, of_a), (b, of_b), (boss, admin)) =
        (key("a", &[Scope::Submit, Scope::Audit]), key("b", &[Scope::Submit]), key("ops", &[Scope::Admin]));
    let id_of_b = b.id.clone();
    server.keys.replace(vec![a, b, boss]);
    let steps = json!({"steps": [{"name": "a", "with": {"language": "toy", "source": "x"}}]});
    for secret in [&of_a, &of_b, &of_a] {
        assert_eq!(ask(&server, "POST", "/v1/pipelines", secret, &steps).await.status, 201);
    }
    ask(&server, "GET", "/v1/audit", &of_b, &Value::Null).await.error(403, "forbidden");
    let tenants = |list: &Value| {
        list.as_array().unwrap().iter().map(|e| e["tenant"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let list =
        async |query: &str, secret: &str| ask(&server, "GET", &format!("/v1/audit{query}"), secret, &Value::Null).await;
    assert_eq!(tenants(&list("", &of_a).await.json()["entries"]), ["a", "a"]);
    assert_eq!(tenants(&list("?tenant=b", &of_a).await.json()["entries"]), ["a", "a"], "no other tenant's");
    assert_eq!(tenants(&list("", &admin).await.json()["entries"]), ["a", "b", "a"]);
    assert_eq!(tenants(&list("?tenant=b", &admin).await.json()["entries"]), ["b"]);
    assert_eq!(tenants(&list(&format!("?key={id_of_b}"), &admin).await.json()["entries"]), ["b"]);
    assert_eq!(list("?action=POST%20/v1/keys", &admin).await.json()["entries"], json!([]));
    let first = list("?limit=2", &admin).await.json();
    let second = list(&format!("?limit=2&next={}", first["next"].as_str().unwrap()), &admin).await.json();
    assert_eq!((tenants(&second["entries"]), &second["next"]), (vec!["a".to_owned()], &Value::Null));
    let oldest = second["entries"][0]["at"].as_str().unwrap();
    assert_eq!(list(&format!("?since={oldest}"), &admin).await.json()["entries"].as_array().unwrap().len(), 3);
    assert_eq!(list("?since=2999-01-01T00:00:00Z", &admin).await.json()["entries"], json!([]));
    list("?since=yesterday", &admin).await.error(400, "bad_query");
    list("?format=xml", &admin).await.error(400, "bad_query");
    list("?next=x", &admin).await.error(400, "bad_query");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_exported_as_json_lines() {
    let server = Server::with(Setup { slots: 0, ..Setup::default() }).await;
    for _ in 0..3 {
        server.post("/v1/plugins/reload", &json!({})).await;
    }
    let lines = |answer: &Answer| -> Vec<Value> {
        assert_eq!(answer.header("content-type"), Some("application/x-ndjson"));
        let text = answer.text();
        text.lines().filter(|line| line.starts_with('{')).map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let listed = server.get("/v1/audit").await.json()["entries"].as_array().unwrap().clone();
    assert_eq!(listed.len(), 3);
    assert_eq!(lines(&server.get("/v1/audit?format=jsonl").await), listed);
    assert_eq!(lines(&server.send("GET", "/v1/audit", &["accept: application/x-ndjson"], "").await), listed);
    assert_eq!(lines(&server.get("/v1/audit?format=jsonl&limit=1").await), listed[..1]);
}

/// What cannot be noted is not done.
#[tokio::test(flavor = "multi_thread")]
async fn without_the_log_nothing_is_changed() {
    let server = Server::with(Setup { slots: 0, ..Setup::default() }).await;
    // A file where the directory has to be.
    std::fs::write(server.dir.path().join("audit"), "").unwrap();
    let steps = json!({"steps": [{"name": "a", "with": {"language": "toy", "source": "x"}}]});
    server.post("/v1/pipelines", &steps).await.error(503, "audit_unavailable");
    assert_eq!(server.get("/v1/pipelines").await.json()["pipelines"], json!([]));
}
