//! What the server holds for its clients is bounded, and who comes too much is told when to come again.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use optimus::api::{ApiLimits, refuse_public};
use optimus_queue::Rules;
use serde_json::json;

use crate::support::{Server, Setup};

fn limits() -> ApiLimits {
    ApiLimits {
        body_bytes: 100_000,
        held_bytes: 200_000,
        body_time: Duration::from_millis(500),
        ..ApiLimits::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_beyond_the_cap_is_refused() {
    let server = Server::with(Setup { limits: limits(), ..Setup::default() }).await;
    let fits = json!({"language": "toy", "source": "x".repeat(90_000)}).to_string();
    assert_eq!(server.send("POST", "/v1/jobs", &[], fits.as_str()).await.status, 202);
    let large = json!({"language": "toy", "source": "x".repeat(100_000)}).to_string();
    assert!(server.send("POST", "/v1/jobs", &[], large.as_str()).await.error(413, "too_large").contains("100000"));
    let announced = server.send("POST", "/v1/jobs", &["content-length: 99999999999"], "{").await;
    announced.error(413, "too_large");
    let chunk = format!("{:x}\r\n{large}\r\n0\r\n\r\n", large.len());
    server.send("POST", "/v1/jobs", &["transfer-encoding: chunked"], chunk).await.error(413, "too_large");
    let chunk = format!("{:x}\r\n{fits}\r\n0\r\n\r\n", fits.len());
    assert_eq!(server.send("POST", "/v1/jobs", &["transfer-encoding: chunked"], chunk).await.status, 202);
}

/// Returns once the server reads the body, which is what a client that expects 100 is told.
fn begin_a_body(server: &Server) -> TcpStream {
    const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";
    let mut tcp = TcpStream::connect(server.address).unwrap();
    write!(tcp, "POST /v1/jobs HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 90000\r\n\r\n").unwrap();
    let mut answer = [0; CONTINUE.len()];
    tcp.read_exact(&mut answer).unwrap();
    assert_eq!(answer, CONTINUE);
    tcp
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_at_once_are_bounded() {
    // On a busy machine the slow ones must still be there when they are in the way.
    let limits = ApiLimits { body_time: Duration::from_secs(300), ..limits() };
    let server = Server::with(Setup { limits, ..Setup::default() }).await;
    let slow = [begin_a_body(&server), begin_a_body(&server)];
    let job = json!({"language": "toy", "source": "x".repeat(50_000)});
    let refused = server.post("/v1/jobs", &job).await;
    refused.error(503, "too_many_bodies");
    assert_eq!(refused.header("retry-after"), Some("1"));
    drop(slow);
    let room = async {
        while server.post("/v1/jobs", &job).await.status != 202 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), room).await.expect("those who left hold nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_does_not_arrive_is_given_up() {
    let limits = ApiLimits { body_time: Duration::from_millis(100), ..limits() };
    let server = Server::with(Setup { limits, ..Setup::default() }).await;
    let mut slow = begin_a_body(&server);
    let answer = tokio::task::spawn_blocking(move || {
        let mut answer = [0; 12];
        slow.read_exact(&mut answer).unwrap();
        answer
    });
    assert_eq!(&answer.await.unwrap(), b"HTTP/1.1 408");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_says_when_to_come_again() {
    let rules = Rules { cap: 1, ..Rules::default() };
    let server = Server::with(Setup { rules, slots: 0, ..Setup::default() }).await;
    server.submit("x").await;
    let full = server.post("/v1/jobs", &json!({"language": "toy", "source": ""})).await;
    full.error(503, "queue_full");
    assert!(full.header("retry-after").is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn listeners_are_bounded() {
    let limits = ApiLimits { listeners: 0, ..ApiLimits::default() };
    let server = Server::with(Setup { limits, ..Setup::default() }).await;
    let id = server.submit("x").await;
    server.get(&format!("/v1/jobs/{id}/events")).await.error(503, "too_many_listeners");
}

#[test]
fn without_keys_only_this_machine_is_listened_to() {
    for fine in ["127.0.0.1:80", "127.8.8.8:0", "[::1]:80", "[::ffff:127.0.0.1]:80"] {
        assert!(refuse_public(fine.parse().unwrap()).is_ok(), "{fine}");
    }
    for exposed in ["0.0.0.0:80", "[::]:80", "10.0.0.1:80", "192.0.2.1:80", "[2001:db8::1]:80"] {
        let error = refuse_public(exposed.parse().unwrap()).unwrap_err();
        assert!(error.to_string().contains(exposed) && error.hint().contains("127.0.0.1:80"), "{error}");
    }
}
