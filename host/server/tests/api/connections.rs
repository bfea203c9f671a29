//! Connections that do nothing, or next to nothing, never keep others out.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use optimus_server::api::{ApiLimits, ConnectionLimits};
use serde_json::json;

use crate::support::{Server, Setup};

async fn server(connections: ConnectionLimits) -> Server {
    let limits = ApiLimits { connections, ..ApiLimits::default() };
    Server::with(Setup { limits, ..Setup::default() }).await
}

/// A connection that says no more than this.
fn says(server: &Server, text: &str) -> TcpStream {
    let mut tcp = TcpStream::connect(server.address).unwrap();
    tcp.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    tcp.write_all(text.as_bytes()).unwrap();
    tcp
}

/// Reads to the end, which the server has to make.
async fn is_closed(mut tcp: TcpStream) -> String {
    let read = move || {
        let mut text = Vec::new();
        // A reset is an end as well.
        let _ = tcp.read_to_end(&mut text);
        String::from_utf8(text).unwrap()
    };
    let start = Instant::now();
    let text = tokio::task::spawn_blocking(read).await.unwrap();
    assert!(start.elapsed() < Duration::from_secs(50), "the server did not close it");
    text
}

const HALF_A_HEAD: &str = "POST /v1/jobs HTTP/1.1\r\nhost: x\r\nx-a: ";

#[tokio::test(flavor = "multi_thread")]
async fn silent_connections_and_half_heads_make_room() {
    // Longer than the test: room is made by need, not by time.
    let (head, idle) = (Duration::from_secs(600), Duration::from_secs(600));
    let server = server(ConnectionLimits { most: 16, head, idle, ..ConnectionLimits::default() }).await;
    let slow = "POST /v1/jobs HTTP/1.1\r\nhost: x\r\ncontent-length: 67108864\r\n\r\n{";
    let _uploads: Vec<_> = (0..4).map(|_| says(&server, slow)).collect();
    let mut held = Vec::new();
    for n in 0..200 {
        held.push(says(&server, if n % 2 == 0 { "" } else { HALF_A_HEAD }));
        if n % 20 == 0 {
            let answer = server.post("/v1/jobs?wait=30s", &json!({"language": "toy", "source": "x"})).await;
            assert_eq!(answer.status, 200, "{answer:?}");
        }
    }
    assert_eq!(is_closed(held.swap_remove(0)).await, "", "the oldest had to go");
}

#[tokio::test(flavor = "multi_thread")]
async fn when_every_connection_has_a_request_the_next_is_told_so() {
    let server = server(ConnectionLimits { most: 2, ..ConnectionLimits::default() }).await;
    // Each is told to go on with its body, and so has been read, before the next connects: none of them makes room.
    let begin = "POST /v1/jobs HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 9\r\n\r\n";
    let busy = [(); 2].map(|()| {
        let mut tcp = says(&server, begin);
        let mut told = [0; b"HTTP/1.1 100 Continue\r\n\r\n".len()];
        tcp.read_exact(&mut told).unwrap();
        tcp
    });
    let refused = server.get("/healthz").await;
    assert_eq!(
        (refused.json()["error"]["code"].as_str(), refused.header("retry-after")),
        (Some("too_many_connections"), Some("1"))
    );
    drop(busy);
    let served = async {
        while server.get("/healthz").await.status != 200 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), served).await.expect("those who left make room");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_phase_of_a_connection_has_an_end() {
    let short = Duration::from_millis(200);
    let long = ConnectionLimits::default();
    let heads = server(ConnectionLimits { head: short, ..long.clone() }).await;
    assert_eq!(is_closed(says(&heads, "")).await, "");
    assert_eq!(is_closed(says(&heads, HALF_A_HEAD)).await, "");
    let kept = "GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n";
    let mut second = says(&heads, kept);
    second.read_exact(&mut [0; 12]).unwrap();
    second.write_all(HALF_A_HEAD.as_bytes()).unwrap();
    assert!(is_closed(second).await.ends_with('}'), "the rest of the first answer");

    let idle = server(ConnectionLimits { idle: short, ..long.clone() }).await;
    assert!(is_closed(says(&idle, kept)).await.starts_with("HTTP/1.1 200"));

    let requests = server(ConnectionLimits { request: short, ..long }).await;
    let id = requests.submit("hang").await;
    let wait = format!("GET /v1/jobs/{id}?wait=60s HTTP/1.1\r\nhost: x\r\n\r\n");
    assert_eq!(is_closed(says(&requests, &wait)).await, "");
    let mut events = says(&requests, &format!("GET /v1/jobs/{id}/events HTTP/1.1\r\nhost: x\r\n\r\n"));
    tokio::time::sleep(short * 4).await;
    let mut some = [0; 12];
    events.read_exact(&mut some).unwrap();
    events.set_read_timeout(Some(short)).unwrap();
    let mut rest = vec![0; 64 << 10];
    let ended = std::iter::repeat_with(|| events.read(&mut rest)).take(3).any(|read| read.is_ok_and(|n| n == 0));
    assert!(!ended, "an event stream goes on");
}
