//! Errors of a command line that cannot be parsed.

use clap::CommandFactory as _;
use clap::error::{ContextKind, ContextValue};

use super::Cli;
use crate::output::Advised;

/// The error as data: its first line, and what else clap says as advice.
pub fn fault(error: &clap::Error) -> Advised {
    let text = error.render().to_string();
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let message = lines.next().unwrap_or_default();
    let message = message.strip_prefix("error: ").unwrap_or(message).to_owned();
    let near = nearest(error).map(|near| format!("did you mean `{near}`?"));
    let rest = lines.filter(|line| !line.starts_with("For more information")).map(str::to_owned);
    let hint = near.into_iter().chain(rest).collect::<Vec<_>>().join("; ");
    Advised::new("usage", message, (!hint.is_empty()).then_some(hint))
}

/// The verb nearest to one that does not exist, where clap has no suggestion of its own: it misses letters that changed
/// places.
pub fn nearest(error: &clap::Error) -> Option<String> {
    if error.get(ContextKind::SuggestedSubcommand).is_some() {
        return None;
    }
    let Some(ContextValue::String(given)) = error.get(ContextKind::InvalidSubcommand) else { return None };
    let command = Cli::command();
    let inner = command.get_subcommands().flat_map(|verb| verb.get_subcommands().map(clap::Command::get_name));
    let outer = command.get_subcommands().map(clap::Command::get_name);
    let near = outer.chain(inner).map(|name| (strsim::damerau_levenshtein(given, name), name));
    near.filter(|(distance, name)| *distance <= 2 && *distance < name.len()).min().map(|(_, name)| name.to_owned())
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[test]
    fn letters_that_changed_places_are_no_riddle() {
        let near = |word: &str| nearest(&Cli::try_parse_from(["optimus", word]).unwrap_err());
        assert_eq!(near("rnu").as_deref(), Some("run"));
        assert_eq!(near("frobnicate"), None);
        let fault = fault(&Cli::try_parse_from(["optimus", "rnu", "--json"]).unwrap_err()).0;
        assert!(fault.message.contains("rnu") && fault.hint.unwrap().contains("did you mean `run`?"));
    }
}
