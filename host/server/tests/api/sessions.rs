//! Sessions of the console, keys that are made over the API, and what the doctor says.

use optimus_server::keys::{Key, Scope};
use serde_json::{Value, json};

use crate::support::{Answer, Server, Setup};

const OWN: &str = "sec-fetch-site: same-origin";

async fn idle() -> Server {
    Server::with(Setup { slots: 0, ..Setup::default() }).await
}

fn key(scopes: &[Scope]) -> (Key, String) {
    Key::new("school", scopes.iter().copied().collect(), None).unwrap()
}

async fn with_key(server: &Server, method: &str, path: &str, secret: &str, body: &Value) -> Answer {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let bearer = format!("authorization: Bearer {secret}");
    server.send(method, path, &[&bearer, "content-type: application/json"], body).await
}

/// Signs in, and returns the cookie as the browser sends it.
async fn sign_in(server: &Server, secret: &str, headers: &[&str]) -> (String, String) {
    let bearer = format!("authorization: Bearer {secret}");
    let headers: Vec<&str> = [bearer.as_str()].into_iter().chain(headers.iter().copied()).collect();
    let answer = server.send("POST", "/v1/session", &headers, "").await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.json()["tenant"], "school");
    let set = answer.cookie().unwrap();
    (format!("cookie: other=1; {}", set.split(';').next().unwrap()), set)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_stands_for_its_key_and_ends_with_it() {
    let server = idle().await;
    let (known, secret) = key(&[Scope::Read]);
    server.keys.replace(vec![known]);
    let (cookie, set) = sign_in(&server, &secret, &[]).await;
    assert!(
        !set.contains(&secret) && set.contains("; HttpOnly; SameSite=Strict") && set.contains("; Path=/;"),
        "{set}"
    );
    assert!(!set.contains("Secure"), "over plain HTTP a secure cookie would be lost: {set}");
    let me = server.send("GET", "/v1/me", &[&cookie, OWN], "").await;
    assert_eq!((me.status, me.json()["scopes"].clone()), (200, json!(["read"])));
    server.send("POST", "/v1/jobs", &[&cookie, OWN], "{}").await.error(403, "forbidden");
    server.send("POST", "/v1/session", &[&cookie, OWN], "").await.error(401, "unauthorized");

    let out = server.send("DELETE", "/v1/session", &[&cookie, OWN], "").await;
    assert!(out.status == 204 && out.cookie().unwrap().contains("=; Path=/; Max-Age=0"), "{out:?}");

    server.keys.replace(Vec::new());
    let gone = server.send("GET", "/v1/me", &[&cookie, OWN], "").await;
    assert!(gone.error(401, "unauthorized").contains("this session has ended"), "{gone:?}");
    assert!(gone.cookie().unwrap().contains("Max-Age=0"), "the browser forgets it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_of_no_use_to_other_pages() {
    let server = idle().await;
    let (boss, secret) = key(&[Scope::Admin]);
    server.keys.replace(vec![boss]);
    let (cookie, _) = sign_in(&server, &secret, &[]).await;
    let job = json!({"language": "toy", "source": "x"}).to_string();
    let own_origin = format!("origin: http://{}", server.address);
    for (method, path, headers) in [
        ("POST", "/v1/jobs", vec!["sec-fetch-site: same-site"]),
        ("POST", "/v1/jobs", vec!["sec-fetch-site: cross-site"]),
        ("POST", "/v1/jobs", vec!["sec-fetch-site: none"]),
        ("POST", "/v1/jobs", vec!["origin: http://127.0.0.1:1"]),
        ("POST", "/v1/jobs", vec![]),
        ("DELETE", "/v1/session", vec!["origin: null"]),
        ("GET", "/v1/keys", vec!["sec-fetch-site: same-site"]),
    ] {
        let headers: Vec<&str> = [cookie.as_str()].into_iter().chain(headers).collect();
        server.send(method, path, &headers, job.clone()).await.error(403, "foreign_page");
    }
    assert_eq!(server.send("POST", "/v1/jobs", &[&cookie, OWN], job.clone()).await.status, 202);
    assert_eq!(server.send("POST", "/v1/jobs", &[&cookie, &own_origin], job).await.status, 202);
    assert_eq!(server.send("GET", "/v1/keys", &[&cookie, "sec-fetch-site: none"], "").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_over_tls_is_secure_and_none_is_begun_without_keys() {
    let server = idle().await;
    server.send("POST", "/v1/session", &[], "").await.error(409, "no_keys");
    let (known, secret) = key(&[Scope::Read]);
    server.keys.replace(vec![known]);
    for header in ["x-forwarded-proto: https", "origin: https://judge.example"] {
        assert!(sign_in(&server, &secret, &[header]).await.1.ends_with("; Secure"), "{header}");
    }
    server.send("POST", "/v1/session", &["authorization: Bearer opt_wrong"], "").await.error(401, "unauthorized");
    let bad = server.send("GET", "/v1/me", &["cookie: optimus_session_x=opt_1~2~3"], "").await;
    bad.error(401, "unauthorized");
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_made_listed_and_revoked() {
    let server = idle().await;
    let make = json!({"tenant": "school", "scopes": ["submit"], "per_minute": 5, "per_day": 9, "outstanding": 2});
    let refused = server.post("/v1/keys", &make).await.error(422, "invalid");
    assert!(refused.contains("`scopes`") && refused.contains("first key"), "{refused}");
    let boss = server.post("/v1/keys", &json!({"tenant": "ops", "scopes": ["admin"]})).await;
    assert_eq!(boss.status, 201);
    let boss = boss.json()["secret"].as_str().unwrap().to_owned();
    server.get("/v1/keys").await.error(401, "unauthorized");

    let made = with_key(&server, "POST", "/v1/keys", &boss, &make).await;
    assert_eq!(made.status, 201);
    let made = made.json();
    let (secret, id) = (made["secret"].as_str().unwrap(), made["key"]["id"].as_str().unwrap());
    assert!(secret.starts_with(id), "{made}");
    with_key(&server, "GET", "/v1/keys", secret, &Value::Null).await.error(403, "forbidden");
    let list = with_key(&server, "GET", "/v1/keys", &boss, &Value::Null).await;
    assert!(!list.text().contains(secret) && !list.text().contains("hash"), "{list:?}");
    assert!(list.json()["keys"].as_array().unwrap().contains(&made["key"]), "{list:?}");
    let shown = &made["key"];
    assert_eq!((&shown["per_minute"], &shown["per_day"], &shown["outstanding"]), (&json!(5), &json!(9), &json!(2)));

    let path = format!("/v1/keys/{id}");
    assert_eq!(with_key(&server, "DELETE", &path, &boss, &Value::Null).await.json(), made["key"]);
    with_key(&server, "DELETE", &path, &boss, &Value::Null).await.error(404, "no_such_key");
    with_key(&server, "GET", "/v1/me", secret, &Value::Null).await.error(401, "unauthorized");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_key_can_be_is_refused_by_its_field() {
    let server = idle().await;
    for (request, field) in [
        (json!({"tenant": "a b", "scopes": ["admin"]}), "`tenant`"),
        (json!({"tenant": "", "scopes": ["admin"]}), "`tenant`"),
        (json!({"tenant": "a", "scopes": []}), "`scopes`"),
        (json!({"tenant": "a", "scopes": ["root"]}), "`scopes[0]`"),
        (json!({"tenant": "a", "scopes": ["admin"], "per_minute": 0}), "`per_minute`"),
        (json!({"tenant": "a", "scopes": ["admin"], "per_hour": 1}), "per_hour"),
        (json!({"scopes": ["admin"]}), "tenant"),
    ] {
        let answer = server.post("/v1/keys", &request).await;
        assert!([400, 422].contains(&answer.status), "{answer:?}");
        let message = answer.json()["error"]["message"].as_str().unwrap().to_owned();
        assert!(message.contains(field), "{request}: {message}");
    }
    assert_eq!(server.get("/v1/keys").await.json(), json!({"keys": []}));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_answers_administrators() {
    let server = idle().await;
    let said = server.get("/v1/doctor").await.json();
    assert_eq!(
        said["findings"][1],
        json!({"what": "cgroups", "found": "read-only", "ok": false, "hint": "write to it"})
    );
    assert_eq!(server.get("/v1/doctor").await.json(), said, "an examination holds for some seconds");
    let (known, secret) = key(&[Scope::Read]);
    server.keys.replace(vec![known]);
    with_key(&server, "GET", "/v1/doctor", &secret, &Value::Null).await.error(403, "forbidden");
}
