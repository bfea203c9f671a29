//! Runtimes of languages inside WebAssembly.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// `optimus runtime`.
#[derive(Debug, Clone, Subcommand)]
pub enum RuntimeVerb {
    /// Install a WebAssembly module that programs are started with, and compile it
    Install(InstallRuntime),
    /// List the installed runtimes with the images that plans name them by
    List(RuntimePlace),
    /// Remove a runtime
    Remove(RemoveRuntime),
}

/// The state directory alone.
#[derive(Debug, Clone, Args)]
pub struct RuntimePlace {
    /// The directory of the queue, the code cache and other state [default: ~/.local/state/optimus]
    #[arg(long, env = "OPTIMUS_STATE", value_name = "DIR")]
    pub state: Option<PathBuf>,
}

/// `optimus runtime install`.
#[derive(Debug, Clone, Args)]
pub struct InstallRuntime {
    /// The module: for WASI preview 1, with a `_start`
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Its name [default: the file's, without `.wasm`]
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// Install it only if its bytes have this SHA-256
    #[arg(long, value_name = "HEX")]
    pub sha256: Option<String>,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented where it is declared")]
    pub place: RuntimePlace,
}

/// `optimus runtime remove`.
#[derive(Debug, Clone, Args)]
pub struct RemoveRuntime {
    /// Its name, for all versions of it, or its image
    pub name: String,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented where it is declared")]
    pub place: RuntimePlace,
}
