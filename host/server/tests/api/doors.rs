//! Doors over the real server: keys, tenants, the queue's caps, bodies.

use optimus_queue::Rules;
use optimus_server::keys::{Key, Scope};
use serde_json::{Value, json};

use crate::commands::tool;
use crate::support::{Answer, Server, Setup, language};
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

#[tokio::test(flavor = "multi_thread")]
async fn small_engines_run_programs_and_say_what_is_too_large_in_their_own_words() {
    let mut setup = Setup::default();
    setup.limits.body_bytes = 1_000;
    let server = server(setup).await;
    let long = "x".repeat(2_000);
    let (dify, judge) = ("/doors/dify/v1/sandbox/run", "/doors/code-judge/run");
    let (jobe, nemo) = ("/doors/jobe/restapi/runs", "/doors/nemo-skills/execute");
    let jobs = |code: &str| {
        [
            (dify, json!({"language": "toy", "code": code})),
            (judge, json!({"type": "toy", "solution": code, "input": "hello", "expected_output": "hello"})),
            (jobe, json!({"run_spec": {"language_id": "toy", "sourcecode": code, "input": "hello"}})),
            (nemo, json!({"generated_code": code, "language": "toy", "timeout": 9, "std_input": "hello"})),
        ]
    };
    for (path, body) in jobs("x") {
        let answer = server.post(path, &body).await;
        let body = answer.json();
        let (printed, wanted) = if path == dify { (&body["data"]["stdout"], "") } else { (&body["stdout"], "hello") };
        assert!(answer.status == 200 && printed == wanted, "{path} {}", answer.text());
    }
    for (path, body) in jobs(&long) {
        let answer = server.post(path, &body).await;
        let body = answer.json();
        let said = match path {
            _ if path == dify => &body["message"],
            _ if path == judge => &body["detail"],
            _ if path == jobe => &body,
            _ => &body["error"],
        };
        assert!(answer.status == 413 && said.as_str().unwrap().contains("1000 bytes"), "{path} {}", answer.text());
    }
}

const RUN: &str = "/doors/go-judge/run";

fn command(changes: &Value) -> Value {
    let mut cmd = json!({
        "args": ["cat"], "copyOutCached": ["out"],
        "files": [{"content": "hello"}, {"name": "stdout", "max": 100}, {"name": "stderr", "max": 100}],
    });
    cmd.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    json!({"cmd": [cmd]})
}

#[tokio::test(flavor = "multi_thread")]
async fn go_judge_runs_commands_where_the_server_does() {
    let server = server(Setup::default()).await;
    let off = server.post(RUN, &command(&json!({}))).await;
    assert!(off.status == 500 && off.text().contains("`--commands`"), "{} {}", off.status, off.text());
    server.languages.replace(vec![tool()]);
    let answer = server.post(RUN, &command(&json!({}))).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let result = answer.json()[0].clone();
    assert_eq!((&result["status"], &result["files"]["stdout"]), (&json!("Accepted"), &json!("hello")), "{result}");
    assert_eq!(server.get("/doors/go-judge/file").await.json()[result["fileIds"]["out"].as_str().unwrap()], "out");
    let wrong = server.post(RUN, &command(&json!({"cpuLimit": "1s"}))).await;
    assert!(wrong.status == 400 && wrong.json().as_str().unwrap().starts_with("cmd[0].cpuLimit"), "{}", wrong.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn go_judge_asks_for_the_scope_of_commands_and_keeps_tenants_apart() {
    let server = server(Setup::default()).await;
    server.languages.replace(vec![tool()]);
    let key = |tenant: &str, scopes: &[Scope]| Key::new(tenant, scopes.iter().copied().collect(), None).unwrap();
    let all = [Scope::Submit, Scope::Read, Scope::Commands];
    let ((user, users), (one, ones), (two, twos)) = (key("one", &all[..2]), key("one", &all), key("two", &all));
    server.keys.replace(vec![user, one, two]);
    let ask = async |secret: &str, method: &str, path: &str, body: &Value| -> Answer {
        let headers = [&*format!("authorization: Bearer {secret}"), "content-type: application/json"];
        server.send(method, &format!("/doors/go-judge{path}"), &headers, body.to_string()).await
    };
    let plain = command(&json!({}));
    for secret in ["", "opt_x"] {
        let refused = ask(secret, "POST", "/run", &plain).await;
        assert_eq!((refused.status, refused.text()), (401, String::new()));
    }
    for (method, path) in [("POST", "/run"), ("GET", "/file"), ("POST", "/file"), ("DELETE", "/file/x")] {
        let refused = ask(&users, method, path, &plain).await;
        assert!(refused.status == 403 && refused.json().as_str().unwrap().contains("\"commands\""), "{method} {path}");
    }
    let result = ask(&ones, "POST", "/run", &plain).await.json()[0].clone();
    let id = result["fileIds"]["out"].as_str().unwrap().to_owned();
    let file = format!("/file/{id}");
    assert_eq!(server.get(&format!("/doors/go-judge/key/{ones}{file}")).await.text(), "hello");
    let uses = command(&json!({"copyIn": {"a": {"fileId": id}}}));
    assert_eq!(ask(&ones, "POST", "/run", &uses).await.json()[0]["files"]["stderr"], "hello");
    // The other tenant cannot know of it.
    assert_eq!(ask(&twos, "GET", &file, &Value::Null).await.status, 404);
    assert_eq!(ask(&twos, "DELETE", &file, &Value::Null).await.status, 404);
    assert_eq!(ask(&twos, "GET", "/file", &Value::Null).await.json(), json!({}));
    let unknown = ask(&twos, "POST", "/run", &uses).await;
    assert!(unknown.status == 400 && unknown.text().contains("there is no file"), "{}", unknown.text());
    assert_eq!(ask(&ones, "DELETE", &file, &Value::Null).await.status, 200);
    assert_eq!(ask(&ones, "GET", &file, &Value::Null).await.status, 404);
}
