//! Plugins, state and boxes: flags of every verb that judges.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use optimus_sandbox::Pinning;

use super::{CapArgs, CodeCacheArgs, DockerArgs, MemoryBudget, TrustArgs};

/// Plugins, state and boxes.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Plugins, state and boxes")]
pub struct EngineArgs {
    /// The directory of language plugins [default: ./plugins or the one next to the program; without either, the built-in
    /// languages and those in ~/.local/share/optimus/plugins]
    #[arg(long, env = "OPTIMUS_PLUGINS", value_name = "DIR")]
    pub plugins: Option<PathBuf>,
    /// The directory of the queue, the code cache and other state [default: ~/.local/state/optimus]
    #[arg(long, env = "OPTIMUS_STATE", value_name = "DIR")]
    pub state: Option<PathBuf>,
    /// The place of compiled plugins
    #[command(flatten)]
    pub code: CodeCacheArgs,
    /// The backend that runs programs
    #[arg(long, env = "OPTIMUS_SANDBOX", default_value = "auto", value_name = "BACKEND")]
    pub sandbox: Backend,
    /// One more read-only directory for native boxes, with a toolchain in its `bin`; may be given again
    #[arg(long = "toolchain", env = "OPTIMUS_TOOLCHAINS", value_delimiter = ':', value_name = "DIR")]
    pub toolchains: Vec<PathBuf>,
    /// Work even where a limit cannot be enforced (each one is named at start)
    #[arg(long, env = "OPTIMUS_ALLOW_MISSING_LIMITS")]
    pub allow_missing_limits: bool,
    /// The cgroup below which boxes get theirs [default: our own]
    #[arg(long, env = "OPTIMUS_CGROUP_ROOT", value_name = "DIR")]
    pub cgroup_root: Option<PathBuf>,
    /// Which jobs may run at the same time
    #[arg(long, env = "OPTIMUS_ISOLATION", default_value = "none", value_name = "HOW")]
    pub isolation: Apart,
    /// Memory for all running programs, as MiB or as a share of the machine's like 80%; a job waits until its own fits
    #[arg(long, env = "OPTIMUS_MEMORY_BUDGET", default_value = "80%", value_name = "MIB")]
    pub memory_budget: MemoryBudget,
    /// Jobs, or tests of one job, that run at the same time [default: the number of cores, or of `--pin-cpus`]
    #[arg(long, env = "OPTIMUS_SLOTS", value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub slots: Option<u16>,
    /// Give each slot one of these processors to itself, like 2-5,8; `auto`: one of each core that this process may use
    #[arg(long, env = "OPTIMUS_PIN_CPUS", value_name = "LIST")]
    pub pin_cpus: Option<Pinning>,
    /// Start programs as copies of one that waits, where their language's plugin says that they may be
    #[arg(long, env = "OPTIMUS_WARM_STARTS", default_value = "off", value_name = "WHEN")]
    pub warm_starts: WarmStarts,
    /// Let a job's tests use idle slots
    #[arg(long, env = "OPTIMUS_PARALLEL_TESTS")]
    pub parallel_tests: bool,
    /// Memory for compiled programs that are kept, in MiB
    #[arg(long, env = "OPTIMUS_ARTEFACT_CACHE_MIB", default_value_t = 256, value_name = "MIB")]
    pub artefact_cache_mib: u64,
    /// Memory (address space) of the process that compiles plugins, in MiB
    #[arg(long, env = "OPTIMUS_COMPILER_MIB", default_value_t = 3072, value_name = "MIB")]
    pub compiler_mib: u64,
    /// Another build of this program, which compiles plugins in place of this one: for those that embed the engine
    #[arg(long, hide = true, value_name = "PROGRAM")]
    pub compiler: Option<PathBuf>,
    /// Run commands: jobs that name a program of an image and its arguments. Keys need the scope `commands`
    #[arg(long, env = "OPTIMUS_COMMANDS")]
    pub commands: bool,
    /// An image that commands may choose; may be given again, the first is the default [default: debian:13-slim]
    #[arg(long = "command-image", env = "OPTIMUS_COMMAND_IMAGES", value_delimiter = ',', value_name = "NAME")]
    pub command_images: Vec<String>,
    /// Trusted signers of plugins
    #[command(flatten)]
    pub trust: TrustArgs,
    /// The most that jobs get
    #[command(flatten)]
    pub caps: CapArgs,
    /// Containers and images
    #[command(flatten)]
    pub docker: Box<DockerArgs>,
}

/// Which jobs may run at the same time. A box serves one tenant in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Apart {
    /// Those of all tenants, which can then measure what others keep in the processors' and the page cache
    None,
    /// Those of one tenant; between tenants all boxes and the page cache of toolchains are dropped
    Tenant,
    /// One; the same between jobs
    Job,
}

/// Whether programs may be started as copies of one that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum WarmStarts {
    /// Every program is started by itself
    Off,
    /// Where the language's plugin allows it
    On,
}

/// A sandbox backend.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Backend {
    /// The strongest that works here; says which and why
    Auto,
    /// Linux namespaces over this host's toolchains
    Native,
    /// Containers of a Docker daemon, each of its language's image
    Docker,
    /// Inside WebAssembly, where time is counted in fuel: no toolchain, no rights; languages with a Wasm runtime alone
    Wasm,
    /// Runs nothing, echoes stdin: for trying out a deployment
    #[value(hide = true)]
    Fake,
}
