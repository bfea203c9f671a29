//! How many of each decision there are, and what a kernel has that the inventory has not, and the other way round.

use serde::Serialize;

use super::elsewhere::{ELSEWHERE, NARROWER, RENAMED};
use super::{Argument, Class, Decision, calls};

/// The inventory in numbers, for one kernel.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// The kernel: `6.18.44`.
    pub kernel: String,
    /// System calls.
    pub calls: Counts,
    /// Commands, options, requests, families and flags of calls that an argument decides.
    pub arguments: Counts,
    /// Calls that the inventory names and this kernel is too old for.
    pub unknown_to_kernel: Vec<&'static str>,
    /// Calls that this kernel has and the inventory does not name, so that they are refused; none when the kernel does
    /// not tell its symbols.
    pub unknown_to_inventory: Vec<String>,
}

/// How often each decision was taken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// It works.
    pub allowed: usize,
    /// It works within a bound.
    pub bounded: usize,
    /// An argument decides.
    pub by_argument: usize,
    /// It succeeds without doing anything.
    pub ignored: usize,
    /// It fails.
    pub refused: usize,
    /// It is the agent's, and fails for programs.
    pub agent_only: usize,
}

/// The summary for a kernel of this release, as uname(2) tells it, whose symbols are these, as in `/proc/kallsyms`.
pub fn summary(release: &str, symbols: &str) -> Summary {
    let mut summary = Summary { kernel: release.to_owned(), ..Summary::default() };
    for class in calls::classes() {
        let here = class.members.iter().filter(|call| call.number().is_some());
        summary.calls.add(class.decision, here.clone().count());
        let newer = here.filter(|call| call.since.is_some_and(|since| version(since) > version(release)));
        summary.unknown_to_kernel.extend(newer.map(|call| call.name));
        if let Decision::Inspect(argument) = class.decision {
            summary.arguments.add_all(argument);
        }
    }
    summary.unknown_to_inventory = unnamed(symbols);
    summary
}

impl Counts {
    fn add(&mut self, decision: Decision, members: usize) {
        *match decision {
            Decision::Allow => &mut self.allowed,
            Decision::Bound(_) | Decision::Counted(_) => &mut self.bounded,
            Decision::Inspect(_) => &mut self.by_argument,
            Decision::Ignore => &mut self.ignored,
            Decision::Refuse(_) => &mut self.refused,
            Decision::AgentOnly(_) | Decision::WallOnly(_) => &mut self.agent_only,
        } += members;
    }

    fn add_all(&mut self, argument: &Argument) {
        let (Argument::Value { classes, .. } | Argument::Bits { classes, .. }) = argument;
        for Class { decision, members, .. } in *classes {
            self.add(*decision, members.len());
            if let Decision::Inspect(next) = decision {
                self.add_all(next);
            }
        }
    }
}

/// `6.18` of `6.18.44-cloud`, to be compared.
fn version(release: &str) -> (u32, u32) {
    let mut numbers = release.split(|c: char| !c.is_ascii_digit()).map(|number| number.parse().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
}

/// System calls among the symbols that are not named.
fn unnamed(symbols: &str) -> Vec<String> {
    let prefix = if cfg!(target_arch = "aarch64") { "__arm64_sys_" } else { "__x64_sys_" };
    let named = |name: &str| calls::classes().any(|class| class.members.iter().any(|call| call.name == name));
    let mut unnamed: Vec<String> = symbols
        .lines()
        .filter_map(|line| line.split_whitespace().nth(2)?.strip_prefix(prefix))
        .map(|name| RENAMED.iter().find(|(symbol, _)| *symbol == name).map_or(name, |(_, renamed)| renamed))
        // Compilers split functions: `setitimer.cold`.
        .filter(|name| !name.contains('.') && !named(name) && !ELSEWHERE.contains(name))
        .filter(|name| !NARROWER.iter().any(|ending| name.ends_with(ending)))
        .map(str::to_owned)
        .collect();
    unnamed.sort();
    unnamed.dedup();
    unnamed
}
