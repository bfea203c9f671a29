//! Firings of schedules, and how late they are.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use super::{Metrics, OutcomeLabels, seconds};

#[derive(Debug)]
pub(super) struct ScheduleFirings {
    firings: Family<OutcomeLabels, Counter>,
    lag: Histogram,
}

impl Default for ScheduleFirings {
    fn default() -> Self {
        Self { firings: Family::default(), lag: seconds() }
    }
}

impl ScheduleFirings {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register("schedule_firings", "Firings of schedules, by what came of them", self.firings.clone());
        let lag = "From the time of a firing to the queue's receipt of its job";
        registry.register_with_unit("schedule_lag", lag, Unit::Seconds, self.lag.clone());
    }
}

impl Metrics {
    /// A schedule submitted a job so many milliseconds after its time.
    pub(crate) fn schedule_fired(&self, late_ms: u64) {
        self.schedule_firing("fired");
        #[expect(clippy::cast_precision_loss, reason = "it goes into a bucket")]
        self.schedules.lag.observe(late_ms as f64 / 1_000.0);
    }

    /// A firing was `missed`, `skipped`, `dropped` or `refused`.
    pub(crate) fn schedule_firing(&self, outcome: &'static str) {
        self.schedules.firings.get_or_create(&OutcomeLabels { outcome }).inc();
    }
}
