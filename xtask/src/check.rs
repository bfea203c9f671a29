//! `cargo xtask check`: what a change may have broken, in a minute: format, lints, and the unit and contract tests of the
//! crates that changed and of those that depend on them. `cargo xtask test` is everything.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, anyhow, ensure};
use serde_json::Value;

use crate::built::{Built, programs};
use crate::parts::Parts;
use crate::shell::{cargo, has, read, run, say};

/// The crates to check.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// These crates, and what depends on them [default: what differs from the branch `main` or is not committed]
    #[arg(value_name = "CRATE")]
    only: Vec<String>,
}

/// Integration tests that start no box and no cluster, so that they take seconds.
const SUITES: [&str; 5] = ["api", "architecture", "contract", "embedded", "it"];

/// Crates whose integration tests run boxes: of these only the unit tests.
const BOXES: [&str; 1] = ["optimus-sandbox"];

/// The suite whose cases share servers of Redis and PostgreSQL. nextest runs each case in a process of its own, which would
/// start them again for each.
const SERVERS: &str = "contract";

pub(crate) fn check(root: &Path, args: &Args) -> anyhow::Result<()> {
    let graph = Graph::read(root)?;
    let changed = match args.only.is_empty() {
        true => graph.of_files(&changed_files(root)?),
        false => args.only.iter().cloned().collect(),
    };
    if changed.is_empty() {
        say("nothing has changed");
        return Ok(());
    }
    let affected = graph.with_dependents(&changed)?;
    say(&format!("changed: {}; with what depends on it: {} crates", shown(&changed), affected.len()));
    let mut parts = Parts::new();
    parts.run("format", || run(cargo(root).args(["fmt", "--all", "--check"])))?;
    // The workspace's features, always: so that this, `cargo xtask test` and an editor share what is built.
    let lints = ["clippy", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"];
    parts.run("lints", || run(cargo(root).args(lints)))?;
    parts.run("tests", || tests(root, &graph, &affected))?;
    parts.table();
    Ok(())
}

fn tests(root: &Path, graph: &Graph, affected: &BTreeSet<String>) -> anyhow::Result<()> {
    let mut words = vec!["--workspace", "--lib"];
    words.extend(SUITES.iter().flat_map(|suite| ["--test", suite]));
    let mut build = cargo(root);
    let mut built = programs(build.arg("test").args(&words).arg("--no-run"))?;
    built.retain(|one| {
        let mut names = graph.folders.iter().filter(|(_, folder)| one.room.ends_with(folder)).map(|(name, _)| name);
        names.any(|name| affected.contains(name) && !(one.kind == "test" && BOXES.contains(&name.as_str())))
    });
    let (shared, rest): (Vec<_>, Vec<_>) = built.iter().partition(|one| one.kind == "test" && one.name == SERVERS);
    // Its cases mostly wait for servers, the others mostly compute.
    std::thread::scope(|scope| {
        let shared = scope.spawn(|| shared.into_iter().map(program).collect::<anyhow::Result<Vec<_>>>());
        let rest = match has("cargo-nextest") {
            true => nextest(root, &words, affected),
            false => rest.into_iter().try_for_each(|one| program(one).map(|output| say(output.trim()))),
        };
        let outputs = shared.join().map_err(|_| anyhow!("the thread of the suite `{SERVERS}` panicked"))?;
        outputs.map(|outputs| outputs.iter().for_each(|output| say(output.trim()))).and(rest)
    })
}

/// Everything but the suite that shares its servers.
fn nextest(root: &Path, words: &[&str], affected: &BTreeSet<String>) -> anyhow::Result<()> {
    let packages: Vec<_> = affected.iter().map(|name| format!("package(={name})")).collect();
    let boxes: Vec<_> = BOXES.iter().map(|name| format!("(package(={name}) & kind(test))")).collect();
    let filter = format!("({}) - ({}) - binary(={SERVERS})", packages.join(" | "), boxes.join(" | "));
    run(cargo(root).args(["nextest", "run"]).args(words).args(["--no-tests=pass", "-E", &filter]))
}

/// What a test program printed; an error with it when a test failed.
fn program(built: &Built) -> anyhow::Result<String> {
    read(Command::new(&built.program).arg("--quiet").current_dir(&built.room))
}

fn shown(names: &BTreeSet<String>) -> String {
    names.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}

/// Files that differ from `main`, and those that are not committed.
fn changed_files(root: &Path) -> anyhow::Result<BTreeSet<String>> {
    let git = |words: &[&str]| read(Command::new("git").current_dir(root).args(words));
    let mut files = git(&["diff", "--name-only", "HEAD"])?;
    files += &git(&["ls-files", "--others", "--exclude-standard"])?;
    if let Ok(base) = git(&["merge-base", "HEAD", "main"]) {
        files += &git(&["diff", "--name-only", base.trim(), "HEAD"])?;
    }
    Ok(files.lines().map(str::to_owned).collect())
}

/// The crates of the workspace.
struct Graph {
    /// The folder of each crate, from the root.
    folders: BTreeMap<String, String>,
    /// On whom each depends, also for its tests.
    needs: BTreeMap<String, BTreeSet<String>>,
}

impl Graph {
    fn read(root: &Path) -> anyhow::Result<Self> {
        let metadata = read(cargo(root).args(["metadata", "--no-deps", "--format-version", "1"]))?;
        let metadata: Value = serde_json::from_str(&metadata)?;
        Self::of(&metadata).context("`cargo metadata` says something else")
    }

    fn of(metadata: &Value) -> Option<Self> {
        let (mut folders, mut needs) = (BTreeMap::new(), BTreeMap::new());
        let root = format!("{}/", metadata["workspace_root"].as_str()?);
        for package in metadata["packages"].as_array()? {
            let name = package["name"].as_str()?.to_owned();
            let folder = package["manifest_path"].as_str()?.strip_prefix(&root)?.strip_suffix("/Cargo.toml")?;
            let on = package["dependencies"].as_array()?.iter().filter(|one| one["path"].is_string());
            needs.insert(name.clone(), on.filter_map(|one| Some(one["name"].as_str()?.to_owned())).collect());
            folders.insert(name, folder.to_owned());
        }
        Some(Self { folders, needs })
    }

    /// The crates that files are in: the innermost, where one crate's folder is in another's.
    fn of_files(&self, files: &BTreeSet<String>) -> BTreeSet<String> {
        let of_file = |file: &String| {
            let inside = self.folders.iter().filter(|(_, folder)| file.starts_with(&format!("{folder}/")));
            inside.max_by_key(|(_, folder)| folder.len()).map(|(name, _)| name.clone())
        };
        files.iter().filter_map(of_file).collect()
    }

    fn with_dependents(&self, changed: &BTreeSet<String>) -> anyhow::Result<BTreeSet<String>> {
        for name in changed {
            ensure!(self.folders.contains_key(name), "there is no crate `{name}`: there are {:?}", self.folders.keys());
        }
        let mut all = changed.clone();
        loop {
            let more = self.needs.iter().filter(|(_, needs)| !needs.is_disjoint(&all)).map(|(name, _)| name.clone());
            let grown: BTreeSet<String> = all.iter().cloned().chain(more).collect();
            if grown.len() == all.len() {
                return Ok(all);
            }
            all = grown;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn a_change_reaches_what_depends_on_it() {
        let graph = Graph::read(&crate::shell::root()).unwrap();
        assert_eq!(graph.of_files(&set(&["host/judge/src/lib.rs", "README.md"])), set(&["optimus-judge"]));
        assert_eq!(graph.of_files(&set(&["xtask/prebuilt/src/lib.rs"])), set(&["optimus-prebuilt"]));
        let affected = graph.with_dependents(&set(&["optimus-queue"])).unwrap();
        assert!(affected.is_superset(&set(&["optimus-queue", "optimus-server", "optimus"])), "{affected:?}");
        assert!(!affected.contains("optimus-judge"), "{affected:?}");
        assert!(graph.with_dependents(&set(&["optimus-soup"])).is_err());
    }
}
