//! `GET /ws`: requests and their results as frames of JSON, several at a time on one connection.

use std::collections::HashMap;
use std::time::Duration;

use axum::Extension;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::response::Response;
use futures::StreamExt as _;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use serde::Serialize;
use tokio::sync::oneshot;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::request::Run;
use super::result::Outcome;
use super::running::Running;
use super::{Room, bad};
use crate::admission::Secret;

/// Bytes of one message.
const MESSAGE_BYTES: usize = 16 << 20;
/// Requests under way on one connection.
const MOST: usize = 64;
/// As go-judge has them: the time between two pings, and how long a client may be silent.
const PING: Duration = Duration::from_secs(50);
const SILENCE: Duration = Duration::from_secs(60);

/// What a request came to.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    request_id: String,
    results: Vec<Outcome>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

pub(super) async fn open(
    State(room): State<Room>,
    Extension(secret): Extension<Secret>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    match upgrade {
        Ok(upgrade) => upgrade.max_message_size(MESSAGE_BYTES).max_frame_size(MESSAGE_BYTES).on_upgrade(|socket| {
            Connection { room, secret, cancels: HashMap::new(), answers: Answers::new() }.serve(socket)
        }),
        Err(rejection) => bad(&rejection.body_text()),
    }
}

type Answers = FuturesUnordered<BoxFuture<'static, Answer>>;

/// A client's connection.
struct Connection {
    room: Room,
    secret: Secret,
    /// What cancels a request when it is dropped, by the request's id.
    cancels: HashMap<String, oneshot::Sender<()>>,
    answers: Answers,
}

impl Connection {
    /// Serves until the client leaves. What it still waited for then is cancelled.
    async fn serve(mut self, mut socket: WebSocket) {
        let (mut pings, mut heard) = (interval(PING), Instant::now());
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let message = tokio::select! {
                received = socket.recv() => {
                    heard = Instant::now();
                    match received {
                        Some(Ok(Message::Text(text))) => self.receive(text.as_bytes()),
                        Some(Ok(Message::Binary(bytes))) => self.receive(&bytes),
                        Some(Ok(Message::Ping(_) | Message::Pong(_))) => continue,
                        Some(Ok(Message::Close(_)) | Err(_)) | None => break,
                    }
                }
                Some(answer) = self.answers.next() => {
                    self.cancels.remove(&answer.request_id);
                    Some(written(&answer))
                }
                _ = pings.tick() => match heard.elapsed() < SILENCE {
                    true => Some(Message::Ping(Bytes::new())),
                    false => break,
                },
            };
            let Some(message) = message else { continue };
            let is_last = matches!(message, Message::Close(_));
            if socket.send(message).await.is_err() || is_last {
                break;
            }
        }
        drop(socket);
        self.cancels.clear();
        while self.answers.next().await.is_some() {}
    }

    /// Begins what a message asks for. Returns what there is to say at once.
    fn receive(&mut self, message: &[u8]) -> Option<Message> {
        let run = match Run::read(message) {
            Ok(run) => run,
            // Without an id there is no request to answer.
            Err(why) => {
                let reason = why.chars().take(100).collect::<String>().into();
                return Some(Message::Close(Some(CloseFrame { code: close_code::INVALID, reason })));
            }
        };
        if !run.cancel_request_id.is_empty() {
            self.cancels.remove(&run.cancel_request_id);
            return None;
        }
        let id = run.request_id.clone();
        let refused = if id.is_empty() {
            "empty request id".to_owned()
        } else if self.cancels.contains_key(&id) {
            format!("duplicated request id: {id}")
        } else if self.answers.len() >= MOST {
            format!("{MOST} requests are under way on this connection, which is the maximum")
        } else {
            let (cancel, cancelled) = oneshot::channel();
            self.cancels.insert(id, cancel);
            self.answers.push(Box::pin(answer(self.room.clone(), self.secret.clone(), run, cancelled)));
            return None;
        };
        Some(written(&Answer { request_id: id, results: Vec::new(), error: Some(refused) }))
    }
}

async fn answer(room: Room, secret: Secret, run: Run, cancelled: oneshot::Receiver<()>) -> Answer {
    let request_id = run.request_id.clone();
    let (results, error) = match results(&room, &secret, run, cancelled).await {
        Ok(results) => (results, None),
        Err(message) => (Vec::new(), Some(message)),
    };
    Answer { request_id, results, error }
}

async fn results(
    room: &Room,
    secret: &Secret,
    run: Run,
    mut cancelled: oneshot::Receiver<()>,
) -> Result<Vec<Outcome>, String> {
    // The key may have been revoked since the connection began.
    let admitted = room.shared.service.admit(secret.0.as_deref()).await.map_err(|refusal| refusal.to_string())?;
    if !admitted.may_command {
        return Err("the key lacks the scope \"commands\"".to_owned());
    }
    let running = Running::submit(room, admitted, run).await.map_err(|failure| failure.to_string())?;
    tokio::select! {
        outcomes = running.outcomes() => return outcomes.map_err(|failure| failure.to_string()),
        _ = &mut cancelled => running.cancel().await,
    }
    running.outcomes().await.map_err(|failure| failure.to_string())
}

fn written(answer: &Answer) -> Message {
    match serde_json::to_string(answer) {
        Ok(text) => Message::text(text),
        Err(error) => {
            let reason = error.to_string().into();
            Message::Close(Some(CloseFrame { code: close_code::ERROR, reason }))
        }
    }
}
