//! An interpreter as sessions need it, what starts one, and the bounds of all.

use std::time::Duration;

use async_trait::async_trait;
use optimus_core::cells::{Cell, End, Loss, Told};
use optimus_core::{Fault, Limits, SourceFile};

/// Starts interpreters; implemented where the sandbox is.
#[async_trait]
pub trait StartInterpreter: Send + Sync {
    /// Starts one in a box of its own, and returns once it waits for a cell.
    ///
    /// # Errors
    /// The language cannot run cells here, or the machine has no room.
    async fn start(&self, wanted: Wanted) -> Result<Box<dyn Interpreter>, Fault>;
}

/// An interpreter in a box. Dropping it ends the box.
#[async_trait]
pub trait Interpreter: Send {
    /// Runs one cell; `hear` is given what it tells before its end.
    ///
    /// # Errors
    /// Why the interpreter is gone, where it does not say so itself.
    async fn run(&mut self, cell: &Cell, hear: &mut (dyn FnMut(Told) + Send)) -> Result<End, Loss>;

    /// Why it is gone, if it is.
    fn lost(&mut self) -> Option<Loss>;
}

/// What an interpreter is for.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The language's id.
    pub language: String,
    /// Whose cells it runs.
    pub tenant: Option<String>,
    /// Files beside its cells.
    pub files: Vec<SourceFile>,
    /// What all cells may use together.
    pub limits: Limits,
    /// What each cell may show.
    pub output_bytes: u64,
}

/// Bounds of sessions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// Sessions at once.
    pub most: usize,
    /// The same of one tenant.
    pub tenant_most: usize,
    /// Their memory limits together; none: without bound.
    pub memory_bytes: Option<u64>,
    /// The longest time without a cell, and the default.
    pub idle: Duration,
    /// The longest life, and the default.
    pub life: Duration,
    /// CPU time of all cells of one session together, and the default.
    pub cpu: Duration,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            most: 8,
            tenant_most: 4,
            memory_bytes: None,
            idle: Duration::from_secs(10 * 60),
            life: Duration::from_secs(60 * 60),
            cpu: Duration::from_secs(10 * 60),
        }
    }
}
