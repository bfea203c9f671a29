//! The plan of a job: what a plugin returned, after the host has checked it.

use serde::{Deserialize, Serialize};

use crate::compare::Comparer;
use crate::limits::PartialLimits;
use crate::{BoxPath, Content};

/// One program to run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Short, for people and events: `compile`, `run`.
    pub name: String,
    /// `argv[0]` is looked up in the box's PATH unless it holds a `/`. There is no shell.
    pub argv: Vec<String>,
    /// Added to the box's own small environment.
    pub env: Vec<(String, String)>,
    /// Put into the work area before the step.
    pub files: Vec<PlacedFile>,
    /// The files of a compile step that the run step sees.
    pub collect: Vec<Collect>,
    /// The plugin's wishes, not yet clamped to the operator's caps.
    pub limits: PartialLimits,
    /// Its command's start-up may be shared with other steps of the same command.
    #[serde(default)]
    pub warm: bool,
}

/// A file to put into the work area.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PlacedFile {
    /// The path in the box.
    pub path: BoxPath,
    /// Mode 0755 instead of 0644.
    #[serde(default)]
    pub executable: bool,
    /// The bytes.
    pub content: Content,
}

/// A choice of the files that a compile step leaves for the run step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Collect {
    /// The whole work area (`.`).
    All,
    /// One file, or one directory with what is in it.
    Path(BoxPath),
}

/// The steps of a job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// One of the descriptor's images, checked against the operator's allow-list.
    pub image: String,
    /// Run once, in order, in one work area that starts with the sources.
    pub compile: Vec<Step>,
    /// Run once per test, each time in a fresh work area.
    pub run: Step,
    /// For jobs that name none.
    pub comparer: Option<Comparer>,
}

impl Plan {
    /// Returns true if the run step sees collected files, rather than the sources.
    pub fn collects(&self) -> bool {
        self.compile.iter().any(|step| !step.collect.is_empty())
    }
}

/// A remark of a compiler, as data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnostic {
    /// The file, as the compiler names it.
    pub path: String,
    /// From 1; 0 is unknown.
    pub line: u32,
    /// From 1; 0 is unknown.
    pub column: u32,
    /// `error`, `warning` or `note`.
    pub severity: String,
    /// In the compiler's words.
    pub message: String,
    /// The compiler's own name for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
}
