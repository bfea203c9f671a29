//! A test in which the submission runs as several processes, each in its own box. The processes talk to the
//! problem's manager, in a box of its own, and to no one else: the host forwards their output to the FIFOs that
//! the manager reads.
//!
//! The verdict follows the rules of [`super::interactive`]: a manager that ends without waiting for a process's
//! next words has decided by what was said, and its rejection counts before the end of that process. Of several
//! processes that ended badly the first counts.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use futures::future::join_all;
use optimus_core::checker::Invocation;
use optimus_core::communication::{ChannelIo, Communication, TimeOf};
use optimus_core::report::Speaker;
use optimus_core::{Fault, LimitHit, Outcome, Stream, Verdict};
use optimus_sandbox::{BoxStep, Feed, OpenBox, Sink, Stdin, View, channel_paths};
use tokio_util::sync::CancellationToken;

use super::checker::{CapturedOutput, CheckerInputs, CheckerProgram, Failure};
use super::failure::{Cause, cause_of};
use super::interactive::{Interaction, hit_limit, outliving, until_over};
use super::sink::{Head, Reader, TestSink};
use super::test_context::{RunResult, TestContext, split_failure};
use super::transcript::Recorder;
use super::verdict::Ruling;

/// Both directions between the manager and one process.
struct ProcessPipes {
    to_manager: Arc<Feed>,
    to_process: Arc<Feed>,
}

impl ProcessPipes {
    fn new() -> Self {
        Self { to_manager: Arc::new(Feed::holding_end()), to_process: Arc::default() }
    }
}

/// A process that has ended, with its output.
struct ExitedProcess<'a> {
    outcome: Outcome,
    sink: TestSink<'a>,
    /// Number of processes that ended before it.
    place: usize,
}

/// Runs all processes and the manager to their ends.
pub(super) async fn run(
    context: &TestContext<'_>,
    index: usize,
    rules: &Communication,
    manager: &CheckerProgram,
    inputs: &CheckerInputs,
    open: &mut dyn OpenBox,
) -> Result<RunResult, Cause> {
    let call =
        manager.checker.manager_invocation((0..rules.processes).flat_map(|number| ordered(rules, number)).collect());
    let mut checker_box = match manager.acquire_box(context.executor, &call, inputs).await {
        Ok(checker_box) => checker_box,
        Err(failure) => return Ok(RunResult::stopped(split_failure(Err(failure))?)),
    };
    let mut others = Vec::new();
    for _ in 1..rules.processes {
        others.push(context.open_unpinned_box().await.map_err(Cause::Internal)?);
    }
    let pipes: Vec<ProcessPipes> = (0..rules.processes).map(|_| ProcessPipes::new()).collect();
    let recorder = Recorder::new(context.planned.spec.job.capture_bytes, &context.budget);
    let is_over = CancellationToken::new();
    let places = AtomicUsize::new(0);
    let group = MultiProcessRun { context, index, rules, pipes: &pipes, recorder: &recorder, places: &places };
    let boxes = std::iter::once(open).chain(others.iter_mut().map(|own| &mut **own as &mut dyn OpenBox));
    let processes = join_all(boxes.zip(0..).map(async |(own, number)| {
        let ended = group.process(number, inputs, own, &is_over).await;
        group.pipes_of(number).to_manager.close();
        ended
    }));
    let managing = group.manage(manager, &call, inputs, checker_box.as_mut(), &is_over);
    let (processes, managed) = tokio::join!(processes, managing);
    let said = match managed {
        Some(Ok((outcome, captured))) => Some(manager.collect_output(&call, checker_box, &outcome, captured).await),
        Some(Err(failure)) => Some(Err(failure)),
        None => None,
    };
    let summary = group.summarize(processes.into_iter().collect::<Result<_, Cause>>()?).await;
    let end_awaited = pipes[summary.decisive].to_manager.end_was_awaited();
    let judged =
        Interaction { interactor: manager, index, end_awaited }.decide(context, said, inputs, summary.ended).await;
    let transcript = recorder.into_transcript();
    Ok(RunResult::conversed(summary.outcome, split_failure(judged)?, summary.printed, transcript))
}

/// The FIFOs of a channel, in the order of the program's arguments.
fn ordered(rules: &Communication, number: u8) -> [String; 2] {
    let [reads, writes] = channel_paths(number);
    if rules.writes_first { [writes, reads] } else { [reads, writes] }
}

/// The combined result of all processes.
struct Summary {
    /// The process that decides: the first that ended badly, if any.
    decisive: usize,
    /// The outcome of the deciding process, with the usage of all processes.
    outcome: Outcome,
    printed: [Head; 2],
    /// The ruling by the end of the deciding process, if it ended badly.
    ended: Option<Result<Ruling, Fault>>,
}

/// The state that all participants share.
struct MultiProcessRun<'a> {
    context: &'a TestContext<'a>,
    index: usize,
    rules: &'a Communication,
    pipes: &'a [ProcessPipes],
    recorder: &'a Recorder<'a>,
    /// Number of processes that have ended.
    places: &'a AtomicUsize,
}

impl<'a> MultiProcessRun<'a> {
    /// Runs one process.
    async fn process(
        &self,
        number: u8,
        inputs: &CheckerInputs,
        open: &mut dyn OpenBox,
        is_over: &CancellationToken,
    ) -> Result<ExitedProcess<'a>, Cause> {
        let context = self.context;
        context.stage_test_files(self.index, &inputs.input, open).await?;
        let to_process = Arc::clone(&self.pipes_of(number).to_process);
        let mut argv = context.argv(self.index).into_owned();
        let (stdin, channels) = match self.rules.io {
            ChannelIo::Stdio => (Stdin::Live(to_process), Vec::new()),
            ChannelIo::Fifos => {
                argv.extend(ordered(self.rules, 0));
                (Stdin::default(), vec![to_process])
            }
        };
        argv.push(number.to_string());
        let env = &context.planned.spec.plan.run.env;
        let step = BoxStep {
            argv: &argv,
            env,
            view: View::Fresh,
            stdin,
            channels: &channels,
            limits: context.limits(self.index),
            warm: false,
        };
        let own = TestSink::new(Reader::Ignore, context.planned.spec.job.capture_bytes, &context.budget, None);
        let mut sink = ProcessSink { group: self, number, own };
        let outcome = open.run(&step, &mut sink).await;
        let place = self.places.fetch_add(1, Ordering::SeqCst);
        if hit_limit(&outcome) {
            is_over.cancel();
        }
        Ok(ExitedProcess { outcome: outcome.map_err(|error| cause_of(&error))?, sink: sink.own, place })
    }

    /// Runs the manager; `None` when it still runs a while after a process has hit a limit.
    async fn manage(
        &self,
        manager: &CheckerProgram,
        call: &Invocation,
        inputs: &CheckerInputs,
        checker_box: &mut dyn OpenBox,
        is_over: &CancellationToken,
    ) -> Option<Result<(Outcome, CapturedOutput), Failure>> {
        let channels: Vec<Arc<Feed>> = self.pipes.iter().map(|pipes_of| Arc::clone(&pipes_of.to_manager)).collect();
        let mut sink = ManagerSink { group: self, captured: CapturedOutput::default() };
        let limits = outliving(manager, &self.context.limits(self.index), self.rules.processes);
        let stdin = Stdin::from(inputs.input.clone());
        let outcome = until_over(manager.start(call, stdin, &channels, limits, checker_box, &mut sink), is_over).await;
        for pipes_of in self.pipes {
            pipes_of.to_process.close();
            pipes_of.to_manager.discard();
        }
        outcome.map(|outcome| outcome.map(|outcome| (outcome, sink.captured)))
    }

    fn pipes_of(&self, number: u8) -> &ProcessPipes {
        &self.pipes[usize::from(number)]
    }

    /// Combines the results of all processes.
    async fn summarize(&self, mut processes: Vec<ExitedProcess<'_>>) -> Summary {
        // Those that wait for one that has failed are idle then, and no more than that.
        let is_cause =
            |own: &ExitedProcess<'_>| !own.outcome.is_success() && own.outcome.limit != Some(LimitHit::WallTime);
        let first = |fits: &dyn Fn(&ExitedProcess<'_>) -> bool| {
            let fitting = processes.iter().enumerate().filter(|(_, own)| fits(own));
            fitting.min_by_key(|(_, own)| own.place).map(|(number, _)| number)
        };
        let decisive = first(&is_cause).or_else(|| first(&|own| !own.outcome.is_success())).unwrap_or(0);
        let wall_us = processes.iter().map(|own| own.outcome.wall_us).max().unwrap_or(0);
        let sum = |measure: fn(&Outcome) -> u64| -> u64 { processes.iter().map(|own| measure(&own.outcome)).sum() };
        // They run at the same time, and so the machine holds all of it.
        let (cpu_us, memory_peak_bytes) = (sum(|own| own.cpu_us), sum(|own| own.memory_peak_bytes));
        let ExitedProcess { outcome, sink, .. } = processes.swap_remove(decisive);
        let TestSink { stdout, stderr, .. } = sink;
        let ended =
            self.context.ended(self.index, &outcome, [stdout.1, stderr.1]).await.map(|ruling| named(ruling?, decisive));
        let mut outcome = Outcome { cpu_us, wall_us, memory_peak_bytes, ..outcome };
        let most = self.context.limits(self.index).cpu_ms;
        let together = self.rules.time == TimeOf::Sum && cpu_us > most * 1_000;
        let ended = ended.or_else(|| {
            together.then(|| {
                outcome.limit = Some(LimitHit::CpuTime);
                let message = format!("the processes used more than {most} ms of CPU time");
                Ok(Ruling::new(Verdict::TimeLimitExceeded, message))
            })
        });
        Summary { decisive, outcome, printed: [stdout.0, stderr.0], ended }
    }
}

fn named(ruling: Ruling, number: usize) -> Result<Ruling, Fault> {
    let message = ruling.message.map(|message| format!("process {number} {message}"));
    Ok(Ruling { message, ..ruling })
}

/// Receives the output of a process.
struct ProcessSink<'a, 'b> {
    group: &'b MultiProcessRun<'a>,
    number: u8,
    own: TestSink<'a>,
}

impl ProcessSink<'_, '_> {
    /// Forwards output to the manager; an empty slice is its end.
    fn forward(&self, bytes: &[u8]) {
        let to_manager = &self.group.pipes_of(self.number).to_manager;
        if bytes.is_empty() {
            to_manager.close();
        } else {
            self.group.recorder.note((Speaker::Program, Some(self.number)), bytes);
            to_manager.write(bytes);
        }
    }
}

impl Sink for ProcessSink<'_, '_> {
    fn write(&mut self, stream: Stream, bytes: &[u8]) {
        self.own.write(stream, bytes);
        if stream == Stream::Stdout && self.group.rules.io == ChannelIo::Stdio {
            self.forward(bytes);
        }
    }

    fn write_channel(&mut self, _: u8, bytes: &[u8]) {
        self.forward(bytes);
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.group.pipes_of(self.number).to_manager.poll_room(cx)
    }
}

/// Receives the output of the manager.
struct ManagerSink<'a, 'b> {
    group: &'b MultiProcessRun<'a>,
    captured: CapturedOutput,
}

impl Sink for ManagerSink<'_, '_> {
    fn write(&mut self, stream: Stream, bytes: &[u8]) {
        self.captured.write(stream, bytes);
    }

    fn write_channel(&mut self, number: u8, bytes: &[u8]) {
        let to_process = &self.group.pipes_of(number).to_process;
        match bytes {
            [] => to_process.close(),
            said => {
                self.group.recorder.note((Speaker::Interactor, Some(number)), said);
                to_process.write(said);
            }
        }
    }

    /// Waits for every FIFO: one that is full would block the manager as well.
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let full = self.group.pipes.iter().any(|pipes_of| pipes_of.to_process.poll_room(cx).is_pending());
        if full { Poll::Pending } else { Poll::Ready(()) }
    }
}
