//! One engine process, and the stream to it. The process is not trusted: it cannot make the host take more than was
//! agreed, and what breaks the protocol ends the box.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use optimus_sandbox::SandboxError;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;
use tokio::process::{Child, Command};

use super::{EngineCommand, argument};
use crate::protocol::{CHUNK, HEAD, Kind, REPLY_BYTES, Reply, Request, head, message, parse};

/// Longer than compiling a runtime takes on a busy machine, which happens when its code is not kept yet.
const START: Duration = Duration::from_secs(120);
/// Longer than any exchange takes in which no program runs.
pub(super) const EXCHANGE: Duration = Duration::from_secs(60);

/// One engine process.
pub(super) struct EngineLink {
    /// Killed when this is dropped.
    _process: Child,
    stream: UnixStream,
}

/// Something that an engine said.
pub(super) enum Heard {
    Reply(Reply),
    Bytes(Kind, Vec<u8>),
}

impl EngineLink {
    /// Starts a process, and returns once it is ready for a program.
    pub(super) async fn start(
        engine: &EngineCommand,
        runtime: Option<&Path>,
        code: &Path,
    ) -> Result<Self, SandboxError> {
        let failed = |source| SandboxError::SetUp { stage: "start the engine".to_owned(), source };
        let (ours, its) = std::os::unix::net::UnixStream::pair().map_err(failed)?;
        ours.set_nonblocking(true).map_err(failed)?;
        let paths = [argument(runtime), code];
        let mut command = Command::new(&engine.program);
        command.args(&engine.args).env_clear().stdin(Stdio::from(OwnedFd::from(its))).stdout(nowhere());
        command.stderr(nowhere()).current_dir("/").kill_on_drop(true);
        match engine.by_environment {
            Some(names) => command.envs(names.into_iter().zip(paths)),
            None => command.args(paths),
        };
        let mut process = command.spawn().map_err(failed)?;
        drop(command);
        // Where they are pipes, nobody reads them.
        drop((process.stdout.take(), process.stderr.take()));
        let stream = UnixStream::from_std(ours).map_err(failed)?;
        let mut link = Self { _process: process, stream };
        let ready = tokio::time::timeout(START, link.hear()).await;
        match ready.map_err(|_| lost("the engine does not start"))?? {
            Heard::Reply(Reply::Done) => Ok(link),
            _ => Err(lost("the engine began with something else than that it is ready")),
        }
    }

    /// Sends a request, and returns what answers it.
    pub(super) async fn ask(&mut self, request: &Request) -> Result<Heard, SandboxError> {
        let exchange = async {
            self.send(request).await?;
            self.hear().await
        };
        tokio::time::timeout(EXCHANGE, exchange).await.map_err(|_| lost("the engine went silent"))?
    }

    pub(super) async fn send(&mut self, request: &Request) -> Result<(), SandboxError> {
        let frame = message(request).map_err(|error| lost(&error.to_string()))?;
        self.stream.write_all(&frame).await.map_err(|error| broken(&error))
    }

    /// Answers a program that waits for its stdin; nothing is the end of it.
    pub(super) async fn feed(&mut self, bytes: &[u8]) -> Result<(), SandboxError> {
        self.push(Kind::Data, bytes).await
    }

    /// Answers it that its time is over.
    pub(super) async fn feed_no_more(&mut self) -> Result<(), SandboxError> {
        self.push(Kind::Message, b"").await
    }

    async fn push(&mut self, kind: Kind, bytes: &[u8]) -> Result<(), SandboxError> {
        let frame = crate::protocol::frame(kind, bytes).map_err(|error| lost(&error.to_string()))?;
        self.stream.write_all(&frame).await.map_err(|error| broken(&error))
    }

    pub(super) async fn hear(&mut self) -> Result<Heard, SandboxError> {
        let mut bytes = [0; HEAD];
        self.stream.read_exact(&mut bytes).await.map_err(|error| broken(&error))?;
        let (kind, length) = head(bytes).map_err(|error| lost(&error.to_string()))?;
        let most = if kind == Kind::Message { REPLY_BYTES } else { CHUNK };
        if length > most {
            return Err(lost("the engine sent a longer frame than was agreed"));
        }
        let mut payload = vec![0; length];
        self.stream.read_exact(&mut payload).await.map_err(|error| broken(&error))?;
        match kind {
            Kind::Message => parse(&payload).map(Heard::Reply).map_err(|error| lost(&error.to_string())),
            kind => Ok(Heard::Bytes(kind, payload)),
        }
    }
}

/// For what an engine prints: /dev/null, or a pipe where there is none, as in a root directory of a few files.
fn nowhere() -> Stdio {
    File::options().write(true).open("/dev/null").map_or_else(|_| Stdio::piped(), Stdio::from)
}

pub(super) fn lost(why: &str) -> SandboxError {
    SandboxError::Lost(why.to_owned())
}

fn broken(error: &io::Error) -> SandboxError {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => lost("the engine ended"),
        _ => lost(&format!("the stream to the engine: {error}")),
    }
}
