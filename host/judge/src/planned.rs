//! A job that is ready to be executed.

use std::collections::BTreeMap;
use std::sync::Arc;

use optimus_core::Plan;

use super::build_spec::BuildSpec;
use super::checker::CheckerProgram;
use super::input::LiveInput;

/// A submission with its plan, and the author's programs that judge it.
#[derive(Clone, Copy)]
pub(super) struct PlannedJob<'a> {
    pub(super) spec: BuildSpec<'a>,
    /// The language's name in the call of a checker of sources.
    pub(super) language_code: &'a str,
    /// Checks the output, if the job's comparer is a program.
    pub(super) checker: Option<&'a CheckerProgram>,
    /// Judges the submission's files.
    pub(super) source_checker: Option<&'a CheckerProgram>,
    /// Talks to the submission while it runs.
    pub(super) interactor: Option<&'a CheckerProgram>,
    /// Grades groups of tests.
    pub(super) grader: Option<&'a CheckerProgram>,
    /// What clients send to the program of a job with a live stdin.
    pub(super) input: Option<&'a LiveInput>,
}

/// The plan with the job's variables; one that the language sets, too, is the job's.
pub(super) fn with_env(plan: Arc<Plan>, env: &BTreeMap<String, String>) -> Arc<Plan> {
    if env.is_empty() {
        return plan;
    }
    let mut plan = Arc::unwrap_or_clone(plan);
    plan.run.env.retain(|(name, _)| !env.contains_key(name));
    plan.run.env.extend(env.iter().map(|(name, value)| (name.clone(), value.clone())));
    Arc::new(plan)
}
