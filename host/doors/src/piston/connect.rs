//! `GET /api/v2/connect`: files that run, and a client that talks to the program meanwhile, in messages of JSON on a WebSocket.
//!
//! The first message has the fields of `execute`; its job has a live stdin. Messages and close codes are those of Piston's
//! `api/src/api/v2.js`.

mod program;

use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::State;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use futures::StreamExt as _;
use optimus_core::{JobId, JobRequest};
use serde_json::{Value, json};
use tokio::time::{Instant, timeout};

use self::program::Program;
use super::request::Execute;
use super::{bad, runtime_of};
use crate::engine::{Admitted, Engine, Progress, Refusal, abandon};
use crate::shared::Shared;
use crate::signal;

/// Bytes of one message.
const MESSAGE_BYTES: usize = 16 << 20;
/// The first message has to come within this time.
const INIT: Duration = Duration::from_secs(1);

pub(super) async fn open(
    State(shared): State<Shared>,
    Extension(Admitted { engine, .. }): Extension<Admitted>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    match upgrade {
        Ok(upgrade) => upgrade
            .max_message_size(MESSAGE_BYTES)
            .max_frame_size(MESSAGE_BYTES)
            .on_upgrade(|socket| Connection { socket, shared, engine }.serve()),
        Err(rejection) => bad(rejection.body_text()),
    }
}

/// Why a connection ends.
enum End {
    /// With a code and a reason.
    Closed(u16, &'static str),
    /// With a message first.
    Notified(String),
    /// The client has left.
    Gone,
}

impl From<Refusal> for End {
    fn from(refusal: Refusal) -> Self {
        Self::Notified(refusal.to_string())
    }
}

struct Connection {
    socket: WebSocket,
    shared: Shared,
    engine: Arc<dyn Engine>,
}

impl Connection {
    async fn serve(mut self) {
        let end = self.run().await.err().unwrap_or(End::Closed(4999, "Job Completed"));
        let (code, reason) = match end {
            End::Closed(code, reason) => (code, reason),
            End::Gone => return,
            End::Notified(message) => {
                if self.send(json!({"type": "error", "message": message})).await.is_err() {
                    return;
                }
                (4002, "Notified Error")
            }
        };
        // The client may have left.
        let _ = self.socket.send(Message::Close(Some(CloseFrame { code, reason: reason.into() }))).await;
    }

    /// Runs the job of the first message.
    async fn run(&mut self) -> Result<(), End> {
        let first = timeout(INIT, self.first()).await;
        let init = first.unwrap_or(Err(End::Closed(4001, "Initialization Timeout")))?;
        let until = self.shared.until();
        let sent = Execute::read(&init, &self.shared.policy).map_err(End::Notified)?;
        let runtime = runtime_of(&self.shared, &sent, until).await.map_err(End::Notified)?;
        let job = sent.into_job(&runtime, &self.shared.policy).map_err(End::Notified)?;
        let id = self.engine.submit(JobRequest { live_stdin: true, ..job }, true, until).await?;
        let name = json!({"type": "runtime", "language": runtime.language, "version": runtime.version.to_string()});
        let done = match self.send(name).await {
            Ok(()) => self.talk(id).await,
            Err(end) => Err(end),
        };
        if done.is_err() {
            abandon(&*self.engine, id).await;
        }
        done
    }

    /// The first message. Others before it end the connection.
    async fn first(&mut self) -> Result<Value, End> {
        loop {
            let message = self.receive().await?;
            match message["type"].as_str() {
                Some("init") => return Ok(message),
                Some("data" | "signal") => return Err(End::Closed(4003, "Not yet initialized")),
                _ => {}
            }
        }
    }

    /// Passes on what the program prints and what the client says, until the program has ended.
    async fn talk(&mut self, id: JobId) -> Result<(), End> {
        let mut events = self.engine.follow(id).await?;
        let mut program = Program::default();
        loop {
            tokio::select! {
                event = events.next() => {
                    let event = event.ok_or_else(|| End::Notified("the server stops".to_owned()))?;
                    let messages = program.hear(event).map_err(End::Notified)?;
                    for message in messages {
                        self.send(message).await?;
                    }
                    if program.is_over() {
                        return Ok(());
                    }
                }
                message = self.receive() => self.obey(&message?, id, &mut program).await?,
            }
        }
    }

    async fn obey(&mut self, message: &Value, id: JobId, program: &mut Program) -> Result<(), End> {
        match message["type"].as_str() {
            Some("init") => Err(End::Closed(4000, "Already Initialized")),
            Some("data") if message["stream"] != "stdin" => Err(End::Closed(4004, "Can only write to stdin")),
            Some("data") => {
                let data =
                    message["data"].as_str().ok_or_else(|| End::Notified("data is required as a string".into()))?;
                write(&*self.engine, id, data.as_bytes()).await
            }
            Some("signal") => {
                let name = message["signal"].as_str().filter(|name| signal::is_name(name));
                let name = name.ok_or(End::Closed(4005, "Invalid signal"))?;
                if signal::ends_a_program(name) {
                    program.is_sent(name);
                    self.engine.cancel(id).await?;
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// The next message of the client.
    async fn receive(&mut self) -> Result<Value, End> {
        loop {
            let read = match self.socket.recv().await {
                Some(Ok(Message::Text(text))) => serde_json::from_str(&text),
                Some(Ok(Message::Binary(bytes))) => serde_json::from_slice(&bytes),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => continue,
                Some(Ok(Message::Close(_)) | Err(_)) | None => return Err(End::Gone),
            };
            return read.map_err(|error| End::Notified(format!("the message is not JSON: {error}")));
        }
    }

    async fn send(&mut self, message: Value) -> Result<(), End> {
        self.socket.send(Message::text(message.to_string())).await.map_err(|_| End::Gone)
    }
}

/// Writes to a program's stdin. What comes after the program's end has no reader, as in a pipe.
async fn write(engine: &dyn Engine, id: JobId, bytes: &[u8]) -> Result<(), End> {
    let Err(refusal) = engine.write_stdin(id, bytes).await else { return Ok(()) };
    match engine.wait(id, Instant::now()).await? {
        Progress::Done(_) => Ok(()),
        Progress::Queued | Progress::Running => Err(refusal.into()),
    }
}
