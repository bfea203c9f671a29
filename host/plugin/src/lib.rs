//! Language plugins: what a file must be to be loaded, which languages there are now, and calls that give an answer or
//! an error and never anything else.
//!
//! In: a directory of WebAssembly components. Out: plans that have been checked as if an enemy had written them.
//! WebAssembly lives only here. This room knows no language by name, runs no program (but itself again, to compile in) and touches no
//! queue.

mod blob;
mod catalogue;
mod check;
mod compile;
mod config;
mod consent;
mod engine;
mod error;
#[doc(hidden)]
pub mod fuzzing;
mod gate;
mod hex;
mod names;
mod plan;
mod plugin;
mod request;
mod seal;
mod sections;
mod signature;
mod state;
mod text;
mod wasi;
mod wit;

pub use catalogue::{
    Catalogue, Expected, Languages, Loaded, PluginState, PluginStatus, Replaced, Review, ReviewedField, WatchGuard,
    check_file, load_file,
};
pub use compile::compile_child;
pub use config::{BuiltInLanguage, CompileListener, Compiler, Config, ImagePolicy};
pub use consent::{Consent, ConsentError};
pub use error::{CallError, InvalidField, LoadError, PluginError, PluginName};
pub use hex::sha256;
pub use names::Names;
pub use plugin::Plugin;
pub use request::{Finding, HEAD_BYTES, PlanRequest, RequestFile, StepOutcome};
pub use signature::{PublicKey, SIGNATURE_BYTES, SecretKey, SignatureError, Signatures, Signer, Trust, signature_file};
