//! Judges one job: `Job → Plan → Outcomes → Report`.
//!
//! In: a job. Out: its report, and events on the way. The plugin plans, the sandbox runs, the comparers and
//! `verdict` decide. The judge knows neither queue nor HTTP, keeps nothing of a job except compiled programs,
//! and its memory use does not grow with a program's output.

mod artefacts;
mod build_spec;
mod checker;
mod collect;
mod compile;
mod demand;
mod execute;
mod executor;
mod failure;
mod grader;
mod hooks;
mod input;
mod interactive;
mod kernel;
mod limits;
mod live;
mod multi_process;
mod planned;
mod run_report;
mod scheduler;
mod sink;
mod source_check;
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

use optimus_core::event::EventSink;
use optimus_core::languages::LanguageBook;
use optimus_core::report::{PluginRef, Timing};
use optimus_core::scoring::Score;
use optimus_core::{Checker, Comparer, Fault, Job, Limits, Plan, Report, TestReport, Timestamp, Verdict};
use optimus_plugin::{Catalogue, PlanRequest, Plugin, PluginError};
use optimus_sandbox::{SandboxError, SharedSandbox};
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use build_spec::BuildSpec;
use checker::{CheckerProgram, Failure};
use execute::{Ending, ExecutionResult};
use executor::Executor;
use input::LiveInput;
use planned::PlannedJob;

pub use input::Input;
pub use kernel::{Kernel, KernelRequest};

/// Configuration of a judge.
#[derive(Debug, Clone)]
pub struct JudgeConfig {
    /// Maximum number of boxes in use, over all jobs; at least 1. Each running job holds one.
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

/// Judges jobs, several at the same time.
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
        events: &EventSink<'_>,
        cancel: &CancellationToken,
    ) -> Result<Report, Fault> {
        self.judge_live(job, waited, None, events, cancel).await
    }

    /// The same; the program of a job with a live stdin also reads what comes through `input`.
    ///
    /// # Errors
    /// As above.
    pub async fn judge_live(
        &self,
        job: &Job,
        waited: Duration,
        input: Option<Input>,
        events: &EventSink<'_>,
        cancel: &CancellationToken,
    ) -> Result<Report, Fault> {
        let (begun, input) = (Instant::now(), input.map(LiveInput::new));
        let mut draft = Draft { job, waited, begun, input, plugin: None, plan: None, planned_in: Duration::ZERO };
        let execution = match self.plan_and_execute(&mut draft, events, cancel).await? {
            Ok(execution) => execution,
            Err(ending) => ExecutionResult::stopped(job, ending),
        };
        Ok(self.build_report(draft, execution))
    }

    /// Starts an interpreter in a box of its own, which runs cells until it is dropped. It takes no slot.
    ///
    /// # Errors
    /// The language cannot run cells, its toolchain is missing, or the machine has no room for it.
    pub async fn open_kernel(&self, request: KernelRequest) -> Result<Kernel, Fault> {
        kernel::open(&self.catalogue, &self.executor.sandbox, &self.executor.config.cap, request).await
    }

    /// Judges the job of `draft`, and fills in what it learns on the way. The inner error ends the job before its build.
    async fn plan_and_execute(
        &self,
        draft: &mut Draft<'_>,
        events: &EventSink<'_>,
        cancel: &CancellationToken,
    ) -> Result<Result<ExecutionResult, Ending>, Fault> {
        let job = draft.job;
        let Some(_slot) = cancel.run_until_cancelled(self.executor.slot()).await else {
            return Ok(Err(Ending::Cancelled));
        };
        let Some(plugin) = self.catalogue.plugin(&job.language).await else {
            return Ok(Err(Ending::Fault(unknown_language(&job.language))));
        };
        // After the language: without it the job could not be completed with its problem either.
        if let Some(digest) = &job.problem {
            let fault = Fault::new("unknown_problem", format!("problem `{digest}` is not stored here"));
            return Ok(Err(Ending::Fault(fault.hint("post its package again with POST /v1/problems"))));
        }
        let plugin = &*draft.plugin.insert(plugin);
        let descriptor = plugin.descriptor();
        let limits = limits::of_run(&job.limits, job.exact_limits, descriptor, &self.executor.config.cap);
        let planning = Instant::now();
        let planned = plan(job, plugin, limits).await;
        draft.planned_in = planning.elapsed();
        let plan = match planned {
            Ok(plan) => &*draft.plan.insert(planned::with_env(plan, &job.env)),
            Err(PluginError::Engine { message }) => return Err(Fault::new("plugin_engine", message)),
            Err(error) => return Ok(Ok(refused(job, error))),
        };
        // A limit that is not kept must not look as if it were.
        if limits.fuel.is_some() && !self.executor.counts_fuel(&plan.image) {
            return Ok(Err(Ending::Fault(fuel_not_counted(&job.language))));
        }
        let [checker, source_checker, interactor, grader] = match self.prepare_checkers(job, plan).await {
            Ok(checkers) => checkers,
            Err(Failure::Internal(fault)) => return Err(fault),
            Err(Failure::Checker(fault)) => return Ok(Err(Ending::Fault(fault))),
        };
        let spec = BuildSpec {
            job,
            plan,
            limits,
            plugin_digest: plugin.digest(),
            install_hint: &descriptor.install_hint,
            is_command: descriptor.commands,
            hooks: plugin.as_ref(),
            unpinned: false,
        };
        let planned = PlannedJob {
            spec,
            language_code: descriptor.kattis_code(),
            checker: checker.as_ref(),
            source_checker: source_checker.as_ref(),
            interactor: interactor.as_ref(),
            grader: grader.as_ref(),
            input: draft.input.as_ref(),
        };
        self.admit_and_execute(&planned, events, cancel).await
    }

    /// Waits until the machine has memory for the job, and executes it.
    async fn admit_and_execute(
        &self,
        planned: &PlannedJob<'_>,
        events: &EventSink<'_>,
        cancel: &CancellationToken,
    ) -> Result<Result<ExecutionResult, Ending>, Fault> {
        let demand = demand::of_job(planned, &self.executor.config);
        let Some(admitted) = cancel.run_until_cancelled(self.executor.sandbox.admit(&demand)).await else {
            return Ok(Err(Ending::Cancelled));
        };
        match admitted {
            Ok(admitted) => admitted.run(self.executor.execute(planned, events, cancel)).await.map(Ok),
            Err(error @ SandboxError::TooLarge { .. }) => Ok(Err(Ending::Fault(failure::fault(&error)))),
            Err(error) => Err(failure::fault(&error)),
        }
    }

    /// Prepares the checker, that of the sources, the interactor or manager, and the grader, as far as the job has them
    /// as programs.
    async fn prepare_checkers(&self, job: &Job, plan: &Plan) -> Result<[Option<CheckerProgram>; 4], Failure> {
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
        let of_sources = job.source_checker.as_deref();
        Ok([prepare(checker).await?, prepare(of_sources).await?, prepare(talks).await?, prepare(grader).await?])
    }

    fn build_report(&self, draft: Draft<'_>, execution: ExecutionResult) -> Report {
        let Draft { job, waited, begun, plugin, plan, planned_in, .. } = draft;
        let ExecutionResult { compile, tests, score, ending, compile_time, tests_time } = execution;
        let (verdict, error) = conclude(ending, &tests, score.as_ref());
        let finished = Timestamp::now();
        Report {
            id: job.id,
            language: job.language.clone(),
            verdict,
            score,
            plugin: plugin.as_ref().map(|plugin| PluginRef {
                id: plugin.descriptor().id.clone(),
                version: plugin.descriptor().version.clone(),
                digest: plugin.digest().to_owned(),
            }),
            image: plan.as_ref().map(|plan| plan.image.clone()),
            sandbox: self.executor.sandbox_name(plan.as_ref().map_or("", |plan| &plan.image)).to_owned(),
            compile,
            tests,
            error,
            limits: plan.as_ref().zip(plugin.as_ref()).map(|(plan, plugin)| {
                let run = limits::of_run(&job.limits, job.exact_limits, plugin.descriptor(), &self.executor.config.cap);
                limits::of_step(&plan.run.limits, &run, &self.executor.config.cap)
            }),
            created_at: job.id.created_at(),
            started_at: Some(finished.before(u64::try_from(begun.elapsed().as_millis()).unwrap_or(0))),
            finished_at: Some(finished),
            timing: Timing {
                queued_ms: ms(waited),
                plan_ms: ms(planned_in),
                compile_ms: ms(compile_time),
                tests_ms: ms(tests_time),
                total_ms: ms(waited + begun.elapsed().max(planned_in + compile_time + tests_time)),
            },
            labels: job.labels.clone(),
        }
    }
}

/// The parts of a report that are known before the execution ends.
struct Draft<'a> {
    job: &'a Job,
    waited: Duration,
    begun: Instant,
    input: Option<LiveInput>,
    plugin: Option<Arc<Plugin>>,
    plan: Option<Arc<Plan>>,
    planned_in: Duration,
}

/// Asks the plugin for the plan. A job of submitted answers runs no program, and its files need not be one.
async fn plan(job: &Job, plugin: &Plugin, limits: Limits) -> Result<Arc<Plan>, PluginError> {
    if job.tests.iter().all(|test| test.submitted.is_some()) {
        return Ok(Arc::new(execute::no_plan()));
    }
    plugin.plan(&PlanRequest::new(job, limits)).instrument(spans::plan()).await
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

fn fuel_not_counted(language: &str) -> Fault {
    Fault::new(
        "fuel_not_counted",
        format!("`limits.fuel` cannot be kept: programs in `{language}` do not run inside Wasm"),
    )
    .hint("leave `limits.fuel` out, or choose a language whose image is a Wasm runtime")
}

fn unknown_language(name: &str) -> Fault {
    Fault::new("unknown_language", format!("language `{name}` is no longer here"))
        .hint("its plugin was removed after the job came in: put it back, or see `optimus languages`")
}
