//! Judges one job: `Job → Plan → Outcomes → Report`.
//!
//! In: a job. Out: its report, and events on the way. The plugin plans, the sandbox runs, the comparers and
//! [`verdict`] decide. The judge knows neither queue nor HTTP, keeps nothing of a job except compiled programs,
//! and its memory use does not grow with a program's output.

mod artefacts;
mod build_spec;
mod checker;
mod compile;
mod demand;
mod execute;
mod executor;
mod failure;
mod grader;
mod hooks;
mod interactive;
mod limits;
mod live;
mod multi_process;
mod planned;
mod scheduler;
mod sink;
mod spans;
mod standalone;
mod test;
mod test_context;
#[cfg(test)]
mod tests;
mod transcript;
mod verdict;

use std::sync::Arc;
use std::time::{Duration, Instant};

use optimus_core::languages::LanguageBook;
use optimus_core::report::{PluginRef, Timing};
use optimus_core::scoring::Score;
use optimus_core::{Checker, Comparer, Event, Fault, Job, Limits, Plan, Report, TestReport, Timestamp, Verdict};
use optimus_plugin::{Catalogue, PlanRequest, Plugin, PluginError};
use optimus_sandbox::{SandboxError, SharedSandbox};
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use build_spec::BuildSpec;
use checker::{CheckerProgram, Failure};
use execute::{Ending, ExecutionResult};
use executor::Executor;
use planned::PlannedJob;

/// Configuration of a judge.
#[derive(Debug, Clone)]
pub struct JudgeConfig {
    /// Maximum number of boxes in use at once, over all jobs; at least 1. Each running job holds one.
    pub slots: usize,
    /// Runs tests of one job side by side in slots that no other job waits for.
    pub parallel_tests: bool,
    /// Limits of a compile step, unless the plan asks for others.
    pub compile_limits: Limits,
    /// Upper bound of the limits of every step, whatever job and plan ask for.
    pub cap: Limits,
    /// Memory of the cache of compiled programs, in bytes.
    pub artefact_cache_bytes: u64,
    /// Known toolchain versions: the cache never returns a program that another version compiled.
    pub book: Arc<LanguageBook>,
}

impl Default for JudgeConfig {
    fn default() -> Self {
        Self {
            slots: 1,
            parallel_tests: false,
            compile_limits: Limits::COMPILE,
            cap: Limits::CAP,
            artefact_cache_bytes: 256 << 20,
            book: Arc::default(),
        }
    }
}

/// Judges jobs; many can be judged at once.
pub struct Judge {
    catalogue: Arc<Catalogue>,
    executor: Executor,
}

impl Judge {
    /// Creates a judge that takes plans from `catalogue` and runs them in `sandbox`.
    pub fn new(catalogue: Arc<Catalogue>, sandbox: SharedSandbox, config: JudgeConfig) -> Self {
        Self { catalogue, executor: Executor::new(sandbox, config) }
    }

    /// Judges a job that waited in the queue for `waited`. `events` receives `Compiling`, `Compiled` and each
    /// `Test`; the queue publishes the others. `cancel` kills what runs, and the verdict is then `cancelled`.
    ///
    /// # Errors
    /// An internal failure that a further attempt may not meet, above all one of the sandbox. Everything else
    /// is a report, including a misbehaving plugin and a missing toolchain.
    pub async fn judge(
        &self,
        job: &Job,
        waited: Duration,
        events: &(dyn Fn(Event) + Send + Sync),
        cancel: &CancellationToken,
    ) -> Result<Report, Fault> {
        let clock = Clock { waited, begun: Instant::now() };
        let Some(_slot) = cancel.run_until_cancelled(self.executor.slot()).await else {
            return Ok(self.build_report(
                job,
                None,
                None,
                ExecutionResult::stopped(job, Ending::Cancelled),
                &clock,
                Duration::ZERO,
            ));
        };
        let Some(plugin) = self.catalogue.plugin(&job.language).await else {
            let ending = Ending::Fault(unknown_language(&job.language));
            return Ok(self.build_report(
                job,
                None,
                None,
                ExecutionResult::stopped(job, ending),
                &clock,
                Duration::ZERO,
            ));
        };
        // After the language: without it the job could not be completed with its problem either.
        if let Some(digest) = &job.problem {
            let fault = Fault::new("unknown_problem", format!("problem `{digest}` is not stored here"));
            let ending = Ending::Fault(fault.hint("post its package again with POST /v1/problems"));
            return Ok(self.build_report(
                job,
                None,
                None,
                ExecutionResult::stopped(job, ending),
                &clock,
                Duration::ZERO,
            ));
        }
        let descriptor = plugin.descriptor();
        let limits = limits::of_run(&job.limits, job.exact_limits, descriptor, &self.executor.config.cap);
        let planning = Instant::now();
        // Where nothing is run, the submission need not be a program.
        let is_answers = job.tests.iter().all(|test| test.submitted.is_some());
        let plan_result = if is_answers {
            Ok(Arc::new(execute::no_plan()))
        } else {
            plugin.plan(&PlanRequest::new(job, limits)).instrument(spans::plan()).await
        };
        let planned_in = planning.elapsed();
        let plan = match plan_result {
            Ok(plan) => plan,
            Err(PluginError::Engine { message }) => return Err(Fault::new("plugin_engine", message)),
            Err(error) => {
                let execution = refused(job, error);
                return Ok(self.build_report(job, Some(&plugin), None, execution, &clock, planned_in));
            }
        };
        let [checker, interactor, grader] = match self.prepare_checkers(job, &plan).await {
            Ok(checkers) => checkers,
            Err(Failure::Internal(fault)) => return Err(fault),
            Err(Failure::Checker(fault)) => {
                let execution = ExecutionResult::stopped(job, Ending::Fault(fault));
                return Ok(self.build_report(job, Some(&plugin), Some(&plan), execution, &clock, planned_in));
            }
        };
        let planned = PlannedJob {
            spec: BuildSpec {
                job,
                plan: &plan,
                limits,
                plugin_digest: plugin.digest(),
                install_hint: &descriptor.install_hint,
                hooks: plugin.as_ref(),
                unpinned: false,
            },
            checker: checker.as_ref(),
            interactor: interactor.as_ref(),
            grader: grader.as_ref(),
        };
        let demand = demand::of_job(&planned, &self.executor.config);
        let Some(admitted) = cancel.run_until_cancelled(self.executor.sandbox.admit(&demand)).await else {
            let execution = ExecutionResult::stopped(job, Ending::Cancelled);
            return Ok(self.build_report(job, Some(&plugin), Some(&plan), execution, &clock, planned_in));
        };
        let execution = match admitted {
            Ok(admitted) => admitted.run(self.executor.execute(&planned, events, cancel)).await?,
            Err(error @ SandboxError::TooLarge { .. }) => {
                ExecutionResult::stopped(job, Ending::Fault(failure::fault(&error)))
            }
            Err(error) => return Err(failure::fault(&error)),
        };
        Ok(self.build_report(job, Some(&plugin), Some(&plan), execution, &clock, planned_in))
    }

    /// Prepares the checker, the interactor or manager, and the grader, as far as the job has them as
    /// programs.
    async fn prepare_checkers(&self, job: &Job, plan: &Plan) -> Result<[Option<CheckerProgram>; 3], Failure> {
        let prepare = async |checker: Option<&Checker>| match checker {
            Some(checker) => CheckerProgram::new(checker, &self.catalogue, &self.executor.config.cap).await.map(Some),
            None => Ok(None),
        };
        let comparer = test_context::comparer(job, plan);
        let checker = match &comparer {
            Comparer::Program(checker) => Some(&**checker),
            _ => None,
        };
        let talks = job.interactor.as_deref().or(job.communication.as_ref().map(|own| &own.manager));
        let grader = job.scoring.as_ref().and_then(|scoring| scoring.tree.as_ref()?.grader.as_ref());
        Ok([prepare(checker).await?, prepare(talks).await?, prepare(grader).await?])
    }

    fn build_report(
        &self,
        job: &Job,
        plugin: Option<&Plugin>,
        plan: Option<&Plan>,
        execution: ExecutionResult,
        clock: &Clock,
        planned_in: Duration,
    ) -> Report {
        let ExecutionResult { compile, tests, score, ending, compile_time, tests_time } = execution;
        let (verdict, error) = conclude(ending, &tests, score.as_ref());
        let finished = Timestamp::now();
        Report {
            id: job.id,
            language: job.language.clone(),
            verdict,
            score,
            plugin: plugin.map(|plugin| PluginRef {
                id: plugin.descriptor().id.clone(),
                version: plugin.descriptor().version.clone(),
                digest: plugin.digest().to_owned(),
            }),
            image: plan.map(|plan| plan.image.clone()),
            sandbox: self.executor.sandbox_name().to_owned(),
            compile,
            tests,
            error,
            limits: plan.zip(plugin).map(|(plan, plugin)| {
                let run = limits::of_run(&job.limits, job.exact_limits, plugin.descriptor(), &self.executor.config.cap);
                limits::of_step(&plan.run.limits, &run, &self.executor.config.cap)
            }),
            created_at: job.id.created_at(),
            started_at: Some(finished.before(u64::try_from(clock.begun.elapsed().as_millis()).unwrap_or(0))),
            finished_at: Some(finished),
            timing: Timing {
                queued_ms: ms(clock.waited),
                plan_ms: ms(planned_in),
                compile_ms: ms(compile_time),
                tests_ms: ms(tests_time),
                total_ms: ms(clock.waited + clock.begun.elapsed().max(planned_in + compile_time + tests_time)),
            },
            labels: job.labels.clone(),
        }
    }
}

struct Clock {
    waited: Duration,
    begun: Instant,
}

fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}

/// The verdict of the job. A cancelled job is `cancelled`, whatever its tests gave. With points, full points are
/// `accepted`, some points are `partial`, and zero points leave the verdict of the first test that failed.
fn conclude(ending: Ending, tests: &[TestReport], score: Option<&Score>) -> (Verdict, Option<Fault>) {
    match ending {
        Ending::Cancelled => (Verdict::Cancelled, None),
        Ending::CompileError => (Verdict::CompileError, None),
        Ending::Fault(fault) => (Verdict::InternalError, Some(fault)),
        Ending::Tested => {
            let ours = tests.iter().find(|test| test.verdict == Verdict::InternalError);
            let verdict = Verdict::of_job(tests.iter().map(|test| test.verdict));
            let verdict = match score {
                Some(Score { verdict: Some(graded), .. }) if *graded != Verdict::Accepted => *graded,
                Some(score) if score.verdict.is_some() && !score.is_full() => Verdict::Partial,
                Some(score) if score.is_full() => Verdict::Accepted,
                Some(score) if score.points > 0.0 => Verdict::Partial,
                _ => verdict,
            };
            (verdict, ours.and_then(|test| test.error.clone()))
        }
    }
}

/// The result of a job that the plugin refuses to plan. A refused source is the submission's failure. Refused
/// options are the client's, and say nothing about the submission; they have passed the language's schema before.
fn refused(job: &Job, error: PluginError) -> ExecutionResult {
    match error {
        PluginError::BadSource { message, .. } => ExecutionResult::refused(job, message),
        PluginError::BadOptions { message, .. } => {
            let fault = Fault::new("bad_options", format!("`options`: {message}"));
            let hint = format!("GET /v1/languages shows what `{}` takes as `options`", job.language);
            ExecutionResult::stopped(job, Ending::Fault(fault.hint(hint)))
        }
        other => ExecutionResult::stopped(job, Ending::Fault(other.fault())),
    }
}

fn unknown_language(name: &str) -> Fault {
    Fault::new("unknown_language", format!("language `{name}` is no longer here"))
        .hint("its plugin was removed after the job came in: put it back, or see `optimus languages`")
}
