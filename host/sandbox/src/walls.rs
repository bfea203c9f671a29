//! What programs can reach of this machine's kernel, in numbers.

use std::fs;

use optimus_agent::inventory::rlimits::{Limit, OWN_DESCRIPTORS, RLIMITS};
use optimus_agent::inventory::{Summary, summary};
use optimus_core::Limits;
use rustix::process::{Resource, getrlimit};
use serde::Serialize;

/// The inventory of what programs can reach, for this machine.
#[derive(Debug, Clone, Serialize)]
pub struct Walls {
    /// How many calls and arguments are allowed, bounded and refused, and which are unknown.
    pub inventory: Summary,
    /// Limits of this process that are below what a step may be given, and that programs are held to instead.
    pub narrower_limits: Vec<NarrowerLimit>,
    /// What is wrong, in words.
    pub problems: Vec<String>,
}

/// A limit that was inherited and cannot be raised.
#[derive(Debug, Clone, Serialize)]
pub struct NarrowerLimit {
    /// As in setrlimit(2).
    pub name: &'static str,
    /// The hard limit of this process.
    pub hard: u64,
    /// What the largest step is given; absent: no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wanted: Option<u64>,
}

/// Looks at this machine. Nothing is changed.
pub fn walls() -> Walls {
    let release = rustix::system::uname().release().to_string_lossy().into_owned();
    // Without the file nothing is known about what the kernel has.
    let symbols = fs::read_to_string("/proc/kallsyms").unwrap_or_default();
    let inventory = summary(&release, &symbols);
    let narrower_limits = narrower_limits();
    let wanted = Limits::CAP.open_files + OWN_DESCRIPTORS;
    let too_few = getrlimit(Resource::Nofile).maximum.filter(|hard| *hard < wanted);
    let problem = |hard| {
        format!(
            "this process may open {hard} files, so that a step cannot be given what it may ask for: `ulimit -Hn {wanted}` or more"
        )
    };
    let problems = too_few.map(problem).into_iter().collect();
    Walls { inventory, narrower_limits, problems }
}

fn narrower_limits() -> Vec<NarrowerLimit> {
    let narrower = |limit: &Limit| {
        let hard = getrlimit(limit.resource).maximum?;
        let wanted = limit.amount.of(&Limits::CAP);
        wanted.is_none_or(|wanted| hard < wanted).then_some(NarrowerLimit { name: limit.name, hard, wanted })
    };
    RLIMITS.iter().filter_map(narrower).collect()
}
