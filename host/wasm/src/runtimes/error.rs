//! What can be wrong with a runtime, and what an operator does about it.

use std::io;
use std::path::PathBuf;

/// Why a runtime is not installed or not found.
#[derive(Debug, thiserror::Error)]
pub enum RuntimeError {
    /// A file or directory cannot be read or written.
    #[error("{path}: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is no runtime.
    #[error("`{name}` is no runtime: {why}")]
    Unusable {
        /// Its file.
        name: String,
        /// What is wrong.
        why: String,
    },
    /// There is none of this name.
    #[error("no runtime `{name}` is installed")]
    Missing {
        /// As it was asked for.
        name: String,
    },
    /// Programs of this image run in other backends.
    #[error("programs of the image `{image}` do not run inside Wasm")]
    OtherImage {
        /// As a plan names it.
        image: String,
    },
}

impl RuntimeError {
    /// What an operator does about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::File { .. } => None,
            Self::Unusable { .. } => {
                Some("a runtime is a core WebAssembly module for WASI preview 1 (target wasm32-wasip1)".to_owned())
            }
            Self::Missing { .. } => Some(
                "`optimus runtime list` shows what is installed; `optimus runtime install FILE` installs one"
                    .to_owned(),
            ),
            Self::OtherImage { .. } => Some(
                "use `--sandbox native` or `--sandbox docker` for it, or a language whose image is a Wasm runtime"
                    .to_owned(),
            ),
        }
    }
}
