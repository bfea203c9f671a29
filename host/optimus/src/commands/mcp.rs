//! `optimus mcp`: one agent on stdin and stdout, until it closes its end.

use std::process::ExitCode;

use anyhow::Context as _;

use super::serve::StopSignals;
use super::{COULD_NOT, runtime};
use crate::cli::Mcp;
use crate::serving::Local;

pub(super) fn mcp(args: &Mcp) -> anyhow::Result<ExitCode> {
    optimus_sandbox::create_private_files();
    optimus_sandbox::raise_open_files();
    let runtime = runtime()?;
    let code = runtime.block_on(async {
        let local = Local::start(args).await?;
        let mut stop = StopSignals::listen()?;
        let served = tokio::select! {
            served = local.mcp(tokio::io::stdin(), tokio::io::stdout()) => served.context("MCP is not served any more"),
            () = stop.received() => Ok(()),
            task = local.failed() => Err(anyhow::anyhow!("the background task `{task}` ended")),
        };
        let has_stopped_well = local.stop().await;
        served.map(|()| if has_stopped_well { ExitCode::SUCCESS } else { COULD_NOT.into() })
    });
    // A thread may still wait for a line, and cannot be told not to.
    runtime.shutdown_background();
    code
}
