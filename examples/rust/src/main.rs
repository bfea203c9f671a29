//! Submits jobs to Optimus, follows events, and receives a signed webhook.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "an example talks to the person who runs it")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;
use ring::rand::{SecureRandom as _, SystemRandom};
use serde_json::{Value, json};

/// A receiver refuses what is older than this: a recorded delivery cannot be sent again later.
const TOLERANCE_S: u64 = 300;

/// A server of Optimus.
struct Client {
    url: String,
    key: Option<String>,
}

impl Client {
    fn from_env() -> Self {
        let url = std::env::var("OPTIMUS_URL").unwrap_or_else(|_| "http://127.0.0.1:8080".to_owned());
        Self { url, key: std::env::var("OPTIMUS_KEY").ok() }
    }

    fn submit(&self, job: &Value, query: &str) -> anyhow::Result<Value> {
        let mut request = ureq::post(format!("{}/v1/jobs{query}", self.url));
        if let Some(key) = &self.key {
            request = request.header("authorization", format!("Bearer {key}"));
        }
        Ok(request.send_json(job)?.body_mut().read_json()?)
    }

    /// Calls `heard` with each event of a job: server-sent events, one JSON value in each `data:` line.
    fn follow(&self, id: &str, mut heard: impl FnMut(&Value)) -> anyhow::Result<()> {
        let mut request = ureq::get(format!("{}/v1/jobs/{id}/events", self.url));
        if let Some(key) = &self.key {
            request = request.header("authorization", format!("Bearer {key}"));
        }
        for line in BufReader::new(request.call()?.into_body().into_reader()).lines() {
            if let Some(data) = line?.strip_prefix("data:") {
                heard(&serde_json::from_str(data)?);
            }
        }
        Ok(())
    }
}

/// A request that a receiver has read.
struct Delivery {
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Delivery {
    fn read(stream: &TcpStream) -> anyhow::Result<Self> {
        let (mut reader, mut headers) = (BufReader::new(stream), Vec::new());
        reader.read_line(&mut String::new())?;
        loop {
            let mut line = String::new();
            reader.read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(':') else { break };
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let mut delivery = Self { headers, body: Vec::new() };
        delivery.body.resize(delivery.header("content-length")?.parse()?, 0);
        reader.read_exact(&mut delivery.body)?;
        Ok(delivery)
    }

    fn header(&self, name: &str) -> anyhow::Result<&str> {
        let found = self.headers.iter().find(|(header, _)| header == name);
        found.map(|(_, value)| value.as_str()).with_context(|| format!("the request has no `{name}`"))
    }

    /// Checks the signature as Standard Webhooks describes.
    fn is_signed(&self, secret: &[u8]) -> anyhow::Result<bool> {
        let timestamp: u64 = self.header("webhook-timestamp")?.parse()?;
        if SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs().abs_diff(timestamp) > TOLERANCE_S {
            return Ok(false);
        }
        let signed = [format!("{}.{timestamp}.", self.header("webhook-id")?).as_bytes(), &self.body].concat();
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
        let mut signatures = self.header("webhook-signature")?.split(' ').filter_map(|given| given.strip_prefix("v1,"));
        // `verify` compares in constant time.
        Ok(signatures.any(|given| STANDARD.decode(given).is_ok_and(|tag| hmac::verify(&key, &signed, &tag).is_ok())))
    }
}

/// Submits `job` with a webhook to this process, and returns the verdict that arrives signed.
fn receive(client: &Client, mut job: Value) -> anyhow::Result<String> {
    let mut secret = [0; 32];
    SystemRandom::new().fill(&mut secret).ok().context("the system has no randomness")?;
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("http://{}/", listener.local_addr()?);
    job["webhook"] = json!({ "url": url, "secret": format!("whsec_{}", STANDARD.encode(secret)) });
    client.submit(&job, "")?;
    loop {
        let (mut stream, _) = listener.accept()?;
        let delivery = Delivery::read(&stream)?;
        let verified = delivery.is_signed(&secret)?;
        let status = if verified { "204 No Content" } else { "401 Unauthorized" };
        write!(stream, "HTTP/1.1 {status}\r\nconnection: close\r\n\r\n")?;
        if verified {
            let body: Value = serde_json::from_slice(&delivery.body)?;
            return body["data"]["verdict"].as_str().map(str::to_owned).context("the delivery has no verdict");
        }
    }
}

fn verdict(report: &Value) -> &str {
    report["verdict"].as_str().unwrap_or("none")
}

fn main() -> anyhow::Result<()> {
    let client = Client::from_env();
    let right = json!({
        "language": "python",
        "source": "print(2 * int(input()))",
        "tests": [{"stdin": "1", "expect": "2"}],
    });
    let mut wrong = right.clone();
    wrong["tests"] = json!([{"stdin": "1", "expect": "2"}, {"stdin": "2", "expect": "5"}]);

    let submitted = client.submit(&wrong, "")?;
    let id = submitted["id"].as_str().context("the answer has no id")?;
    println!("submitted {id}");
    client.follow(id, |event| match event["event"].as_str() {
        // A client that subscribes late, or reads slowly, misses some of these; `done` always arrives.
        Some("test") => eprintln!("test {} of {} has ended", event["index"].as_u64().unwrap_or(0) + 1, event["total"]),
        Some("done") => {
            for (index, test) in event["report"]["tests"].as_array().into_iter().flatten().enumerate() {
                println!("test {}: {}", index + 1, verdict(test));
            }
            println!("done: {}", verdict(&event["report"]));
        }
        _ => {}
    })?;

    println!("waited: {}", verdict(&client.submit(&right, "?wait=30s")?["report"]));
    println!("webhook: {}, signature verified", receive(&client, right)?);
    Ok(())
}
