//! One loaded plugin: calls that give an answer or an error that names it.
//!
//! A call runs on a thread that may block, and the number of concurrent calls is bounded. Plans are kept, since the same
//! request gives the same plan.

mod calls;

use std::sync::Arc;

use bytes::Bytes;
use moka::sync::Cache;
use optimus_core::plan::Diagnostic;
use optimus_core::{Descriptor, Plan, Verdict};
use tokio::sync::Semaphore;

use crate::config::Config;
use crate::engine::Host;
use crate::error::{PluginError, PluginName};
use crate::request::{Finding, PlanRequest, StepOutcome};
use crate::sections::Sections;
pub(crate) use calls::{Guests, Inner};

/// State that all plugins of a catalogue share.
pub(crate) struct Shared {
    pub(crate) config: Config,
    pub(crate) host: Host,
    permits: Arc<Semaphore>,
    memo: Cache<[u8; 32], Arc<Plan>>,
}

impl Shared {
    pub(crate) fn new(config: Config, host: Host) -> Self {
        let permits = Arc::new(Semaphore::new(config.calls.clamp(1, Semaphore::MAX_PERMITS)));
        let memo = Cache::builder()
            .max_capacity(config.memo_bytes)
            .weigher(|_, plan: &Arc<Plan>| u32::try_from(weight(plan)).unwrap_or(u32::MAX))
            .build();
        Self { config, host, permits, memo }
    }
}

/// Roughly what a memoised plan holds on to.
fn weight(plan: &Plan) -> usize {
    let step = |step: &optimus_core::Step| {
        let text: usize = step.argv.iter().map(|arg| arg.len() + 24).sum();
        let env: usize = step.env.iter().map(|(name, value)| name.len() + value.len() + 48).sum();
        let files: usize = step.files.iter().map(|file| file.content.len() + file.path.as_str().len() + 64).sum();
        256 + text + env + files + step.collect.len() * 64
    };
    256 + plan.compile.iter().map(step).sum::<usize>() + step(&plan.run)
}

/// A language, as one version of one plugin has it. A holder keeps that version, whatever happens to the file.
pub struct Plugin {
    inner: Arc<Inner>,
}

impl std::fmt::Debug for Plugin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({})", self.inner.name, self.inner.digest)
    }
}

impl Plugin {
    pub(crate) fn new(
        shared: Arc<Shared>,
        descriptor: Descriptor,
        digest: String,
        sections: Sections,
        guests: Guests,
    ) -> Self {
        let name = PluginName { id: descriptor.id.clone(), version: descriptor.version.clone() };
        Self { inner: Arc::new(Inner { name, descriptor, digest, sections, guests, shared }) }
    }

    /// Its description of the language.
    pub fn descriptor(&self) -> &Descriptor {
        &self.inner.descriptor
    }

    /// SHA-256 of its bytes, in hex.
    pub fn digest(&self) -> &str {
        &self.inner.digest
    }

    /// The version of the contract that it is made for.
    pub fn api(&self) -> &str {
        &self.inner.sections.api
    }

    /// Name and version of the SDK that stamped it.
    pub fn sdk(&self) -> Option<&str> {
        self.inner.sections.sdk.as_deref()
    }

    /// A note for the operator about a file without a stamp.
    pub(crate) fn unstamped_note(&self) -> String {
        format!("no `optimus:api` section: taken to be made for API {}, by the names of its exports", self.api())
    }

    /// Returns true if its file names its language in a section that needs no compiling.
    pub fn is_named(&self) -> bool {
        self.inner.sections.names.is_some()
    }

    /// Its imports.
    pub fn imports(&self) -> &[String] {
        &self.inner.sections.imports
    }

    /// Its exports.
    pub fn exports(&self) -> &[String] {
        &self.inner.sections.exports
    }

    /// The plan for a job, checked.
    ///
    /// # Errors
    /// The plugin refuses the job, gives no answer, or gives one that the host does not take.
    pub async fn plan(&self, request: &PlanRequest) -> Result<Arc<Plan>, PluginError> {
        let key = request.key(&self.inner.digest);
        if let Some(plan) = self.inner.shared.memo.get(&key) {
            return Ok(plan);
        }
        let request = request.to_wit();
        let plan = self.off_thread(move |plugin| plugin.plan(&request)).await?;
        self.inner.shared.memo.insert(key, plan.clone());
        Ok(plan)
    }

    /// The diagnostics in a toolchain's output; none when the plugin does not export `classify`.
    ///
    /// # Errors
    /// The plugin gives no answer.
    pub async fn diagnostics(&self, outcome: &StepOutcome) -> Result<Vec<Diagnostic>, PluginError> {
        if self.inner.guests.classify.is_none() {
            return Ok(Vec::new());
        }
        let outcome = outcome.to_wit();
        self.off_thread(move |plugin| plugin.diagnostics(&outcome)).await
    }

    /// A better verdict for a run that ended badly, if the plugin has one. Words that do not blame a limit or the run
    /// are not taken.
    ///
    /// # Errors
    /// The plugin gives no answer.
    pub async fn refine(&self, outcome: &StepOutcome) -> Result<Option<Verdict>, PluginError> {
        if self.inner.guests.classify.is_none() {
            return Ok(None);
        }
        let outcome = outcome.to_wit();
        self.off_thread(move |plugin| plugin.refine(&outcome)).await
    }

    /// The plugin's own comparison.
    ///
    /// # Errors
    /// The plugin exports no `checker`, gives no answer, or a score that is none.
    pub async fn check(&self, input: Bytes, expected: Bytes, actual: Bytes) -> Result<Finding, PluginError> {
        self.off_thread(move |plugin| plugin.check([input, expected, actual])).await
    }

    /// Runs a call where it may block, within the bound on concurrent calls. The permit travels with the call: a caller that goes
    /// away does not free it early.
    async fn off_thread<R: Send + 'static>(
        &self,
        call: impl FnOnce(&Inner) -> Result<R, PluginError> + Send + 'static,
    ) -> Result<R, PluginError> {
        let ours = |message: String| PluginError::Engine { message };
        let inner = self.inner.clone();
        let permit = inner.shared.permits.clone().acquire_owned().await.map_err(|error| ours(error.to_string()))?;
        let work = move || {
            let _permit = permit;
            call(&inner)
        };
        tokio::task::spawn_blocking(work).await.map_err(|error| ours(error.to_string()))?
    }
}
