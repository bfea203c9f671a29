//! Everything a developer of Optimus does, as `cargo xtask …`.

mod api;
mod attack;
mod beside;
mod built;
mod check;
mod checkout;
mod clients;
mod cluster;
mod compose;
mod console;
mod daemon;
mod demo;
mod dependencies;
mod dist;
mod doors;
mod endings;
mod examples;
mod flow;
mod fuzz;
mod golden;
mod guests;
mod images;
mod k8s;
mod packages;
mod parts;
mod plugins;
mod postgres;
mod process;
mod reproducible;
mod runtimes;
mod samples;
mod sbom;
mod schedules;
mod sdk;
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
    /// Run every ending of an interactive problem a thousand times on a busy machine; fail if one has two verdicts
    Endings(endings::Args),
    /// A schedule begins a run of a pipeline, and the server is killed between its steps
    FlowDemo,
    /// Redis (or PostgreSQL), two API and three worker processes: submit, kill workers meanwhile, count what was lost
    ClusterDemo(cluster::Args),
    /// Scale workers by the formulas of KEDA, over a real queue
    KedaDemo(cluster::Args),
    /// The same as cluster-demo, with everything killed at random: workers, API processes and the queue's server
    Chaos(cluster::Args),
    /// Build the images of boxes, and run a program in each
    Images(images::Args),
    /// Build the manifests, and check them as a cluster does
    K8s {
        /// With the binary and the plugins that are built already
        #[arg(long)]
        no_build: bool,
    },
    /// Judge every sample of every language whose toolchain is installed
    Languages(LanguagesArgs),
    /// Run known attacks on judges, and print what stopped each on this machine
    Attack(attack::Args),
    /// Judge all samples and sample packages, write the reports without times, and compare them with another version's
    Golden(golden::Args),
    /// Fuzz everything that reads untrusted input, with libFuzzer, from the seeds in fuzz/corpus
    Fuzz(fuzz::Args),
    /// Build the agent and the declarative plugin here and from a copy elsewhere, and compare their bytes
    Reproducible,
    /// Make the runtimes of languages inside WebAssembly, into target/runtimes
    Runtimes,
    /// Write the bill of materials of the binary, as CycloneDX
    Sbom,
    /// Build a release: a static program with completions, manual pages and checksums, as one tarball in target/tarball
    Dist(dist::Args),
    /// Judge thousands of mixed jobs, some hostile; fail if anything leaks or a quiet tenant waits for a flood
    Soak(soak::Args),
    /// Write, build and serve a new language as its author does, and time it
    PluginTour,
    /// Build the plugins that are written in JavaScript, Python and C, judge their samples, print what each costs
    Guests(guests::Args),
    /// Generate three clients from openapi.json and make a request with each; load the reference page in a browser
    Clients {
        /// With the binary and the plugins that are built already
        #[arg(long)]
        no_build: bool,
    },
    /// Rebuild the console and compare the bytes, run its tests, and use it in a browser
    Console(console::Args),
    /// Check the clients of sdk/client: types, lints, and tests against a server
    Sdk(sdk::Args),
    /// Compare the public API of the plugins' SDK with the listing in `sdk/rust/api.txt`
    Api(api::Args),
    /// Bring compose.yaml up as an operator does, judge a program through it, and take it down
    Compose,
    /// Run published clients of other engines, each through its door
    Doors,
    /// Format, lints, and the quick tests of what changed and of what depends on it
    Check(check::Args),
    /// Hold the dependencies to deny.toml: licences, banned crates, sources
    Dependencies,
    /// Run each client of examples/ against a server
    Examples,
    /// Generate packages of each format, read them with our importer and the format's own tool, and compare
    Packages(packages::Args),
    /// Compare the firing times of random rules in every time zone with those of python-dateutil
    Schedules(schedules::Args),
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
        Task::FlowDemo => flow::demo(&root),
        Task::ClusterDemo(args) => cluster::demo(&root, &args),
        Task::KedaDemo(args) => cluster::keda_demo(&root, &args),
        Task::Chaos(args) => cluster::chaos(&root, &args),
        Task::Images(args) => images::images(&root, &args),
        Task::Languages(LanguagesArgs { missing: true }) => Ok(samples::missing(&root)?),
        Task::Languages(_) => demo::demo(&root, &demo::Args::default()),
        Task::Packages(args) => packages::packages(&root, &args),
        Task::Schedules(args) => schedules::schedules(&root, &args),
        Task::Sbom => sbom::sbom(&root),
        Task::Dist(args) => dist::dist(&root, &args),
        Task::Reproducible => reproducible::reproducible(&root),
        Task::Runtimes => runtimes::runtimes(&root).map(drop),
        Task::Soak(args) => soak::soak(&root, &args),
        Task::Golden(args) => golden::golden(&root, &args),
        Task::Fuzz(args) => fuzz::fuzz(&root, &args),
        Task::Attack(args) => attack::attack(&root, &args),
        Task::K8s { no_build } => check_k8s(&root, no_build),
        Task::PluginTour => shell::build_program(&root, "optimus").and_then(|()| tour::tour(&root)),
        Task::Guests(args) => {
            if !args.no_build {
                shell::build_program(&root, "optimus")?;
            }
            guests::guests(&root, &args)
        }
        Task::Clients { no_build } => check_clients(&root, no_build),
        Task::Console(args) => console::built(&root, &args),
        Task::Sdk(args) => sdk::built(&root, &args),
        Task::Api(args) => api::api(&root, &args),
        Task::Compose => with_plugins(&root, &["bash"]).and_then(|()| compose::compose(&root)),
        Task::Doors => with_plugins(&root, &["python", "c", "cpp"]).and_then(|()| doors::doors(&root)),
        Task::Check(args) => check::check(&root, &args),
        Task::Dependencies => dependencies::dependencies(&root),
        Task::Examples => with_plugins(&root, &["python"]).and_then(|()| examples::examples(&root)),
        Task::Test(args) => test::test(&root, &args),
    }
}

/// Builds the program, and the plugins of these languages.
fn with_plugins(root: &Path, languages: &[&str]) -> anyhow::Result<()> {
    setup::targets()?;
    plugins::crates(root, &languages.iter().map(|&language| language.to_owned()).collect::<Vec<_>>())?;
    shell::build_program(root, "optimus")
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
