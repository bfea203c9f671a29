//! Input for programs that run.

use serde_json::json;

use crate::support::{Answer, Server};

async fn live(server: &Server) -> String {
    let job = json!({"language": "toy", "source": "converse", "live_stdin": true});
    let answer = server.post("/v1/jobs", &job).await;
    assert_eq!(answer.status, 202, "{answer:?}");
    answer.json()["id"].as_str().unwrap().to_owned()
}

async fn write(server: &Server, id: &str, query: &str, bytes: impl Into<Vec<u8>>) -> Answer {
    server.send("POST", &format!("/v1/jobs/{id}/stdin{query}"), &[], bytes).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_reads_what_is_sent_before_and_while_it_runs() {
    let server = Server::start().await;
    let id = live(&server).await;
    let many: Vec<u8> = (0..100_000_u32).map(|n| b'a' + (n % 26) as u8).collect();
    for piece in [&b"first "[..], b"", &many, b"\xff\0"] {
        assert_eq!(write(&server, &id, "", piece).await.status, 204);
    }
    server.is_running(&id).await;
    assert_eq!(write(&server, &id, "?end=true", "last").await.status, 204);
    let done = server.get(&format!("/v1/jobs/{id}?wait=30s")).await.json();
    let printed: optimus_core::Content =
        serde_json::from_value(done["report"]["tests"][0]["stdout"]["content"].clone()).unwrap();
    assert_eq!(printed.as_bytes(), [&b"first "[..], &many, b"\xff\0last"].concat());
    write(&server, &id, "", "more").await.error(409, "over");
}

#[tokio::test(flavor = "multi_thread")]
async fn input_that_no_program_would_read_is_refused() {
    let server = Server::start().await;
    let other = server.submit("hang").await;
    write(&server, &other, "", "x").await.error(409, "stdin_closed");
    write(&server, "0197b5c2-7d1e-7b3a-9c54-3f0a6b1d2e4f", "", "x").await.error(404, "no_such_job");
    let id = live(&server).await;
    write(&server, &id, "?end=maybe", "x").await.error(400, "bad_query");
    write(&server, &id, "", vec![b'x'; (16 << 20) + 1]).await.error(413, "stdin_full");
    assert_eq!(write(&server, &id, "?end=true", "").await.status, 204);
    let late = write(&server, &id, "", "x").await;
    assert!(late.status == 409 && ["stdin_ended", "over"].contains(&late.json()["error"]["code"].as_str().unwrap()));
}
