//! A program and its tests, and the verbs that judge one here.

use std::path::PathBuf;

use clap::Args;
use optimus_core::{Comparer, LimitsRequest};

use super::{EngineArgs, comparer};

/// The program and its tests, as `run` and `submit` take them.
#[derive(Debug, Clone, Args)]
pub struct ProgramArgs {
    /// The source files, the one to start with first; or a directory with a `main.…`. Without any, what is behind `--` is a
    /// command to run
    #[arg(required_unless_present = "args", value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// The language [default: by the first file's extension]
    #[arg(long, short, value_name = "LANGUAGE")]
    pub language: Option<String>,
    /// A directory of tests: NAME.in with NAME.out (.ans, .ok), inputN.txt with outputN.txt, in/ with out/, N with N.a; also in
    /// sample/ and secret/
    #[arg(long, value_name = "DIR", conflicts_with_all = ["stdin", "expect"])]
    pub tests: Option<PathBuf>,
    /// The program's stdin (`-`: this command's own stdin) [default: piped input, or nothing]
    #[arg(long, value_name = "FILE")]
    pub stdin: Option<PathBuf>,
    /// The expected output
    #[arg(long, value_name = "FILE")]
    pub expect: Option<PathBuf>,
    /// The comparer: exact, end_trimmed, trimmed, tokens, lines, unordered, floats:ABS,REL, regex:PATTERN,
    /// testlib:wcmp, kattis:case_sensitive,float_tolerance=1e-6, dmoj:floats,precision=4, cms_white_diff, judge0, or
    /// JSON as in a job
    #[arg(long, value_name = "HOW", value_parser = comparer::parse)]
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
    /// Files of each test to put into the report: a path in the work area, whose parts may hold `*` and `?`
    #[arg(long, value_name = "PATTERN")]
    pub collect: Vec<String>,
    /// Save those files below this directory; of several tests, below DIR/TEST
    #[arg(long, value_name = "DIR", requires = "collect")]
    pub into: Option<PathBuf>,
    /// An environment variable of the program; may be given again
    #[arg(long = "env", value_name = "NAME=VALUE")]
    pub env: Vec<String>,
    /// Arguments for the program, or a command and its arguments
    #[arg(last = true, value_name = "ARG")]
    pub args: Vec<String>,
}

impl ProgramArgs {
    /// Whether the arguments are a command, and no program of the files.
    pub fn is_command(&self) -> bool {
        self.files.is_empty() && self.language.is_none()
    }

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
