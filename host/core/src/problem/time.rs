//! Derives a time limit from submissions that are right.

use serde::{Deserialize, Serialize};

/// The limit is `factor` times what the slowest takes, rounded up to a multiple of `resolution_ms`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimeRule {
    /// At least 1.
    pub factor: f64,
    /// At least 1 ms.
    pub resolution_ms: u64,
}

impl TimeRule {
    /// The limit in ms, from the CPU time of the slowest test of the slowest submission, in ms.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a cast from a float saturates")]
    pub fn limit_ms(&self, slowest_ms: f64) -> u64 {
        let wanted = (slowest_ms * self.factor).ceil() as u64;
        wanted.max(1).div_ceil(self.resolution_ms).saturating_mul(self.resolution_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::TimeRule;

    #[test]
    fn the_limit_is_rounded_up_and_never_nothing() {
        let rule = TimeRule { factor: 5.0, resolution_ms: 1_000 };
        for (slowest, limit) in [(0.0, 1_000), (1.0, 1_000), (200.0, 1_000), (200.1, 2_000), (1_234.5, 7_000)] {
            assert_eq!(rule.limit_ms(slowest), limit, "{slowest}");
        }
        assert_eq!(TimeRule { factor: 1.5, resolution_ms: 1 }.limit_ms(10.1), 16);
    }
}
