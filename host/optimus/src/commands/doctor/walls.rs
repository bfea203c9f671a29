//! `optimus doctor --walls`: what programs can reach of this machine's kernel.

use std::process::ExitCode;

use optimus_sandbox::{Counts, Walls};

use crate::commands::NOT_ACCEPTED;
use crate::output::Output;

/// Prints the summary.
pub(super) fn walls(output: Output) -> anyhow::Result<ExitCode> {
    let walls = optimus_sandbox::walls();
    output.print(&walls, table)?;
    Ok(if walls.problems.is_empty() { ExitCode::SUCCESS } else { NOT_ACCEPTED.into() })
}

fn table(walls: &Walls) -> String {
    let inventory = &walls.inventory;
    let mut text = format!("kernel {}: what programs can reach of it\n\n", inventory.kernel);
    let line = |what: &str, counts: &Counts| {
        let Counts { allowed, bounded, by_argument, ignored, refused, agent_only } = counts;
        format!("{what:<28}{allowed:>8}{bounded:>9}{by_argument:>13}{ignored:>11}{refused:>9}{agent_only:>12}\n")
    };
    text += &format!(
        "{:<28}{:>8}{:>9}{:>13}{:>11}{:>9}{:>12}\n",
        "", "allowed", "bounded", "by argument", "no effect", "refused", "agent only"
    );
    text += &line("system calls", &inventory.calls);
    text += &line("commands, options, flags", &inventory.arguments);
    text += "\nWhatever is not named is refused: a system call with ENOSYS, as by an older kernel.\n";
    text += &names("unknown to this kernel", &inventory.unknown_to_kernel);
    text += &names("unknown to the inventory, so refused", &inventory.unknown_to_inventory);
    for limit in &walls.narrower_limits {
        let wanted = limit.wanted.map_or_else(|| "none".to_owned(), |wanted| wanted.to_string());
        text += &format!(
            "note     RLIMIT_{}: {} is inherited, where a step may be given {wanted}\n",
            limit.name, limit.hard
        );
    }
    for problem in &walls.problems {
        text += &format!("problem  {problem}\n");
    }
    text
}

fn names(what: &str, names: &[impl AsRef<str>]) -> String {
    let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
    let list = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    format!("{what}: {list}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_names_what_is_unknown() {
        let mut walls = optimus_sandbox::walls();
        walls.inventory.unknown_to_inventory = vec!["to_come".to_owned()];
        walls.problems = vec!["too few descriptors".to_owned()];
        let text = table(&walls);
        for expected in ["system calls", "so refused: to_come\n", "problem  too few descriptors\n"] {
            assert!(text.contains(expected), "{text}");
        }
    }
}
