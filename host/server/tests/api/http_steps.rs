//! Steps that send HTTP requests.

use std::sync::Arc;
use std::time::Duration;

use optimus_server::webhooks::{Gate, Policy, Secret};
use serde_json::{Value, json};

use crate::peer::{Peer, answer};
use crate::support::{Server, Setup, webhooks};

/// A server whose gate lets requests out to this machine.
async fn server() -> Server {
    let gate = Arc::new(Gate::new(vec!["127.0.0.1".parse().unwrap()]));
    Server::with(Setup { webhooks: Policy { gate, ..webhooks() }, ..Setup::default() }).await
}

async fn ran(server: &Server, definition: &Value, inputs: &Value) -> Value {
    let made = server.post("/v1/pipelines", definition).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let runs = format!("/v1/pipelines/{}/runs", made.json()["id"].as_str().unwrap());
    let begun = server.post(&runs, &json!({ "inputs": inputs })).await;
    assert_eq!(begun.status, 202, "{}", begun.text());
    let path = format!("/v1/runs/{}", begun.json()["id"].as_str().unwrap());
    for _ in 0..1_500 {
        let run = server.get(&path).await.json();
        if run["ended_at"].is_string() {
            return run;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{path} is not over");
}

fn get(url: &str) -> Value {
    json!({"name": "get", "uses": "http", "with": {"url": url}})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_sends_what_it_says_and_later_steps_see_the_answer() {
    let (server, peer) =
        (server().await, Peer::start(vec![answer("201 Created", "application/json", r#"{"n": [1, 2]}"#)]).await);
    let url = format!("http://{}/tell?x=${{inputs.n}}", peer.address);
    let definition = json!({"inputs": {"n": 7}, "steps": [
        {"name": "tell", "uses": "http", "with": {"url": url, "method": "POST", "headers": {"X-Token": "t${inputs.n}"},
                                                 "json": {"score": "${inputs.n}", "by": "n is ${inputs.n}"}}},
        {"name": "after", "needs": ["tell"], "with": {"language": "toy", "source": "x",
            "tests": [{"stdin": "${steps.tell.result.status} ${steps.tell.result.json.n[1]}"}]}}
    ]});
    let begin = std::time::Instant::now();
    let run = ran(&server, &definition, &json!({})).await;
    assert_eq!(run["state"], "succeeded", "{run}");
    assert!(begin.elapsed() < Duration::from_secs(3), "an answer is not waited for: {:?}", begin.elapsed());
    assert_eq!(run["steps"][1]["jobs"][0]["result"]["stdout"], "201 2");
    let result = &run["steps"][0]["jobs"][0]["result"];
    assert_eq!(result["headers"], json!({"content-type": "application/json"}), "no cookies");
    let heard = peer.heard();
    let (head, body) = heard[0].split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("POST /tell?x=7 HTTP/1.1\r\n"), "{head}");
    let key = format!("idempotency-key: {}-tell-0-1", run["id"].as_str().unwrap());
    for line in ["x-token: t7", "content-type: application/json", &key, &format!("host: {}", peer.address)] {
        assert!(head.lines().any(|found| found == line), "no {line}: {head}");
    }
    assert_eq!(serde_json::from_str::<Value>(body).unwrap(), json!({"score": 7, "by": "n is 7"}));
    assert_eq!(run["steps"][0]["jobs"][0]["request"], json!(&key["idempotency-key: ".len()..]));
    assert_eq!(heard.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_tried_again_as_the_step_says_and_a_redirect_is_not_followed() {
    let server = server().await;
    let inside = Peer::start(vec![answer("200 OK", "text/plain", "secret")]).await;
    let elsewhere = format!("HTTP/1.1 302 Found\r\nlocation: http://{}/\r\ncontent-length: 0\r\n\r\n", inside.address);
    let peer =
        Peer::start(vec![answer("503 Busy", "text/plain", "later"), answer("200 OK", "text/plain", "now"), elsewhere])
            .await;
    let mut step = get(&format!("http://{}/", peer.address));
    step["retry"] = json!({"attempts": 2, "backoff_s": 0});
    let run = ran(&server, &json!({"steps": [step]}), &json!({})).await;
    let job = &run["steps"][0]["jobs"][0];
    assert_eq!((&job["attempt"], &job["result"]["body"]), (&json!(2), &json!("now")), "{run}");
    let run = ran(&server, &json!({"steps": [get(&format!("http://{}/", peer.address))]}), &json!({})).await;
    let result = &run["steps"][0]["jobs"][0]["result"];
    assert_eq!((&run["state"], &result["status"]), (&json!("failed"), &json!(302)), "{run}");
    assert_eq!(result["headers"]["location"], json!(format!("http://{}/", inside.address)));
    assert_eq!((peer.heard().len(), inside.heard().len()), (3, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_request_goes_inside() {
    let server = Server::start().await;
    let inside = Peer::start(vec![answer("200 OK", "text/plain", "secret")]).await;
    let port = inside.address.rsplit(':').next().unwrap();
    for url in [
        format!("http://{}/", inside.address),
        format!("http://localhost:{port}/"),
        format!("http://[::ffff:127.0.0.1]:{port}/"),
    ] {
        let run = ran(&server, &json!({"inputs": {"url": url}, "steps": [get("${inputs.url}")]}), &json!({})).await;
        assert_eq!(run["steps"][0]["jobs"][0]["result"]["error"]["code"], "url_forbidden", "{run}");
    }
    assert!(inside.heard().is_empty());
    let made = server.post("/v1/pipelines", &json!({"steps": [get("http://169.254.169.254/latest")]})).await.json();
    let dry = server.post(&format!("/v1/pipelines/{}/dry-run", made["id"].as_str().unwrap()), &json!({})).await.json();
    assert_eq!(dry["steps"][0]["error"]["code"], "url_forbidden", "{dry}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_floods_or_hangs_costs_a_bounded_answer_and_time() {
    let server = server().await;
    let peer = Peer::start(vec![answer("200 OK", "application/json", &format!("[{}1]", "1,".repeat(200_000)))]).await;
    let run = ran(&server, &json!({"steps": [get(&format!("http://{}/", peer.address))]}), &json!({})).await;
    let result = &run["steps"][0]["jobs"][0]["result"];
    assert_eq!((&run["state"], &result["truncated"]), (&json!("succeeded"), &json!(true)));
    assert_eq!((result["body"].as_str().unwrap().len(), &result["json"]), (256 << 10, &Value::Null));
    let peer = Peer::start(vec![String::new()]).await;
    let mut step = get(&format!("http://{}/", peer.address));
    step["timeout_s"] = json!(1);
    let run = ran(&server, &json!({"steps": [step]}), &json!({})).await;
    assert_eq!(run["steps"][0]["jobs"][0]["result"]["error"]["code"], "step_timeout", "{run}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_a_run_is_told_until_it_is_heard_and_signed() {
    let server = server().await;
    let peer = Peer::start(vec![answer("503 Busy", "text/plain", ""), answer("200 OK", "text/plain", "")]).await;
    let other = Peer::start(vec![answer("200 OK", "text/plain", "")]).await;
    let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let job = json!({"language": "toy", "source": "x", "tests": [{"stdin": "1"}]});
    let hook = json!({"url": format!("http://{}/hook", peer.address), "secret": secret});
    let made = server.post("/v1/pipelines", &json!({"webhook": hook, "steps": [{"name": "a", "with": job}]})).await;
    assert_eq!(made.status, 201, "{}", made.text());
    assert_eq!(made.json()["webhook"], json!({"url": hook["url"]}), "the secret is not shown");
    let runs = format!("/v1/pipelines/{}/runs", made.json()["id"].as_str().unwrap());
    let run = server.post(&runs, &json!({})).await.json()["id"].as_str().unwrap().to_owned();
    let until = std::time::Instant::now() + Duration::from_secs(30);
    while peer.heard().len() < 2 {
        assert!(std::time::Instant::now() < until, "{:?}", peer.heard());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let heard = peer.heard();
    let parts = |request: &str| {
        let (head, body) = request.split_once("\r\n\r\n").unwrap();
        let header =
            |name: &str| head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).unwrap().to_owned();
        (
            header("webhook-id"),
            header("webhook-timestamp").parse::<u64>().unwrap(),
            header("webhook-signature"),
            body.to_owned(),
        )
    };
    let (id, at, signature, body) = parts(&heard[1]);
    assert_eq!((id.clone(), parts(&heard[0]).0), (format!("evt_{run}"), id.clone()), "each try has the same id");
    assert_eq!(signature, Secret::parse(secret).unwrap().sign(&id, at, body.as_bytes()));
    let told: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((&told["type"], &told["data"]["state"]), (&json!("run.done"), &json!("succeeded")));
    assert_eq!(told["data"]["run"], server.get(&format!("/v1/runs/{run}")).await.json());
    // Somebody else is told of this one.
    let hook = json!({"webhook": {"url": format!("http://{}/", other.address)}});
    assert_eq!(server.post(&runs, &hook).await.status, 202);
    while other.heard().is_empty() {
        assert!(std::time::Instant::now() < until);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(peer.heard().len(), 2);
    let inside = json!({"webhook": {"url": "http://169.254.169.254/"}});
    server.post(&runs, &inside).await.error(422, "invalid");
}
