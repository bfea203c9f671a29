//! A backend that runs nothing and answers from a script: for trying out a deployment, and for the tests of the rooms
//! above. `optimus serve` refuses it unless it is asked for by name.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use optimus_core::plan::{Collect, PlacedFile};
use optimus_core::{Exit, Outcome, Stream};

use crate::{BoxStep, Collected, Description, Gather, GatherFiles, Gathered, OpenBox, Sandbox, SandboxError, Sink};

/// Decides how a step ends, and prints into the sink what it "printed".
pub type Script =
    Arc<dyn Fn(&BoxStep<'_>, &[PlacedFile], &mut dyn Sink) -> Result<Outcome, SandboxError> + Send + Sync>;

/// A backend that runs nothing.
#[derive(Clone)]
pub struct FakeSandbox {
    script: Script,
}

impl FakeSandbox {
    /// A backend that answers as `script` says.
    pub fn new(script: Script) -> Self {
        Self { script }
    }

    /// A backend whose every program prints its input and exits with 0.
    pub fn echo() -> Self {
        Self::new(Arc::new(|step, _, sink| {
            let stdin = step.stdin.whole();
            sink.write(Stream::Stdout, &stdin);
            Ok(Self::success(stdin.len() as u64))
        }))
    }

    /// The outcome of a program that printed `stdout_bytes` and exited with 0.
    pub fn success(stdout_bytes: u64) -> Outcome {
        Outcome {
            exit: Exit::Code(0),
            limit: None,
            cpu_us: 1_000,
            wall_us: 1_000,
            waited_us: 0,
            fuel: None,
            memory_peak_bytes: 1 << 20,
            memory_is_estimate: true,
            stdout_bytes,
            stderr_bytes: 0,
            stdout_truncated: false,
            stderr_truncated: false,
            notes: Vec::new(),
        }
    }
}

#[async_trait]
impl Sandbox for FakeSandbox {
    async fn open(&self, _image: &str) -> Result<Box<dyn OpenBox>, SandboxError> {
        Ok(Box::new(FakeBox { script: self.script.clone(), stage: Vec::new() }))
    }

    fn describe(&self) -> Description {
        Description {
            name: "fake",
            summary: "runs nothing, answers from a script".to_owned(),
            ..Description::default()
        }
    }
}

struct FakeBox {
    script: Script,
    stage: Vec<PlacedFile>,
}

#[async_trait]
impl OpenBox for FakeBox {
    async fn stage(&mut self, files: &[PlacedFile]) -> Result<(), SandboxError> {
        self.stage.retain(|old| files.iter().all(|new| new.path != old.path));
        self.stage.extend_from_slice(files);
        Ok(())
    }

    async fn run(&mut self, step: &BoxStep<'_>, sink: &mut dyn Sink) -> Result<Outcome, SandboxError> {
        (self.script)(step, &self.stage, sink)
    }

    async fn collect(&mut self, _paths: &[Collect]) -> Result<Collected, SandboxError> {
        Ok(Collected::new(Bytes::new()))
    }

    async fn restore(&mut self, _collected: &Collected) -> Result<(), SandboxError> {
        Ok(())
    }
}

#[async_trait]
impl GatherFiles for FakeBox {
    async fn gather(&mut self, _search: Gather<'_>) -> Result<Gathered, SandboxError> {
        Ok(Gathered::default())
    }
}
