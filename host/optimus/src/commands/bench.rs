//! `optimus bench`.

use std::process::ExitCode;

use anyhow::Context as _;

use super::runtime;
use crate::bench::{self, Figures};
use crate::cli::Bench;
use crate::output::{self, Output};

pub(super) fn bench(args: &Bench, output: Output) -> anyhow::Result<ExitCode> {
    let bar = output::progress(output.is_json(), 0);
    let figures = runtime()?.block_on(bench::measure(args, &|what| bar.set_message(what.to_owned())));
    bar.finish_and_clear();
    let figures = figures?;
    if let Some(file) = &args.plot {
        std::fs::write(file, bench::svg(&figures)).with_context(|| format!("cannot write `{}`", file.display()))?;
    }
    output.print(&figures, Figures::table)?;
    Ok(ExitCode::SUCCESS)
}
