//! The command line: every verb, flag, `OPTIMUS_*` variable and default, declared once and read by `commands`.

mod budget;
mod caps;
mod docker;
mod k8s;
mod plugin;
mod problem;
mod queue;
mod tokens;
mod trust;
pub mod usage;
mod webhooks;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use optimus_core::{Comparer, LimitsRequest};
use optimus_sandbox::Pinning;

pub use budget::MemoryBudget;
pub use caps::CapArgs;
pub use docker::{DockerArgs, Isolation, Runtime};
pub use k8s::{K8s, Render};
pub use plugin::PluginVerb;
pub(crate) use plugin::{Add, Build, Dev, Dir, File, Folder, Install, Kind, Named, New, Push, Test, Update};
pub use problem::{ElsewhereArgs, JudgeArgs, PackageArgs, Verify};
pub use queue::{Api, HttpArgs, Keys, KeysAction, KeysPlace, QueueArgs, Work};
pub use tokens::TokenArgs;
pub(crate) use trust::{Keygen, Sign};
pub use trust::{SignaturePolicy, TrustArgs};
pub use webhooks::WebhookArgs;

/// Runs strangers' programs and says whether they are right.
#[derive(Debug, Parser)]
#[command(name = "optimus", version, propagate_version = true, after_help = EXIT_CODES)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
    /// What every verb understands.
    #[command(flatten)]
    pub common: Common,
}

const EXIT_CODES: &str =
    "Exit codes: 0 accepted, or done · 1 judged and not accepted, or a problem found · 2 could not judge";

/// What every verb understands.
#[derive(Debug, Clone, Args)]
pub struct Common {
    /// Print exactly one JSON value on stdout
    #[arg(long, global = true)]
    pub json: bool,
    /// Whether verdicts have colours; `auto`: on a terminal, unless `NO_COLOR` is set
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: Color,
    /// What to log on stderr: `warn`, `info`, `optimus=debug`
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
    #[command(after_help = RUN_EXAMPLES)]
    Run(Run),
    /// Begin a program with a test: a folder with the language's first program
    Init(Init),
    /// Judge submissions to a problem package, of whatever format
    #[command(after_help = problem::EXAMPLES)]
    Judge(JudgeArgs),
    /// Judge all labelled submissions of a problem package, and say which do not come to what they should
    Verify(Verify),
    /// Serve the HTTP API and judge, all in one process
    Serve(Serve),
    /// Serve the HTTP API over a shared queue; judges nothing, needs no sandbox
    Api(Api),
    /// Judge what a shared queue holds
    Worker(Work),
    /// Make, list and revoke API keys
    Keys(Keys),
    /// Post a program to a server and wait for its report
    Submit(Submit),
    /// Ask a server how a job is
    Status(Status),
    /// List jobs that were given up, bring them back, or let them go
    Dead(Dead),
    /// List the languages, and the toolchains that answer here
    Languages(Languages),
    /// Make, test and keep language plugins
    #[command(subcommand)]
    Plugin(PluginVerb),
    /// Files for a Kubernetes cluster
    #[command(subcommand)]
    K8s(K8s),
    /// Check what this machine can enforce
    Doctor(Doctor),
    /// Measure what a program that does nothing takes here, in every language
    Calibrate(Calibrate),
    /// Measure this machine, side by side in one run
    Bench(Bench),
    /// Print a shell's completion script
    Completions {
        /// Whose
        shell: clap_complete::Shell,
    },
}

const RUN_EXAMPLES: &str = "Examples:
  optimus run hello.py                         run it, show what it prints
  echo 3 4 | optimus run sum.py                the same, with an input
  optimus run sum.cpp --tests tests/ --watch   judge it again whenever it changes
  optimus run sum.cpp --tests tests/           judge it: tests/1.in with tests/1.out, …
  optimus run sum.cpp --stdin 1.in --expect 1.out --compare tokens
  optimus run main.cpp util/sort.cpp --json    the first file is the one to start with";

/// Where plugins, state and boxes come from.
#[derive(Debug, Clone, Args)]
pub struct EngineArgs {
    /// The directory of language plugins [default: ./plugins or the one next to the program; without either, the built-in
    /// languages and those in ~/.local/share/optimus/plugins]
    #[arg(long, env = "OPTIMUS_PLUGINS", value_name = "DIR")]
    pub plugins: Option<PathBuf>,
    /// Where the queue, the code cache and other state live [default: ~/.local/state/optimus]
    #[arg(long, env = "OPTIMUS_STATE", value_name = "DIR")]
    pub state: Option<PathBuf>,
    /// Where programs run
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
    /// Memory for all programs at once, as MiB or as a share of the machine's like 80%; a job waits until its own fits
    #[arg(long, env = "OPTIMUS_MEMORY_BUDGET", default_value = "80%", value_name = "MIB")]
    pub memory_budget: MemoryBudget,
    /// Jobs, or tests of one job, that run at the same time [default: the number of cores, or of `--pin-cpus`]
    #[arg(long, env = "OPTIMUS_SLOTS", value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub slots: Option<u16>,
    /// Give each slot one of these processors to itself, like 2-5,8; `auto`: one of each core that this process may use
    #[arg(long, env = "OPTIMUS_PIN_CPUS", value_name = "LIST")]
    pub pin_cpus: Option<Pinning>,
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
    /// Whose plugins are loaded
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

/// A sandbox backend.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Backend {
    /// The strongest that works here; says which and why
    Auto,
    /// Linux namespaces over this host's toolchains
    Native,
    /// Containers of a Docker daemon, each of its language's image
    Docker,
    /// Runs nothing, echoes stdin: for trying out a deployment
    #[value(hide = true)]
    Fake,
}

/// The program and its tests, as `run` and `submit` take them.
#[derive(Debug, Clone, Args)]
pub struct ProgramArgs {
    /// The source files, the one to start with first; or a directory with a `main.…`
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// The language [default: by the first file's extension]
    #[arg(long, short, value_name = "LANGUAGE")]
    pub language: Option<String>,
    /// A directory of tests: NAME.in with NAME.out (.ans, .ok), inputN.txt with outputN.txt, in/ with out/, N with N.a; also in
    /// sample/ and secret/
    #[arg(long, value_name = "DIR", conflicts_with_all = ["stdin", "expect"])]
    pub tests: Option<PathBuf>,
    /// What the program reads (`-`: this command's own stdin) [default: what is piped in, or nothing]
    #[arg(long, value_name = "FILE")]
    pub stdin: Option<PathBuf>,
    /// What it should print
    #[arg(long, value_name = "FILE")]
    pub expect: Option<PathBuf>,
    /// How output is compared: exact, end_trimmed, trimmed, tokens, lines, unordered, floats:ABS,REL, regex:PATTERN, testlib:wcmp,
    /// kattis:case_sensitive,float_tolerance=1e-6, dmoj:floats,precision=4, cms_white_diff, judge0, or JSON as in a job
    #[arg(long, value_name = "HOW", value_parser = parse_comparer)]
    pub compare: Option<Comparer>,
    /// CPU time, in ms, summed over processes
    #[arg(long, value_name = "MS")]
    pub cpu_ms: Option<u64>,
    /// Time by the clock on the wall, in ms
    #[arg(long, value_name = "MS")]
    pub wall_ms: Option<u64>,
    /// Memory, in MiB
    #[arg(long, value_name = "MIB")]
    pub memory_mib: Option<u64>,
    /// An option of the language, as NAME=VALUE; VALUE is JSON, or else text
    #[arg(long = "option", value_name = "NAME=VALUE")]
    pub options: Vec<String>,
    /// Skip the tests after the first that is not accepted
    #[arg(long)]
    pub stop_at_first_failure: bool,
    /// Arguments for the program
    #[arg(last = true, value_name = "ARG")]
    pub args: Vec<String>,
}

impl ProgramArgs {
    /// The limits that were given.
    pub fn limits(&self) -> LimitsRequest {
        LimitsRequest {
            cpu_ms: self.cpu_ms.map(Into::into),
            wall_ms: self.wall_ms.map(Into::into),
            memory_bytes: self.memory_mib.map(|mib| mib.saturating_mul(1 << 20).into()),
            ..LimitsRequest::default()
        }
    }
}

/// `optimus run`.
#[derive(Debug, Clone, Args)]
#[expect(missing_docs, reason = "groups of flags, documented where they are declared")]
pub struct Run {
    #[command(flatten)]
    pub program: ProgramArgs,
    /// Judge again whenever a file of the program, or a test, changes; Ctrl-C ends it
    #[arg(long)]
    pub watch: bool,
    #[command(flatten)]
    pub engine: EngineArgs,
}

/// `optimus init`.
#[derive(Debug, Clone, Args)]
pub struct Init {
    /// The folder, which is made if it is not there
    #[arg(default_value = ".", value_name = "DIR")]
    pub dir: PathBuf,
    /// The language
    #[arg(long, short, default_value = "python", value_name = "LANGUAGE")]
    pub language: String,
    /// Plugins and state
    #[command(flatten)]
    pub engine: EngineArgs,
}

/// `optimus serve`.
#[derive(Debug, Clone, Args)]
pub struct Serve {
    /// What it listens to
    #[command(flatten)]
    pub http: HttpArgs,
    /// Where jobs wait
    #[command(flatten)]
    pub queue: QueueArgs,
    /// How long running jobs may finish after SIGTERM, in seconds
    #[arg(long, env = "OPTIMUS_GRACE_S", default_value_t = 30, value_name = "S")]
    pub grace_s: u64,
    /// Plugins, state and boxes
    #[command(flatten)]
    pub engine: EngineArgs,
}

/// Which server.
#[derive(Debug, Clone, Args)]
pub struct ServerArgs {
    /// The server
    #[arg(long, env = "OPTIMUS_SERVER", default_value = "http://127.0.0.1:8080", value_name = "URL")]
    pub server: String,
    /// The API key; better given by the variable
    #[arg(long, env = "OPTIMUS_KEY", hide_env_values = true, value_name = "KEY")]
    pub key: Option<String>,
}

/// `optimus dead`.
#[derive(Debug, Clone, Args)]
pub struct Dead {
    /// What to do with them
    #[command(subcommand)]
    pub action: DeadAction,
}

/// What to do with jobs that were given up.
#[derive(Debug, Clone, Subcommand)]
pub enum DeadAction {
    /// List them, newest first, with the reason
    List {
        /// Only of this language
        #[arg(long, value_name = "ID")]
        language: Option<String>,
        /// Which server
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Let them wait again, as if they had never begun
    Requeue {
        /// The jobs
        #[arg(required = true)]
        ids: Vec<String>,
        /// Which server
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Take them from the list; their reports stay
    Drop {
        /// The jobs
        #[arg(required = true)]
        ids: Vec<String>,
        /// Which server
        #[command(flatten)]
        server: ServerArgs,
    },
}

/// `optimus submit`.
#[derive(Debug, Clone, Args)]
pub struct Submit {
    /// The program and its tests
    #[command(flatten)]
    pub program: ProgramArgs,
    /// Which server
    #[command(flatten)]
    pub server: ServerArgs,
    /// Print the job's id and leave
    #[arg(long)]
    pub no_wait: bool,
}

/// `optimus status`.
#[derive(Debug, Clone, Args)]
pub struct Status {
    /// The job
    pub id: String,
    /// Which server
    #[command(flatten)]
    pub server: ServerArgs,
}

/// `optimus calibrate`.
#[derive(Debug, Clone, Args)]
pub struct Calibrate {
    /// Only these languages [default: all that are available]
    #[arg(value_name = "LANGUAGE")]
    pub languages: Vec<String>,
    /// How often each is run
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
    /// Plugins, state and boxes
    #[command(flatten)]
    pub engine: EngineArgs,
}

/// `optimus bench`.
#[derive(Debug, Clone, Args)]
pub struct Bench {
    /// About how long each figure is measured, in seconds
    #[arg(long, default_value_t = 3.0, value_name = "S")]
    pub seconds: f64,
    /// The queue that is measured: `embedded`, or where Redis is (`redis`: on this machine)
    #[arg(long, env = "OPTIMUS_QUEUE", default_value = "embedded", value_name = "URL")]
    pub queue: String,
    /// Measure the queue alone, which then has to be in Redis
    #[arg(long)]
    pub queue_only: bool,
    /// Measure alone what one client's jobs take among 5,000 silent connections, 100 half-sent heads and 64 slow uploads
    #[arg(long, conflicts_with = "queue_only")]
    pub crowd_only: bool,
    /// Plugins, state and boxes
    #[command(flatten)]
    pub engine: EngineArgs,
}

impl Bench {
    /// The server to measure: on any free port, with a state of its own.
    pub fn serve(&self, state: &std::path::Path) -> Serve {
        let engine = EngineArgs { state: Some(state.to_owned()), ..self.engine.clone() };
        let http = HttpArgs::local(SocketAddr::from(([127, 0, 0, 1], 0)));
        Serve { http, queue: self.queue_args(), grace_s: 5, engine }
    }

    /// Where jobs wait meanwhile; under a prefix of its own.
    pub fn queue_args(&self) -> QueueArgs {
        let queue = if self.queue == "redis" { "redis://127.0.0.1:6379" } else { self.queue.as_str() }.to_owned();
        let redis_prefix = format!("optimus-bench-{}", std::process::id());
        QueueArgs { queue, redis_prefix, queue_cap: 2_000_000, ..QueueArgs::embedded() }
    }
}

fn parse_comparer(text: &str) -> Result<Comparer, String> {
    if let Some(tolerances) = text.strip_prefix("floats:") {
        let (abs, rel) = tolerances.split_once(',').unwrap_or((tolerances, tolerances));
        let number = |t: &str| t.trim().parse::<f64>().map_err(|_| format!("`{t}` is not a number"));
        let comparer = Comparer::Floats { abs: number(abs)?, rel: number(rel)? };
        return comparer.check().map(|()| comparer);
    }
    let comparer: Comparer =
        serde_json::from_value(comparer_json(text)).map_err(|error| match text.contains([':', '{']) {
            true => error.to_string(),
            false => "expected exact, end_trimmed, trimmed, tokens, lines, unordered, floats:ABS,REL, regex:PATTERN, testlib:NAME, \
                  kattis[:OPTIONS], dmoj:NAME[,OPTIONS], cms_white_diff, judge0, or JSON"
                .to_owned(),
        })?;
    comparer.check().map(|()| comparer)
}

/// `dmoj:floats,precision=4` as a job has it: `{"dmoj": {"name": "floats", "precision": 4}}`.
fn comparer_json(text: &str) -> serde_json::Value {
    use serde_json::{Value, json};
    if text.starts_with('{') {
        return serde_json::from_str(text).unwrap_or_else(|_| Value::from(text));
    }
    let (family, rest) = text.split_once(':').unwrap_or((text, ""));
    let option = |option: &str| match option.split_once('=') {
        Some((key, value)) => (key.to_owned(), serde_json::from_str(value).unwrap_or_else(|_| Value::from(value))),
        None => (option.to_owned(), Value::from(true)),
    };
    let mut options = rest.split(',').filter(|option| !option.is_empty());
    match family {
        "regex" => json!({ "regex": rest }),
        "testlib" => json!({ "testlib": rest }),
        "dmoj" => {
            let name = options.next().unwrap_or_default();
            let mut checker: serde_json::Map<String, Value> = options.map(option).collect();
            checker.insert("name".to_owned(), Value::from(name));
            json!({ "dmoj": checker })
        }
        "kattis" => json!({ "kattis": options.map(option).collect::<serde_json::Map<_, _>>() }),
        _ => Value::from(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;
    use optimus_core::compare::{Dmoj, ErrorMode, Kattis, Testlib};

    #[test]
    fn the_declaration_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn comparers_are_read() {
        assert_eq!(parse_comparer("tokens"), Ok(Comparer::Tokens));
        assert_eq!(parse_comparer("floats:1e-6"), Ok(Comparer::Floats { abs: 1e-6, rel: 1e-6 }));
        assert_eq!(parse_comparer("testlib:wcmp"), Ok(Comparer::Testlib(Testlib::Wcmp)));
        assert_eq!(parse_comparer("regex:a,b:c"), Ok(Comparer::Regex("a,b:c".to_owned())));
        let floats = Dmoj::Floats { precision: 4, error_mode: ErrorMode::Relative };
        assert_eq!(parse_comparer("dmoj:floats,precision=4,error_mode=relative"), Ok(Comparer::Dmoj(floats)));
        let kattis = Kattis { case_sensitive: true, float_tolerance: Some(1e-6), ..Kattis::default() };
        assert_eq!(parse_comparer("kattis:case_sensitive,float_tolerance=1e-6"), Ok(Comparer::Kattis(kattis)));
        assert_eq!(parse_comparer("kattis"), Ok(Comparer::Kattis(Kattis::default())));
        assert_eq!(parse_comparer(r#"{"testlib": "ncmp"}"#), Ok(Comparer::Testlib(Testlib::Ncmp)));
        for bad in ["regex:(", "testlib:xcmp", "dmoj:floats,precision=x", "kattis:float_tolerance=-1", "{"] {
            assert!(parse_comparer(bad).is_err(), "{bad}");
        }
        assert!(parse_comparer("floats:-1").is_err());
        assert!(parse_comparer("nearly").is_err());
    }
}
