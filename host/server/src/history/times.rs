//! How long jobs took, in classes that grow by a sixth: quantiles to a tenth, in memory that does not grow.

use std::time::Duration;

/// Of the first class, in ms.
const LEAST: f64 = 0.1;
const GROWTH: f64 = 1.17;
/// The last begins at five minutes.
const CLASSES: usize = 96;

/// How many jobs took how long.
#[derive(Debug)]
pub(super) struct Times {
    counts: [u64; CLASSES],
    all: u64,
}

impl Default for Times {
    fn default() -> Self {
        Self { counts: [0; CLASSES], all: 0 }
    }
}

impl Times {
    pub(super) fn add(&mut self, took: Duration) {
        let steps = (took.as_secs_f64() * 1_000.0 / LEAST).max(1.0).ln() / GROWTH.ln();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it is between 0 and some hundreds"
        )]
        let class = (steps as usize).min(CLASSES - 1);
        self.counts[class] += 1;
        self.all += 1;
    }

    /// In ms, the time that this part of the jobs does not exceed: the middle of its class.
    pub(super) fn quantile(&self, part: f64) -> Option<f64> {
        if self.all == 0 {
            return None;
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_precision_loss,
            clippy::cast_sign_loss,
            reason = "a count of jobs within five seconds"
        )]
        let wanted = ((self.all as f64 * part).ceil() as u64).max(1);
        let mut seen = 0;
        let class = self.counts.iter().position(|count| {
            seen += count;
            seen >= wanted
        })?;
        let exponent = i32::try_from(class).ok()?;
        Some(LEAST * GROWTH.powi(exponent) * GROWTH.sqrt())
    }
}
