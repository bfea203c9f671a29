//! The command line: every verb, flag, `OPTIMUS_*` variable and default, declared once and read by `commands`.

mod audit;
mod bench;
mod blobs;
mod budget;
mod caps;
mod client;
mod code;
mod comparer;
mod db;
mod docker;
mod door;
mod engine;
mod events;
mod examples;
mod k8s;
mod login;
mod pipelines;
mod plugin;
mod postgres;
mod problem;
mod program;
mod queue;
mod runtime;
mod schedules;
mod sessions;
#[cfg(test)]
mod tests;
mod tokens;
mod trust;
pub mod usage;
mod webhooks;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub use audit::Audit;
pub use bench::Bench;
pub use blobs::BlobArgs;
pub use budget::MemoryBudget;
pub use caps::CapArgs;
pub use client::{Dead, DeadAction, DeadPlace, ServerArgs, Status, Submit};
pub use code::CodeCacheArgs;
pub use db::Db;
pub use docker::{DockerArgs, Isolation, Runtime};
pub use door::DoorAddress;
pub use engine::{Apart, Backend, EngineArgs, WarmStarts};
pub use events::Events;
pub use k8s::{K8s, Render};
pub use login::LoginArgs;
pub use pipelines::{OneFlow, Pipelines, PipelinesAction, RunInputs};
pub use plugin::PluginVerb;
pub(crate) use plugin::{Add, Build, Dev, Dir, File, Folder, Install, Kind, Named, New, Push, Test, Update};
pub use postgres::PostgresArgs;
pub use problem::{ElsewhereArgs, JudgeArgs, PackageArgs, Verify};
pub use program::{Init, ProgramArgs, Run};
pub use queue::{Api, HttpArgs, Keys, KeysAction, KeysPlace, QueueArgs, Work};
pub use runtime::{InstallRuntime, RemoveRuntime, RuntimePlace, RuntimeVerb};
pub use schedules::{Noted, OneSchedule, ScheduleParts, Schedules, SchedulesAction};
pub use sessions::SessionArgs;
pub use tokens::TokenArgs;
pub(crate) use trust::{Keygen, Sign};
pub use trust::{SignaturePolicy, TrustArgs};
pub use webhooks::WebhookArgs;

/// Runs untrusted programs and reports if they are right.
#[derive(Debug, Parser)]
#[command(name = "optimus", version, propagate_version = true, after_help = EXIT_CODES)]
pub struct Cli {
    /// The verb.
    #[command(subcommand)]
    pub verb: Verb,
    /// Options that every verb has.
    #[command(flatten)]
    pub common: Common,
}

const EXIT_CODES: &str =
    "Exit codes: 0 accepted, or done · 1 judged and not accepted, or a problem found · 2 could not judge";

/// Options that every verb has.
#[derive(Debug, Clone, Args)]
pub struct Common {
    /// Print exactly one JSON value on stdout
    #[arg(long, global = true)]
    pub json: bool,
    /// Colour verdicts; `auto`: on a terminal, unless `NO_COLOR` is set
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: Color,
    /// Log filter, for stderr: `warn`, `info`, `optimus=debug`
    #[arg(long, global = true, env = "OPTIMUS_LOG", value_name = "FILTER")]
    pub log: Option<String>,
}

/// When text has colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[expect(missing_docs, reason = "the words are the flag's own")]
pub enum Color {
    Auto,
    Always,
    Never,
}

impl Color {
    /// For everything that is printed from here on.
    pub fn set(self) {
        match self {
            Self::Auto => anstream::ColorChoice::Auto,
            Self::Always => anstream::ColorChoice::Always,
            Self::Never => anstream::ColorChoice::Never,
        }
        .write_global();
    }
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Judge a program here and now, without a server
    #[command(after_help = examples::RUN)]
    Run(Run),
    /// Create a folder with a first program of a language, and a test
    #[command(after_help = examples::INIT)]
    Init(Init),
    /// Judge submissions to a problem package of any format
    #[command(after_help = problem::EXAMPLES)]
    Judge(JudgeArgs),
    /// Judge all labelled submissions of a problem package, and list those whose verdict is not the expected one
    #[command(after_help = examples::VERIFY)]
    Verify(Verify),
    /// Serve the HTTP API and judge, all in one process
    #[command(after_help = examples::SERVE)]
    Serve(Serve),
    /// Serve the HTTP API over a shared queue; judges nothing, needs no sandbox
    #[command(after_help = examples::API)]
    Api(Api),
    /// Let an agent run programs here: the Model Context Protocol on stdin and stdout
    #[command(after_help = examples::MCP)]
    Mcp(Mcp),
    /// Judge the jobs of a shared queue
    #[command(after_help = examples::WORKER)]
    Worker(Work),
    /// Create, list and revoke API keys
    #[command(after_help = examples::KEYS)]
    Keys(Keys),
    /// Post a program to a server and wait for its report
    #[command(after_help = examples::SUBMIT)]
    Submit(Submit),
    /// Show the state of a job on a server
    Status(Status),
    /// List, requeue or discard dead-lettered jobs
    #[command(after_help = examples::DEAD)]
    Dead(Dead),
    /// Print the audit log of a server as JSON lines, newest first: who changed what, when, from where
    #[command(after_help = examples::AUDIT)]
    Audit(Audit),
    /// Print what happens to your jobs, schedules and runs on a server, as it happens
    #[command(after_help = examples::EVENTS)]
    Events(Events),
    /// Create, list, change and try schedules, by which a server submits jobs at the times of a calendar
    #[command(after_help = examples::SCHEDULES)]
    Schedules(Schedules),
    /// Create, run and replay pipelines: jobs that need each other
    #[command(after_help = examples::PIPELINES)]
    Pipelines(Pipelines),
    /// The tables of a queue in PostgreSQL
    #[command(subcommand)]
    Db(Db),
    /// List the languages, and the toolchains that answer here
    Languages(Languages),
    /// Create, test, sign and install language plugins
    #[command(subcommand, after_help = examples::PLUGIN)]
    Plugin(PluginVerb),
    /// Install, list and remove the runtimes of languages inside WebAssembly
    #[command(subcommand, after_help = examples::RUNTIME)]
    Runtime(RuntimeVerb),
    /// Files for a Kubernetes cluster
    #[command(subcommand)]
    K8s(K8s),
    /// Check what this machine can enforce
    #[command(after_help = examples::DOCTOR)]
    Doctor(Doctor),
    /// Measure an empty program in every language
    Calibrate(Calibrate),
    /// Measure this machine, side by side in one run
    #[command(after_help = examples::BENCH)]
    Bench(Bench),
    /// Print the manual page, or write all pages into a directory
    Man(Manual),
    /// Print a shell's completion script
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

/// `optimus serve`.
#[derive(Debug, Clone, Args)]
pub struct Serve {
    /// Time for running jobs to finish after SIGTERM, in seconds
    #[arg(long, env = "OPTIMUS_GRACE_S", default_value_t = 30, value_name = "S")]
    pub grace_s: u64,
    /// HTTP options
    #[command(flatten)]
    pub http: HttpArgs,
    /// Queue options
    #[command(flatten)]
    pub queue: QueueArgs,
    /// Sessions of cells
    #[command(flatten)]
    pub sessions: SessionArgs,
    /// Plugins, state and boxes
    #[command(flatten)]
    pub engine: EngineArgs,
}

/// `optimus mcp`.
#[derive(Debug, Clone, Args)]
pub struct Mcp {
    /// Plugins, state and boxes
    #[command(flatten)]
    pub engine: EngineArgs,
}

/// `optimus calibrate`.
#[derive(Debug, Clone, Args)]
pub struct Calibrate {
    /// Only these languages [default: all that are available]
    #[arg(value_name = "LANGUAGE")]
    pub languages: Vec<String>,
    /// Runs of each program
    #[arg(long, default_value_t = 21, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=10_000))]
    pub runs: u16,
    /// Plugins, state and boxes
    #[command(flatten)]
    pub engine: EngineArgs,
}

/// `optimus languages`.
#[derive(Debug, Clone, Args)]
pub struct Languages {
    /// Plugins, state and boxes
    #[command(flatten)]
    pub engine: EngineArgs,
}

/// `optimus doctor`.
#[derive(Debug, Clone, Args)]
pub struct Doctor {
    /// Print what programs can reach of this kernel: how many system calls and options are allowed, bounded and refused
    #[arg(long)]
    pub walls: bool,
    /// Languages that have to work here; of the others a missing toolchain is no problem
    #[arg(value_name = "LANGUAGE")]
    pub languages: Vec<String>,
    /// List the languages without a toolchain, too
    #[arg(long)]
    pub all: bool,
    /// The queue of the servers, which is looked at unless it is `embedded`
    #[command(flatten)]
    pub queue: QueueArgs,
    /// Plugins, state and boxes
    #[command(flatten)]
    pub engine: EngineArgs,
}

/// `optimus man`.
#[derive(Debug, Clone, Args)]
pub struct Manual {
    /// Write a page for each verb there [default: the program's own page to stdout, for `man -l -`]
    #[arg(value_name = "DIR")]
    pub dir: Option<PathBuf>,
}
