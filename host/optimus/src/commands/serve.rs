//! `optimus serve`, `api` and `worker`: until SIGTERM, Ctrl-C, or the end of a background task (exit code 2).

use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use optimus_server::api::Door;
use serde_json::{Map, Value, json};
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::{COULD_NOT, runtime};
use crate::output::Output;
use crate::serving::Serving;

/// Time for which a process that stops by itself answers `/readyz` with 503 before it ends.
const UNREADY: Duration = Duration::from_secs(5);

pub(super) fn until_told(
    output: Output,
    start: impl AsyncFnOnce() -> anyhow::Result<Serving>,
) -> anyhow::Result<ExitCode> {
    optimus_sandbox::create_private_files();
    tracing::debug!(files = optimus_sandbox::raise_open_files(), "this process may have open");
    let runtime = runtime()?;
    runtime.block_on(async {
        let serving = start().await?;
        // Before the address is printed: its reader may stop us immediately.
        let mut stop = StopSignals::listen()?;
        match serving.address().map(|address| format!("http://{address}")) {
            Some(base) => {
                output.print(&listening(&base, &serving), |_| listening_text(&base, &serving))?;
            }
            None => output.print(&json!({ "working": true }), |_| "working\n".to_owned())?,
        }
        tokio::select! {
            () = stop.received() => tracing::info!("stopping: running jobs may finish"),
            task = serving.failed() => {
                tracing::error!(task, "stopping, because a background task ended: running jobs may finish");
                // Long enough for a probe to see it, so that no more requests come when the listener ends.
                tokio::select! {
                    () = stop.received() => {}
                    () = tokio::time::sleep(UNREADY) => {}
                }
            }
        }
        match serving.stop().await {
            true => Ok(ExitCode::SUCCESS),
            false => Ok(COULD_NOT.into()),
        }
    })
}

/// The addresses of the server, as JSON.
fn listening(base: &str, serving: &Serving) -> Value {
    let door = |(door, address): &(Door, SocketAddr)| (door.to_string(), Value::from(format!("http://{address}")));
    let mut said = json!({ "listening": base });
    if serving.has_console() {
        said["console"] = json!(format!("{base}/"));
    }
    if !serving.doors().is_empty() {
        said["doors"] = serving.doors().iter().map(door).collect::<Map<_, _>>().into();
    }
    said
}

/// The same for people.
fn listening_text(base: &str, serving: &Serving) -> String {
    let door = |(door, address): &(Door, SocketAddr)| format!("{door} on http://{address}\n");
    let console = if serving.has_console() { format!("console at {base}/\n") } else { String::new() };
    format!("listening on {base}\n{console}") + &serving.doors().iter().map(door).collect::<String>()
}

pub(super) struct StopSignals {
    terminate: Signal,
    interrupt: Signal,
}

impl StopSignals {
    pub(super) fn listen() -> std::io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    pub(super) async fn received(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
