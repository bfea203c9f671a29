//! Webhooks: told once, signed, tried again, and never to anybody inside.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use optimus_server::webhooks::{Gate, Policy, connector};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::support::{Server, Setup, webhooks};

/// The answer of a receiver.
#[derive(Clone)]
enum Reply {
    Status(u16),
    Redirect(String),
    Hang,
    /// A body without end.
    Flood,
    /// A head without end.
    FloodOfHeaders,
}

/// A request as it arrived.
#[derive(Debug, Clone)]
struct Heard {
    head: String,
    body: Vec<u8>,
}

impl Heard {
    fn header(&self, name: &str) -> &str {
        let found = self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        found.unwrap_or_else(|| panic!("no {name}: {}", self.head))
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// Answers each request with the next reply, and the last for ever.
struct Receiver {
    url: String,
    heard: Arc<Mutex<Vec<Heard>>>,
    /// Bytes of a flood that were taken from us before the other side had enough.
    flooded: Arc<Mutex<Vec<usize>>>,
}

impl Receiver {
    async fn start(ip: &str, replies: &[Reply]) -> Self {
        let (receiver, listener) = Self::new(ip, "http").await;
        let (heard, flooded, replies) = (receiver.heard.clone(), receiver.flooded.clone(), replies.to_vec());
        tokio::spawn(async move {
            loop {
                let (tcp, _) = listener.accept().await.unwrap();
                tokio::spawn(answer(tcp, replies.clone(), heard.clone(), flooded.clone()));
            }
        });
        receiver
    }

    async fn new(ip: &str, scheme: &str) -> (Self, TcpListener) {
        let listener = TcpListener::bind((ip, 0)).await.unwrap();
        let url = format!("{scheme}://{}/hook?x=1", listener.local_addr().unwrap());
        (Self { url, heard: Arc::default(), flooded: Arc::default() }, listener)
    }

    fn heard(&self) -> Vec<Heard> {
        self.heard.lock().unwrap().clone()
    }

    async fn hears(&self, count: usize) -> Vec<Heard> {
        eventually(|| Some(self.heard()).filter(|heard| heard.len() >= count)).await
    }
}

async fn eventually<T>(mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "it does not happen");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn answer<T: AsyncRead + AsyncWrite + Unpin>(
    mut tcp: T,
    replies: Vec<Reply>,
    heard: Arc<Mutex<Vec<Heard>>>,
    flooded: Arc<Mutex<Vec<usize>>>,
) {
    let Some(request) = read(&mut tcp).await else { return };
    let number = {
        let mut heard = heard.lock().unwrap();
        heard.push(request);
        heard.len() - 1
    };
    match &replies[number.min(replies.len() - 1)] {
        Reply::Status(status) => {
            let _ = tcp.write_all(format!("HTTP/1.1 {status} X\r\ncontent-length: 2\r\n\r\nok").as_bytes()).await;
        }
        Reply::Redirect(to) => {
            let head = format!("HTTP/1.1 307 X\r\nlocation: {to}\r\ncontent-length: 0\r\n\r\n");
            let _ = tcp.write_all(head.as_bytes()).await;
        }
        Reply::Hang => tokio::time::sleep(Duration::from_secs(300)).await,
        Reply::Flood => flood(tcp, "HTTP/1.1 200 X\r\ncontent-length: 99999999999\r\n\r\n", "x", &flooded).await,
        Reply::FloodOfHeaders => flood(tcp, "HTTP/1.1 200 X\r\nx: ", "x", &flooded).await,
    }
}

async fn flood<T: AsyncWrite + Unpin>(mut tcp: T, head: &str, piece: &str, flooded: &Mutex<Vec<usize>>) {
    let piece = piece.repeat(64 << 10);
    let mut written = 0;
    let _ = tcp.write_all(head.as_bytes()).await;
    while tcp.write_all(piece.as_bytes()).await.is_ok() {
        written += piece.len();
    }
    flooded.lock().unwrap().push(written);
}

async fn read<T: AsyncRead + Unpin>(tcp: &mut T) -> Option<Heard> {
    let mut bytes = Vec::new();
    loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
            let mut heard = Heard { head, body: bytes[end + 4..].to_vec() };
            let length: usize = heard.header("content-length").parse().unwrap();
            let mut rest = vec![0; length - heard.body.len()];
            tcp.read_exact(&mut rest).await.ok()?;
            heard.body.extend(rest);
            return Some(heard);
        }
        if tcp.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
}

/// HMAC as RFC 2104 defines it, over what Standard Webhooks says is signed.
fn signature(secret: &str, heard: &Heard) -> String {
    use base64::Engine as _;
    let base64 = base64::engine::general_purpose::STANDARD;
    let mut key = base64.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
    key.resize(64, 0);
    let pad = |with: u8| key.iter().map(|byte| byte ^ with).collect::<Vec<u8>>();
    let signed = [heard.header("webhook-id").as_bytes(), heard.header("webhook-timestamp").as_bytes(), &heard.body];
    let inner = Sha256::digest([pad(0x36), signed.join(&b'.')].concat());
    format!("v1,{}", base64.encode(Sha256::digest([pad(0x5c), inner.to_vec()].concat())))
}

fn policy(allowed: &[&str]) -> Policy {
    let allowed = allowed.iter().map(|network| network.parse().unwrap()).collect();
    Policy { gate: Arc::new(Gate::new(allowed)), ..webhooks() }
}

async fn server(policy: Policy) -> Server {
    Server::with(Setup { webhooks: policy, ..Setup::default() }).await
}

fn job(webhook: &Value) -> Value {
    json!({"language": "toy", "source": "x", "webhook": webhook})
}

async fn submit(server: &Server, url: &str) -> String {
    let answer = server.post("/v1/jobs", &job(&json!({"url": url}))).await;
    assert_eq!(answer.status, 202, "{}", answer.text());
    answer.json()["id"].as_str().unwrap().to_owned()
}

async fn counted(server: &Server, outcome: &str, count: usize) {
    let line = format!("optimus_webhooks_total{{outcome=\"{outcome}\"}} {count}");
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let text = server.get("/metrics").await.text();
        if text.lines().any(|found| found == line) {
            return;
        }
        assert!(Instant::now() < deadline, "{line}: {text}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_fails_twice_is_told_once_of_one_event() {
    let server = server(policy(&["127.0.0.1"])).await;
    let receiver = Receiver::start("127.0.0.1", &[Reply::Status(500), Reply::Status(503), Reply::Status(200)]).await;
    let id = submit(&server, &receiver.url).await;
    counted(&server, "delivered", 1).await;
    counted(&server, "failed", 2).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    let heard = receiver.heard();
    assert_eq!(heard.len(), 3, "nothing more after a success");
    let secret = server.get("/v1/webhooks/secret").await.json()["secret"].as_str().unwrap().to_owned();
    for one in &heard {
        assert!(one.head.starts_with("POST /hook?x=1 HTTP/1.1"), "{}", one.head);
        assert_eq!(one.header("webhook-id"), format!("evt_{id}"));
        assert_eq!(one.header("webhook-signature"), signature(&secret, one));
        assert_eq!(one.header("content-type"), "application/json");
    }
    let body = heard[2].json();
    assert_eq!(body["type"], "job.done");
    assert_eq!((&body["data"]["id"], &body["data"]["verdict"]), (&json!(id), &json!("accepted")));
    assert_eq!(body["data"]["report"], server.get(&format!("/v1/jobs/{id}")).await.json()["report"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_may_bring_its_own_secret() {
    let server = server(policy(&["127.0.0.1"])).await;
    let receiver = Receiver::start("127.0.0.1", &[Reply::Status(200)]).await;
    let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let batch = json!({"jobs": [job(&json!({"url": receiver.url, "secret": secret}))]});
    assert_eq!(server.post("/v1/jobs/batch", &batch).await.json()["accepted"], 1);
    let heard = receiver.hears(1).await;
    assert_eq!(heard[0].header("webhook-signature"), signature(secret, &heard[0]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_inside_is_never_reached() {
    let server = server(policy(&["127.0.0.2"])).await;
    let inside = Receiver::start("127.0.0.1", &[Reply::Status(200)]).await;
    let port = inside.url.rsplit(':').next().unwrap().split('/').next().unwrap().to_owned();
    for url in [
        inside.url.clone(),
        format!("http://2130706433:{port}/"),
        format!("http://[::ffff:127.0.0.1]:{port}/"),
        format!("http://localhost:{port}/"),
        format!("http://a.localhost.:{port}/"),
    ] {
        let error = server.post("/v1/jobs", &job(&json!({"url": url}))).await.error(422, "invalid");
        assert!(error.contains("`webhook.url`") && error.contains("--webhook-allow"), "{error}");
    }
    server.post("/v1/jobs", &job(&json!({"url": "http://169.254.169.254/latest/"}))).await.error(422, "invalid");
    for (webhook, place) in [
        (json!({"url": "gopher://example.org"}), "webhook.url"),
        (json!({"url": "https://u:p@example.org"}), "webhook.url"),
        (json!({"url": "https://example.org", "secret": "short"}), "webhook.secret"),
    ] {
        assert!(server.post("/v1/jobs", &job(&webhook)).await.error(422, "invalid").contains(place));
    }
    server.post("/v1/jobs", &job(&json!({}))).await.error(400, "bad_job");

    // A name is looked up when the job is over, and what it leads to is what counts.
    let mut refused = 0;
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap().trim().to_owned();
    if tokio::net::lookup_host((name.as_str(), 80)).await.is_ok() {
        submit(&server, &format!("http://{name}:{port}/")).await;
        refused += 1;
        counted(&server, "refused", refused).await;
    }
    // Nor does a receiver outside lead in.
    let outside = Receiver::start("127.0.0.2", &[Reply::Redirect(inside.url.clone())]).await;
    submit(&server, &outside.url).await;
    counted(&server, "refused", refused + 1).await;
    assert_eq!((outside.heard().len(), inside.heard().len()), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_hangs_holds_up_nobody_and_is_given_up() {
    let policy = Policy { deadline: Duration::from_millis(700), attempts: 2, ..policy(&["127.0.0.0/8"]) };
    let server = server(policy).await;
    let hanging = Receiver::start("127.0.0.1", &[Reply::Hang]).await;
    let fine = Receiver::start("127.0.0.2", &[Reply::Status(204)]).await;
    let before = Instant::now();
    for _ in 0..8 {
        submit(&server, &hanging.url).await;
    }
    submit(&server, &fine.url).await;
    fine.hears(1).await;
    counted(&server, "given_up", 8).await;
    assert!(before.elapsed() >= Duration::from_millis(1_400), "each was tried twice");
    assert_eq!(hanging.heard().len(), 16);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_an_answer_without_end_only_the_beginning_is_read() {
    let policy = Policy { attempts: 2, ..policy(&["127.0.0.1"]) };
    let server = server(policy).await;
    let bodies = Receiver::start("127.0.0.1", &[Reply::Flood]).await;
    submit(&server, &bodies.url).await;
    counted(&server, "delivered", 1).await;
    let heads = Receiver::start("127.0.0.1", &[Reply::FloodOfHeaders]).await;
    submit(&server, &heads.url).await;
    counted(&server, "given_up", 1).await;
    for receiver in [bodies, heads] {
        let taken = eventually(|| receiver.flooded.lock().unwrap().first().copied()).await;
        // What the kernel's buffers hold, and a little.
        assert!(taken < 64 << 20, "{taken}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_pending_survives_a_restart() {
    let receiver = Receiver::start("127.0.0.1", &[Reply::Status(500), Reply::Status(200)]).await;
    let slow = Policy { backoff: Duration::from_secs(2), ..policy(&["127.0.0.1"]) };
    let mut first = server(slow.clone()).await;
    let id = submit(&first, &receiver.url).await;
    counted(&first, "failed", 1).await;
    first.stop().await;
    let dir = first.dir.clone();
    drop(first);
    let second = Server::with(Setup { webhooks: slow, dir: Some(dir), ..Setup::default() }).await;
    counted(&second, "delivered", 1).await;
    let heard = receiver.heard();
    assert_eq!(heard.len(), 2);
    let secret = second.get("/v1/webhooks/secret").await.json()["secret"].as_str().unwrap().to_owned();
    for one in &heard {
        assert_eq!(one.header("webhook-id"), format!("evt_{id}"));
        assert_eq!(one.header("webhook-signature"), signature(&secret, one), "the secret stays too");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secure_receiver_must_be_vouched_for() {
    let certified = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let authority = dir.path().join("ca.pem");
    std::fs::write(&authority, certified.cert.pem()).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(certified.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_no_client_auth().with_single_cert(vec![certified.cert.der().clone()], key).unwrap();
    let (receiver, listener) = Receiver::new("127.0.0.1", "https").await;
    let (acceptor, heard) = (tokio_rustls::TlsAcceptor::from(Arc::new(config)), receiver.heard.clone());
    tokio::spawn(async move {
        loop {
            let (tcp, _) = listener.accept().await.unwrap();
            if let Ok(tls) = acceptor.accept(tcp).await {
                tokio::spawn(answer(tls, vec![Reply::Status(200)], heard.clone(), Arc::default()));
            }
        }
    });
    let doubtful = server(Policy { attempts: 2, ..policy(&["127.0.0.1"]) }).await;
    submit(&doubtful, &receiver.url).await;
    counted(&doubtful, "given_up", 1).await;
    assert!(receiver.heard().is_empty());
    let trusting = server(Policy { tls: connector(Some(&authority)).unwrap(), ..policy(&["127.0.0.1"]) }).await;
    submit(&trusting, &receiver.url).await;
    counted(&trusting, "delivered", 1).await;
    assert_eq!(receiver.heard().len(), 1);
    assert!(connector(Some(&dir.path().join("none"))).is_err());
}
