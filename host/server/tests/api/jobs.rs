//! Submitting, waiting, asking, listing, cancelling.

use std::io::Write as _;
use std::net::TcpStream;
use std::time::Duration;

use serde_json::json;

use crate::support::{Server, Setup};

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_accepted_and_its_report_can_be_asked_for() {
    let server = Server::start().await;
    for (post, get) in [("/v1/jobs", "/v1/jobs"), ("/submit", "/status")] {
        let answer =
            server.post(post, &json!({"language": "toy-alias", "source": "x", "tests": [{}, {"name": "b"}]})).await;
        assert_eq!(answer.status, 202);
        let body = answer.json();
        assert_eq!(body["state"], "queued");
        let id = body["id"].as_str().unwrap();
        assert_eq!(answer.header("location"), Some(format!("/v1/jobs/{id}").as_str()));
        let done = server.get(&format!("{get}/{id}?wait=30s")).await;
        assert_eq!(done.status, 200);
        let done = done.json();
        assert_eq!(done["state"], "done");
        assert_eq!(done["report"]["verdict"], "accepted");
        assert_eq!(done["report"]["language"], "toy");
        assert_eq!(done["report"]["tests"][1]["name"], "b");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn waiting_answers_with_the_report_or_the_place_to_ask() {
    let server = Server::start().await;
    let now = server.post("/v1/jobs?wait=30s", &json!({"language": "toy", "source": "x"})).await;
    assert_eq!((now.status, &now.json()["report"]["verdict"]), (200, &json!("accepted")));
    let later = server.post("/v1/jobs?wait=20ms", &json!({"language": "toy", "source": "slow"})).await;
    assert_eq!(later.status, 202);
    let place = later.header("location").unwrap();
    assert_eq!(server.get(&format!("{place}?wait=30s")).await.json()["report"]["verdict"], "accepted");
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_come_back_as_they_went() {
    let server = Server::start().await;
    let (raw, nul) = (json!({"base64": "/wD+DQo="}), "a\r\nb\u{0}\u{feff}é\n\n");
    let tests = json!([{"stdin": raw}, {"stdin": nul}, {"stdin": {"text": "plain"}}, {"stdin": ""}]);
    let job = json!({"language": "toy", "source": {"base64": "gIE="}, "tests": tests});
    let report = server.post("/v1/jobs?wait=30s", &job).await.json();
    let tests = &report["report"]["tests"];
    assert_eq!(tests[0]["stdout"]["content"], raw);
    assert_eq!(tests[0]["stderr"]["content"], json!({"base64": "gIE="}));
    assert_eq!(tests[1]["stdout"]["content"], nul);
    assert_eq!(tests[2]["stdout"]["content"], "plain");
    assert_eq!(tests[3]["stdout"]["content"], "");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_is_the_same_job() {
    let server = Server::start().await;
    let post = async |key: &str, source: &str| {
        let body = json!({"language": "toy", "source": source}).to_string();
        server.send("POST", "/v1/jobs", &[&format!("idempotency-key: {key}")], body).await
    };
    let first = post("k-1", "x").await;
    let again = post("k-1", "x").await;
    assert_eq!((first.status, first.header("idempotent-replayed")), (202, None));
    assert_eq!(again.json()["id"], first.json()["id"]);
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_ne!(post("k-2", "x").await.json()["id"], first.json()["id"]);
    assert!(post("k-1", "y").await.error(409, "key_reused").contains("k-1"));
    post("", "x").await.error(400, "bad_key");
    post(&"k".repeat(256), "x").await.error(400, "bad_key");
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_are_cancelled() {
    let server = Server::with(Setup { slots: 1, ..Setup::default() }).await;
    let running = server.submit("hang").await;
    server.is_running(&running).await;
    let waiting = server.submit("x").await;
    let at_once = server.send("DELETE", &format!("/v1/jobs/{waiting}"), &[], "").await;
    assert_eq!((at_once.status, &at_once.json()["report"]["verdict"]), (200, &json!("cancelled")));
    let asked = server.send("DELETE", &format!("/v1/jobs/{running}"), &[], "").await;
    assert_eq!((asked.status, &asked.json()["state"]), (202, &json!("running")));
    let ended = server.get(&format!("/v1/jobs/{running}?wait=30s")).await;
    assert_eq!(ended.json()["report"]["verdict"], "cancelled");
    server.send("DELETE", &format!("/v1/jobs/{running}"), &[], "").await.error(409, "too_late");
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_are_listed_page_by_page() {
    let server = Server::with(Setup { slots: 0, ..Setup::default() }).await;
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(server.submit("x").await);
    }
    ids.reverse();
    let (mut found, mut next) = (Vec::new(), String::new());
    loop {
        let page = server.get(&format!("/v1/jobs?limit=2&state=queued&language=toy{next}")).await.json();
        found.extend(page["jobs"].as_array().unwrap().iter().map(|job| job["id"].as_str().unwrap().to_owned()));
        match page["next"].as_str() {
            Some(id) => next = format!("&before={id}"),
            None => break,
        }
    }
    assert_eq!(found, ids);
    assert_eq!(server.get("/v1/jobs?state=done").await.json()["jobs"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_of_ours_is_an_internal_error_and_the_server_goes_on() {
    let server = Server::start().await;
    for (source, code) in [("fail", "sandbox_failed"), ("panic", "judge_panicked")] {
        let done = server.post("/v1/jobs?wait=30s", &json!({"language": "toy", "source": source})).await.json();
        assert_eq!(done["report"]["verdict"], "internal_error");
        assert_eq!(done["report"]["error"]["code"], code);
    }
    server.submit("x").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_goes_away_has_still_submitted() {
    let server = Server::start().await;
    let body = json!({"language": "toy", "source": "slow"}).to_string();
    let head = format!("POST /v1/jobs?wait=30s HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n", body.len());
    let mut tcp = TcpStream::connect(server.address).unwrap();
    tcp.write_all((head + &body).as_bytes()).unwrap();
    while server.get("/v1/jobs").await.json()["jobs"].as_array().unwrap().is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    drop(tcp);
    let id = server.get("/v1/jobs").await.json()["jobs"][0]["id"].as_str().unwrap().to_owned();
    let done = server.get(&format!("/v1/jobs/{id}?wait=30s")).await;
    assert_eq!(done.json()["report"]["verdict"], "accepted");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_waits_when_the_server_stops_is_told_where_to_ask() {
    let mut server = Server::start().await;
    let id = server.submit("hang").await;
    let address = server.address;
    let waiting = tokio::task::spawn_blocking(move || {
        use std::io::Read as _;
        let mut tcp = TcpStream::connect(address).unwrap();
        write!(tcp, "GET /v1/jobs/{id}?wait=60s HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
        let mut answer = String::new();
        tcp.read_to_string(&mut answer).unwrap();
        answer
    });
    tokio::time::sleep(Duration::from_millis(200)).await;
    server.stop().await;
    let answer = waiting.await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("\"running\""), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_options_are_the_clients() {
    let server = Server::start().await;
    let job = |options: serde_json::Value| json!({"language": "toy", "source": "x", "options": options});
    assert_eq!(server.post("/v1/jobs?wait=30s", &job(json!({"std": "b"}))).await.status, 200);
    let error = server.post("/v1/jobs", &job(json!({"std": "c"}))).await.error(422, "invalid");
    assert!(error.starts_with("`options.std`"), "{error}");
    let error = server.post("/v1/jobs", &job(json!({"sdt": "a"}))).await.error(422, "invalid");
    assert!(error.starts_with("`options.sdt`"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_and_lists_say_when() {
    let server = Server::start().await;
    let job = server.post("/v1/jobs", &json!({"language": "toy", "source": "x"})).await.json();
    let created = job["created_at"].as_str().unwrap();
    assert!(created.ends_with('Z') && created.contains('T'), "{created}");
    let list = server.get("/v1/jobs?limit=1").await.json();
    assert_eq!(list["jobs"][0]["created_at"], created);
    let next = list["next"].as_str().unwrap();
    for name in ["next", "before"] {
        assert_eq!(server.get(&format!("/v1/jobs?{name}={next}")).await.json()["jobs"], json!([]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_waits_for_its_reports() {
    let server = Server::start().await;
    let job = json!({"language": "toy", "source": "x"});
    let bad = json!({"language": "toy", "source": "x", "tests": [{"stdin": 5}]});
    let answer = server.post("/v1/jobs/batch?wait=30s", &json!({"jobs": [job, bad]})).await;
    assert_eq!(answer.status, 200);
    let rows = answer.json();
    assert_eq!(rows["jobs"][0]["report"]["verdict"], "accepted");
    let message = rows["jobs"][1]["error"]["message"].as_str().unwrap();
    assert!(message.starts_with("`jobs[1].tests[0].stdin`"), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_are_published() {
    let server = Server::start().await;
    let limits = server.get("/v1/limits").await.json();
    assert_eq!((&limits["defaults"]["cpu_ms"], &limits["max_tests"]), (&json!(2_000), &json!(1_000)));
    let cap = limits["caps"]["cpu_ms"].as_u64().unwrap();
    let job = |cpu_ms: u64| json!({"language": "toy", "source": "x", "limits": {"cpu_ms": cpu_ms}});
    assert_eq!(server.post("/v1/jobs", &job(cap)).await.status, 202);
    server.post("/v1/jobs", &job(cap + 1)).await.error(422, "invalid");
}
