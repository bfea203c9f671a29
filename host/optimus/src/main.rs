//! `optimus`: parses, dispatches, and turns what comes back into words and an exit code.

use std::process::ExitCode;

use clap::Parser as _;
use optimus::cli::{Cli, Verb};
use optimus::commands::{self, COULD_NOT};
use optimus::output::Output;
use optimus::{engine, telemetry};

fn main() -> ExitCode {
    if let Some(code) = compiler() {
        return code;
    }
    let cli = Cli::parse();
    let output = Output::new(cli.common.json);
    let serving = matches!(cli.verb, Verb::Serve(_) | Verb::Api(_) | Verb::Worker(_));
    let traces = telemetry::start(cli.common.log.as_deref(), serving);
    // The traces are kept to the end: they send the last ones when they are dropped.
    let ended = traces.and_then(|traces| commands::dispatch(cli).map(|code| (code, traces)));
    match ended {
        Ok((code, _traces)) => code,
        Err(error) => {
            output.error(&error);
            COULD_NOT.into()
        }
    }
}

/// Started by another of us, with limits, to compile plugins.
fn compiler() -> Option<ExitCode> {
    let mut args = std::env::args_os().skip(1);
    let (word, dir, memory) = (args.next()?, args.next()?, args.next()?);
    let memory = memory.to_str()?.parse().ok()?;
    (word == engine::COMPILE).then(|| optimus_plugin::compile_child(dir.as_ref(), memory))
}
