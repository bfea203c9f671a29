//! Runs one test and judges it.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use optimus_core::outcome::Exit;
use optimus_core::plan::{Collect, PlacedFile};
use optimus_core::report::Transcript;
use optimus_core::{BoxPath, Comparer, Content, Event, Fault, Job, Limits, Outcome, Plan, Test, TestReport, Verdict};
use optimus_plugin::StepOutcome;
use optimus_sandbox::{BoxStep, OpenBox, View};

use super::artefacts::Artefact;
use super::checker::{Checked, CheckerInputs, Failure, unpack};
use super::execute::{Executor, PlannedJob, test_name};
use super::failure::{Cause, cause_of, starts_from_work_area, toolchain_missing};
use super::interactive;
use super::live::{EVERY, Live};
use super::multi_process;
use super::sink::{Budget, Head, Reader, Reading, Tail, TestSink, cut};
use super::verdict::{self, Ruling};

/// What is the same for every test of a job.
pub(super) struct TestContext<'a> {
    pub(super) executor: &'a Executor,
    pub(super) planned: &'a PlannedJob<'a>,
    /// What was built, for further boxes.
    pub(super) artefact: Option<Arc<Artefact>>,
    pub(super) limits: Limits,
    pub(super) comparer: Comparer,
    /// What each test is worth in points, if it is.
    pub(super) worth: Vec<Option<f64>>,
    pub(super) budget: Budget,
    pub(super) events: &'a (dyn Fn(Event) + Send + Sync),
}

/// The job's way of comparing, or the plan's, or the one that most tests are written for.
pub(super) fn comparer(job: &Job, plan: &Plan) -> Comparer {
    job.compare.as_ref().or(plan.comparer.as_ref()).cloned().unwrap_or(Comparer::Trimmed)
}

/// Runs a test, and again as often as the job wants that of one that was too slow; the best run counts.
///
/// # Errors
/// Our machinery failed.
pub(super) async fn run(context: &TestContext<'_>, index: usize, open: &mut dyn OpenBox) -> Result<TestReport, Fault> {
    let is_slow =
        |report: &TestReport| matches!(report.verdict, Verdict::TimeLimitExceeded | Verdict::IdlenessLimitExceeded);
    let mut report = run_passes(context, index, open).await?;
    for _ in 0..context.planned.job.rerun_on_time_limit {
        if !is_slow(&report) {
            break;
        }
        let again = run_passes(context, index, open).await?;
        if !is_slow(&again) || again.cpu_ms < report.cpu_ms {
            report = again;
        }
    }
    report.message.iter_mut().for_each(cut);
    Ok(report)
}

/// Tells what is printed while something runs.
async fn flush_while_running<T>(running: impl Future<Output = T>, live: Option<&Live<'_>>) -> T {
    let mut running = std::pin::pin!(running);
    loop {
        tokio::select! {
            biased;
            done = &mut running => return done,
            () = tokio::time::sleep(EVERY), if live.is_some() => live.into_iter().for_each(Live::flush),
        }
    }
}

/// What one run of a submission came to.
pub(super) struct RunResult {
    /// None when it was not run after all.
    pub(super) outcome: Option<Outcome>,
    pub(super) judged: Result<Checked, Fault>,
    pub(super) printed: [Head; 2],
    pub(super) transcript: Option<Box<Transcript>>,
}

impl RunResult {
    /// It did not come to a run.
    pub(super) fn stopped(judged: Result<Checked, Fault>) -> Self {
        Self { outcome: None, judged, printed: Default::default(), transcript: None }
    }
}

/// Runs a test: once, or as many passes as its checker wants.
async fn run_passes(context: &TestContext<'_>, index: usize, open: &mut dyn OpenBox) -> Result<TestReport, Fault> {
    let name = test_name(context.planned.job, index);
    let test = &context.planned.job.tests[index];
    if test.submitted.is_some() {
        return submitted(context, index).await;
    }
    let mut inputs = context.inputs(index);
    // Limits are for each pass; so are the numbers in the report, which are the worst.
    let mut worst: Option<Outcome> = None;
    loop {
        inputs.pass += 1;
        let run_result = match (context.planned.interactor, context.planned.job.communication.as_deref()) {
            (Some(manager), Some(rules)) => multi_process::run(context, index, rules, manager, &inputs, open).await,
            (Some(interactor), None) => interactive::run(context, index, interactor, &inputs, open).await,
            (None, _) => context.run_standalone(index, &inputs, open).await,
        };
        let mut run_result = match run_result {
            Ok(run_result) => run_result,
            Err(Cause::Program(why)) => {
                return Ok(TestReport { message: Some(why), ..TestReport::unrun(name, Verdict::RuntimeError) });
            }
            Err(Cause::Internal(fault)) => return Err(fault),
        };
        if let (Some(before), Some(now)) = (worst.take(), &mut run_result.outcome) {
            now.cpu_us = now.cpu_us.max(before.cpu_us);
            now.wall_us = now.wall_us.max(before.wall_us);
            now.memory_peak_bytes = now.memory_peak_bytes.max(before.memory_peak_bytes);
        }
        match run_result.judged {
            Ok(Checked { next: Some(next), .. }) => {
                (inputs.input, inputs.left) = (next.input, next.left);
                worst = run_result.outcome;
            }
            judged => {
                let judged = judged.map(|checked| checked.ruling);
                let transcript = run_result.transcript.filter(|_| !context.planned.job.hide_feedback);
                return Ok(TestReport {
                    transcript,
                    ..report(name, run_result.outcome.as_ref(), judged, run_result.printed)
                });
            }
        }
    }
}

fn report(
    name: String,
    outcome: Option<&Outcome>,
    judged: Result<Ruling, Fault>,
    [stdout, stderr]: [Head; 2],
) -> TestReport {
    let error = judged.as_ref().err().cloned();
    let ruling = judged.unwrap_or_else(|_| Ruling { verdict: Verdict::InternalError, ..Ruling::accepted() });
    let Ruling { verdict, message, score, difference } = ruling;
    let measured = match outcome {
        Some(outcome) => TestReport {
            stdout: stdout.excerpt(outcome.stdout_truncated),
            stderr: stderr.excerpt(outcome.stderr_truncated),
            ..TestReport::measured(name, verdict, outcome)
        },
        None => TestReport::unrun(name, verdict),
    };
    TestReport { score, message, difference, error, ..measured }
}

impl TestContext<'_> {
    /// A build area, and files that belong to one test, are new only in a new box.
    pub(super) fn needs_fresh_box(&self) -> bool {
        let job = self.planned.job;
        job.file_io.as_ref().is_some_and(|io| io.output.is_some())
            || job.tests.iter().any(|test| !test.files.is_empty())
    }

    /// What a checker is shown, but for the output.
    fn inputs(&self, index: usize) -> CheckerInputs {
        let (job, test) = (self.planned.job, &self.planned.job.tests[index]);
        CheckerInputs {
            input: test.stdin.0.clone(),
            answer: test.expect.as_ref().map_or_else(Bytes::new, |expect| expect.0.clone()),
            args: test.checker_args.clone(),
            code: job.files.first().map_or_else(Bytes::new, |file| file.content.0.clone()),
            worth: self.worth.get(index).copied().flatten(),
            ..CheckerInputs::default()
        }
    }

    /// The program and its arguments.
    pub(super) fn argv(&self, index: usize) -> Cow<'_, [String]> {
        let run = &self.planned.plan.run;
        match &*self.planned.job.tests[index].args {
            [] => Cow::Borrowed(&run.argv),
            more => run.argv.iter().chain(more).cloned().collect(),
        }
    }

    /// Puts beside the program what it finds in this test.
    pub(super) async fn stage_test_files(
        &self,
        index: usize,
        input: &Bytes,
        open: &mut dyn OpenBox,
    ) -> Result<(), Cause> {
        let place = |path: &BoxPath, content: Content| PlacedFile { path: path.clone(), executable: false, content };
        let test = &self.planned.job.tests[index];
        let mut files: Vec<PlacedFile> =
            test.files.iter().map(|file| place(&file.path, file.content.clone())).collect();
        let input_file = self.planned.job.file_io.as_ref().and_then(|io| io.input.as_ref());
        files.extend(input_file.map(|path| place(path, Content(input.clone()))));
        if files.is_empty() { Ok(()) } else { open.stage(&files).await.map_err(|error| cause_of(&error)) }
    }

    /// Runs the submission by itself.
    async fn run_standalone(
        &self,
        index: usize,
        inputs: &CheckerInputs,
        open: &mut dyn OpenBox,
    ) -> Result<RunResult, Cause> {
        let PlannedJob { job, plan, .. } = self.planned;
        let test = &job.tests[index];
        self.stage_test_files(index, &inputs.input, open).await?;
        let io = job.file_io.as_ref();
        let output_file = io.and_then(|io| io.output.as_ref());
        let stdin = if io.is_some_and(|io| io.input.is_some()) { Bytes::new() } else { inputs.input.clone() };
        let argv = self.argv(index);
        let step = BoxStep {
            argv: &argv,
            env: &plan.run.env,
            view: if output_file.is_some() { View::Build } else { View::Fresh },
            stdin: stdin.into(),
            channels: &[],
            limits: self.limits,
        };
        let reader = self.reader(test);
        let (reader, aside) = if output_file.is_some() { (Reader::Ignore, Some(reader)) } else { (reader, None) };
        // What the report will not show, nobody sees before.
        let shown = !job.hide_feedback && job.capture_bytes > 0;
        let live = shown.then(|| Live::new(index, job.capture_bytes, self.events));
        let mut sink = TestSink::new(reader, job.capture_bytes, &self.budget, live.as_ref());
        let running = flush_while_running(open.run(&step, &mut sink), live.as_ref());
        let outcome = running.await.map_err(|error| cause_of(&error))?;
        let TestSink { mut reader, stdout, stderr, .. } = sink;
        let mut unwritten = None;
        if let (Some(path), Some(aside), true) = (output_file, aside, outcome.is_success()) {
            reader = aside;
            match output(open, path).await {
                Ok(bytes) => reader.read(&bytes),
                Err(Cause::Program(why)) => unwritten = Some(why),
                Err(ours) => return Err(ours),
            }
        }
        let judged = match unwritten {
            Some(_) => {
                let path = output_file.map(BoxPath::as_str).unwrap_or_default();
                Ok(Ruling::new(Verdict::WrongAnswer, format!("wrote no `{path}`")).into())
            }
            None => self.judge(&outcome, reader, [stdout.1, stderr.1], inputs).await,
        };
        let printed = [stdout.0, stderr.0];
        Ok(RunResult { outcome: Some(outcome), judged: split_failure(judged)?, printed, transcript: None })
    }

    /// Who reads the output while it comes. Without expected output the program only has to end well, unless the job
    /// itself asks for a checker, which may need none.
    pub(super) fn reader(&self, test: &Test) -> Reader {
        match (&test.expect, test.compare.as_ref().unwrap_or(&self.comparer)) {
            (None, Comparer::Custom) if self.planned.job.compare == Some(Comparer::Custom) => {
                Reader::Checker(Vec::new())
            }
            (None, comparer) if !comparer.needs_no_expectation() => Reader::Ignore,
            (expect, comparer) => {
                match comparer.against(expect.as_ref().map(|expect| expect.0.clone()).unwrap_or_default()) {
                    Some(comparison) => Reader::Comparer(Box::new(comparison)),
                    None => Reader::Checker(Vec::new()),
                }
            }
        }
    }

    async fn judge(
        &self,
        outcome: &Outcome,
        reader: Reader,
        tails: [Tail; 2],
        inputs: &CheckerInputs,
    ) -> Result<Checked, Failure> {
        if let Some(ruling) = self.ended(outcome, tails).await {
            return ruling.map(Checked::from).map_err(Failure::Checker);
        }
        self.ruling(reader, inputs).await.map(|checked| self.shown(checked))
    }

    /// How a run that ended badly is judged.
    pub(super) async fn ended(&self, outcome: &Outcome, tails: [Tail; 2]) -> Option<Result<Ruling, Fault>> {
        if let (None, Exit::NotStarted(why)) = (outcome.limit, &outcome.exit) {
            return Some(self.not_started(why));
        }
        let ruling = verdict::of_ending(outcome, &self.limits)?;
        Some(Ok(self.refine(ruling, outcome, tails).await))
    }

    /// As much of it as the job wants to be said.
    pub(super) fn shown(&self, checked: Checked) -> Checked {
        if self.planned.job.hide_feedback { Checked { ruling: checked.ruling.hidden(), ..checked } } else { checked }
    }

    /// What the output is worth of a program that ended well.
    pub(super) async fn ruling(&self, reader: Reader, inputs: &CheckerInputs) -> Result<Checked, Failure> {
        match reader.finish() {
            Reading::Nothing => Ok(Ruling::accepted().into()),
            Reading::Compared(compared) => verdict::of_match(compared).map(Checked::from).map_err(Failure::Checker),
            Reading::ToCheck(output) => {
                if let Some(checker) = self.planned.checker {
                    return checker.check(self.executor, &inputs.with_output(output)).await;
                }
                let (input, answer) = (inputs.input.clone(), inputs.answer.clone());
                let finding = self.planned.hooks.check(input, answer, output).await.map_err(Failure::Checker)?;
                Ok(verdict::of_finding(finding).into())
            }
        }
    }

    /// What is started from the work area is what the sources were made into, so if it is no program, they do not make
    /// one. Anything else is the image's, and no fault of theirs.
    fn not_started(&self, why: &str) -> Result<Ruling, Fault> {
        let step = &self.planned.plan.run;
        if !starts_from_work_area(step) {
            return Err(toolchain_missing(step, why, self.planned.install_hint));
        }
        let message = format!("the sources make no program: `{}` cannot be started: {why}", step.argv[0]);
        Ok(Ruling::new(Verdict::CompileError, message))
    }

    /// What was measured stands; only what the program said itself, by a signal or an exit code, is for the plugin to
    /// read.
    async fn refine(&self, ruling: Ruling, outcome: &Outcome, tails: [Tail; 2]) -> Ruling {
        if ruling.verdict != Verdict::RuntimeError {
            return ruling;
        }
        let [stdout, stderr] = tails.map(Tail::into_bytes);
        let outcome = StepOutcome::new(&self.planned.plan.run.name, outcome, stdout, stderr);
        match self.planned.hooks.refine(&outcome).await {
            Some(verdict) if verdict != ruling.verdict => {
                let message = ruling.message.unwrap_or_default();
                Ruling::new(verdict, format!("{message}: by what it printed, {}", verdict.as_str().replace('_', " ")))
            }
            _ => ruling,
        }
    }
}

/// Judges a file of the submission's as if it had been printed.
pub(super) async fn submitted(context: &TestContext<'_>, index: usize) -> Result<TestReport, Fault> {
    let PlannedJob { job, .. } = context.planned;
    let (name, wanted) = (test_name(job, index), job.tests[index].submitted.as_ref());
    let Some(file) = job.files.iter().find(|file| Some(&file.path) == wanted) else {
        let path = wanted.map_or("", BoxPath::as_str);
        let message = Some(format!("`{path}` was not submitted"));
        return Ok(TestReport { message, ..TestReport::unrun(name, Verdict::WrongAnswer) });
    };
    let mut reader = context.reader(&job.tests[index]);
    reader.read(file.content.as_bytes());
    let judged = match split_failure(context.ruling(reader, &context.inputs(index)).await) {
        Ok(judged) => judged.map(|checked| context.shown(checked).ruling),
        Err(Cause::Internal(fault)) => return Err(fault),
        Err(Cause::Program(why)) => Ok(Ruling::new(Verdict::WrongAnswer, why)),
    };
    Ok(report(name, None, judged, Default::default()))
}

/// The file that a program wrote instead of printing.
async fn output(open: &mut dyn OpenBox, path: &BoxPath) -> Result<Bytes, Cause> {
    let collected = open.collect(&[Collect::Path(path.clone())]).await.map_err(|error| cause_of(&error))?;
    let unreadable = |error: std::io::Error| Cause::Internal(Fault::new("sandbox_failed", error.to_string()));
    let files = unpack(&collected, super::limits::CHECKED_OUTPUT).map_err(unreadable)?;
    let file = files.into_iter().find(|(name, _)| name == path.as_str());
    file.map(|(_, bytes)| bytes).ok_or_else(|| Cause::Program("it is not a file".to_owned()))
}

/// A checker's failure is the test's; ours is the job's.
pub(super) fn split_failure(judged: Result<Checked, Failure>) -> Result<Result<Checked, Fault>, Cause> {
    match judged {
        Ok(checked) => Ok(Ok(checked)),
        Err(Failure::Checker(fault)) => Ok(Err(fault)),
        Err(Failure::Internal(fault)) => Err(Cause::Internal(fault)),
    }
}
