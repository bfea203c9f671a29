//! Events as they happen.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Server, Setup};

/// `(event, data)` of each event; comments are left out.
fn events(text: &str) -> Vec<(String, Value)> {
    let field = |block: &str, name: &str| block.lines().find_map(|line| line.strip_prefix(name).map(str::to_owned));
    let blocks = text
        .split("\n\n")
        .filter_map(|block| Some((field(block, "event: ")?, serde_json::from_str(&field(block, "data: ")?).unwrap())));
    blocks.collect()
}

/// Takes the chunks of a chunked body apart.
fn unchunk(text: &str) -> String {
    let (mut rest, mut body) = (text, String::new());
    while let Some((size, tail)) = rest.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).unwrap();
        body += &tail[..size];
        rest = tail[size..].trim_start_matches("\r\n");
        if size == 0 {
            break;
        }
    }
    body
}

#[tokio::test(flavor = "multi_thread")]
async fn events_arrive_in_order_and_the_last_is_done() {
    let server = Server::with(Setup { slots: 1, ..Setup::default() }).await;
    let job = json!({"language": "toy", "source": "slow", "tests": [{"stdin": "1"}, {"stdin": {"base64": "/w=="}}]});
    let id = server.post("/v1/jobs", &job).await.json()["id"].as_str().unwrap().to_owned();
    server.is_running(&id).await;
    let answer = server.get(&format!("/v1/jobs/{id}/events")).await;
    assert_eq!(answer.header("content-type"), Some("text/event-stream"));
    let heard = events(&unchunk(&answer.text()));
    let names: Vec<&str> = heard.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["started", "test", "test", "done"]);
    assert_eq!(heard[2].1["index"], 1);
    assert_eq!(heard[2].1["report"]["stdout"]["content"], json!({"base64": "/w=="}));
    assert_eq!(heard[3].1["report"]["verdict"], "accepted");

    let late = events(&unchunk(&server.get(&format!("/v1/jobs/{id}/events")).await.text()));
    assert_eq!(late.len(), 1);
    assert_eq!(late[0].0, "done");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_ends_when_the_server_stops() {
    let mut server = Server::start().await;
    let id = server.submit("hang").await;
    server.is_running(&id).await;
    let address = server.address;
    let listening = tokio::task::spawn_blocking(move || {
        let mut tcp = TcpStream::connect(address).unwrap();
        write!(tcp, "GET /v1/jobs/{id}/events HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
        let mut text = String::new();
        tcp.read_to_string(&mut text).unwrap();
        text
    });
    tokio::time::sleep(Duration::from_millis(200)).await;
    server.stop().await;
    assert!(listening.await.unwrap().contains("event: started"));
}

/// Listens to a job from where somebody left off.
fn listen(address: SocketAddr, id: &str, last: Option<&str>) -> TcpStream {
    let mut tcp = TcpStream::connect(address).unwrap();
    tcp.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let last = last.map(|last| format!("last-event-id: {last}\r\n")).unwrap_or_default();
    write!(tcp, "GET /v1/jobs/{id}/events HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{last}\r\n").unwrap();
    tcp
}

/// `(id, data)` of the next so many events. Each is one chunk, so that its lines are whole.
fn hear(tcp: TcpStream, count: usize) -> Vec<(String, Value)> {
    let (mut heard, mut id) = (Vec::new(), String::new());
    for line in BufReader::new(tcp).lines().map(Result::unwrap) {
        if let Some(found) = line.strip_prefix("id: ") {
            id = found.to_owned();
        }
        if let Some(data) = line.strip_prefix("data: ") {
            heard.push((id.clone(), serde_json::from_str(data).unwrap()));
        }
        if heard.len() == count {
            return heard;
        }
    }
    panic!("it ended after {} events", heard.len());
}

async fn blocking<T: Send + 'static>(f: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(f).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_again_misses_nothing() {
    let server = Server::start().await;
    let id = server.submit("talk").await;
    server.is_running(&id).await;
    let (address, job) = (server.address, id.clone());
    let first = blocking(move || hear(listen(address, &job, None), 6)).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    let (job, last) = (id.clone(), first[5].0.clone());
    let second = blocking(move || hear(listen(address, &job, Some(&last)), 6)).await;
    let said: Vec<u64> =
        first.iter().chain(&second).filter_map(|(_, data)| data["content"].as_str()?.parse().ok()).collect();
    assert!(said.len() >= 11 && said.windows(2).all(|pair| pair[1] == pair[0] + 1), "{said:?}");
    server.send("DELETE", &format!("/v1/jobs/{id}"), &[], "").await;
    server.get(&format!("/v1/jobs/{id}?wait=30s")).await;
    let path = format!("/v1/jobs/{id}/events");
    let over = unchunk(&server.send("GET", &path, &["last-event-id: 0-3"], "").await.text());
    assert!(over.contains("id: done\n") && over.contains("event: done\n"), "{over}");
    assert_eq!(server.send("GET", &path, &["last-event-id: done"], "").await.status, 204);
    server.send("GET", &path, &["last-event-id: x"], "").await.error(400, "bad_event_id");
}

fn resident_bytes() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    pages.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_never_read_cost_little_and_hold_up_nobody() {
    let server = Server::with(Setup { slots: 1, ..Setup::default() }).await;
    let blocker = server.submit("hang").await;
    let id = server.submit("flood").await;
    let address = server.address;
    let deaf: Vec<TcpStream> = (0..20).map(|_| listen(address, &id, None)).collect();
    let job = id.clone();
    let listening = blocking(move || hear(listen(address, &job, None), 1)).await;
    assert_eq!(listening[0].1["event"], "queued");
    let before = resident_bytes();
    server.send("DELETE", &format!("/v1/jobs/{blocker}"), &[], "").await;
    let report = server.get(&format!("/v1/jobs/{id}?wait=60s")).await.json();
    assert_eq!(report["report"]["verdict"], "accepted");
    // Unbounded, these clients would hold 1.6 GB.
    let grown = resident_bytes().saturating_sub(before);
    assert!(grown < 400 << 20, "{grown}");
    drop(deaf);
}

/// The role of this binary when it is started again.
const ROLE: &str = "OPTIMUS_API_TEST_ROLE";

/// This very test, in a process that may open as many files as the machine lets it.
fn again(role: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -n \"$(ulimit -Hn)\"; exec \"$@\"", "sh"]).arg(std::env::current_exe().unwrap());
    command.args(["--exact", "streams::ten_thousand_idle_listeners_are_served", "--nocapture"]).env(ROLE, role);
    command
}

#[expect(clippy::print_stdout, reason = "the other process reads it")]
fn say(text: &str) {
    println!("{text}");
}

fn open_files() -> usize {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap();
    let line = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
    line.split_whitespace().nth(3).unwrap().parse().unwrap_or(usize::MAX)
}

/// Opens as many streams as it is told to, waits until all have begun, and says so; then until all have ended.
fn ten_thousand_clients(what: &str) {
    let [_, address, id, count] = what.split('|').collect::<Vec<_>>()[..] else { panic!("{what}") };
    let address = address.parse().unwrap();
    let mut clients: Vec<TcpStream> = (0..count.parse().unwrap()).map(|_| listen(address, id, None)).collect();
    for client in &mut clients {
        let mut heard = Vec::new();
        while !String::from_utf8_lossy(&heard).contains("event: ") {
            let mut piece = [0; 1024];
            let count = client.read(&mut piece).unwrap();
            assert!(count > 0, "it ended early");
            heard.extend_from_slice(&piece[..count]);
        }
    }
    say("all begun");
    for mut client in clients {
        let mut rest = String::new();
        client.read_to_string(&mut rest).unwrap();
        assert!(rest.contains("event: done"), "{rest}");
    }
    say("all ended");
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_idle_listeners_are_served() {
    match std::env::var(ROLE) {
        Err(_) => {
            let output = again("server").output().unwrap();
            let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{said}");
            say(said.lines().find(|line| line.contains("listeners at once")).unwrap());
        }
        Ok(role) if role == "server" => serve_ten_thousand().await,
        Ok(role) => blocking(move || ten_thousand_clients(&role)).await,
    }
}

async fn serve_ten_thousand() {
    let count = open_files().saturating_sub(500).min(10_000);
    assert!(count >= 1_000, "this machine lets a process open only {} files", open_files());
    let server = Server::start().await;
    let id = server.submit("hang").await;
    server.is_running(&id).await;
    let mut clients =
        again(&format!("clients|{}|{id}|{count}", server.address)).stdout(Stdio::piped()).spawn().unwrap();
    let mut said = BufReader::new(clients.stdout.take().unwrap()).lines();
    let mut wait_for = move |what: &'static str| assert!(said.any(|line| line.unwrap().contains(what)), "{what}");
    let wait_for = blocking(move || {
        wait_for("all begun");
        wait_for
    });
    let mut wait_for = wait_for.await;
    // They idle; others are served meanwhile, and a worker works.
    for _ in 0..20 {
        let job = json!({"language": "toy", "source": "x"});
        assert_eq!(server.post("/v1/jobs?wait=30s", &job).await.status, 200);
    }
    say(&format!("{count} listeners at once, {} MiB resident", resident_bytes() >> 20));
    server.send("DELETE", &format!("/v1/jobs/{id}"), &[], "").await;
    let ended = blocking(move || {
        wait_for("all ended");
        // It may say more until it ends.
        (clients.wait().unwrap(), wait_for)
    });
    assert!(ended.await.0.success());
}
