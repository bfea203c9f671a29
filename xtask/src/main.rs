//! Everything a developer of Optimus does, as `cargo xtask …`.

mod attack;
mod built;
mod check;
mod checkout;
mod clients;
mod cluster;
mod console;
mod daemon;
mod demo;
mod dependencies;
mod dist;
mod doors;
mod endings;
mod examples;
mod fuzz;
mod guests;
mod images;
mod k8s;
mod packages;
mod parts;
mod plugins;
mod process;
mod reproducible;
mod samples;
mod sbom;
mod setup;
mod shell;
mod soak;
mod test;
mod tools;
mod tour;
mod vm;

use std::path::Path;

use clap::{Parser, Subcommand};

/// Everything a developer of Optimus does.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Install what building needs: rustup targets; with --tests also what the tests need
    Setup {
        /// Also what the tests need, from the system's packages
        #[arg(long)]
        tests: bool,
    },
    /// Build the language plugins into plugins/
    Plugins {
        /// Only these languages
        only: Vec<String>,
    },
    /// Build everything, serve, submit the samples of every available language over HTTP, print the verdicts
    Demo(demo::Args),
    /// Every ending of an interactive problem, a thousand runs on a busy machine: one verdict each
    Endings(endings::Args),
    /// Redis, two API and three worker processes: submit, kill workers meanwhile, count what was lost
    ClusterDemo(cluster::Args),
    /// Workers come and go as KEDA would have it, by its formulas over a real Redis
    KedaDemo(cluster::Args),
    /// The same as cluster-demo, with everything killed at random: workers, API processes and Redis itself
    Chaos(cluster::Args),
    /// Build the images that boxes stand on, and run a program in each
    Images(images::Args),
    /// Build the manifests, and look at them as a cluster would
    K8s {
        /// With the binary and the plugins that are built already
        #[arg(long)]
        no_build: bool,
    },
    /// Judge every sample of every language whose toolchain is here: each one's conformance on this machine
    Languages(LanguagesArgs),
    /// The attacks that the field has suffered, and what stood against each on this machine
    Attack(attack::Args),
    /// libFuzzer on everything that reads what strangers write, from the seeds in fuzz/corpus
    Fuzz(fuzz::Args),
    /// The agent and the declarative plugin, built here and from a copy elsewhere: whether the bytes are the same
    Reproducible,
    /// What the binary is made of, as CycloneDX
    Sbom,
    /// A release: a static program with completions, manual pages and checksums, as one tarball in target/tarball
    Dist(dist::Args),
    /// Thousands of mixed jobs, some hostile: whether anything leaks, and whether a quiet tenant waits for a flood
    Soak(soak::Args),
    /// From an empty directory to an accepted verdict over HTTP, as a language's author goes, timed
    PluginTour,
    /// Build the plugins that are written in JavaScript, Python and C, judge their samples, print what each costs
    Guests(guests::Args),
    /// Clients that three generators make of openapi.json make a real request each; the reference page in a browser
    Clients {
        /// With the binary and the plugins that are built already
        #[arg(long)]
        no_build: bool,
    },
    /// Rebuild the console and compare the bytes, run its tests, and use it in a browser
    Console(console::Args),
    /// Clients of other engines, as their authors published them, each through its door
    Doors,
    /// Format, lints, and the quick tests of what changed and of what depends on it
    Check(check::Args),
    /// Hold the dependencies to deny.toml: licences, banned crates, sources
    Dependencies,
    /// Run each client of examples/ against a server
    Examples,
    /// Read packages out of a grammar of each format, by us and by the format's own tool, and say what agrees
    Packages(packages::Args),
    /// Run all tests; a table of the parts comes last, with what was skipped
    Test(test::Args),
}

#[derive(Debug, clap::Args)]
struct LanguagesArgs {
    /// Judge nothing: print which of the samples that each language should have it lacks
    #[arg(long)]
    missing: bool,
}

fn main() -> anyhow::Result<()> {
    let root = shell::root();
    match Cli::parse().task {
        Task::Setup { tests } => {
            setup::targets()?;
            if tests { setup::test_tools() } else { Ok(()) }
        }
        Task::Plugins { only } => {
            setup::targets()?;
            plugins::build(&root, &only)
        }
        Task::Demo(args) => demo::demo(&root, &args),
        Task::Endings(args) => endings::endings(&root, &args),
        Task::ClusterDemo(args) => cluster::demo(&root, &args),
        Task::KedaDemo(args) => cluster::keda_demo(&root, &args),
        Task::Chaos(args) => cluster::chaos(&root, &args),
        Task::Images(args) => images::images(&root, &args),
        Task::Languages(LanguagesArgs { missing: true }) => Ok(samples::missing(&root)?),
        Task::Languages(_) => demo::demo(&root, &demo::Args::default()),
        Task::Packages(args) => packages::packages(&root, &args),
        Task::Sbom => sbom::sbom(&root),
        Task::Dist(args) => dist::dist(&root, &args),
        Task::Reproducible => reproducible::reproducible(&root),
        Task::Soak(args) => soak::soak(&root, &args),
        Task::Fuzz(args) => fuzz::fuzz(&root, &args),
        Task::Attack(args) => attack::attack(&root, &args),
        Task::K8s { no_build } => check_k8s(&root, no_build),
        Task::PluginTour => {
            shell::build_program(&root, "optimus")?;
            tour::tour(&root)
        }
        Task::Guests(args) => {
            if !args.no_build {
                shell::build_program(&root, "optimus")?;
            }
            guests::guests(&root, &args)
        }
        Task::Clients { no_build } => check_clients(&root, no_build),
        Task::Console(args) => console::built(&root, &args),
        Task::Doors => {
            setup::targets()?;
            shell::build_program(&root, "optimus")?;
            plugins::crates(&root, &["python", "c", "cpp"].map(str::to_owned))?;
            doors::doors(&root)
        }
        Task::Check(args) => check::check(&root, &args),
        Task::Dependencies => dependencies::dependencies(&root),
        Task::Examples => {
            shell::build_program(&root, "optimus")?;
            plugins::crates(&root, &["python".to_owned()])?;
            examples::examples(&root)
        }
        Task::Test(args) => test::test(&root, &args),
    }
}

/// Builds what the clients talk to, and runs them.
fn check_clients(root: &Path, no_build: bool) -> anyhow::Result<()> {
    if !no_build {
        setup::targets()?;
        plugins::build(root, &[])?;
    }
    clients::clients(root)
}

/// Builds what the check of the manifests starts, and runs it.
fn check_k8s(root: &Path, no_build: bool) -> anyhow::Result<()> {
    if !no_build {
        setup::targets()?;
        setup::test_tools()?;
        plugins::crates(root, &[])?;
        shell::build_program(root, "optimus")?;
    }
    k8s::k8s(root)
}
