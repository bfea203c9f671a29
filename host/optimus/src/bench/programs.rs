//! The programs that are measured: data, since the host knows no language by name.

use anyhow::{Context as _, bail, ensure};
use optimus_core::language::Availability;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::cli::Backend;
use crate::engine::Engine;

const PROGRAMS: &str = include_str!("../../../../languages/bench.toml");

/// A program to measure.
#[derive(Debug, Deserialize)]
pub(super) struct Program {
    pub(super) name: String,
    pub(super) language: String,
    pub(super) path: String,
    pub(super) source: String,
    /// Makes it, outside of any box; empty when there is nothing to make.
    pub(super) build: Vec<String>,
    /// Runs it, outside of any box.
    pub(super) run: Vec<String>,
    /// True if the same binary is also measured in a box.
    pub(super) boxed: bool,
    /// Its command in a box, where it may be started warm.
    #[serde(default)]
    pub(super) warm: Vec<String>,
    /// Left out where its toolchain is missing.
    #[serde(default)]
    optional: bool,
}

#[derive(Deserialize)]
struct File {
    program: Vec<Program>,
}

/// Those that can be measured with this backend. Inside Wasm no toolchain of the machine's runs.
///
/// # Errors
/// A toolchain is missing, or all are.
pub(super) async fn measurable(engine: &Engine, backend: Backend) -> anyhow::Result<Vec<Program>> {
    let mut programs = Vec::new();
    let mut missing = String::new();
    for program in toml::from_str::<File>(PROGRAMS).context("the bench's programs")?.program {
        let plugin = engine.catalogue.plugin(&program.language).await;
        let plugin = plugin.with_context(|| format!("there is no plugin of `{}`", program.language))?;
        match engine.availability(plugin.descriptor()).await {
            Availability::Unavailable { reason, .. } if program.optional || backend == Backend::Wasm => {
                missing = reason;
            }
            Availability::Unavailable { reason, hint } => bail!("{}: {reason}\n\nhint: {hint}", program.language),
            Availability::Available { .. } | Availability::Unknown => programs.push(program),
        }
    }
    ensure!(!programs.is_empty(), "no program of the bench can run here: {missing}");
    Ok(programs)
}

impl Program {
    /// A request for a job with `tests` tests.
    pub(super) fn job(&self, tests: u32) -> Value {
        let tests: Vec<Value> = (0..tests).map(|_| json!({ "stdin": "" })).collect();
        let files = json!([{ "path": self.path, "content": self.source }]);
        json!({ "language": self.language, "files": files, "tests": tests })
    }

    /// The same with itself for a checker: it ends well, which is all that the protocol `exit` asks for.
    pub(super) fn checked_job(&self, tests: u32) -> Value {
        let mut job = self.job(tests);
        let files = json!([{ "path": self.path, "content": self.source }]);
        job["compare"] = json!({ "program": { "protocol": "exit", "language": self.language, "files": files } });
        job["tests"] = (0..tests).map(|_| json!({ "stdin": "", "expect": "" })).collect();
        job
    }
}
