//! Operators' endpoints.

use optimus_server::keys::{Key, Scope};
use serde_json::{Value, json};

use crate::support::{Server, Setup};

#[tokio::test(flavor = "multi_thread")]
async fn the_dead_are_listed_brought_back_and_let_go() {
    let server = Server::with(Setup { slots: 1, ..Setup::default() }).await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        let id = server.submit("fail").await;
        let report = server.get(&format!("/v1/jobs/{id}?wait=30s")).await.json();
        assert_eq!(report["report"]["verdict"], "internal_error");
        ids.push(id);
    }
    let list = async |query: &str| server.get(&format!("/v1/dead{query}")).await.json();
    let of = |list: &Value| -> Vec<String> {
        list["jobs"].as_array().unwrap().iter().map(|job| job["id"].as_str().unwrap().to_owned()).collect()
    };
    let all = list("").await;
    assert_eq!(of(&all), [ids[2].clone(), ids[1].clone(), ids[0].clone()]);
    let row = &all["jobs"][0];
    assert_eq!((&row["reason"], &row["attempts"]), (&json!("sandbox_failed: the box broke"), &json!(2)));
    let page = list("?limit=2").await;
    assert_eq!((of(&page).len(), &page["next"]), (2, &json!(ids[1])));
    assert_eq!(of(&list(&format!("?before={}", ids[1])).await), [ids[0].clone()]);
    assert!(of(&list("?language=other").await).is_empty());

    let again = server.post(&format!("/v1/dead/{}/requeue", ids[0]), &json!({})).await;
    assert_eq!(again.status, 202, "{}", again.text());
    let report = server.get(&format!("/v1/jobs/{}?wait=30s", ids[0])).await.json();
    assert_eq!(report["report"]["verdict"], "internal_error", "it fails as it did before");
    assert_eq!(of(&list("").await).len(), 3);
    let dropped = server.send("DELETE", &format!("/v1/dead/{}", ids[1]), &[], "").await;
    assert_eq!((dropped.status, &dropped.json()["state"]), (200, &json!("done")));
    assert_eq!(of(&list("").await), [ids[2].clone(), ids[0].clone()]);
    for (method, path) in [("DELETE", format!("/v1/dead/{}", ids[1])), ("POST", format!("/v1/dead/{}/requeue", ids[1]))]
    {
        server.send(method, &path, &[], "").await.error(404, "not_dead");
    }
    server.send("DELETE", "/v1/dead/7", &[], "").await.error(400, "bad_id");
    server.get("/v1/dead?state=done").await.error(400, "bad_query");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_administrators_do() {
    let server = Server::start().await;
    let some = |scopes: &[Scope]| Key::new("t", scopes.iter().copied().collect(), None).unwrap();
    let (user, secret) = some(&[Scope::Submit, Scope::Read, Scope::Plugins]);
    let (admin, admins) = some(&[Scope::Admin]);
    server.keys.replace(vec![user, admin]);
    let id = "0197b5c2-7d1e-7b3a-9c54-3f0a6b1d2e4f";
    for (method, path, status) in [
        ("GET", "/v1/dead".to_owned(), 200),
        ("POST", format!("/v1/dead/{id}/requeue"), 404),
        ("DELETE", format!("/v1/dead/{id}"), 404),
        ("POST", "/v1/plugins/reload".to_owned(), 200),
        ("PUT", "/v1/plugins/toy".to_owned(), 422),
    ] {
        let ask =
            async |secret: &str| server.send(method, &path, &[&format!("authorization: Bearer {secret}")], "").await;
        ask(&secret).await.error(403, "forbidden");
        assert_eq!(ask(&admins).await.status, status, "{path}");
    }
    let header = format!("authorization: Bearer {admins}");
    let reloaded = server.send("POST", "/v1/plugins/reload", &[&header], "").await.json();
    assert_eq!((&reloaded["changed"], reloaded["plugins"].as_array().unwrap().len()), (&json!(true), 2));
}
