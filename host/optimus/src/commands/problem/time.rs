//! The time limit of a package that leaves it to its submissions: those that bound it are judged with all the time there
//! is, and the slowest says how long the others may take.

use optimus_core::problem::{Labelled, TimeRule};
use optimus_core::{Limits, Problem, Report, Verdict};
use optimus_server::problems::NoTimeLimit;
use serde_json::Value;

use super::judge::{Judge, Outcome};
use crate::output::Advised;

/// Sets the limit, and says in a remark where it comes from. A submission that cannot be judged, or that uses up all the
/// time there is, bounds nothing, and a remark says so.
///
/// # Errors
/// There is no rule, or nothing to go by.
pub(super) async fn derive(judge: &mut Judge, problem: &mut Problem, unlimited: NoTimeLimit) -> anyhow::Result<()> {
    let Some(rule) = problem.time_rule else { return Err(no_limit(&unlimited.to_string())) };
    // All that there is; a wall limit below would contradict it.
    let wall_ms = problem.limits.wall_ms.as_ref().and_then(Value::as_u64).unwrap_or(Limits::CAP.wall_ms);
    problem.limits.cpu_ms = Some(wall_ms.min(Limits::CAP.cpu_ms).into());
    let bounding: Vec<Labelled> = problem.submissions.iter().filter(|own| own.bounds_time).cloned().collect();
    if bounding.is_empty() {
        return Err(no_limit("the package has no time limit, and no submission that determines one"));
    }
    let mut slowest: Option<(f64, &Labelled)> = None;
    for own in &bounding {
        let label = format!("how long {} takes", own.name);
        let took = match judge.try_judge(problem, own, &label).await? {
            Outcome::Judged(report) => took(&report),
            Outcome::Refused(why) => Err(why),
        };
        match took {
            Ok(took) if slowest.is_none_or(|(most, _)| took > most) => slowest = Some((took, own)),
            Ok(_) => {}
            Err(why) => problem.remarks.push(format!("no time limit follows from `{}`: {why}", own.name)),
        }
    }
    let Some((took, own)) = slowest else {
        let why = problem.remarks.last().cloned().unwrap_or_default();
        return Err(no_limit(&format!("the package has no time limit, and its submissions determine none: {why}")));
    };
    let (TimeRule { factor, .. }, limit) = (rule, rule.limit_ms(took));
    let limit = limit.min(Limits::CAP.cpu_ms);
    let remark = format!("the time limit is {limit} ms: {factor} times the {took:.0} ms of `{}`", own.name);
    problem.remarks.push(remark);
    problem.limits.cpu_ms = Some(limit.into());
    Ok(())
}

fn no_limit(message: &str) -> anyhow::Error {
    Advised::new("no_time_limit", message, Some("give one with `--cpu-ms`".to_owned())).into()
}

/// The time of the slowest test, if all ran to their own end.
fn took(report: &Report) -> Result<f64, String> {
    let is_slow = |verdict| matches!(verdict, Verdict::TimeLimitExceeded | Verdict::IdlenessLimitExceeded);
    if let Some(test) = report.tests.iter().find(|test| is_slow(test.verdict)) {
        return Err(format!("test `{}` took all the time there is", test.name));
    }
    if matches!(report.verdict, Verdict::CompileError | Verdict::InternalError) {
        return Err(report.error.as_ref().map_or_else(|| report.verdict.to_string(), |fault| fault.message.clone()));
    }
    Ok(report.tests.iter().map(|test| test.cpu_ms).fold(0.0, f64::max))
}
