//! Counts of warm starts, which the sandbox keeps.

use std::fmt;
use std::sync::{Arc, OnceLock};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric as _};
use prometheus_client::metrics::counter::ConstCounter;

/// How many programs were started warm, and how many times that failed.
pub(super) type Counts = fn() -> [u64; 2];

/// Asks whoever keeps the counts, once it is known who that is.
#[derive(Debug, Clone, Default)]
pub(super) struct WarmStarts(pub(super) Arc<OnceLock<Counts>>);

impl Collector for WarmStarts {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let [started, failed] = self.0.get().map_or([0, 0], |counts| counts());
        for (name, help, count) in [
            ("warm_starts", "Programs that were started as a copy of one that waits", started),
            ("warm_start_failures", "Failed warm starts: the program was started by itself", failed),
        ] {
            let counter = ConstCounter::new(count);
            counter.encode(encoder.encode_descriptor(name, help, None, counter.metric_type())?)?;
        }
        Ok(())
    }
}
