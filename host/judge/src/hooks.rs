//! The calls to a plugin after planning. A trait, so that tests can execute plans without WebAssembly.

use async_trait::async_trait;
use bytes::Bytes;
use optimus_core::plan::Diagnostic;
use optimus_core::{Fault, Verdict};
use optimus_plugin::{Finding, Plugin, StepOutcome};

/// A language's own reading of outputs and outcomes.
#[async_trait]
pub(super) trait LanguageHooks: Send + Sync {
    /// Parses the output of a compile step; empty when the plugin cannot parse it.
    async fn diagnostics(&self, outcome: &StepOutcome) -> Vec<Diagnostic>;

    /// Refines the verdict of a run that ended badly, if the plugin knows better.
    async fn refine(&self, outcome: &StepOutcome) -> Option<Verdict>;

    /// Compares outputs with the language's own checker.
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
