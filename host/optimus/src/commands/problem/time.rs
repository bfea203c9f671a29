//! The time limit of a package that leaves it to the submissions that are right: they are judged with all the time there
//! is, and the slowest says how long the others may take.

use optimus_core::problem::{Labelled, TimeRule};
use optimus_core::{Limits, Problem, Report};
use optimus_server::problems::NoTimeLimit;
use serde_json::Value;

use super::judge::Judge;
use crate::output::Advised;

/// Sets the limit, and says in a remark where it comes from.
///
/// # Errors
/// There is no rule or nothing to go by; or a submission that should be right is not.
pub(super) async fn derive(judge: &mut Judge, problem: &mut Problem, unlimited: NoTimeLimit) -> anyhow::Result<()> {
    let counts = |own: &&Labelled| own.expect.is_right() && !own.is_untimed;
    let Some(rule) = problem.time_rule.filter(|_| problem.submissions.iter().any(|own| counts(&own))) else {
        let hint = "give one with `--cpu-ms`".to_owned();
        return Err(Advised::new("no_time_limit", unlimited.to_string(), Some(hint)).into());
    };
    // All that there is; a wall limit below would contradict it.
    let wall_ms = problem.limits.wall_ms.as_ref().and_then(Value::as_u64).unwrap_or(Limits::CAP.wall_ms);
    problem.limits.cpu_ms = Some(wall_ms.min(Limits::CAP.cpu_ms).into());
    let mut slowest: Option<(f64, &Labelled)> = None;
    for own in problem.submissions.iter().filter(counts) {
        let files = own.files.iter().map(Into::into).collect();
        let report = judge.judge(problem, own, files, &format!("how long {} takes", own.name)).await?;
        if let Err(why) = own.expect.check(&report) {
            let message = format!("no time limit follows from `{}`: {why}", own.name);
            let hint = "every submission that should be right has to be; or give a limit with `--cpu-ms`".to_owned();
            return Err(Advised::new("no_time_limit", message, Some(hint)).into());
        }
        let took = took(&report, judge);
        if slowest.is_none_or(|(most, _)| took > most) {
            slowest = Some((took, own));
        }
    }
    if let Some((took, own)) = slowest {
        let (TimeRule { factor, .. }, limit) = (rule, rule.limit_ms(took));
        let remark = format!("the time limit is {limit} ms: {factor} times the {took:.0} ms of `{}`", own.name);
        problem.remarks.push(remark);
        problem.limits.cpu_ms = Some(limit.into());
    }
    Ok(())
}

/// What the slowest test took. Limits are multiplied for a slow language, so its own times are divided.
fn took(report: &Report, judge: &Judge) -> f64 {
    let multiplier =
        judge.languages().find(&report.language).map_or(1.0, |language| language.descriptor.time_multiplier);
    report.tests.iter().map(|test| test.cpu_ms).fold(0.0, f64::max) / multiplier.max(f64::MIN_POSITIVE)
}
