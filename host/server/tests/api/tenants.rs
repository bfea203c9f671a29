//! Keys, tenants, and many jobs in one request.

use optimus_server::keys::{Key, Scope};
use serde_json::{Value, json};

use crate::support::{Answer, Server, Setup};

fn key(tenant: &str, scopes: &[Scope], per_minute: Option<u32>) -> (Key, String) {
    Key::new(tenant, scopes.iter().copied().collect(), per_minute).unwrap()
}

async fn ask(server: &Server, method: &str, path: &str, secret: &str, body: &Value) -> Answer {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let bearer = format!("authorization: Bearer {secret}");
    server.send(method, path, &[&bearer, "content-type: application/json"], body).await
}

fn job() -> Value {
    json!({"language": "toy", "source": "x"})
}

#[tokio::test(flavor = "multi_thread")]
async fn without_keys_everybody_may_and_with_keys_only_who_has_one() {
    let server = Server::start().await;
    let before = server.submit("x").await;
    let (known, secret) = key("a", &[Scope::Submit, Scope::Read], None);
    server.keys.replace(vec![known]);
    for path in ["/v1/jobs", "/v1/languages", "/v1/plugins", &format!("/v1/jobs/{before}")] {
        let answer = server.get(path).await;
        answer.error(401, "unauthorized");
        assert_eq!(answer.header("www-authenticate"), Some("bearer"), "{path}");
    }
    server.post("/v1/jobs", &job()).await.error(401, "unauthorized");
    ask(&server, "POST", "/submit", "opt_wrong", &job()).await.error(401, "unauthorized");
    for open in ["/healthz", "/readyz", "/metrics", "/openapi.json", "/docs"] {
        assert_eq!(server.get(open).await.status, 200, "{open}");
    }
    assert_eq!(ask(&server, "POST", "/v1/jobs?wait=10s", &secret, &job()).await.status, 200);
    let header = format!("x-api-key: {secret}");
    assert_eq!(server.send("GET", "/v1/languages", &[&header], "").await.status, 200);
    server.keys.replace(Vec::new());
    ask(&server, "GET", "/v1/jobs", &secret, &Value::Null).await.error(401, "unauthorized");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_tenant_neither_sees_nor_cancels_what_is_anothers() {
    let server = Server::with(Setup { slots: 0, ..Setup::default() }).await;
    let ((a, first), (b, second)) =
        (key("a", &[Scope::Submit, Scope::Read], None), key("b", &[Scope::Submit, Scope::Read], None));
    let (boss, admin) = key("boss", &[Scope::Admin], None);
    server.keys.replace(vec![a, b, boss]);
    let id = ask(&server, "POST", "/v1/jobs", &first, &job()).await.json()["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/jobs/{id}");
    ask(&server, "GET", &path, &second, &Value::Null).await.error(404, "no_such_job");
    ask(&server, "GET", &format!("{path}/events"), &second, &Value::Null).await.error(404, "no_such_job");
    ask(&server, "DELETE", &path, &second, &Value::Null).await.error(404, "no_such_job");
    assert_eq!(ask(&server, "GET", "/v1/jobs", &second, &Value::Null).await.json()["jobs"], json!([]));
    for secret in [&first, &admin] {
        assert_eq!(ask(&server, "GET", &path, secret, &Value::Null).await.json()["state"], "queued");
        assert_eq!(ask(&server, "GET", "/v1/jobs", secret, &Value::Null).await.json()["jobs"][0]["id"], id);
    }
    assert_eq!(ask(&server, "DELETE", &path, &first, &Value::Null).await.status, 200);
    assert_eq!(ask(&server, "GET", &path, &first, &Value::Null).await.json()["report"]["verdict"], "cancelled");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_learns_who_it_is_and_what_it_may_do() {
    let server = Server::start().await;
    let everything = json!(["submit", "read", "problems", "commands", "plugins", "audit", "admin"]);
    assert_eq!(server.get("/v1/me").await.json(), json!({"keys_required": false, "scopes": everything}));
    let (known, secret) = key("school", &[Scope::Submit, Scope::Read], None);
    let (boss, boss_secret) = key("boss", &[Scope::Admin], None);
    let id = known.id.clone();
    server.keys.replace(vec![known, boss]);
    server.get("/v1/me").await.error(401, "unauthorized");
    let me = ask(&server, "GET", "/v1/me", &secret, &Value::Null).await;
    let wanted = json!({"keys_required": true, "tenant": "school", "key": id, "scopes": ["submit", "read"]});
    assert_eq!(me.json(), wanted);
    let document = server.get("/openapi.json").await.json();
    let documented = document["components"]["schemas"]["Identity"]["properties"].as_object().unwrap();
    assert!(documented.keys().eq(wanted.as_object().unwrap().keys()), "{documented:?}");
    assert_eq!(ask(&server, "GET", "/v1/me", &boss_secret, &Value::Null).await.json()["scopes"], everything);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_good_for_its_scopes_and_its_rate() {
    let server = Server::start().await;
    let (reader, read) = key("a", &[Scope::Read], None);
    let (slow, submit) = key("a", &[Scope::Submit], Some(2));
    server.keys.replace(vec![reader, slow]);
    ask(&server, "POST", "/v1/jobs", &read, &job()).await.error(403, "forbidden");
    ask(&server, "POST", "/v1/jobs/batch", &read, &json!({"jobs": [job()]})).await.error(403, "forbidden");
    ask(&server, "GET", "/v1/jobs", &submit, &Value::Null).await.error(403, "forbidden");
    ask(&server, "GET", "/v1/plugins", &read, &Value::Null).await.error(403, "forbidden");
    for _ in 0..2 {
        assert_eq!(ask(&server, "POST", "/v1/jobs", &submit, &job()).await.status, 202);
    }
    let refused = ask(&server, "POST", "/v1/jobs", &submit, &job()).await;
    refused.error(429, "rate_limited");
    assert!((1..=30).contains(&refused.header("retry-after").unwrap().parse::<u32>().unwrap()));
    let refused = ask(&server, "POST", "/v1/jobs/batch", &submit, &json!({"jobs": vec![job(); 3]})).await;
    assert!(refused.error(422, "invalid").contains("more than the 2 that key"), "it would not be let in later either");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_job_of_a_batch_is_accepted_or_refused_by_itself() {
    let server = Server::start().await;
    let batch = json!({"jobs": [job(), {"language": "nope", "source": "x"}, {"language": "toy"}, job(), 7]});
    let answer = server.post("/v1/jobs/batch", &batch).await;
    assert_eq!(answer.status, 202);
    let rows = answer.json();
    assert_eq!(rows["accepted"], 2);
    let codes: Vec<_> = rows["jobs"].as_array().unwrap().iter().map(|row| row["error"]["code"].as_str()).collect();
    assert_eq!(codes, [None, Some("unknown_language"), Some("invalid"), None, Some("bad_job")]);
    for row in [0, 3] {
        let id = rows["jobs"][row]["id"].as_str().unwrap();
        let report = server.get(&format!("/v1/jobs/{id}?wait=30s")).await.json();
        assert_eq!(report["report"]["verdict"], "accepted");
    }
    let send = async || {
        let head = ["content-type: application/json", "idempotency-key: b"];
        server.send("POST", "/v1/jobs/batch", &head, json!({"jobs": [job(), job()]}).to_string()).await.json()
    };
    let (first, again) = (send().await, send().await);
    assert_eq!(first, again, "the same batch under the same key is the same jobs");
    assert_ne!(first["jobs"][0]["id"], first["jobs"][1]["id"]);
    server.post("/v1/jobs/batch", &json!({"jobs": []})).await.error(422, "invalid");
    server.post("/v1/jobs/batch", &json!({"jobs": vec![job(); 1001]})).await.error(422, "invalid");
    server.post("/v1/jobs/batch", &json!([])).await.error(400, "bad_job");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_has_quotas() {
    let server = Server::with(Setup { slots: 0, ..Setup::default() }).await;
    let (few, secret) = key("a", &[Scope::Submit, Scope::Read], None);
    let (daily, days) = key("a", &[Scope::Submit], None);
    server.keys.replace(vec![Key { outstanding: Some(2), ..few }, Key { per_day: Some(3), ..daily }]);
    let mut ids = Vec::new();
    for _ in 0..2 {
        ids.push(ask(&server, "POST", "/v1/jobs", &secret, &job()).await.json()["id"].as_str().unwrap().to_owned());
    }
    let refused = ask(&server, "POST", "/v1/jobs", &secret, &job()).await;
    assert!(refused.error(429, "too_many_jobs").contains("quota") && refused.header("retry-after").is_some());
    ask(&server, "DELETE", &format!("/v1/jobs/{}", ids[0]), &secret, &Value::Null).await;
    assert_eq!(ask(&server, "POST", "/v1/jobs", &secret, &job()).await.status, 202);

    let batch = json!({"jobs": vec![job(); 4]});
    ask(&server, "POST", "/v1/jobs/batch", &days, &batch).await.error(422, "invalid");
    let batch = json!({"jobs": [job(), job()]});
    assert_eq!(ask(&server, "POST", "/v1/jobs/batch", &days, &batch).await.status, 202);
    ask(&server, "POST", "/v1/jobs/batch", &days, &batch).await.error(429, "rate_limited");
    assert_eq!(ask(&server, "POST", "/v1/jobs", &days, &job()).await.status, 202, "what was refused does not count");
    let refused = ask(&server, "POST", "/v1/jobs", &days, &job()).await;
    assert!(refused.error(429, "rate_limited").contains("a day"));
    assert!((1..=86_400).contains(&refused.header("retry-after").unwrap().parse::<u32>().unwrap()));
}
