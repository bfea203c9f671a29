//! Piston's WebSocket over the real server.

use std::time::Duration;

use serde_json::{Value, json};

use crate::sockets::Socket;
use crate::support::Server;

async fn open(server: &Server) -> Socket {
    Socket::at(server, "/doors/piston/api/v2/connect", None).await.unwrap_or_else(|status| panic!("{status}"))
}

fn init(source: &str) -> Value {
    json!({"type": "init", "language": "toy", "version": "*", "files": [{"content": source}]})
}

fn stdin(data: &str) -> Value {
    json!({"type": "data", "stream": "stdin", "data": data})
}

/// All messages until the connection is closed, and the code.
async fn rest(socket: &mut Socket) -> (Vec<Value>, u16) {
    let mut messages = Vec::new();
    loop {
        match socket.hear_or_close().await {
            Ok(message) => messages.push(message),
            Err(closed) => return (messages, closed.map_or(0, |(code, _)| code)),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_answers_what_it_is_told() {
    let server = Server::start().await;
    let mut socket = open(&server).await;
    socket.say(&init("converse")).await;
    assert_eq!(socket.hear_or_close().await.unwrap()["type"], "runtime");
    assert_eq!(socket.hear_or_close().await.unwrap(), json!({"type": "stage", "stage": "run"}));
    for line in ["one\n", "zw\u{f6}i\n"] {
        socket.say(&stdin(line)).await;
        let answer = json!({"type": "data", "stream": "stdout", "data": line});
        assert_eq!(socket.hear_or_close().await.unwrap(), answer);
    }
    // It never ends by itself: Piston has no word for the end of stdin.
    socket.say(&json!({"type": "signal", "signal": "SIGCONT"})).await;
    socket.say(&json!({"type": "signal", "signal": "SIGTERM"})).await;
    let ended = json!({"type": "exit", "stage": "run", "code": null, "signal": "SIGTERM", "error": null});
    assert_eq!(rest(&mut socket).await, (vec![ended], 4999));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_says_all_at_its_end_is_heard() {
    let server = Server::start().await;
    let mut socket = open(&server).await;
    let mut first = init("x");
    first["stdin"] = "4".into();
    socket.say(&first).await;
    let (messages, code) = rest(&mut socket).await;
    let kinds: Vec<&str> = messages.iter().map(|message| message["type"].as_str().unwrap()).collect();
    assert_eq!((kinds, code), (vec!["runtime", "stage", "data", "data", "exit"], 4999));
    assert_eq!((&messages[2]["data"], &messages[4]["code"]), (&json!("4\n"), &json!(0)));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_mistake_closes_with_pistons_code() {
    let server = Server::start().await;
    for (said, code) in [
        (vec![], 4001),
        (vec![stdin("x")], 4003),
        (vec![json!({"type": "signal", "signal": "SIGTERM"})], 4003),
        (vec![init("converse"), init("converse")], 4000),
        (vec![init("converse"), json!({"type": "data", "stream": "stdout", "data": "x"})], 4004),
        (vec![init("converse"), json!({"type": "signal", "signal": "SIGNAL"})], 4005),
    ] {
        let mut socket = open(&server).await;
        for message in &said {
            socket.say(message).await;
        }
        assert_eq!(rest(&mut socket).await.1, code, "{said:?}");
    }
    let mut socket = open(&server).await;
    socket.say(&json!({"type": "init", "language": "nosuch", "version": "*", "files": [{"content": ""}]})).await;
    let error = json!({"type": "error", "message": "nosuch-* runtime is unknown"});
    assert_eq!(rest(&mut socket).await, (vec![error], 4002));
    let plain = server.get("/doors/piston/api/v2/connect").await;
    assert!(plain.status == 400 && plain.json()["message"].is_string(), "{}", plain.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_program_of_a_client_that_leaves_is_ended() {
    let server = Server::start().await;
    let mut socket = open(&server).await;
    socket.say(&init("converse")).await;
    assert_eq!(socket.hear_or_close().await.unwrap()["type"], "runtime");
    drop(socket);
    for _ in 0..500 {
        let jobs = server.get("/v1/jobs").await.json();
        if jobs["jobs"][0]["verdict"] == "cancelled" {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the job still runs");
}
