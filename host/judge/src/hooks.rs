//! What the judge asks a plugin after planning. A seam, so that plans can be carried out in tests without WebAssembly.

use async_trait::async_trait;
use bytes::Bytes;
use optimus_core::plan::Diagnostic;
use optimus_core::{Fault, Verdict};
use optimus_plugin::{Finding, Plugin, StepOutcome};

/// Who knows what a toolchain's words mean.
#[async_trait]
pub(super) trait LanguageHooks: Send + Sync {
    /// A compile step's output as data; nothing when it cannot be read.
    async fn diagnostics(&self, outcome: &StepOutcome) -> Vec<Diagnostic>;

    /// A better verdict for a run that ended badly, if there is one.
    async fn refine(&self, outcome: &StepOutcome) -> Option<Verdict>;

    /// The language's own comparison.
    async fn check(&self, input: Bytes, expected: Bytes, actual: Bytes) -> Result<Finding, Fault>;
}

#[async_trait]
impl LanguageHooks for Plugin {
    // Without these two a report is poorer but still right, so a plugin that fails at them costs nothing else.
    async fn diagnostics(&self, outcome: &StepOutcome) -> Vec<Diagnostic> {
        Self::diagnostics(self, outcome).await.unwrap_or_else(|error| {
            tracing::warn!(plugin.id = self.descriptor().id, "no diagnostics: {error}");
            Vec::new()
        })
    }

    async fn refine(&self, outcome: &StepOutcome) -> Option<Verdict> {
        Self::refine(self, outcome).await.unwrap_or_else(|error| {
            tracing::warn!(plugin.id = self.descriptor().id, "no refined verdict: {error}");
            None
        })
    }

    async fn check(&self, input: Bytes, expected: Bytes, actual: Bytes) -> Result<Finding, Fault> {
        Self::check(self, input, expected, actual).await.map_err(|error| error.fault())
    }
}
