//! The input of a build: a job's sources with the plan of its language.

use optimus_core::{Job, Limits, Plan};

use super::hooks::LanguageHooks;

/// Everything that building and starting one program needs, whether it is a submission or a checker.
#[derive(Clone, Copy)]
pub(super) struct BuildSpec<'a> {
    pub(super) job: &'a Job,
    pub(super) plan: &'a Plan,
    /// Limits of a test, unless the run step asks for others.
    pub(super) limits: Limits,
    pub(super) plugin_digest: &'a str,
    pub(super) install_hint: &'a str,
    /// The job itself names the program to run.
    pub(super) is_command: bool,
    pub(super) hooks: &'a dyn LanguageHooks,
    /// Opens boxes without a processor of their own. For checkers, whose time does not count, and for further processes
    /// of a submission: a slot has one processor.
    pub(super) unpinned: bool,
}
