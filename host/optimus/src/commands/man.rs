//! `optimus man`: a page for the program and one for each verb, as `man` reads them.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::CommandFactory as _;
use clap_mangen::Man;

use crate::cli::Cli;
use crate::output::Output;

/// The program's page on stdout; or all of them into a directory, and their number.
pub(super) fn man(dir: Option<&Path>, output: Output) -> anyhow::Result<ExitCode> {
    let Some(dir) = dir else {
        output.print(&page(&Cli::command())?, String::clone)?;
        return Ok(ExitCode::SUCCESS);
    };
    std::fs::create_dir_all(dir).with_context(|| format!("cannot create `{}`", dir.display()))?;
    // Names and inherited flags of the verbs are complete only once the command is built.
    let mut command = Cli::command().disable_help_subcommand(true);
    command.build();
    let mut names = Vec::new();
    write(&command, dir, &mut names)?;
    output.print(&names, |names| format!("{} pages in `{}`\n", names.len(), dir.display()))?;
    Ok(ExitCode::SUCCESS)
}

/// `optimus-plugin-new.1` for `optimus plugin new`, and so on below it.
fn write(command: &clap::Command, dir: &Path, names: &mut Vec<String>) -> anyhow::Result<()> {
    let name = format!("{}.1", command.get_display_name().unwrap_or_else(|| command.get_name()));
    let path = dir.join(&name);
    std::fs::write(&path, page(command)?).with_context(|| format!("cannot write `{}`", path.display()))?;
    names.push(name);
    command.get_subcommands().filter(|verb| !verb.is_hide_set()).try_for_each(|verb| write(verb, dir, names))
}

fn page(command: &clap::Command) -> anyhow::Result<String> {
    let mut page = Vec::new();
    Man::new(command.clone()).render(&mut page)?;
    Ok(String::from_utf8(page)?)
}
