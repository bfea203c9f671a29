//! The limits of each step, from the job, the language, the plan, and the operator's cap, which wins.

use optimus_core::limits::PartialLimits;
use optimus_core::{Descriptor, Limits};

/// Output that a checker program reads is held in memory, so a checked program may print at most this many bytes.
pub(super) const CHECKED_OUTPUT: u64 = 64 << 20;

const NOTHING: Limits = Limits {
    cpu_ms: 1,
    wall_ms: 1,
    memory_bytes: 1,
    output_bytes: 1,
    processes: 1,
    open_files: 1,
    file_bytes: 1,
    work_bytes: 1,
    fuel: None,
};

/// The limits of a job's tests in a language, as its plugin sees them when it plans.
pub(super) fn of_run(job: &Limits, is_exact: bool, language: &Descriptor, cap: &Limits) -> Limits {
    let stretched = if is_exact { *job } else { stretched(job, language) };
    stretched.at_least(&language.minimum.over(&NOTHING)).clamp(cap)
}

fn stretched(job: &Limits, language: &Descriptor) -> Limits {
    Limits {
        cpu_ms: times(job.cpu_ms, language.time_multiplier),
        wall_ms: times(job.wall_ms, language.time_multiplier),
        memory_bytes: times(job.memory_bytes, language.memory_multiplier),
        ..*job
    }
}

/// The limits of a step that asks for `wish`, where `base` applies by default.
pub(super) fn of_step(wish: &PartialLimits, base: &Limits, cap: &Limits) -> Limits {
    wish.over(base).at_least(&NOTHING).clamp(cap)
}

fn times(limit: u64, multiplier: f64) -> u64 {
    if !(multiplier.is_finite() && multiplier > 0.0) {
        return limit;
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "limits are far below 2^53, and a cast from a float saturates"
    )]
    let product = (limit as f64 * multiplier).ceil() as u64;
    product.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::language;

    #[test]
    fn the_language_stretches_and_the_operator_caps() {
        let mut slow = language();
        slow.time_multiplier = 2.5;
        slow.memory_multiplier = 100.0;
        slow.minimum.processes = Some(80);
        let job = Limits { cpu_ms: 1_001, ..Limits::DEFAULT };
        let limits = of_run(&job, false, &slow, &Limits::CAP);
        assert_eq!(limits.cpu_ms, 2_503);
        assert_eq!(limits.wall_ms, 15_000);
        assert_eq!(limits.memory_bytes, Limits::CAP.memory_bytes);
        assert_eq!(limits.processes, 80);
        assert_eq!(limits.output_bytes, Limits::DEFAULT.output_bytes);
        slow.minimum.processes = Some(1 << 40);
        assert_eq!(of_run(&job, false, &slow, &Limits::CAP).processes, Limits::CAP.processes);
        let exact = of_run(&job, true, &slow, &Limits::CAP);
        assert_eq!((exact.cpu_ms, exact.memory_bytes), (1_001, Limits::DEFAULT.memory_bytes));
    }

    #[test]
    fn a_multiplier_that_is_no_number_changes_nothing_and_no_limit_becomes_zero() {
        for multiplier in [f64::NAN, f64::INFINITY, 0.0, -1.0] {
            assert_eq!(times(7, multiplier), 7);
        }
        assert_eq!(times(1, 1e-9), 1);
        assert_eq!(times(u64::MAX, 1e300), u64::MAX);
        let none = PartialLimits { cpu_ms: Some(0), ..PartialLimits::default() };
        assert_eq!(of_step(&none, &Limits::COMPILE, &Limits::CAP).cpu_ms, 1);
    }
}
