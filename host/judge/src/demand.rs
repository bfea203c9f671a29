//! What a job needs of the machine at once: the limits of all programs that run at the same time.

use optimus_sandbox::Demand;

use super::JudgeConfig;
use super::execute::PlannedJob;
use super::limits;

/// What the job of `order` reserves before it opens a box.
pub(super) fn of(planned: &PlannedJob<'_>, config: &JudgeConfig) -> Demand {
    let program = limits::of_step(&planned.plan.run.limits, &planned.limits, &config.cap);
    let processes = planned.job.communication.as_ref().map_or(1, |rules| rules.processes.max(1));
    let run = program.memory_bytes.saturating_mul(u64::from(processes));
    // An interactor or manager runs beside the submission, a checker after it.
    let beside = planned.interactor.map_or(0, |official| official.limits.memory_bytes);
    let after = planned.checker.map_or(0, |checker| checker.limits.memory_bytes);
    let compile =
        |step: &optimus_core::Step| limits::of_step(&step.limits, &config.compile_limits, &config.cap).memory_bytes;
    Demand {
        tenant: planned.job.tenant.clone(),
        memory_bytes: run.saturating_add(beside).max(after),
        compile_bytes: planned.plan.compile.iter().map(compile).max().unwrap_or(0),
    }
}
