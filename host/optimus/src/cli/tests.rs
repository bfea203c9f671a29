//! The help of every verb, which is reviewed like code. A wanted change is written by `INSTA_UPDATE=always`.

use clap::{Command, CommandFactory as _};

use super::Cli;

#[test]
fn the_declaration_is_sound() {
    Cli::command().debug_assert();
}

#[test]
fn the_help_of_every_verb_reads_as_reviewed() {
    // Neither the terminal nor the environment of this test belongs into a snapshot.
    let mut command = without_values(Cli::command().term_width(100));
    command.build();
    for (name, help) in pages(&command) {
        insta::assert_snapshot!(name, help);
    }
}

fn without_values(command: Command) -> Command {
    let names: Vec<String> = command.get_subcommands().map(|verb| verb.get_name().to_owned()).collect();
    let command = command.mut_args(|arg| arg.hide_env_values(true));
    names.into_iter().fold(command, |command, name| command.mut_subcommand(name, without_values))
}

/// The long help of `command` and of every verb below it, by name.
fn pages(command: &Command) -> Vec<(String, String)> {
    let name = command.get_display_name().unwrap_or_else(|| command.get_name());
    let page = (name.to_owned(), command.clone().render_long_help().to_string());
    let verbs = command.get_subcommands().filter(|verb| verb.get_name() != "help" && !verb.is_hide_set());
    std::iter::once(page).chain(verbs.flat_map(pages)).collect()
}
