//! `cargo xtask fuzz`: libFuzzer on everything that reads what strangers write, with the compiler that all else is built by.
//!
//! In: the targets of `fuzz/`, their seeds. Out: a line a target, or the input that broke one. The project's own crates are
//! built once more, with `fuzz/rustc` around the compiler; everything they depend on is what `cargo test` has built.

mod built;
mod session;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{bail, ensure};

use crate::shell::say;
use session::Session;

/// The crate of the targets, and their prefix.
const ROOM: &str = "fuzz";

/// The targets to fuzz.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Args {
    /// Only these targets
    targets: Vec<String>,
    /// How long each of them
    #[arg(long, default_value_t = 60, value_name = "S")]
    seconds: u64,
    /// Some thousand inputs each, always the same
    #[arg(long, conflicts_with = "seconds")]
    smoke: bool,
    /// Only try this input, of one target
    #[arg(long, value_name = "FILE", conflicts_with = "smoke")]
    input: Option<PathBuf>,
}

/// The bound of a session.
#[derive(Debug, Clone, Copy)]
enum Bound {
    /// Whatever comes, for so long.
    Seconds(u64),
    /// A number of inputs, the same each time, so that a build does not fail by chance.
    Inputs(u32),
}

/// The seeds, and some thousand neighbours of theirs.
const SMOKE: Bound = Bound::Inputs(5_000);

/// A few seconds each, as a part of `cargo xtask test`.
pub(crate) fn smoke(root: &Path) -> anyhow::Result<()> {
    fuzz(root, &Args { smoke: true, ..Args::default() })
}

/// Builds the targets and lets libFuzzer loose on them.
pub(crate) fn fuzz(root: &Path, args: &Args) -> anyhow::Result<()> {
    let all = built::targets(root)?;
    if let Some(unknown) = args.targets.iter().find(|name| !all.contains(name)) {
        bail!("no target is called `{unknown}`; there are: {}", all.join(", "));
    }
    let chosen: Vec<String> =
        all.into_iter().filter(|name| args.targets.is_empty() || args.targets.contains(name)).collect();
    let programs = built::build(root, &chosen)?;
    if let Some(input) = &args.input {
        let [target] = &chosen[..] else { bail!("name the one target that `--input` is for") };
        return Session::new(root, target, &programs[target]).replay(input);
    }
    let bound = if args.smoke { SMOKE } else { Bound::Seconds(args.seconds.max(1)) };
    let failed = run(root, &chosen, &programs, bound);
    ensure!(failed.is_empty(), "{}", failed.join("\n"));
    Ok(())
}

/// Runs as many targets at the same time as there are processors. Returns the failures, in words.
fn run(root: &Path, chosen: &[String], programs: &HashMap<String, PathBuf>, bound: Bound) -> Vec<String> {
    let lanes = std::thread::available_parallelism().map_or(1, usize::from).min(chosen.len());
    let (next, failed) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let lane = || {
        while let Some(target) = chosen.get(next.fetch_add(1, Ordering::Relaxed)) {
            match Session::new(root, target, &programs[target]).run(bound) {
                Ok(done) => say(&format!("{target:<16} {done}")),
                Err(error) => {
                    say(&format!("{target:<16} FAILED"));
                    failed.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(format!("{error:#}"));
                }
            }
        }
    };
    std::thread::scope(|scope| (0..lanes).for_each(|_| drop(scope.spawn(lane))));
    failed.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner)
}
