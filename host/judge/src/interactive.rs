//! A test in which the submission talks to an interactor: both run at the same time, each in its box, and what one prints
//! the other reads.
//!
//! Which side decides depends on what was said, never on whose process the kernel buried first. The end of the
//! submission's output reaches the interactor only once that has read everything and waits for more. So an interactor
//! that ended without waiting has decided by the submission's words alone, and its rejection stands whatever became of
//! the submission (DOMjudge's `validator exited first`, made exact). An interactor that did wait has seen the submission
//! end, and then that end counts before the interactor's opinion of it, or its failure. In between come, in this order:
//! an interactor that failed, its rejection, the submission's own bad end, its acceptance. Two that wait for each other
//! end by the submission's wall limit, as `idleness_limit_exceeded`.

use std::sync::Arc;
use std::time::Duration;

use optimus_core::checker::{Checker, CheckerOutput, Protocol};
use optimus_core::report::Speaker;
use optimus_core::{Fault, Limits, Outcome, Verdict};
use optimus_sandbox::{BoxStep, Feed, OpenBox, SandboxError, Stdin};
use tokio_util::sync::CancellationToken;

use super::checker::{CapturedOutput, Checked, CheckerInputs, CheckerProgram, Failure};
use super::failure::{Cause, cause_of};
use super::sink::{Reader, TestSink};
use super::test_context::{RunResult, TestContext, split_failure};
use super::transcript::{Pipe, Recorder};
use super::verdict::Ruling;

/// An interactor that waits for the submission must not be the first to give up.
const LONGER_MS: u64 = 10_000;
/// Time in which an interactor has to end after the submission has hit a limit.
const GRACE: Duration = Duration::from_secs(3);

/// Runs both to their ends.
pub(super) async fn run(
    context: &TestContext<'_>,
    index: usize,
    interactor: &CheckerProgram,
    inputs: &CheckerInputs,
    open: &mut dyn OpenBox,
) -> Result<RunResult, Cause> {
    let job = context.planned.spec.job;
    let mut call = interactor.checker.interactive_invocation();
    call.args.extend(inputs.args.iter().cloned());
    let mut checker_box = match interactor.acquire_box(context.executor, &call, inputs).await {
        Ok(checker_box) => checker_box,
        Err(failure) => return Ok(RunResult::stopped(split_failure(Err(failure))?)),
    };
    context.stage_test_files(index, &inputs.input, open).await?;
    let (to_program, to_interactor) = (Arc::<Feed>::default(), Arc::new(Feed::holding_end()));
    let recorder = Recorder::new(job.capture_bytes, &context.budget);
    let argv = context.argv(index);
    let step = BoxStep {
        env: &context.planned.spec.plan.run.env,
        stdin: Stdin::Live(Arc::clone(&to_program)),
        ..BoxStep::new(&argv, context.limits(index))
    };
    let mut own = TestSink::new(Reader::Ignore, job.capture_bytes, &context.budget, None);
    let mut captured = CapturedOutput::default();
    let is_over = CancellationToken::new();
    let program = async {
        let mut pipe = Pipe { keeps: &mut own, to: &to_interactor, by: (Speaker::Program, None), recorder: &recorder };
        let outcome = open.run(&step, &mut pipe).await;
        to_interactor.close();
        if hit_limit(&outcome) {
            is_over.cancel();
        }
        outcome
    };
    let referee = async {
        let mut pipe =
            Pipe { keeps: &mut captured, to: &to_program, by: (Speaker::Interactor, None), recorder: &recorder };
        let stdin = Stdin::Live(Arc::clone(&to_interactor));
        let limits = outliving(interactor, &context.limits(index), 1);
        let running = interactor.start(&call, stdin, &[], limits, checker_box.as_mut(), &mut pipe);
        let outcome = until_over(running, &is_over).await;
        to_program.close();
        to_interactor.discard();
        outcome
    };
    let (outcome, refereed) = tokio::join!(program, referee);
    let outcome = outcome.map_err(|error| cause_of(&error))?;
    let said = match refereed {
        Some(Ok(ended)) => Some(interactor.collect_output(&call, checker_box, &ended, captured).await),
        Some(Err(failure)) => Some(Err(failure)),
        None => None,
    };
    let TestSink { stdout, stderr, .. } = own;
    let interaction = Interaction { interactor, index, end_awaited: to_interactor.end_was_awaited() };
    let ended = context.ended(index, &outcome, [stdout.1, stderr.1]).await;
    let judged = split_failure(interaction.decide(context, said, inputs, ended).await)?;
    Ok(RunResult::conversed(outcome, judged, [stdout.0, stderr.0], recorder.into_transcript()))
}

/// Returns true if a program ended by a limit, or could not be run: its interactor has no partner any more.
pub(super) fn hit_limit(outcome: &Result<Outcome, SandboxError>) -> bool {
    outcome.as_ref().map_or(true, |outcome| outcome.limit.is_some())
}

/// Runs an interactor to its end; none when it still goes on some time after `is_over`. Its box dies with it.
pub(super) async fn until_over<T>(running: impl Future<Output = T>, is_over: &CancellationToken) -> Option<T> {
    let given_up = async {
        is_over.cancelled().await;
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        biased;
        done = running => Some(done),
        () = given_up => None,
    }
}

/// A dialogue that is over.
pub(super) struct Interaction<'a> {
    pub(super) interactor: &'a CheckerProgram,
    pub(super) index: usize,
    /// The interactor was waiting for the submission's next words when it ended instead.
    pub(super) end_awaited: bool,
}

impl Interaction<'_> {
    /// `said` is none of an interactor that had to be stopped; `ended` is how the submission is judged by its own end, if
    /// that was a bad one.
    pub(super) async fn decide(
        &self,
        context: &TestContext<'_>,
        said: Option<Result<CheckerOutput, Failure>>,
        inputs: &CheckerInputs,
        ended: Option<Result<Ruling, Fault>>,
    ) -> Result<Checked, Failure> {
        let program_first = self.end_awaited || said.is_none();
        let ended = match ended {
            Some(ruling) if program_first => return ruling.map(Checked::from).map_err(Failure::Checker),
            other => other,
        };
        let stopped =
            || Failure::Internal(Fault::new("sandbox_failed", "the interactor was stopped before it decided"));
        let said = said.unwrap_or_else(|| Err(stopped()))?;
        let for_checker = Checker::interactor_output(&said);
        let checked = self.interactor.read(said, inputs)?;
        let is_right = matches!(checked.ruling.verdict, Verdict::Accepted | Verdict::Partial);
        match ended {
            Some(ruling) if is_right => return ruling.map(Checked::from).map_err(Failure::Checker),
            _ => {}
        }
        // What testlib's interactors write is then looked at by the problem's checker, if it has one.
        let looks = self.interactor.checker.protocol == Protocol::Testlib && context.planned.spec.job.compare.is_some();
        if !(is_right && looks) {
            return Ok(context.shown(checked));
        }
        let mut reader = context.reader(&context.planned.spec.job.tests[self.index]);
        reader.read(&for_checker);
        context.ruling(reader, inputs).await.map(|checked| context.shown(checked))
    }
}

/// The interactor's limits, stretched so that it outlives the submission, and may do as much as each of its processes.
pub(super) fn outliving(interactor: &CheckerProgram, program: &Limits, processes: u8) -> Limits {
    let wall_ms = interactor.limits.wall_ms.max(program.wall_ms + LONGER_MS);
    let cpu_ms = interactor.limits.cpu_ms.max(program.cpu_ms * u64::from(processes));
    Limits { cpu_ms, wall_ms, ..interactor.limits }
}
