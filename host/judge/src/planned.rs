//! A job that is ready to be executed.

use super::build_spec::BuildSpec;
use super::checker::CheckerProgram;

/// A submission with its plan, and the author's programs that judge it.
#[derive(Clone, Copy)]
pub(super) struct PlannedJob<'a> {
    pub(super) spec: BuildSpec<'a>,
    /// Checks the output, if the job's comparer is a program.
    pub(super) checker: Option<&'a CheckerProgram>,
    /// Talks to the submission while it runs.
    pub(super) interactor: Option<&'a CheckerProgram>,
    /// Grades groups of tests.
    pub(super) grader: Option<&'a CheckerProgram>,
}
