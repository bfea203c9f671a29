//! Doors over the real server: keys, tenants, the queue's caps, bodies.

use optimus_queue::Rules;
use optimus_server::keys::{Key, Scope};
use serde_json::{Value, json};

use crate::support::{Server, Setup, language};
use optimus_core::language::Availability;

/// With a language that has an id of Judge0's.
async fn server(setup: Setup) -> Server {
    let server = Server::with(setup).await;
    let mut toy = language("toy", Availability::Available { version: "toy 1.2".to_owned() });
    toy.descriptor.judge0_ids = vec![71];
    server.languages.replace(vec![toy]);
    server
}

fn submission(source: &str) -> Value {
    json!({"source_code": source, "language_id": 71, "stdin": "hello"})
}

const SUBMISSIONS: &str = "/doors/judge0/submissions";

#[tokio::test(flavor = "multi_thread")]
async fn a_submission_goes_through_the_queue_and_its_end_is_awaited() {
    let server = server(Setup::default()).await;
    let answer = server.post(&format!("{SUBMISSIONS}?wait=true"), &submission("x")).await;
    assert_eq!((answer.status, &answer.json()["stdout"]), (201, &json!("hello")), "{}", answer.text());
    assert_eq!(answer.json()["status"], json!({"id": 3, "description": "Accepted"}));
    let token = answer.json()["token"].as_str().unwrap().to_owned();
    let again = server.get(&format!("{SUBMISSIONS}/{token}/?fields=*&base64_encoded=true")).await.json();
    assert_eq!((&again["source_code"], &again["stdout"]), (&json!("eA==\n"), &json!("aGVsbG8=\n")));
    let jobs = server.get("/v1/jobs").await.json();
    assert_eq!(jobs["jobs"].as_array().unwrap().len(), 1);
    assert_eq!(server.get("/doors/nosuch/about").await.status, 404);
    let statistics = server.get("/doors/judge0/statistics").await.json();
    assert_eq!(statistics["submissions"]["total"], 1);
    let callback = json!({"source_code": "x", "language_id": 71, "callback_url": "http://10.0.0.1/"});
    let inside = server.post(SUBMISSIONS, &callback).await;
    assert_eq!(inside.status, 422);
    let said = inside.json()["callback_url"][0].as_str().unwrap().to_owned();
    assert!(said.starts_with("leads to 10.0.0.1"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_holds_the_request_until_there_is_room() {
    let rules = Rules { cap: 1, ..Rules::default() };
    let server = server(Setup { rules, slots: 1, ..Setup::default() }).await;
    let first = server.post(SUBMISSIONS, &submission("slow")).await;
    assert_eq!(first.status, 201, "{}", first.text());
    let second = server.post(&format!("{SUBMISSIONS}?wait=true"), &submission("x")).await;
    assert_eq!((second.status, &second.json()["stdout"]), (201, &json!("hello")), "{}", second.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_needed_where_there_are_keys_and_tenants_see_their_own() {
    let server = server(Setup::default()).await;
    let (own, own_secret) = Key::new("one", [Scope::Submit, Scope::Read].into(), None).unwrap();
    let (other, other_secret) = Key::new("two", [Scope::Read].into(), None).unwrap();
    server.keys.replace(vec![own, other]);
    let kind = "content-type: application/json";
    let post = async |key: &str| {
        server.send("POST", SUBMISSIONS, &[kind, &format!("x-auth-token: {key}")], submission("x").to_string()).await
    };
    assert_eq!((post("").await.status, post("opt_x").await.status, post(&other_secret).await.status), (401, 401, 403));
    let token = post(&own_secret).await.json()["token"].as_str().unwrap().to_owned();
    let get = async |key: &str| server.get(&format!("/doors/judge0/key/{key}/submissions/{token}")).await.status;
    assert_eq!((get(&own_secret).await, get(&other_secret).await, get("opt_x").await), (200, 404, 401));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_too_large_is_refused_in_the_doors_shape() {
    let mut setup = Setup::default();
    setup.limits.body_bytes = 1_000;
    let server = server(setup).await;
    let answer = server.post(SUBMISSIONS, &submission(&"x".repeat(2_000))).await;
    assert_eq!(answer.status, 413);
    assert!(answer.json()["error"].as_str().unwrap().contains("1000 bytes"), "{}", answer.text());
}
