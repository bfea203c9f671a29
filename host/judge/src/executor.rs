//! The sandbox, the slots and the compiled programs that all jobs share.

use std::sync::Arc;

use optimus_sandbox::{Ability, Description, SharedSandbox};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::JudgeConfig;
use super::artefacts::Artefacts;

/// Executes plans in the sandbox; shared by all jobs.
pub(super) struct Executor {
    pub(super) sandbox: SharedSandbox,
    description: Description,
    pub(super) config: JudgeConfig,
    pub(super) artefacts: Artefacts,
    pub(super) slots: Arc<Semaphore>,
}

impl Executor {
    pub(super) fn new(sandbox: SharedSandbox, config: JudgeConfig) -> Self {
        Self {
            description: sandbox.describe(),
            sandbox,
            artefacts: Artefacts::new(config.artefact_cache_bytes),
            slots: Arc::new(Semaphore::new(config.slots.clamp(1, Semaphore::MAX_PERMITS))),
            config,
        }
    }

    /// The backend that runs programs of `image`.
    pub(super) fn sandbox_name(&self, image: &str) -> &'static str {
        self.description.of(image).name
    }

    /// Whether programs of `image` can be limited by fuel.
    pub(super) fn counts_fuel(&self, image: &str) -> bool {
        self.description.of(image).has(Ability::Fuel)
    }

    /// Waits for the slot that each job needs. Waiting jobs come before tests that would use an idle slot.
    pub(super) async fn slot(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.slots).acquire_owned().await.ok()
    }
}
