//! Runs of pipelines, and what their steps started.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

use super::{Metrics, OutcomeLabels};

#[derive(Debug)]
pub(super) struct PipelineRuns {
    runs: Family<OutcomeLabels, Counter>,
    seconds: Histogram,
    attempts: Family<AttemptLabels, Counter>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct AttemptLabels {
    tool: &'static str,
    outcome: &'static str,
}

impl Default for PipelineRuns {
    fn default() -> Self {
        // From 100 ms to 14 hours.
        let seconds = Histogram::new(exponential_buckets(0.1, 2.0, 20));
        Self { runs: Family::default(), seconds, attempts: Family::default() }
    }
}

impl PipelineRuns {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register("pipeline_runs", "Runs of pipelines that ended, by how", self.runs.clone());
        let from = "From the begin of a run to its end";
        registry.register_with_unit("pipeline_run", from, Unit::Seconds, self.seconds.clone());
        let attempts = "Jobs, runs and requests of steps that are over, by tool and result";
        registry.register("pipeline_attempts", attempts, self.attempts.clone());
    }
}

impl Metrics {
    /// A run has `succeeded`, `failed`, or was `cancelled`, after so many milliseconds.
    pub(crate) fn run_ended(&self, outcome: &'static str, took_ms: u64) {
        self.pipelines.runs.get_or_create(&OutcomeLabels { outcome }).inc();
        #[expect(clippy::cast_precision_loss, reason = "it goes into a bucket")]
        self.pipelines.seconds.observe(took_ms as f64 / 1_000.0);
    }

    /// A step's job, run or request is over.
    pub(crate) fn step_attempted(&self, tool: &'static str, is_accepted: bool) {
        let outcome = if is_accepted { "succeeded" } else { "failed" };
        self.pipelines.attempts.get_or_create(&AttemptLabels { tool, outcome }).inc();
    }
}
