//! The context that all tests of a job share, and the judgement of a single run.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use optimus_core::event::EventSink;
use optimus_core::outcome::Exit;
use optimus_core::plan::PlacedFile;
use optimus_core::report::Transcript;
use optimus_core::{BoxPath, Comparer, Content, Fault, Job, Limits, Outcome, Plan, Test, Verdict};
use optimus_plugin::StepOutcome;
use optimus_sandbox::OpenBox;

use super::artefacts::Artefact;
use super::build_spec::BuildSpec;
use super::checker::{Checked, CheckerInputs, Failure};
use super::collect::{Allowance, CollectedFiles};
use super::compile::BuildResult;
use super::executor::Executor;
use super::failure::{Cause, cause_of, starts_from_work_area, toolchain_missing};
use super::planned::PlannedJob;
use super::sink::{Budget, Head, Reader, Reading, Tail};
use super::verdict::{self, Ruling};

/// The values that are the same for every test of a job.
pub(super) struct TestContext<'a> {
    pub(super) executor: &'a Executor,
    pub(super) planned: &'a PlannedJob<'a>,
    /// The compiled program, for opening further boxes.
    pub(super) artefact: Option<Arc<Artefact>>,
    pub(super) limits: Limits,
    pub(super) comparer: Comparer,
    /// The points of each test, if the job has points.
    pub(super) worth: Vec<Option<f64>>,
    pub(super) budget: Budget,
    pub(super) allowance: Allowance,
    pub(super) events: &'a EventSink<'a>,
}

/// The comparer of the job, or of the plan, or the default.
pub(super) fn comparer(job: &Job, plan: &Plan) -> Comparer {
    job.compare.as_ref().or(plan.comparer.as_ref()).cloned().unwrap_or(Comparer::Trimmed)
}

/// The name of a test, or its number from 1.
pub(super) fn test_name(job: &Job, index: usize) -> String {
    let name = job.tests.get(index).and_then(|test| test.name.clone());
    name.unwrap_or_else(|| (index + 1).to_string())
}

/// The result of one run of a submission.
pub(super) struct RunResult {
    /// `None` when the submission was not run.
    pub(super) outcome: Option<Outcome>,
    pub(super) judged: Result<Checked, Fault>,
    pub(super) printed: [Head; 2],
    pub(super) transcript: Option<Box<Transcript>>,
    pub(super) collected: CollectedFiles,
}

impl RunResult {
    /// The result of a submission that was not run.
    pub(super) fn stopped(judged: Result<Checked, Fault>) -> Self {
        let printed = Default::default();
        Self { outcome: None, judged, printed, transcript: None, collected: CollectedFiles::default() }
    }

    /// The result of a conversation: no files are collected.
    pub(super) fn conversed(
        outcome: Outcome,
        judged: Result<Checked, Fault>,
        printed: [Head; 2],
        transcript: Transcript,
    ) -> Self {
        let (outcome, transcript) = (Some(outcome), Some(Box::new(transcript)));
        Self { outcome, judged, printed, transcript, collected: CollectedFiles::default() }
    }
}

impl TestContext<'_> {
    /// Returns true if each test needs a new box: only there are the build area and the files of one test new.
    pub(super) fn needs_fresh_box(&self) -> bool {
        let job = self.planned.spec.job;
        job.file_io.as_ref().is_some_and(|io| io.output.is_some())
            || !job.collect.is_empty()
            || job.tests.iter().any(|test| !test.files.is_empty())
    }

    /// The inputs of a checker, except the output.
    pub(super) fn inputs(&self, index: usize) -> CheckerInputs {
        let (job, test) = (self.planned.spec.job, &self.planned.spec.job.tests[index]);
        CheckerInputs {
            input: test.stdin.bytes(),
            answer: test.expect.as_ref().map_or_else(Bytes::new, |expect| expect.bytes()),
            args: test.checker_args.clone(),
            code: job.files.first().map_or_else(Bytes::new, |file| file.content.bytes()),
            worth: self.worth.get(index).copied().flatten(),
            ..CheckerInputs::default()
        }
    }

    /// The limits of the test: the job's, unless it has its own.
    pub(super) fn limits(&self, index: usize) -> Limits {
        let job = self.planned.spec.job;
        let own = job.tests[index].limits.map(|own| own.over(&job.limits, &self.limits));
        own.map_or(self.limits, |own| own.clamp(&self.executor.config.cap))
    }

    /// The run step's command with the arguments of the test.
    pub(super) fn argv(&self, index: usize) -> Cow<'_, [String]> {
        let run = &self.planned.spec.plan.run;
        match &*self.planned.spec.job.tests[index].args {
            [] => Cow::Borrowed(&run.argv),
            more => run.argv.iter().chain(more).cloned().collect(),
        }
    }

    /// Stages the input files of the test.
    pub(super) async fn stage_test_files(
        &self,
        index: usize,
        input: &Bytes,
        open: &mut dyn OpenBox,
    ) -> Result<(), Cause> {
        let place = |path: &BoxPath, content: Content| PlacedFile { path: path.clone(), executable: false, content };
        let test = &self.planned.spec.job.tests[index];
        let mut files: Vec<PlacedFile> =
            test.files.iter().map(|file| place(&file.path, file.content.clone())).collect();
        let input_file = self.planned.spec.job.file_io.as_ref().and_then(|io| io.input.as_ref());
        files.extend(input_file.map(|path| place(path, Content::from(input.clone()))));
        if files.is_empty() { Ok(()) } else { open.stage(&files).await.map_err(|error| cause_of(&error)) }
    }

    /// The reader of the program's output. Without expected output the program only has to end well, unless
    /// the job itself asks for a checker, which may need none.
    pub(super) fn reader(&self, test: &Test) -> Reader {
        match (&test.expect, test.compare.as_ref().unwrap_or(&self.comparer)) {
            (None, Comparer::Custom) if self.planned.spec.job.compare == Some(Comparer::Custom) => {
                Reader::Checker(Vec::new())
            }
            (None, comparer) if !comparer.needs_no_expectation() => Reader::Ignore,
            (expect, comparer) => {
                match comparer.against(expect.as_ref().map(|expect| expect.bytes()).unwrap_or_default()) {
                    Some(comparison) => Reader::Comparer(Box::new(comparison)),
                    None => Reader::Checker(Vec::new()),
                }
            }
        }
    }

    /// Judges a run that ended badly; `None` for one that ended well.
    pub(super) async fn ended(
        &self,
        index: usize,
        outcome: &Outcome,
        tails: [Tail; 2],
    ) -> Option<Result<Ruling, Fault>> {
        if let (None, Exit::NotStarted(why)) = (outcome.limit, &outcome.exit) {
            return Some(self.not_started(why));
        }
        let ruling = verdict::of_ending(outcome, &self.limits(index))?;
        Some(Ok(self.refine(ruling, outcome, tails).await))
    }

    /// Removes the feedback if the job hides it.
    pub(super) fn shown(&self, checked: Checked) -> Checked {
        if self.planned.spec.job.hide_feedback {
            Checked { ruling: checked.ruling.hidden(), ..checked }
        } else {
            checked
        }
    }

    /// Judges the output of a program that ended well.
    pub(super) async fn ruling(&self, reader: Reader, inputs: &CheckerInputs) -> Result<Checked, Failure> {
        match reader.finish() {
            Reading::Nothing => Ok(Ruling::accepted().into()),
            Reading::Compared(compared) => verdict::of_match(compared).map(Checked::from).map_err(Failure::Checker),
            Reading::ToCheck(output) => {
                if let Some(checker) = self.planned.checker {
                    return checker.check(self.executor, &inputs.with_output(output)).await;
                }
                let (input, answer) = (inputs.input.clone(), inputs.answer.clone());
                let finding = self.planned.spec.hooks.check(input, answer, output).await.map_err(Failure::Checker)?;
                Ok(verdict::of_finding(finding).into())
            }
        }
    }

    /// Judges a program that could not be started. A program in the work area was made from the sources, so
    /// they do not make a program. A command is the job's own choice. Any other is missing from the image, which is not the submission's fault.
    fn not_started(&self, why: &str) -> Result<Ruling, Fault> {
        let step = &self.planned.spec.plan.run;
        if self.planned.spec.is_command {
            return Ok(Ruling::new(Verdict::RuntimeError, format!("`{}` cannot be started: {why}", step.argv[0])));
        }
        if !starts_from_work_area(step) {
            return Err(toolchain_missing(step, why, self.planned.spec.install_hint));
        }
        let message = format!("the sources make no program: `{}` cannot be started: {why}", step.argv[0]);
        Ok(Ruling::new(Verdict::CompileError, message))
    }

    /// Lets the plugin refine a runtime error. Measured limits stand; only signals and exit codes, which the
    /// program chose itself, can be refined.
    async fn refine(&self, ruling: Ruling, outcome: &Outcome, tails: [Tail; 2]) -> Ruling {
        if ruling.verdict != Verdict::RuntimeError {
            return ruling;
        }
        let [stdout, stderr] = tails.map(Tail::into_bytes);
        let outcome = StepOutcome::new(&self.planned.spec.plan.run.name, outcome, stdout, stderr);
        match self.planned.spec.hooks.refine(&outcome).await {
            Some(verdict) if verdict != ruling.verdict => {
                let message = ruling.message.unwrap_or_default();
                Ruling::new(verdict, format!("{message}: by what it printed, {}", verdict.as_str().replace('_', " ")))
            }
            _ => ruling,
        }
    }

    /// Opens a further box with the built program, for a test that runs beside others.
    pub(super) async fn open_box(&self) -> Result<Box<dyn OpenBox>, Fault> {
        self.open(&self.planned.spec).await
    }

    /// Opens a further box for a process that runs beside another one: their slot has one processor.
    pub(super) async fn open_unpinned_box(&self) -> Result<Box<dyn OpenBox>, Fault> {
        self.open(&BuildSpec { unpinned: true, ..self.planned.spec }).await
    }

    async fn open(&self, spec: &BuildSpec<'_>) -> Result<Box<dyn OpenBox>, Fault> {
        match self.executor.ready(spec, self.artefact.clone()).await? {
            BuildResult::Ready(prepared) => Ok(prepared.open),
            BuildResult::Broken(fault) => Err(fault),
            // The first box took the same program, so the program is not the reason.
            BuildResult::Failed(report) => Err(Fault::new("sandbox_failed", report.message.unwrap_or_default())),
        }
    }
}

/// Separates a failure of the checker, which is the test's, from an internal one, which is the job's.
pub(super) fn split_failure(judged: Result<Checked, Failure>) -> Result<Result<Checked, Fault>, Cause> {
    match judged {
        Ok(checked) => Ok(Ok(checked)),
        Err(Failure::Checker(fault)) => Ok(Err(fault)),
        Err(Failure::Internal(fault)) => Err(Cause::Internal(fault)),
    }
}
