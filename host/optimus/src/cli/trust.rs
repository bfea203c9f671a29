//! Trusted signers: flags of every verb that loads plugins.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// Trusted signers, and the effect of a missing signature.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Signatures of plugins")]
pub struct TrustArgs {
    /// The effect of a missing or bad signature beside a plugin (`NAME.wasm.sig`)
    #[arg(long, env = "OPTIMUS_PLUGIN_SIGNATURES", default_value = "off", value_name = "HOW")]
    pub plugin_signatures: SignaturePolicy,
    /// A public key whose signatures are good, or a file of such keys; may be given again
    #[arg(long = "plugin-key", env = "OPTIMUS_PLUGIN_KEYS", value_delimiter = ',', value_name = "KEY|FILE")]
    pub plugin_keys: Vec<String>,
}

/// The effect of a missing or bad signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum SignaturePolicy {
    /// Signatures are not checked
    #[default]
    Off,
    /// It serves, and its status and the log say so
    Warn,
    /// It is refused
    Require,
}

/// `optimus plugin keygen`.
#[derive(Debug, Clone, Args)]
pub struct Keygen {
    /// The name of both files: `NAME.key`, which is yours alone, and `NAME.pub`, for the servers
    #[arg(default_value = "optimus-plugin")]
    pub name: PathBuf,
}

/// `optimus plugin sign`.
#[derive(Debug, Clone, Args)]
pub struct Sign {
    /// The plugins
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// The secret key, of `optimus plugin keygen` or `minisign -G -W`
    #[arg(long, short, env = "OPTIMUS_SIGN_KEY", default_value = "optimus-plugin.key", value_name = "FILE")]
    pub secret: PathBuf,
}
