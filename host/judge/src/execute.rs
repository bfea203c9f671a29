//! Carries out a plan: build, then the tests. It takes the plan as data, wherever it comes from.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use optimus_core::limits::PartialLimits;
use optimus_core::report::CompileReport;
use optimus_core::scoring::Score;
use optimus_core::{Event, Fault, Job, Limits, Plan, Step, TestReport, Verdict};
use optimus_sandbox::SharedSandbox;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

use super::JudgeConfig;
use super::artefacts::Artefacts;
use super::checker::CheckerProgram;
use super::compile::{BuildResult, failed};
use super::hooks::LanguageHooks;
use super::scheduler;

/// Where plans are carried out; shared by all jobs.
pub(super) struct Executor {
    pub(super) sandbox: SharedSandbox,
    sandbox_name: &'static str,
    pub(super) config: JudgeConfig,
    pub(super) artefacts: Artefacts,
    pub(super) slots: Arc<Semaphore>,
}

/// What has to be done, and with whose advice.
#[derive(Clone, Copy)]
pub(super) struct PlannedJob<'a> {
    pub(super) job: &'a Job,
    pub(super) plan: &'a Plan,
    /// What a test may use, unless the run step wishes for something else.
    pub(super) limits: Limits,
    pub(super) plugin_digest: &'a str,
    pub(super) install_hint: &'a str,
    pub(super) hooks: &'a dyn LanguageHooks,
    /// Who looks at what is printed, when that is a program.
    pub(super) checker: Option<&'a CheckerProgram>,
    /// Who talks to the submission while it runs.
    pub(super) interactor: Option<&'a CheckerProgram>,
    /// Who grades groups of tests.
    pub(super) grader: Option<&'a CheckerProgram>,
    /// It takes no slot's processor: such a one itself, of which no time counts, or a further process of a submission.
    pub(super) unpinned: bool,
}

/// How far a job came.
#[derive(Debug, PartialEq)]
pub(super) enum Ending {
    Tested,
    CompileError,
    Cancelled,
    /// Ours, and another attempt would not help.
    Fault(Fault),
}

/// What came of it.
#[derive(Debug)]
pub(super) struct ExecutionResult {
    pub(super) compile: Option<CompileReport>,
    pub(super) tests: Vec<TestReport>,
    pub(super) score: Option<Score>,
    pub(super) ending: Ending,
    pub(super) compile_time: Duration,
    pub(super) tests_time: Duration,
}

impl Executor {
    pub(super) fn new(sandbox: SharedSandbox, config: JudgeConfig) -> Self {
        Self {
            sandbox_name: sandbox.describe().name,
            sandbox,
            artefacts: Artefacts::new(config.artefact_cache_bytes),
            slots: Arc::new(Semaphore::new(config.slots.clamp(1, Semaphore::MAX_PERMITS))),
            config,
        }
    }

    pub(super) fn sandbox_name(&self) -> &'static str {
        self.sandbox_name
    }

    /// A job's own slot. Jobs that wait for theirs come before tests that would use an idle one.
    pub(super) async fn slot(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.slots).acquire_owned().await.ok()
    }

    pub(super) async fn execute(
        &self,
        planned: &PlannedJob<'_>,
        events: &(dyn Fn(Event) + Send + Sync),
        cancel: &CancellationToken,
    ) -> Result<ExecutionResult, Fault> {
        if planned.job.tests.iter().all(|test| test.submitted.is_some()) {
            let begun = Instant::now();
            let scheduler::Tested { tests, score, cancelled } = self.judge_answers(planned, events, cancel).await?;
            let ending = if cancelled { Ending::Cancelled } else { Ending::Tested };
            let tests_time = begun.elapsed();
            return Ok(ExecutionResult {
                compile: None,
                tests,
                score,
                ending,
                compile_time: Duration::ZERO,
                tests_time,
            });
        }
        if let Some(fault) = colliding_paths(planned) {
            return Ok(ExecutionResult::stopped(planned.job, Ending::Fault(fault)));
        }
        let begun = Instant::now();
        // Dropping what builds kills the step that runs and destroys its box.
        let Some(built) = cancel.run_until_cancelled(self.build(planned, events)).await else {
            return Ok(ExecutionResult::stopped(planned.job, Ending::Cancelled));
        };
        let built = built?;
        let compile_time = begun.elapsed().max(built.claimed_time());
        let execution = match built {
            BuildResult::Ready(prepared) => {
                let compile = prepared.compile.clone();
                let begun = Instant::now();
                let scheduler::Tested { tests, score, cancelled } =
                    self.test(planned, prepared, events, cancel).await?;
                let ending = if cancelled { Ending::Cancelled } else { Ending::Tested };
                ExecutionResult { compile, tests, score, ending, compile_time, tests_time: begun.elapsed() }
            }
            BuildResult::Failed(compile) => ExecutionResult {
                compile: Some(compile),
                compile_time,
                ..ExecutionResult::stopped(planned.job, Ending::CompileError)
            },
            BuildResult::Broken(fault) => {
                ExecutionResult { compile_time, ..ExecutionResult::stopped(planned.job, Ending::Fault(fault)) }
            }
        };
        Ok(execution)
    }
}

impl ExecutionResult {
    /// A job that ends before its first test.
    pub(super) fn stopped(job: &Job, ending: Ending) -> Self {
        let verdict = if ending == Ending::Cancelled { Verdict::Cancelled } else { Verdict::Skipped };
        let tests = (0..job.tests.len()).map(|index| TestReport::unrun(test_name(job, index), verdict)).collect();
        Self { compile: None, tests, score: None, ending, compile_time: Duration::ZERO, tests_time: Duration::ZERO }
    }

    /// A job that the plugin refuses to plan, for a reason that its author has to hear.
    pub(super) fn refused(job: &Job, message: String) -> Self {
        Self { compile: Some(failed(message)), ..Self::stopped(job, Ending::CompileError) }
    }
}

/// The plan of a job in which nothing is run.
pub(super) fn no_plan() -> Plan {
    let run = Step {
        name: "run".to_owned(),
        argv: Vec::new(),
        env: Vec::new(),
        files: Vec::new(),
        collect: Vec::new(),
        limits: PartialLimits::default(),
    };
    Plan { image: String::new(), compile: Vec::new(), run, comparer: None }
}

/// Its name, or its number from 1.
pub(super) fn test_name(job: &Job, index: usize) -> String {
    let name = job.tests.get(index).and_then(|test| test.name.clone());
    name.unwrap_or_else(|| (index + 1).to_string())
}

/// Each path of a plan is sound by itself; whether one is a file where another needs a directory shows only beside the
/// job's own files.
fn colliding_paths(planned: &PlannedJob<'_>) -> Option<Fault> {
    let PlannedJob { job, plan, .. } = planned;
    let placed = plan.compile.iter().chain([&plan.run]).flat_map(|step| &step.files).map(|file| file.path.as_str());
    placed.clone().next()?;
    let paths: HashSet<&str> = job.files.iter().map(|file| file.path.as_str()).chain(placed).collect();
    let inside = |path: &&str| path.match_indices('/').any(|(end, _)| paths.contains(&path[..end]));
    let path = paths.iter().find(|path| inside(path))?;
    let message = format!("the plan for `{}` puts `{path}` under a path that is a file", job.language);
    Some(Fault::new("plan_invalid", message).hint("rename the source file, or tell the plugin's author"))
}
