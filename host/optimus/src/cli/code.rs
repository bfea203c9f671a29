//! The place of compiled plugins: a flag of every verb that loads some.

use std::path::PathBuf;

use clap::Args;

/// The code cache.
#[derive(Debug, Clone, Default, Args)]
pub struct CodeCacheArgs {
    /// The directory of compiled plugins, which processes of one user may share [default: `code` in the state directory]
    #[arg(long, env = "OPTIMUS_CODE_CACHE", value_name = "DIR")]
    pub code_cache: Option<PathBuf>,
}
