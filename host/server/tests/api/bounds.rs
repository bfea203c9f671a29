//! Bounds of what the server holds for its clients; a client above a quota is told when to try again.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use optimus_queue::Rules;
use optimus_server::api::{ApiLimits, refuse_public};
use optimus_server::keys::{Key, Scope};
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

/// Returns once the server reads the body, which is what a client that expects 100 is told; sends `arrives` bytes of it.
fn begin_a_body(server: &Server, announced: &str, arrives: usize) -> TcpStream {
    const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";
    let mut tcp = TcpStream::connect(server.address).unwrap();
    write!(tcp, "POST /v1/jobs HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\n{announced}\r\n\r\n").unwrap();
    let mut answer = [0; CONTINUE.len()];
    tcp.read_exact(&mut answer).unwrap();
    assert_eq!(answer, CONTINUE);
    if announced.starts_with("transfer-encoding") {
        write!(tcp, "{arrives:x}\r\n").unwrap();
    }
    tcp.write_all(&vec![b' '; arrives]).unwrap();
    tcp
}

/// Returns true if the server has answered, or has closed the connection.
fn is_answered(tcp: &TcpStream) -> bool {
    tcp.set_nonblocking(true).unwrap();
    let found = tcp.peek(&mut [0]);
    tcp.set_nonblocking(false).unwrap();
    found.is_ok()
}

fn job_of(bytes: usize) -> serde_json::Value {
    json!({"language": "toy", "source": "x".repeat(bytes)})
}

#[tokio::test(flavor = "multi_thread")]
async fn large_bodies_that_arrived_are_bounded_and_keep_no_small_one_out() {
    // On a busy machine the slow ones must still be there when they are in the way.
    let (body_time, body_grace) = (Duration::from_secs(300), Duration::from_secs(300));
    let limits = ApiLimits { body_time, body_grace, ..limits() };
    let server = Server::with(Setup { limits, ..Setup::default() }).await;
    for announced in ["content-length: 90000", "transfer-encoding: chunked"] {
        let mut slow = [(); 2].map(|()| begin_a_body(&server, announced, 89_000));
        let refused = async {
            loop {
                // Until both have arrived, one of them may be what there is no room for.
                for body in slow.iter_mut().filter(|body| is_answered(body)) {
                    *body = begin_a_body(&server, announced, 89_000);
                }
                let answer = server.post("/v1/jobs", &job_of(80_000)).await;
                if answer.status != 202 {
                    return answer;
                }
            }
        };
        let refused = tokio::time::timeout(Duration::from_secs(60), refused).await.unwrap();
        refused.error(503, "too_many_bodies");
        assert_eq!(refused.header("retry-after"), Some("1"));
        assert_eq!(server.post("/v1/jobs", &job_of(50_000)).await.status, 202, "a small one");
        drop(slow);
        let room = async {
            while server.post("/v1/jobs", &job_of(80_000)).await.status != 202 {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), room).await.expect("those who left hold nothing");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_only_announced_costs_nothing() {
    let body_time = Duration::from_secs(300);
    let server = Server::with(Setup { limits: ApiLimits { body_time, ..limits() }, ..Setup::default() }).await;
    let announced = ["content-length: 90000", "transfer-encoding: chunked"];
    let _begun: Vec<_> = (0..32).map(|n| begin_a_body(&server, announced[n % 2], 1)).collect();
    assert_eq!(server.post("/v1/jobs", &job_of(90_000)).await.status, 202);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_does_not_arrive_is_given_up() {
    // By the end of its time, or because it falls below the minimum rate.
    let (soon, late) = (Duration::from_millis(100), Duration::from_secs(300));
    for (body_time, body_grace) in [(soon, late), (late, soon)] {
        let limits = ApiLimits { body_time, body_grace, ..limits() };
        let server = Server::with(Setup { limits, ..Setup::default() }).await;
        let mut slow = begin_a_body(&server, "content-length: 90000", 10);
        let answer = tokio::task::spawn_blocking(move || {
            let mut answer = [0; 12];
            slow.read_exact(&mut answer).unwrap();
            answer
        });
        assert_eq!(&answer.await.unwrap(), b"HTTP/1.1 408");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scope_is_decided_before_the_body() {
    let server = Server::start().await;
    let key = |scope| Key::new("t", [scope].into(), None).unwrap();
    let [(reader, reads), (submitter, submits)] = [key(Scope::Read), key(Scope::Submit)];
    server.keys.replace(vec![reader, submitter]);
    let bearer = |secret: &str| format!("authorization: Bearer {secret}");
    for (path, method) in
        [("/v1/jobs", "POST"), ("/v1/jobs/batch", "POST"), ("/v1/problems", "POST"), ("/v1/plugins/toy", "PUT")]
    {
        for body in ["content-length: 67108864", "transfer-encoding: chunked"] {
            let (own, none) = (bearer(&reads), "x-nothing: 1".to_owned());
            // Nothing of the body is ever sent, and the answer is there all the same.
            server.send(method, path, &[&own, body], "").await.error(403, "forbidden");
            server.send(method, path, &[&none, body], "").await.error(401, "unauthorized");
        }
    }
    let job = json!({"language": "toy", "source": "x"}).to_string();
    assert_eq!(server.send("POST", "/v1/jobs", &[&bearer(&submits)], job).await.status, 202);
}

#[tokio::test(flavor = "multi_thread")]
async fn few_bytes_do_not_become_many_values() {
    let server = Server::start().await;
    let many = format!(r#"{{"language":"toy","source":"","options":[{}1]}}"#, "1,".repeat(600_000));
    for path in ["/v1/jobs", "/v1/jobs/batch"] {
        assert!(server.send("POST", path, &[], many.as_str()).await.error(422, "invalid").contains("JSON values"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_error_repeats_more_than_a_little_of_a_request() {
    let server = Server::start().await;
    let long = "x".repeat(1 << 20);
    for (request, status, code) in [
        (json!({"language": "toy", "source": "", long.as_str(): 1}), 400, "bad_job"),
        (json!({"language": "toy", "source": "", "tests": long}), 400, "bad_job"),
        (json!({"language": long, "source": ""}), 422, "invalid"),
        (json!({"language": "toy", "source": "", "limits": {"cpu_ms": long}}), 422, "invalid"),
        (json!({"language": "toy", "source": "", "labels": {long.as_str(): "x"}}), 422, "invalid"),
        (json!({"language": "toy", "files": [{"path": long, "content": ""}]}), 422, "invalid"),
    ] {
        assert!(server.post("/v1/jobs", &request).await.error(status, code).len() < 2_100);
        let batch = server.post("/v1/jobs/batch", &json!({"jobs": [request]})).await;
        assert!((batch.status, batch.body.len()) <= (202, 2_200), "{}", batch.body.len());
    }
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
