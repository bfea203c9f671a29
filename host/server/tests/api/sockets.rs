//! go-judge's WebSocket over the real server.

use std::time::Duration;

use futures::{SinkExt as _, StreamExt as _};
use optimus_server::keys::{Key, Scope};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::commands::tool;
use crate::support::Server;

pub(crate) struct Socket(WebSocketStream<TcpStream>);

impl Socket {
    /// Connects to go-judge's door, or has the status of the answer that refuses it.
    async fn open(server: &Server, header: Option<(&'static str, &str)>) -> Result<Self, u16> {
        Self::at(server, "/doors/go-judge/ws", header).await
    }

    /// The same at any path.
    pub(crate) async fn at(server: &Server, path: &str, header: Option<(&'static str, &str)>) -> Result<Self, u16> {
        let tcp = TcpStream::connect(server.address).await.unwrap();
        let mut request = format!("ws://{}{path}", server.address).into_client_request().unwrap();
        if let Some((name, value)) = header {
            request.headers_mut().insert(name, value.parse().unwrap());
        }
        match client_async(request, tcp).await {
            Ok((socket, _)) => Ok(Self(socket)),
            Err(Error::Http(answer)) => Err(answer.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }

    pub(crate) async fn say(&mut self, value: &Value) {
        self.0.send(Message::text(value.to_string())).await.unwrap();
    }

    /// The next answer; none, when the server has closed the connection.
    async fn hear(&mut self) -> Option<Value> {
        self.hear_or_close().await.ok()
    }

    /// The next answer, or the code and the reason with which the server has closed the connection.
    pub(crate) async fn hear_or_close(&mut self) -> Result<Value, Option<(u16, String)>> {
        loop {
            let next = tokio::time::timeout(Duration::from_secs(60), self.0.next()).await.unwrap();
            match next {
                Some(Ok(Message::Text(text))) => return Ok(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Close(Some(frame)))) => {
                    return Err(Some((frame.code.into(), frame.reason.to_string())));
                }
                Some(Ok(Message::Close(None)) | Err(_)) | None => return Err(None),
                Some(Ok(_)) => {}
            }
        }
    }
}

/// A command that has `text` on stdin, and in its file what says how the judge behaves.
fn request(id: &str, text: &str, behaviour: &str) -> Value {
    json!({"requestId": id, "cmd": [{
        "args": ["cat"], "files": [{"content": text}, {"name": "stdout", "max": 100}],
        "copyIn": {"a": {"content": behaviour}},
    }]})
}

async fn server() -> Server {
    let server = Server::start().await;
    server.languages.replace(vec![tool()]);
    server
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_on_one_connection_are_answered_by_their_ids_as_they_end() {
    let server = server().await;
    let mut socket = Socket::open(&server, None).await.unwrap_or_else(|status| panic!("{status}"));
    socket.say(&request("slow", "1", "hang")).await;
    socket.say(&request("slow", "again", "")).await;
    assert_eq!(socket.hear().await.unwrap()["error"], "duplicated request id: slow");
    socket.say(&request("fast", "2", "")).await;
    let fast = socket.hear().await.unwrap();
    assert_eq!((&fast["requestId"], &fast["results"][0]["files"]["stdout"]), (&json!("fast"), &json!("2")), "{fast}");
    socket.say(&json!({"cancelRequestId": "slow"})).await;
    assert_eq!(socket.hear().await.unwrap()["requestId"], "slow");
    // An id is free again once its request is answered.
    socket.say(&request("slow", "3", "")).await;
    assert_eq!(socket.hear().await.unwrap()["results"][0]["files"]["stdout"], "3");
    for (wrong, words) in [
        (request("", "", ""), "empty request id"),
        (json!({"requestId": "x"}), "no cmd provided"),
        (json!({"requestId": "x", "cmd": [{"args": ["a"], "tty": true}]}), "cmd[0].tty: is not supported"),
    ] {
        socket.say(&wrong).await;
        let answer = socket.hear().await.unwrap();
        assert!(answer["error"].as_str().unwrap().contains(words) && answer["results"] == json!([]), "{answer}");
    }
    socket.0.send(Message::text("{")).await.unwrap();
    assert_eq!(socket.hear().await, None);
    let plain = server.get("/doors/go-judge/ws").await;
    assert!(plain.status == 400 && plain.json().is_string(), "{}", plain.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_cancelled_or_left_behind_ends() {
    let mut server = server().await;
    let mut socket = Socket::open(&server, None).await.unwrap_or_else(|status| panic!("{status}"));
    socket.say(&request("one", "", "hang")).await;
    socket.say(&json!({"cancelRequestId": "nosuch"})).await;
    socket.say(&json!({"cancelRequestId": "one"})).await;
    let answer = socket.hear().await.unwrap();
    assert_eq!(
        (&answer["requestId"], &answer["results"][0]["status"]),
        (&json!("one"), &json!("Signalled")),
        "{answer}"
    );
    socket.say(&request("two", "", "hang")).await;
    let is_cancelled = async |count: usize| {
        let jobs = server.get("/v1/jobs").await.json();
        let jobs = jobs["jobs"].as_array().unwrap();
        jobs.iter().filter(|job| job["verdict"] == "cancelled").count() == count
    };
    assert!(is_cancelled(1).await);
    socket.say(&request("three", "", "")).await;
    assert_eq!(socket.hear().await.unwrap()["requestId"], "three");
    drop(socket);
    for _ in 0..500 {
        if is_cancelled(2).await {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(is_cancelled(2).await, "the job of a client that left");
    // A server that stops does not wait for those that stay.
    let mut socket = Socket::open(&server, None).await.unwrap_or_else(|status| panic!("{status}"));
    server.stop().await;
    assert_eq!(socket.hear().await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_request_is_the_keys_and_no_page_may_connect() {
    let server = server().await;
    let refused = Socket::open(&server, Some(("origin", "http://127.0.0.1:1"))).await;
    assert_eq!(refused.err(), Some(403));
    let (user, users) = Key::new("t", [Scope::Submit, Scope::Read].into(), None).unwrap();
    let (one, ones) = Key::new("t", [Scope::Submit, Scope::Read, Scope::Commands].into(), None).unwrap();
    server.keys.replace(vec![user.clone(), one]);
    assert_eq!(Socket::open(&server, None).await.err(), Some(401));
    let bearer = |secret: &str| format!("Bearer {secret}");
    assert_eq!(Socket::open(&server, Some(("authorization", &bearer(&users)))).await.err(), Some(403));
    let socket = Socket::open(&server, Some(("authorization", &bearer(&ones)))).await;
    let mut socket = socket.unwrap_or_else(|status| panic!("{status}"));
    socket.say(&request("a", "hello", "")).await;
    assert_eq!(socket.hear().await.unwrap()["results"][0]["files"]["stdout"], "hello");
    server.keys.replace(vec![user]);
    socket.say(&request("b", "hello", "")).await;
    let revoked = socket.hear().await.unwrap();
    assert!(revoked["error"].as_str().unwrap().contains("missing or unknown"), "{revoked}");
}
