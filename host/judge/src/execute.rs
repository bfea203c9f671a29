//! Executes a plan: builds the program, then runs the tests. The plan is data, whatever its origin.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use optimus_core::event::EventSink;
use optimus_core::limits::PartialLimits;
use optimus_core::report::CompileReport;
use optimus_core::scoring::Score;
use optimus_core::{Fault, Job, Plan, Step, TestReport, Verdict};
use tokio_util::sync::CancellationToken;

use super::build_spec::BuildSpec;
use super::compile::{BuildResult, failed};
use super::executor::Executor;
use super::planned::PlannedJob;
use super::scheduler;
use super::test_context::test_name;

/// The end of a job's execution.
#[derive(Debug, PartialEq)]
pub(super) enum Ending {
    Tested,
    CompileError,
    Cancelled,
    /// An internal error that another attempt would not cure.
    Fault(Fault),
}

/// The result of executing a planned job.
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
    pub(super) async fn execute(
        &self,
        planned: &PlannedJob<'_>,
        events: &EventSink<'_>,
        cancel: &CancellationToken,
    ) -> Result<ExecutionResult, Fault> {
        if planned.spec.job.tests.iter().all(|test| test.submitted.is_some()) {
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
            return Ok(ExecutionResult::stopped(planned.spec.job, Ending::Fault(fault)));
        }
        let begun = Instant::now();
        // Dropping what builds kills the step that runs and destroys its box.
        let Some(built) = cancel.run_until_cancelled(self.build(&planned.spec, events)).await else {
            return Ok(ExecutionResult::stopped(planned.spec.job, Ending::Cancelled));
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
                ..ExecutionResult::stopped(planned.spec.job, Ending::CompileError)
            },
            BuildResult::Broken(fault) => {
                ExecutionResult { compile_time, ..ExecutionResult::stopped(planned.spec.job, Ending::Fault(fault)) }
            }
        };
        Ok(execution)
    }
}

impl ExecutionResult {
    /// The result of a job that ends before its first test.
    pub(super) fn stopped(job: &Job, ending: Ending) -> Self {
        let verdict = if ending == Ending::Cancelled { Verdict::Cancelled } else { Verdict::Skipped };
        let tests = (0..job.tests.len()).map(|index| TestReport::unrun(test_name(job, index), verdict)).collect();
        Self { compile: None, tests, score: None, ending, compile_time: Duration::ZERO, tests_time: Duration::ZERO }
    }

    /// The result of a job whose sources the plugin refuses, with the reason for the author.
    pub(super) fn refused(job: &Job, message: String) -> Self {
        Self { compile: Some(failed(message)), ..Self::stopped(job, Ending::CompileError) }
    }
}

/// The plan of a job that runs no program.
pub(super) fn no_plan() -> Plan {
    let run = Step {
        name: "run".to_owned(),
        argv: Vec::new(),
        env: Vec::new(),
        files: Vec::new(),
        collect: Vec::new(),
        limits: PartialLimits::default(),
        warm: false,
    };
    Plan { image: String::new(), compile: Vec::new(), run, comparer: None }
}

/// Reports files of the plan that need a directory where another file is. Each path is valid by itself;
/// collisions show only together with the job's own files.
fn colliding_paths(planned: &PlannedJob<'_>) -> Option<Fault> {
    let BuildSpec { job, plan, .. } = &planned.spec;
    let placed = plan.compile.iter().chain([&plan.run]).flat_map(|step| &step.files).map(|file| file.path.as_str());
    placed.clone().next()?;
    let paths: HashSet<&str> = job.files.iter().map(|file| file.path.as_str()).chain(placed).collect();
    let inside = |path: &&str| path.match_indices('/').any(|(end, _)| paths.contains(&path[..end]));
    let path = paths.iter().find(|path| inside(path))?;
    let message = format!("the plan for `{}` puts `{path}` under a path that is a file", job.language);
    Some(Fault::new("plan_invalid", message).hint("rename the source file, or tell the plugin's author"))
}
