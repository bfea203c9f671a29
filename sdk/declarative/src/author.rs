//! For those who make plugins: from a `language.toml` to a plugin, without a toolchain.

mod commands;
pub mod crates;
mod eject;
mod fields;
mod known;
mod literal;
mod read;
mod remarks;
mod scaffold;
mod slots;
mod template;

pub use commands::{commands, commands_wasm};
pub use known::{Known, known};
pub use read::read;
pub use remarks::{Remark, remarks};
pub use scaffold::{Answers, Planted, of_answers, of_known};
pub use template::{componentize, fill, name};

/// A fault in a `language.toml`, with its place and the remedy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: `{field}` {message}")]
pub struct Wrong {
    /// From 1.
    pub line: usize,
    /// Dotted: `compile.collect`.
    pub field: String,
    /// The fault.
    pub message: String,
    /// The remedy.
    pub hint: String,
}

/// A reason why a plugin cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// Its description.
    #[error(transparent)]
    Wrong(#[from] Wrong),
    /// It is too much for the prebuilt plugin.
    #[error("the language takes {0} bytes, more than the {max} that the prebuilt plugin has room for", max = crate::region::BYTES)]
    TooLarge(usize),
    /// It cannot be made a component.
    #[error("cannot make a component of it: {0}")]
    Component(String),
}

impl BuildError {
    /// The remedy.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Wrong(wrong) => wrong.hint.clone(),
            Self::TooLarge(_) => "shorten the sample programs or `files`, or eject it to Rust".to_owned(),
            Self::Component(_) => "build it for wasm32-unknown-unknown, with the SDK of this version".to_owned(),
        })
    }
}
