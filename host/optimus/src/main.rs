//! `optimus`: parses, dispatches, and turns what comes back into words and an exit code.

use std::process::ExitCode;

use clap::Parser as _;
use optimus::cli::{Cli, Verb, usage};
use optimus::commands::{self, COULD_NOT};
use optimus::output::Output;
use optimus::{engine, telemetry};

fn main() -> ExitCode {
    if let Some(code) = compiler().or_else(wasm) {
        return code;
    }
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    let output = Output::new(cli.common.json);
    cli.common.color.set();
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

/// Help and the version are what was asked for; everything else is an error, and one JSON value for scripts.
fn usage(error: &clap::Error) -> ExitCode {
    if error.exit_code() != 0 && std::env::args_os().any(|arg| arg == "--json") {
        Output::new(true).error(&usage::fault(error).into());
        return COULD_NOT.into();
    }
    // What cannot be printed has no reader.
    drop(error.print());
    if let Some(near) = usage::nearest(error) {
        optimus::output::note(&format!("\nhint: did you mean `{near}`?"));
    }
    u8::try_from(error.exit_code()).unwrap_or(COULD_NOT).into()
}

/// Started by another of us, as the engine of a box or to compile a runtime. An empty path stands for none.
fn wasm() -> Option<ExitCode> {
    let mut args = std::env::args_os().skip(1);
    let word = args.next()?;
    let [first, second] = [args.next()?, args.next()?].map(std::path::PathBuf::from);
    if word == engine::COMPILE_RUNTIME {
        return Some(optimus_wasm::compile_process(&first, &second));
    }
    let path = |path: std::path::PathBuf| (!path.as_os_str().is_empty()).then_some(path);
    let (runtime, code) = (path(first), path(second));
    (word == engine::RUN_ENGINE).then(|| optimus_wasm::engine_process(runtime.as_deref(), code.as_deref()))
}

/// Started by another of us, with limits, to compile plugins.
fn compiler() -> Option<ExitCode> {
    let mut args = std::env::args_os().skip(1);
    let (word, dir, memory) = (args.next()?, args.next()?, args.next()?);
    let memory = memory.to_str()?.parse().ok()?;
    (word == engine::COMPILE).then(|| optimus_plugin::compile_child(dir.as_ref(), memory))
}
