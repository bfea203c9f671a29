//! Steps that send HTTP requests.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use optimus_server::webhooks::{Gate, Policy};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::support::{Server, Setup, webhooks};

/// Answers each request with the next answer, and the last one for ever. An empty one is no answer.
struct Peer {
    address: String,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Peer {
    async fn start(answers: Vec<String>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let heard = Arc::<Mutex<Vec<String>>>::default();
        let peer = Self { address, heard: Arc::clone(&heard) };
        tokio::spawn(async move {
            loop {
                let (mut tcp, _) = listener.accept().await.unwrap();
                let (heard, answers) = (Arc::clone(&heard), answers.clone());
                tokio::spawn(async move {
                    let request = read(&mut tcp).await;
                    let number = {
                        let mut heard = heard.lock().unwrap();
                        heard.push(request);
                        heard.len() - 1
                    };
                    let answer = &answers[number.min(answers.len() - 1)];
                    if answer.is_empty() {
                        tokio::time::sleep(Duration::from_secs(60)).await;
                    }
                    let _ = tcp.write_all(answer.as_bytes()).await;
                });
            }
        });
        peer
    }

    fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }
}

/// A head and a body as long as it says.
async fn read(tcp: &mut tokio::net::TcpStream) -> String {
    let mut request = Vec::new();
    loop {
        let mut more = [0; 4_096];
        let read = tcp.read(&mut more).await.unwrap();
        request.extend_from_slice(&more[..read]);
        let text = String::from_utf8_lossy(&request).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
            if body.len() >= length.unwrap_or(0) {
                return text;
            }
        }
        assert!(read > 0, "a request breaks off: {text}");
    }
}

fn answer(status: &str, kind: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\ncontent-type: {kind}\r\nset-cookie: a=b\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

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
    let (server, peer) = (server().await, Peer::start(vec![answer("201 Created", "application/json", r#"{"n": [1, 2]}"#)]).await);
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
    let peer = Peer::start(vec![answer("503 Busy", "text/plain", "later"), answer("200 OK", "text/plain", "now"), elsewhere]).await;
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
    for url in [format!("http://{}/", inside.address), format!("http://localhost:{port}/"), format!("http://[::ffff:127.0.0.1]:{port}/")] {
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
