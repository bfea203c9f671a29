//! Turns sources into a box that is ready for the tests: compiles them, or restores a cached result.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use optimus_core::event::EventSink;
use optimus_core::outcome::{Excerpt, Exit};
use optimus_core::plan::{Collect, PlacedFile};
use optimus_core::report::{CompileReport, ms};
use optimus_core::{Event, Fault, Limits, Outcome, Plan, Step};
use optimus_plugin::StepOutcome;
use optimus_sandbox::{BoxStep, Collected, OpenBox, SandboxError, View};
use tracing::Instrument as _;

use super::artefacts::{self, Artefact, Failed, KnownTo};
use super::build_spec::BuildSpec;
use super::executor::Executor;
use super::failure::{Cause, cause_of, fault, starts_from_work_area, toolchain_missing};
use super::sink::{Budget, CompileSink, Head, cut};
use super::{limits, verdict};
use crate::spans;

/// The result of a build.
pub(super) enum BuildResult {
    Ready(PreparedBox),
    /// The sources do not compile.
    Failed(CompileReport),
    /// An internal failure that a further attempt would not cure.
    Broken(Fault),
}

impl BuildResult {
    /// The compile time that the report states. A result from another tenant's job must not be recognizable
    /// by its speed.
    pub(super) fn claimed_time(&self) -> Duration {
        let report = match self {
            Self::Ready(prepared) => prepared.compile.as_ref(),
            Self::Failed(report) => Some(report),
            Self::Broken(_) => None,
        };
        let ms = report.filter(|report| !report.cached).map_or(0.0, |report| report.wall_ms);
        Duration::try_from_secs_f64(ms / 1_000.0).unwrap_or_default()
    }
}

/// A box that holds the program and everything else that tests need.
pub(super) struct PreparedBox {
    pub(super) open: Box<dyn OpenBox>,
    /// For opening further boxes.
    pub(super) artefact: Option<Arc<Artefact>>,
    pub(super) compile: Option<CompileReport>,
}

/// The result of compiling; the box still holds it.
enum Compiled {
    Done(Box<dyn OpenBox>, Artefact),
    Failed(CompileReport),
    Broken(Fault),
}

impl Executor {
    pub(super) async fn build(&self, spec: &BuildSpec<'_>, events: &EventSink<'_>) -> Result<BuildResult, Fault> {
        if spec.plan.compile.is_empty() {
            return self.ready(spec, None).await;
        }
        let toolchain = self.config.book.toolchain(&spec.job.language).unwrap_or_default();
        let key = artefacts::key(spec, self.sandbox_name(&spec.plan.image), &toolchain);
        if let Some(artefact) = self.artefacts.get(&key) {
            return self.reuse(spec, Ok(artefact), events).await;
        }
        let flight = self.artefacts.flight(key);
        let mut landed = flight.lock().await;
        if let Some(result) = landed.clone() {
            drop(landed);
            return self.reuse(spec, result, events).await;
        }
        match self.compile(spec, events).await? {
            Compiled::Done(open, artefact) => {
                let artefact = Arc::new(artefact);
                self.artefacts.keep(key, Arc::clone(&artefact));
                *landed = Some(Ok(Arc::clone(&artefact)));
                drop(landed);
                let report = artefact.report.clone();
                events(Event::Compiled(report.clone()));
                self.finish(spec, open, Some(artefact), Some(report)).await
            }
            Compiled::Failed(report) => {
                let known = KnownTo::new(spec.job.tenant.as_deref());
                *landed = Some(Err(Arc::new(Failed { report: report.clone(), known })));
                events(Event::Compiled(report.clone()));
                Ok(BuildResult::Failed(report))
            }
            Compiled::Broken(fault) => Ok(BuildResult::Broken(fault)),
        }
    }

    /// Returns the result of another job's compilation. To a tenant that has not compiled these sources it
    /// looks like a compilation, with the figures of the real one.
    async fn reuse(
        &self,
        spec: &BuildSpec<'_>,
        result: Result<Arc<Artefact>, Arc<Failed>>,
        events: &EventSink<'_>,
    ) -> Result<BuildResult, Fault> {
        let (mut report, known) = match &result {
            Ok(artefact) => (artefact.report.clone(), &artefact.known),
            Err(failed) => (failed.report.clone(), &failed.known),
        };
        report.cached = known.is_known(spec.job.tenant.as_deref());
        if !report.cached {
            for step in &spec.plan.compile {
                events(Event::Compiling { step: step.name.clone() });
                if report.failed_step.as_ref() == Some(&step.name) {
                    break;
                }
            }
        }
        events(Event::Compiled(report.clone()));
        match result {
            Err(_) => Ok(BuildResult::Failed(report)),
            Ok(artefact) => {
                let mut built = self.ready(spec, Some(artefact)).await?;
                if let BuildResult::Ready(prepared) = &mut built {
                    prepared.compile = Some(report);
                }
                Ok(built)
            }
        }
    }

    /// Opens a new box and prepares it for tests.
    pub(super) async fn ready(
        &self,
        spec: &BuildSpec<'_>,
        artefact: Option<Arc<Artefact>>,
    ) -> Result<BuildResult, Fault> {
        let mut open = self.open(spec).await?;
        let collected = artefact.as_ref().and_then(|artefact| artefact.collected.as_ref());
        let staged = match collected {
            Some(collected) => open.restore(collected).await,
            None => open.stage(&staged_files(spec)).await,
        };
        match staged.map_err(|error| cause_of(&error)) {
            Ok(()) => self.finish(spec, open, artefact, None).await,
            Err(Cause::Program(why)) => Ok(BuildResult::Failed(failed(why))),
            Err(Cause::Internal(fault)) => Err(fault),
        }
    }

    /// Adds the files of the run step.
    async fn finish(
        &self,
        spec: &BuildSpec<'_>,
        mut open: Box<dyn OpenBox>,
        artefact: Option<Arc<Artefact>>,
        compile: Option<CompileReport>,
    ) -> Result<BuildResult, Fault> {
        let files = &spec.plan.run.files;
        let staged = if files.is_empty() { Ok(()) } else { open.stage(files).await };
        match staged.map_err(|error| cause_of(&error)) {
            Ok(()) => Ok(BuildResult::Ready(PreparedBox { open, artefact, compile })),
            Err(Cause::Program(why)) => Ok(BuildResult::Failed(failed(why))),
            Err(Cause::Internal(fault)) => Err(fault),
        }
    }

    async fn open(&self, spec: &BuildSpec<'_>) -> Result<Box<dyn OpenBox>, Fault> {
        let image = &spec.plan.image;
        let opened =
            if spec.unpinned { self.sandbox.open_unpinned(image).await } else { self.sandbox.open(image).await };
        opened.map_err(|error| fault(&error))
    }

    async fn compile(&self, spec: &BuildSpec<'_>, events: &EventSink<'_>) -> Result<Compiled, Fault> {
        let mut open = self.open(spec).await?;
        if let Err(error) = open.stage(&staged_files(spec)).await {
            return match cause_of(&error) {
                Cause::Program(why) => Ok(Compiled::Failed(failed(why))),
                Cause::Internal(fault) => Err(fault),
            };
        }
        let mut log = Log::default();
        for step in &spec.plan.compile {
            events(Event::Compiling { step: step.name.clone() });
            let span = spans::compile(&step.name);
            let limits = limits::of_step(&step.limits, &self.config.compile_limits, &self.config.cap);
            let outcome = match log.run(spec, step, limits, open.as_mut()).instrument(span).await {
                Ok(outcome) => outcome,
                Err(Cause::Program(why)) => return Ok(Compiled::Failed(log.report(step, why))),
                Err(Cause::Internal(fault)) => return Err(fault),
            };
            if let (None, Exit::NotStarted(why)) = (outcome.limit, &outcome.exit) {
                return Ok(if starts_from_work_area(step) {
                    Compiled::Failed(log.report(step, format!("`{}` cannot be started: {why}", step.argv[0])))
                } else {
                    Compiled::Broken(toolchain_missing(step, why, spec.install_hint))
                });
            }
            if let Some(why) = verdict::of_compile(&step.name, &outcome, &limits, &log.tail) {
                return Ok(Compiled::Failed(log.report(step, why)));
            }
        }
        match collect(spec.plan, open.as_mut()).await.map_err(|error| cause_of(&error)) {
            Ok(collected) => Ok(Compiled::Done(
                open,
                Artefact { collected, report: log.success(), known: KnownTo::new(spec.job.tenant.as_deref()) },
            )),
            Err(Cause::Program(why)) => Ok(Compiled::Failed(log.refusal(format!("compiling left no program: {why}")))),
            Err(Cause::Internal(fault)) => Err(fault),
        }
    }
}

async fn collect(plan: &Plan, open: &mut dyn OpenBox) -> Result<Option<Collected>, SandboxError> {
    let paths = collected_paths(plan);
    if paths.is_empty() { Ok(None) } else { open.collect(&paths).await.map(Some) }
}

/// The union of what all compile steps collect.
fn collected_paths(plan: &Plan) -> Vec<Collect> {
    let all = || plan.compile.iter().flat_map(|step| &step.collect);
    if all().any(|path| *path == Collect::All) {
        return vec![Collect::All];
    }
    let mut paths: Vec<Collect> = Vec::new();
    for path in all() {
        if !paths.contains(path) {
            paths.push(path.clone());
        }
    }
    paths
}

/// The sources and the files that compile steps add. All are staged before the first step, because the build area
/// starts as a copy of the stage.
fn staged_files(spec: &BuildSpec<'_>) -> Vec<PlacedFile> {
    let source = |file: &optimus_core::SourceFile| PlacedFile {
        path: file.path.clone(),
        // A command may be one of its own files.
        executable: spec.is_command,
        content: file.content.clone(),
    };
    let added = spec.plan.compile.iter().flat_map(|step| step.files.iter().cloned());
    let mut files: Vec<PlacedFile> = Vec::new();
    for file in spec.job.files.iter().map(source).chain(added) {
        files.retain(|known| known.path != file.path);
        files.push(file);
    }
    files
}

/// The report of a build that failed before its first step.
pub(super) fn failed(message: String) -> CompileReport {
    Log::default().refusal(message)
}

/// Collects a compile report, step by step.
#[derive(Default)]
struct Log {
    output: Head,
    /// The end of the last step's output.
    tail: Bytes,
    diagnostics: Vec<optimus_core::plan::Diagnostic>,
    cpu_us: u64,
    wall_us: u64,
    memory_bytes: u64,
}

impl Log {
    async fn run(
        &mut self,
        spec: &BuildSpec<'_>,
        step: &Step,
        limits: Limits,
        open: &mut dyn OpenBox,
    ) -> Result<Outcome, Cause> {
        let budget = Budget::new(u64::MAX);
        let mut sink = CompileSink::new(&mut self.output, &budget);
        let run = BoxStep { env: &step.env, view: View::Build, ..BoxStep::new(&step.argv, limits) };
        let outcome = open.run(&run, &mut sink).await.map_err(|error| cause_of(&error))?;
        let (stdout, stderr) = (sink.stdout.into_bytes(), sink.stderr.into_bytes());
        self.tail = sink.tail.into_bytes();
        tracing::debug!(exit = ?outcome.exit, limit = ?outcome.limit, wall_us = outcome.wall_us, "compile step ended");
        self.cpu_us += outcome.cpu_us;
        self.wall_us += outcome.wall_us;
        self.memory_bytes = self.memory_bytes.max(outcome.memory_peak_bytes);
        if !(stdout.is_empty() && stderr.is_empty()) {
            let outcome = StepOutcome::new(&step.name, &outcome, stdout, stderr);
            let mut found = spec.hooks.diagnostics(&outcome).await;
            found.iter_mut().for_each(|diagnostic| cut(&mut diagnostic.message));
            self.diagnostics.extend(found);
        }
        Ok(outcome)
    }

    fn report(self, step: &Step, message: String) -> CompileReport {
        CompileReport { failed_step: Some(step.name.clone()), ..self.refusal(message) }
    }

    fn refusal(self, message: String) -> CompileReport {
        CompileReport { ok: false, message: Some(message), ..self.success() }
    }

    fn success(self) -> CompileReport {
        let output: Excerpt = self.output.excerpt(false);
        CompileReport {
            ok: true,
            cached: false,
            failed_step: None,
            output,
            diagnostics: self.diagnostics,
            cpu_ms: ms(self.cpu_us),
            wall_ms: ms(self.wall_us),
            memory_bytes: self.memory_bytes,
            message: None,
        }
    }
}
