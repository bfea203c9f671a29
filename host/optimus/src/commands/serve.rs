//! `optimus serve`, `api` and `worker`: until SIGTERM or Ctrl-C.

use std::process::ExitCode;

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::runtime;
use crate::output::Output;
use crate::serving::Serving;

pub(super) fn until_told(
    output: Output,
    start: impl AsyncFnOnce() -> anyhow::Result<Serving>,
) -> anyhow::Result<ExitCode> {
    tracing::debug!(files = optimus_sandbox::raise_open_files(), "this process may have open");
    let runtime = runtime()?;
    runtime.block_on(async {
        let serving = start().await?;
        // Before the address is said: who has read it may stop us at once.
        let mut stop = StopSignals::listen()?;
        match serving.address().map(|address| format!("http://{address}")) {
            Some(base) => {
                output.print(&serde_json::json!({ "listening": base }), |_| format!("listening on {base}\n"))?;
            }
            None => output.print(&serde_json::json!({ "working": true }), |_| "working\n".to_owned())?,
        }
        stop.received().await;
        tracing::info!("stopping: running jobs may finish");
        serving.stop().await;
        Ok(ExitCode::SUCCESS)
    })
}

struct StopSignals {
    terminate: Signal,
    interrupt: Signal,
}

impl StopSignals {
    fn listen() -> std::io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn received(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
