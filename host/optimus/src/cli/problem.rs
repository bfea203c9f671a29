//! The verbs about problem packages.

use std::path::PathBuf;

use clap::Args;

use super::EngineArgs;

pub(super) const EXAMPLES: &str = "Examples:
  optimus judge hello.zip mine.py yours.cpp
  optimus judge packages/hello submissions/accepted/*
  optimus judge 'set.xml#2' mine.py          the second of several problems in one file
A directory among the submissions is one program of many files.";

/// A problem package.
#[derive(Debug, Clone, Args)]
pub struct PackageArgs {
    /// The package: a directory or a zip archive, of Kattis, ICPC, DOMjudge, DMOJ, Polygon, CMS, Hydro or QDUOJ. Of
    /// several problems in one file, FILE#2 or FILE#TITLE is one
    #[arg(value_name = "PACKAGE")]
    pub package: PathBuf,
    /// The time limit, for packages that leave it to the judge, in ms of CPU time
    #[arg(long, value_name = "MS")]
    pub cpu_ms: Option<u64>,
    /// The limit by the clock on the wall, in ms [default: twice the time limit and a second]
    #[arg(long, value_name = "MS")]
    pub wall_ms: Option<u64>,
    /// The memory limit, for packages that leave it to the judge, in MiB
    #[arg(long, value_name = "MIB")]
    pub memory_mib: Option<u64>,
}

/// Another place to judge in than here.
#[derive(Debug, Clone, Args)]
pub struct ElsewhereArgs {
    /// Judge there, with its plugins and boxes, instead of here
    #[arg(long, value_name = "URL")]
    pub server: Option<String>,
    /// The API key for the server; better given by the variable
    #[arg(long, env = "OPTIMUS_KEY", hide_env_values = true, value_name = "KEY")]
    pub key: Option<String>,
}

/// `optimus judge`.
#[derive(Debug, Clone, Args)]
pub struct JudgeArgs {
    /// The package
    #[command(flatten)]
    pub package: PackageArgs,
    /// The submissions
    #[arg(required = true, value_name = "SUBMISSION")]
    pub submissions: Vec<PathBuf>,
    /// Their language [default: by each one's extension]
    #[arg(long, short, value_name = "LANGUAGE")]
    pub language: Option<String>,
    /// The server that judges, if any
    #[command(flatten)]
    pub elsewhere: ElsewhereArgs,
    /// Plugins, state and boxes
    #[command(flatten)]
    pub engine: EngineArgs,
}

/// `optimus verify`.
#[derive(Debug, Clone, Args)]
pub struct Verify {
    /// The package
    #[command(flatten)]
    pub package: PackageArgs,
    /// The server that judges, if any
    #[command(flatten)]
    pub elsewhere: ElsewhereArgs,
    /// Plugins, state and boxes
    #[command(flatten)]
    pub engine: EngineArgs,
}
