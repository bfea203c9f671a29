//! A language as data. Commands are words with slots in braces (see [`crate::slots`]).

use optimus_sdk::{Comparer, Descriptor, Opt, Sample, StepLimits};
use serde::{Deserialize, Serialize};

/// All that is known of a language.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the contract's own words: see `sdk/wit` and docs/plugins.md")]
pub struct Manifest {
    pub id: String,
    pub name: String,
    pub version: String,
    pub aliases: Vec<String>,
    pub extensions: Vec<String>,
    pub images: Vec<String>,
    pub probe: Vec<String>,
    pub install: String,
    pub time_multiplier: f64,
    pub memory_multiplier: f64,
    pub minimum: Limits,
    pub options: Vec<Choice>,
    pub judge0_ids: Vec<u32>,
    pub piston_names: Vec<String>,
    pub samples: Vec<Program>,
    pub compile: Vec<Command>,
    pub run: Command,
    pub compare: Option<Compare>,
    /// Texts that the runtime writes to stderr when memory is refused.
    pub memory_errors: Vec<String>,
    /// Whether programs may be started as copies of a process that has started already.
    pub warm: bool,
    /// Patterns of the toolchain's diagnostics; see `pattern.rs`.
    pub diagnostics: Vec<String>,
}

/// One step, before a job is known.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "as above")]
pub struct Command {
    pub name: String,
    /// Empty where the job's arguments are the command.
    pub words: Vec<String>,
    pub env: Vec<(String, String)>,
    pub collect: Vec<String>,
    /// Path and content.
    pub files: Vec<(String, String)>,
    pub limits: Limits,
}

/// Limits of a step or a language.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "as above")]
pub struct Limits {
    pub cpu_ms: Option<u32>,
    pub wall_ms: Option<u32>,
    pub memory_mib: Option<u32>,
    pub processes: Option<u32>,
    pub work_mib: Option<u32>,
}

/// Something that a job may choose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "as above")]
pub struct Choice {
    pub name: String,
    pub about: String,
    pub kind: Kind,
}

/// The values of an option.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// One of these, the first by default.
    Values(Vec<String>),
    /// A list of arguments.
    Flags,
    /// This argument or none, and whether it is there by default.
    Switch(String, bool),
    /// Any text, or none.
    Text,
}

/// The comparer of jobs that name none.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "as above")]
pub enum Compare {
    Exact,
    Trimmed,
    Tokens,
    Lines,
    Unordered,
    Floats(f64, f64),
}

/// A program to try the language with, and what it prints.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "as above")]
pub struct Program {
    pub name: String,
    pub path: String,
    pub source: String,
    pub expect: String,
}

impl Manifest {
    /// The descriptor.
    pub fn descriptor(&self) -> Descriptor {
        let sample = |sample: &Program| {
            let Program { name, path, source, expect } = sample.clone();
            Sample { name, path, source, expect }
        };
        let said = Descriptor {
            version: self.version.clone(),
            images: self.images.clone(),
            samples: self.samples.iter().map(sample).collect(),
            time_multiplier: self.time_multiplier,
            memory_multiplier: self.memory_multiplier,
            ..Descriptor::new(&self.id, &self.name)
        }
        .aliases(&self.aliases)
        .extensions(&self.extensions)
        .probe(&self.probe)
        .install_hint(&self.install)
        .minimum(self.minimum.wishes())
        .options(self.declared())
        .judge0_ids(self.judge0_ids.iter().copied())
        .piston_names(&self.piston_names);
        if self.is_command() { said.commands() } else { said }
    }

    /// Whether a job's arguments are the command to run: there are no other words.
    pub fn is_command(&self) -> bool {
        self.run.words.is_empty()
    }

    /// The options as the SDK wants them: for as long as the program lives. A plugin's instance lives for one call.
    pub(crate) fn declared(&self) -> &'static [Opt] {
        let text = |text: &str| -> &'static str { Box::leak(text.to_owned().into_boxed_str()) };
        let option = |choice: &Choice| {
            let (name, about) = (text(&choice.name), text(&choice.about));
            match &choice.kind {
                Kind::Values(values) => {
                    let values: Vec<&'static str> = values.iter().map(|value| text(value)).collect();
                    Opt::choice(name, about, Box::leak(values.into_boxed_slice()))
                }
                Kind::Flags => Opt::flags(name, about),
                Kind::Switch(_, default) => Opt::switch(name, about, *default),
                Kind::Text => Opt::text(name, about),
            }
        };
        let options: Vec<Opt> = self.options.iter().map(option).collect();
        Box::leak(options.into_boxed_slice())
    }
}

impl Limits {
    pub(crate) fn wishes(self) -> StepLimits {
        StepLimits {
            cpu_ms: self.cpu_ms,
            wall_ms: self.wall_ms,
            memory_kib: self.memory_mib.map(|mib| mib << 10),
            processes: self.processes,
            work_kib: self.work_mib.map(|mib| mib << 10),
            ..StepLimits::default()
        }
    }
}

impl Compare {
    pub(crate) fn comparer(self) -> Comparer {
        match self {
            Self::Exact => Comparer::Exact,
            Self::Trimmed => Comparer::Trimmed,
            Self::Tokens => Comparer::Tokens,
            Self::Lines => Comparer::Lines,
            Self::Unordered => Comparer::Unordered,
            Self::Floats(abs, rel) => Comparer::Floats((abs, rel)),
        }
    }
}
