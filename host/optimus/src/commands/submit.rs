//! `optimus submit`: posts a program, and waits for its report.

use std::process::ExitCode;

use super::client::Client;
use super::{collected, exit_code};
use crate::cli::Submit;
use crate::output::{self, Output};
use crate::program::{self, Program};

pub(super) fn submit(args: &Submit, output: Output) -> anyhow::Result<ExitCode> {
    let client = Client::new(&args.server);
    let Program { mut request, told } = program::request(&args.program)?;
    output.tell(told.as_deref());
    if args.program.is_command() {
        request.language = of_commands(&client)?;
    } else if request.language.is_empty() {
        let entry = program::entry(&args.program)?;
        let extension = entry.extension().and_then(|extension| extension.to_str());
        request.language = by_extension(&client, extension.unwrap_or_default())?;
    }
    let posted = client.submit(&request)?;
    if args.no_wait {
        output.print(&posted, |job| format!("{}\n", job.id))?;
        return Ok(ExitCode::SUCCESS);
    }
    let done = client.wait(posted.id)?;
    output.print(&done, output::report)?;
    collected::save(&args.program, &done, output)?;
    Ok(exit_code(done.verdict))
}

fn of_commands(client: &Client) -> anyhow::Result<String> {
    let found = client.languages()?.of_commands().map(|language| language.descriptor.id);
    found.ok_or_else(|| {
        let hint = "its operator starts it with `--commands`".to_owned();
        output::Advised::new("unknown_language", "this server runs no commands".to_owned(), Some(hint)).into()
    })
}

fn by_extension(client: &Client, extension: &str) -> anyhow::Result<String> {
    let found = client.languages()?.by_extension(extension).map(|language| language.descriptor.id);
    found.ok_or_else(|| {
        let hint = "name one with `--language`".to_owned();
        let message = format!("no language of this server has files that end in `.{extension}`");
        output::Advised::new("unknown_language", message, Some(hint)).into()
    })
}
