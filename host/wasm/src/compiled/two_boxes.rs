//! A box for a compiler, and then one inside WebAssembly for what it made.

use async_trait::async_trait;
use optimus_core::Outcome;
use optimus_core::plan::{Collect, PlacedFile};
use optimus_sandbox::{
    BoxStep, Collected, Gather, GatherFiles, Gathered, OpenBox, Sandbox as _, SandboxError, Sink, View,
};

use super::CompiledSandbox;

/// Neither box is opened before it is needed: most jobs find their program compiled.
pub(super) struct TwoBoxes {
    sandbox: CompiledSandbox,
    compiler: String,
    state: State,
}

enum State {
    /// Nothing has run yet; these files wait.
    Fresh(Vec<PlacedFile>),
    Compiling(Box<dyn OpenBox>),
    Inside(Box<dyn OpenBox>),
}

impl TwoBoxes {
    pub(super) fn new(sandbox: CompiledSandbox, compiler: String) -> Self {
        Self { sandbox, compiler, state: State::Fresh(Vec::new()) }
    }

    /// The box that steps run in now: the compiler's, opened on first use, until something was collected.
    async fn current(&mut self) -> Result<&mut Box<dyn OpenBox>, SandboxError> {
        if let State::Fresh(files) = &mut self.state {
            let mut open = self.sandbox.compilers.open_unpinned(&self.compiler).await?;
            if !files.is_empty() {
                open.stage(files).await?;
            }
            self.state = State::Compiling(open);
        }
        match &mut self.state {
            State::Compiling(open) | State::Inside(open) => Ok(open),
            State::Fresh(_) => Err(not_compiled()),
        }
    }
}

#[async_trait]
impl OpenBox for TwoBoxes {
    async fn stage(&mut self, files: &[PlacedFile]) -> Result<(), SandboxError> {
        match &mut self.state {
            State::Fresh(waiting) => {
                waiting.retain(|old| files.iter().all(|new| new.path != old.path));
                waiting.extend_from_slice(files);
                Ok(())
            }
            State::Compiling(open) | State::Inside(open) => open.stage(files).await,
        }
    }

    async fn run(&mut self, step: &BoxStep<'_>, sink: &mut dyn Sink) -> Result<Outcome, SandboxError> {
        // A plan without a compiler would have its program run outside. A probe of the compiler brings no files.
        let has_files = |files: &Vec<PlacedFile>| !files.is_empty();
        let runs_outside = match &self.state {
            State::Fresh(files) => has_files(files) && step.view == View::Fresh,
            State::Compiling(_) => step.view == View::Fresh,
            State::Inside(_) => false,
        };
        if runs_outside {
            return Err(not_compiled());
        }
        self.current().await?.run(step, sink).await
    }

    async fn collect(&mut self, paths: &[Collect]) -> Result<Collected, SandboxError> {
        let collected = self.current().await?.collect(paths).await?;
        self.restore(&collected).await?;
        Ok(collected)
    }

    async fn restore(&mut self, collected: &Collected) -> Result<(), SandboxError> {
        if !matches!(self.state, State::Inside(_)) {
            self.state = State::Inside(self.sandbox.inside.open("").await?);
        }
        self.current().await?.restore(collected).await
    }
}

#[async_trait]
impl GatherFiles for TwoBoxes {
    async fn gather(&mut self, search: Gather<'_>) -> Result<Gathered, SandboxError> {
        self.current().await?.gather(search).await
    }
}

fn not_compiled() -> SandboxError {
    SandboxError::Refused(
        "the program is not compiled: an image `wasm+…` needs compile steps that collect one".to_owned(),
    )
}
