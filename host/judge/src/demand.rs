//! The demand of a job on the machine: the limits of all its programs that run at the same time.

use optimus_sandbox::Demand;

use super::JudgeConfig;
use super::limits;
use super::planned::PlannedJob;

/// The demand that a job reserves before it opens its first box.
pub(super) fn of_job(planned: &PlannedJob<'_>, config: &JudgeConfig) -> Demand {
    let program = limits::of_step(&planned.spec.plan.run.limits, &planned.spec.limits, &config.cap);
    let processes = planned.spec.job.communication.as_ref().map_or(1, |rules| rules.processes.max(1));
    let run = program.memory_bytes.saturating_mul(u64::from(processes));
    // An interactor or manager runs beside the submission, a checker after it.
    let beside = planned.interactor.map_or(0, |official| official.limits.memory_bytes);
    let checkers = planned.checker.into_iter().chain(planned.source_checker);
    let after = checkers.map(|checker| checker.limits.memory_bytes).max().unwrap_or(0);
    let compile =
        |step: &optimus_core::Step| limits::of_step(&step.limits, &config.compile_limits, &config.cap).memory_bytes;
    Demand {
        tenant: planned.spec.job.tenant.clone(),
        memory_bytes: run.saturating_add(beside).max(after),
        compile_bytes: planned.spec.plan.compile.iter().map(compile).max().unwrap_or(0),
    }
}
