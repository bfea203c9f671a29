//! The backend of this machine's own kernel: boxes made of namespaces, cgroups and seccomp, with an agent in each.
//!
//! The agent builds the box and does all that happens inside; here are the pool, the cgroups, and our end of the
//! conversation.

mod agent;
mod cgroup;
mod clear;
mod config;
mod doctor;
mod given;
mod granted;
mod launch;
mod pool;
mod view;

use std::sync::Arc;

use async_trait::async_trait;
use optimus_core::Outcome;
use optimus_core::plan::{Collect, PlacedFile};

pub use config::NativeConfig;
pub use doctor::{Check, doctor};
pub use given::given;

use crate::admission::Admission;
use crate::processors::Share;
use crate::{
    Admitted, BoxStep, Collected, Demand, Description, Gather, GatherFiles, Gathered, OpenBox, Processors, Sandbox,
    SandboxError, Sink,
};
use launch::Launcher;
use pool::{Lease, Pool};

/// Boxes of this machine's own kernel.
pub struct NativeSandbox {
    pool: Arc<Pool>,
    processors: Option<Arc<Processors>>,
    admission: Admission,
    description: Description,
}

impl NativeSandbox {
    /// Looks at the machine and gets ready to open boxes; the first is built by the first `open`, or by [`warm`].
    ///
    /// # Errors
    /// When boxes cannot be built here, or a limit cannot be enforced and the configuration does not allow that.
    ///
    /// [`warm`]: Self::warm
    pub fn new(config: NativeConfig) -> Result<Self, SandboxError> {
        doctor::refuse_what_cannot_work()?;
        let launcher = Launcher::new(&config)?;
        let mut description = launcher.describe();
        if let (Some(gap), false) = (description.gaps.first(), config.allow_gaps) {
            return Err(SandboxError::Unavailable { message: gap.what.clone(), hint: gap.hint.clone() });
        }
        let processors = config.processors.clone();
        description.tell_of(processors.as_deref());
        let (isolation, budget) = (config.isolation, config.memory_budget);
        let pool = Pool::new(launcher, config);
        let admission = Admission::new(isolation, budget, clear::between_turns(&pool));
        Ok(Self { pool, processors, admission, description })
    }

    /// Fills the pool, so that the first job does not wait. Returns once one box is ready.
    ///
    /// # Errors
    /// When that box could not be built.
    pub async fn warm(&self) -> Result<(), SandboxError> {
        self.pool.open(Share::default()).await.map(drop)
    }
}

#[async_trait]
impl Sandbox for NativeSandbox {
    async fn open(&self, _image: &str) -> Result<Box<dyn OpenBox>, SandboxError> {
        let share = Share::own(self.processors.as_ref()).await?;
        Ok(Box::new(NativeBox { lease: self.pool.open(share).await? }))
    }

    async fn open_unpinned(&self, _image: &str) -> Result<Box<dyn OpenBox>, SandboxError> {
        let share = Share::rest(self.processors.as_ref());
        Ok(Box::new(NativeBox { lease: self.pool.open(share).await? }))
    }

    async fn admit(&self, demand: &Demand) -> Result<Admitted, SandboxError> {
        self.admission.admit(demand).await
    }

    fn describe(&self) -> Description {
        self.description.clone()
    }
}

struct NativeBox {
    lease: Lease,
}

#[async_trait]
impl OpenBox for NativeBox {
    async fn stage(&mut self, files: &[PlacedFile]) -> Result<(), SandboxError> {
        self.lease.talk(async |talk| talk.stage(files).await).await
    }

    async fn run(&mut self, step: &BoxStep<'_>, sink: &mut dyn Sink) -> Result<Outcome, SandboxError> {
        self.lease.talk(async |talk| talk.run(step, sink).await).await
    }

    async fn collect(&mut self, paths: &[Collect]) -> Result<Collected, SandboxError> {
        let cap_bytes = self.lease.collect_bytes();
        self.lease.talk(async |talk| talk.collect(paths, cap_bytes).await).await
    }

    async fn restore(&mut self, collected: &Collected) -> Result<(), SandboxError> {
        self.lease.talk(async |talk| talk.restore(collected).await).await
    }
}

#[async_trait]
impl GatherFiles for NativeBox {
    async fn gather(&mut self, search: Gather<'_>) -> Result<Gathered, SandboxError> {
        self.lease.talk(async |talk| talk.gather(search).await).await
    }
}
