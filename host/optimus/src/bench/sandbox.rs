//! The same binary in a box that stays open, as it does between the tests of a job.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use optimus_core::plan::PlacedFile;
use optimus_core::{BoxPath, Limits};
use optimus_sandbox::{BoxStep, Discard, OpenBox, Sandbox};

use super::bare::Bare;

pub(super) struct Boxed {
    open: Box<dyn OpenBox>,
    argv: Vec<String>,
}

impl Boxed {
    pub(super) async fn open(sandbox: &dyn Sandbox, image: &str, bare: &Bare) -> anyhow::Result<Self> {
        // It stays open while all slots are at work, and those have all the processors that are pinned to.
        let mut open = sandbox.open_unpinned(image).await.context("cannot open a box")?;
        let path = BoxPath::new("main").map_err(anyhow::Error::msg)?;
        let file = PlacedFile { path, executable: true, content: bare.binary()?.into() };
        open.stage(&[file]).await.context("cannot stage the program")?;
        Ok(Self { open, argv: vec!["./main".to_owned()] })
    }

    pub(super) async fn run(&mut self) -> anyhow::Result<Duration> {
        let limits = Limits::DEFAULT;
        let step = BoxStep::new(&self.argv, limits);
        let start = Instant::now();
        let outcome = self.open.run(&step, &mut Discard).await.context("cannot run in a box")?;
        let took = start.elapsed();
        ensure!(outcome.is_success(), "the program ended with {:?} in the box", outcome.exit);
        Ok(took)
    }
}
