//! A language as data: the plugin whose language is filled in afterwards.
//!
//! Compiled to WebAssembly, this is a whole plugin but for a `region` that is empty. `author::build` reads a
//! `language.toml`, writes a [`Manifest`] into that region and so makes a plugin without any toolchain. Natively, a
//! manifest's descriptor and plans are what the plugin's would be: it is the same code.

#[cfg(feature = "author")]
pub mod author;
mod expand;
mod manifest;
mod pattern;
mod plan;
mod region;

use optimus_sdk::{Classify, Descriptor, Diagnostic, Error, Language, Outcome, Plan, Refined, Request, Step, Warm};

pub use manifest::{Choice, Command, Compare, Kind, Limits, Manifest, Program};

/// The language that was filled in.
pub struct Declared;

impl Declared {
    fn manifest() -> Manifest {
        region::read().expect("`optimus plugin build` has filled in a language")
    }
}

impl Language for Declared {
    fn describe() -> Descriptor {
        Self::manifest().descriptor()
    }

    fn plan(request: &Request) -> Result<Plan, Error> {
        Self::manifest().plan(request)
    }
}

impl Classify for Declared {
    fn diagnostics(outcome: &Outcome) -> Vec<Diagnostic> {
        Self::manifest().diagnostics_of(outcome)
    }

    fn refine(outcome: &Outcome) -> Option<Refined> {
        Self::manifest().refine(outcome)
    }
}

impl Warm for Declared {
    fn shares_start(_: &Step) -> bool {
        Self::manifest().warm
    }
}

optimus_sdk::plugin!(Declared, classify, warm);
