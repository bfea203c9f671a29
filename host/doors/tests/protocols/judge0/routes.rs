//! Who may ask what, and what the other routes say.

use optimus_doors::Door;
use serde_json::{Value, json};

use super::house;
use crate::support::{House, echo};

#[tokio::test]
async fn a_token_comes_in_a_header_a_parameter_or_the_path() {
    let keys = [("one", "a", false), ("two", "b", false), ("root", "c", true)];
    let house = House::with_keys(Door::Judge0, &keys, echo);
    let about = async |path: &str, headers: &[&str]| house.send("GET", path, headers, "").await.status;
    assert_eq!(about("/about", &["X-Auth-Token: one"]).await, 200);
    assert_eq!(about("/about?X-Auth-Token=one", &[]).await, 200);
    assert_eq!(about("/key/one/about", &[]).await, 200);
    assert_eq!(about("/doors/judge0/key/one/about/", &[]).await, 200);
    assert_eq!(about("/about", &["authorization: Bearer one"]).await, 200);
    for (path, headers) in [("/about", &[][..]), ("/about", &["X-Auth-Token: no"]), ("/key/no/about", &[])] {
        let answer = house.send("GET", path, headers, "").await;
        assert_eq!((answer.status, answer.body.len()), (401, 0), "{path}");
    }
    let submission = json!({"source_code": "x", "language_id": 71}).to_string();
    let kind = "content-type: application/json";
    let answer = house.send("POST", "/submissions", &["X-Auth-Token: one", kind], submission).await;
    let path = format!("/submissions/{}", answer.json()["token"].as_str().unwrap());
    assert_eq!(about(&path, &["X-Auth-Token: one"]).await, 200);
    assert_eq!(about(&path, &["X-Auth-Token: two"]).await, 404, "another tenant's");
}

#[tokio::test]
async fn lists_and_deletion_need_an_administrator() {
    let house = House::with_keys(Door::Judge0, &[("one", "a", false), ("root", "c", true)], echo);
    for (method, path) in [("GET", "/submissions"), ("DELETE", "/submissions/x"), ("POST", "/authorize")] {
        let allowed = if method == "DELETE" { 400 } else { 200 };
        for (user, status) in [(None, 403), (Some("X-Auth-User: one"), 403), (Some("X-Auth-User: root"), allowed)] {
            let headers: Vec<&str> = ["X-Auth-Token: one"].into_iter().chain(user).collect();
            let answer = house.send(method, path, &headers, "").await;
            assert_eq!(answer.status, status, "{method} {path} {user:?}");
        }
        assert_eq!(house.send(method, path, &["X-Auth-Token: root"], "").await.status, allowed);
    }
    assert_eq!(house.send("POST", "/authenticate", &["X-Auth-Token: one"], "").await.status, 200);
    let refused = house.send("DELETE", "/submissions/x", &["X-Auth-Token: root"], "").await;
    assert_eq!(refused.json(), json!({"error": "delete not allowed"}));
}

#[tokio::test]
async fn languages_have_the_ids_of_their_plugins() {
    let house = house(echo);
    let listed = house.get("/languages/").await.json();
    let row = |id: u32, name: &str| json!({"id": id, "name": name});
    let built = "BUILT (12.2.0)";
    assert_eq!(
        listed,
        json!([row(49, built), row(50, built), row(70, "TOY (3.11.2)"), row(71, "TOY (3.11.2)")]),
        "49 is of the plugin that can run here"
    );
    let all = house.get("/languages/all").await.json();
    assert!(all.as_array().unwrap().contains(&json!({"id": 66, "name": "GONE", "is_archived": true})), "{all}");
    let one = house.get("/languages/71").await.json();
    assert_eq!((&one["source_file"], &one["is_archived"]), (&json!("main.toy"), &json!(false)));
    assert_eq!(house.get("/languages/1").await.status, 404);
    assert_eq!(house.get("/languages/x").await.status, 404);
}

#[tokio::test]
async fn lists_have_pages() {
    let house = house(echo);
    for _ in 0..5 {
        house.post("/submissions", &json!({"source_code": "x", "language_id": 71})).await;
    }
    let page = house.get("/submissions?page=2&per_page=2&fields=token,language_id").await.json();
    assert_eq!(page["submissions"].as_array().unwrap().len(), 2);
    assert_eq!(page["submissions"][0]["language_id"], 71);
    let meta = json!({"current_page": 2, "next_page": 3, "prev_page": 1, "total_pages": 3, "total_count": 5});
    assert_eq!(page["meta"], meta);
    for (query, error) in
        [("page=0", "invalid page: 0"), ("page=x", "invalid page: 0"), ("per_page=-1", "invalid per_page: -1")]
    {
        let answer = house.get(&format!("/submissions?{query}")).await;
        assert_eq!((answer.status, answer.json()), (400, json!({"error": error})), "{query}");
    }
}

#[tokio::test]
async fn all_columns_are_those_of_the_version() {
    let house = house(echo);
    let submission = json!({"source_code": "x", "language_id": 71, "stdin": "4", "cpu_time_limit": 2});
    let answer = house.post("/submissions?wait=true&fields=*", &submission).await.json();
    assert_eq!(answer.as_object().unwrap().len(), 35);
    for (column, value) in [
        ("source_code", json!("x")),
        ("stdin", json!("4")),
        ("expected_output", Value::Null),
        ("language_id", json!(71)),
        ("language", json!({"id": 71, "name": "TOY (3.11.2)"})),
        ("cpu_time_limit", json!("2.0")),
        ("memory_limit", json!(128_000)),
        ("finished_at", json!("2026-11-27T12:00:00.123Z")),
        ("enable_network", json!(false)),
    ] {
        assert_eq!(answer[column], value, "{column}");
    }
}

#[tokio::test]
async fn the_other_routes_say_how_the_server_is() {
    let house = house(echo);
    house.post("/submissions", &json!({"source_code": "x", "language_id": 71})).await;
    assert_eq!(house.get("/about").await.json()["version"], "1.13.1");
    assert_eq!(house.get("/version").await.text(), "1.13.1");
    assert_eq!(house.get("/license").await.text(), "Apache-2.0");
    assert!(house.get("/isolate").await.text().starts_with("optimus "));
    let statuses = house.get("/statuses").await.json();
    assert_eq!((statuses.as_array().unwrap().len(), &statuses[2]), (14, &json!({"id": 3, "description": "Accepted"})));
    let config = house.get("/config_info").await.json();
    assert_eq!(config.as_object().unwrap().len(), 39);
    assert_eq!((&config["max_cpu_time_limit"], &config["memory_limit"]), (&json!(15.0), &json!(128_000)));
    assert_eq!(config["allowed_languages_for_compile_options"], json!(["BUILT (12.2.0)", "BUILT (12.2.0)"]));
    assert!(house.get("/system_info").await.json()["CPU(s)"].is_string());
    let workers = house.get("/workers").await.json();
    assert_eq!((&workers[0]["size"], &workers[0]["working"]), (&json!(3), &json!(2)));
    let statistics = house.get("/statistics?invalidate_cache=true").await.json();
    assert_eq!(statistics["submissions"], json!({"total": 1, "today": 1, "last_30_days": 1}));
    assert_eq!(statistics["statuses"], json!([{"status": {"id": 3, "name": "Accepted"}, "count": 1}]));
}
