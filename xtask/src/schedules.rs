//! `cargo xtask schedules`: our firing times beside those of python-dateutil, for random rules in every zone.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, ensure};
use optimus_core::Timestamp;
use optimus_schedules::Spec;
use serde::Deserialize;

use crate::shell::{read, say};
use crate::tools;

/// Number of rules to compare.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Rules
    #[arg(long, default_value_t = 10_000)]
    pub(crate) count: u32,
    /// Another seed makes other rules
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u32,
}

/// From PyPI; `tzdata` has the zones in the version that our own have.
const TOOLS: [&str; 3] = ["python-dateutil==2.9.0.post0", "six==1.17.0", "tzdata==2026.6"];
/// Differences that are printed.
const SHOWN: usize = 5;

/// A line of the reference: times in seconds since 1970.
#[derive(Deserialize)]
struct Case {
    spec: Spec,
    /// Times later than this one…
    after: u64,
    /// …and not later than this one,
    until: u64,
    /// as dateutil finds them: the first twenty.
    fires: Vec<u64>,
}

/// Firing times of the reference.
const MOST: usize = 20;

/// Compares all; fails where they differ.
pub(crate) fn schedules(root: &Path, args: &Args) -> anyhow::Result<()> {
    let dir = root.join("target/schedules");
    let python = dir.join("python");
    tools::from_pypi(&python, &TOOLS)?;
    let script = dir.join("reference.py");
    std::fs::write(&script, include_str!("schedules/reference.py"))?;
    let mut reference = Command::new("python3");
    reference.arg("-B").arg(&script).args([args.count.to_string(), args.seed.to_string()]);
    // Without the system's zones.
    let lines = read(reference.env("PYTHONPATH", &python).env("PYTHONTZPATH", ""))?;
    let (mut equal, mut firings, mut different) = (0_usize, 0_usize, Vec::new());
    for line in lines.lines() {
        let case: Case = serde_json::from_str(line).context("a line of the reference")?;
        match ours(&case) {
            Ok(ours) if ours == case.fires => {
                equal += 1;
                firings += ours.len();
            }
            Ok(ours) => different.push(format!("{}\n  ours   {ours:?}\n  theirs {:?}", line, case.fires)),
            Err(refused) => different.push(format!("{line}\n  refused: {refused}")),
        }
    }
    say(&format!("{equal} of {} rules equal, {firings} firing times", args.count));
    different.iter().take(SHOWN).for_each(|one| say(one));
    ensure!(different.is_empty(), "{} differences from dateutil", different.len());
    ensure!(equal == args.count as usize, "the reference made {equal} rules");
    Ok(())
}

/// Our firing times. A rule that never fires is refused by us, and has none there.
fn ours(case: &Case) -> anyhow::Result<Vec<u64>> {
    let schedule = match case.spec.compile("reference") {
        Err(refused) if case.fires.is_empty() => {
            let never = refused.message.contains("never fires") || refused.message.contains("names no");
            ensure!(never || refused.message.contains("no firing time"), "{refused}");
            return Ok(Vec::new());
        }
        compiled => compiled?,
    };
    let ms = |seconds: u64| Timestamp(seconds * 1000);
    let firings = schedule.firings(ms(case.after), Some(ms(case.until)), MOST)?;
    Ok(firings.iter().map(|firing| firing.nominal.0 / 1000).collect())
}
