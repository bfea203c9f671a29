//! `cargo xtask test`: everything that has to hold, in one command.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;
use clap::ValueEnum;

use crate::beside::Beside;
use crate::built::programs;
use crate::parts::{self, Parts};
use crate::shell::{cargo, run, say};
use crate::vm::{Depth, Machine};
use crate::{
    api, attack, clients, cluster, compose, console, daemon, demo, dependencies, dist, doors, endings, examples, flow,
    fuzz, images, k8s, packages, plugins, reproducible, schedules, sdk, setup, soak, tour,
};

/// The hosts to test on.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// On this host, in a small emulated machine with cgroup v2, or both. Alone, the machine tries attacks as root, too
    #[arg(long, default_value = "all")]
    cgroup: Cgroup,
    /// Only the console and the clients, with what is built already
    #[arg(long, conflicts_with = "cgroup")]
    clients: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Cgroup {
    /// This host as it is, and the machine
    All,
    /// This host as it is
    Host,
    /// The machine
    V2,
}

/// Languages of one TOML file whose toolchains are small or everywhere. `cargo xtask languages` judges all.
const SMALL: [&str; 6] = ["awk", "dash", "lua", "perl", "ruby", "sed"];

/// Images of the sample packages' languages, and one that needs neither compiler nor interpreter; more are compared
/// where they are built.
pub(crate) const IMAGES: [&str; 4] = ["bash", "c", "cpp", "python"];

const MACHINE: &str = "the sandbox suites in that machine";

/// Runs all of it; the first failure ends it. A table of the parts comes last.
pub(crate) fn test(root: &Path, args: &Args) -> anyhow::Result<()> {
    let mut parts = Parts::new();
    if args.clients {
        clients(root, &mut parts)?;
        parts.table();
        return Ok(());
    }
    parts.run("what the tests need", || {
        setup::targets()?;
        setup::test_tools()
    })?;
    if args.cgroup == Cgroup::V2 {
        let machine = boot(root, &mut parts, &["-p", "optimus-sandbox"], Depth::Whole)?;
        parts.run(MACHINE, || machine.finish())?;
    } else {
        host(root, &mut parts, args.cgroup == Cgroup::All)?;
    }
    parts.table();
    say("\nall of it holds");
    Ok(())
}

/// This host as it is, and beside it the emulated machine if `machine` is true. That takes one processor for as long as most
/// of the rest, much of which waits.
fn host(root: &Path, parts: &mut Parts, machine: bool) -> anyhow::Result<()> {
    let daemon = daemon::ensure()?;
    if daemon::answers() {
        parts.run("a few images", || images::some(root, &IMAGES))?;
    } else {
        parts::skip("boxes in containers: no Docker daemon answers");
    }
    build(root, parts)?;
    let machine = if machine { Some(boot(root, parts, &["--workspace"], Depth::Beside)?) } else { None };
    // No other boxes are on this host meanwhile: some of the suites count what boxes leave behind.
    parts.run("tests", || attack::all_tests(root))?;
    // `cargo test` has built the binary; `cargo build` would build its dependencies again, with fewer features.
    parts.run("languages of one file", || plugins::declared(root, &[]))?;
    let clients = Beside::start(Command::new(std::env::current_exe()?).args(["test", "--clients"]))?;
    let tools = tools(root, parts);
    let clients = parts.run("the console and the clients, beside those", || clients.finish());
    tools.and(clients)?;
    // Alone on the processors, but for the machine: it measures how long jobs wait.
    parts.run("a minute of jobs, some hostile", || soak::short(root, "native"))?;
    drop(daemon);
    machine.map_or(Ok(()), |machine| parts.run(MACHINE, || machine.finish()))
}

/// Lints, plugins, and the executables of all tests.
fn build(root: &Path, parts: &mut Parts) -> anyhow::Result<()> {
    parts.run("format", || run(cargo(root).args(["fmt", "--all", "--check"])))?;
    parts.run("lints", || {
        run(cargo(root).args(["clippy", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"]))
    })?;
    parts.run("documentation", || documentation(root))?;
    parts.run("the SDK's public API", || api::api(root, &api::Args::default()))?;
    parts.run("licences and sources of dependencies", || dependencies::dependencies(root))?;
    parts.run("plugins", || plugins::crates(root, &[]))?;
    parts.run("the tests are built", || run(cargo(root).args(["test", "--workspace", "--no-run", "--quiet"])))
}

/// Starts the emulated machine, which takes one processor until `finish`.
fn boot(root: &Path, parts: &mut Parts, scope: &[&str], depth: Depth) -> anyhow::Result<Machine> {
    let mut machine = None;
    parts.run("a machine with cgroup v2 is started", || {
        machine = Some(Machine::boot(sandbox_suites(root, scope)?, depth)?);
        Ok(())
    })?;
    machine.context("the part has run")
}

/// The programs as their users run them, and the tools of this repository.
fn tools(root: &Path, parts: &mut Parts) -> anyhow::Result<()> {
    parts.run("what travels inside the binary, built elsewhere", || reproducible::reproducible(root))?;
    parts.run("fuzzing, some thousand inputs each", || fuzz::smoke(root))?;
    parts.run("every sample of every language, over HTTP", || {
        let mut languages = plugins::languages(root, plugins::CRATE)?;
        languages.retain(|language| !plugins::LARGE.contains(&language.as_str()));
        languages.extend(SMALL.map(str::to_owned));
        demo::judge_samples(root, &demo::Args { languages, ..demo::Args::default() })
    })?;
    parts.run("languages inside WebAssembly, with runtimes made from their sources", || {
        demo::judge_samples(root, &demo::Args { sandbox: "wasm".to_owned(), ..demo::Args::default() })
    })?;
    parts.run("interactive problems, each ending a few times on a busy machine", || {
        endings::judge(root, &endings::Args { runs: 64, load: 4 })
    })?;
    parts.run("packages, as the tools that define their formats read them", || {
        packages::packages(root, &packages::Args { count: 40, seed: 1 })
    })?;
    parts.run("firing times of random rules, beside python-dateutil", || {
        schedules::schedules(root, &schedules::Args { count: 500, seed: 1 })
    })?;
    parts.run("a release of the debug binary, installed in an empty home", || dist::tried(root))?;
    if daemon::answers() {
        parts.run("compose.yaml, with images made here", || compose::compose(root))?;
    } else {
        parts::skip("compose.yaml: no Docker daemon answers");
    }
    parts.run("the manifests, without a cluster", || k8s::k8s(root))?;
    parts.run("KEDA's formulas over a real Redis", || cluster::keda(root))?;
    parts.run("a pipeline that a schedule begins, its server killed", || flow::flow(root))?;
    parts.run("a cluster of processes over Redis, killed at random", || {
        cluster::small_chaos(root, cluster::Kind::Redis)
    })?;
    parts.run("the same over PostgreSQL", || cluster::small_chaos(root, cluster::Kind::Postgres))?;
    parts.run("a language's author goes from nothing to an accepted verdict", || tour::tour(root))
}

/// What people and programs use a server with.
fn clients(root: &Path, parts: &mut Parts) -> anyhow::Result<()> {
    parts.run("generated clients, the reference page", || clients::clients(root))?;
    parts.run("the console, rebuilt, and used in a browser", || console::console(root, &console::Args::default()))?;
    parts.run("the clients of Optimus", || sdk::sdk(root, &sdk::Args::default()))?;
    parts.run("clients of other engines", || doors::doors(root))?;
    parts.run("a client in each of five languages", || examples::examples(root))
}

/// Builds the documentation of our crates; a broken link or a malformed comment is an error.
fn documentation(root: &Path) -> anyhow::Result<()> {
    run(cargo(root).args(["doc", "--workspace", "--no-deps", "--quiet"]).env("RUSTDOCFLAGS", "-D warnings"))
}

/// The test executables of the sandbox, as cargo built them; in the scope of an earlier build, nothing is built again.
fn sandbox_suites(root: &Path, scope: &[&str]) -> anyhow::Result<Vec<PathBuf>> {
    let mut build = cargo(root);
    let built = programs(build.arg("test").args(scope).arg("--no-run"))?;
    let suites: Vec<PathBuf> = built
        .into_iter()
        .filter(|built| built.kind == "test" && built.room.ends_with("host/sandbox"))
        // Neither a daemon nor an interpreter is in the machine.
        .filter(|built| !["docker", "evicted", "warm"].contains(&built.name.as_str()))
        .map(|built| built.program)
        .collect();
    anyhow::ensure!(!suites.is_empty(), "cargo named no test executable");
    Ok(suites)
}
