//! A test in which the submission runs by itself: stdin in, stdout to the comparer.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use optimus_core::{Event, Outcome, Verdict};
use optimus_sandbox::{BoxStep, Feed, OpenBox, Stdin, View};

use super::build_spec::BuildSpec;
use super::checker::{Checked, CheckerInputs, Failure};
use super::collect::{CollectedFiles, collect, output};
use super::failure::{Cause, cause_of};
use super::live::Live;
use super::sink::{Reader, Tail, TestSink};
use super::test_context::{RunResult, TestContext, split_failure};
use super::verdict::Ruling;

impl TestContext<'_> {
    /// Runs the submission by itself and judges its output.
    pub(super) async fn run_standalone(
        &self,
        index: usize,
        inputs: &CheckerInputs,
        open: &mut dyn OpenBox,
    ) -> Result<RunResult, Cause> {
        let BuildSpec { job, plan, .. } = self.planned.spec;
        let test = &job.tests[index];
        self.stage_test_files(index, &inputs.input, open).await?;
        let io = job.file_io.as_ref();
        let output_file = io.and_then(|io| io.output.as_ref());
        let stdin = if io.is_some_and(|io| io.input.is_some()) { Bytes::new() } else { inputs.input.clone() };
        let argv = self.argv(index);
        let leaves_files = output_file.is_some() || !job.collect.is_empty();
        let view = if leaves_files { View::Build } else { View::Fresh };
        let step = BoxStep {
            argv: &argv,
            env: &plan.run.env,
            view,
            stdin: self.stdin(stdin),
            channels: &[],
            limits: self.limits(index),
            warm: plan.run.warm,
        };
        let reader = self.reader(test);
        let (reader, aside) = if output_file.is_some() { (Reader::Ignore, Some(reader)) } else { (reader, None) };
        // Output that the report will not show is not streamed either.
        let shown = !job.hide_feedback && job.capture_bytes > 0;
        let is_answered = self.planned.input.is_some();
        let live = shown.then(|| Live::new(index, job.capture_bytes, self.events, is_answered));
        let mut sink = TestSink::new(reader, job.capture_bytes, &self.budget, live.as_ref());
        let outcome = self.run_step(index, &step, open, &mut sink, live.as_ref()).await?;
        let TestSink { mut reader, stdout, stderr, .. } = sink;
        let mut unwritten = None;
        if let (Some(path), Some(aside), true) = (output_file, aside, outcome.is_success()) {
            reader = aside;
            match output(open, path).await? {
                Some(content) => reader.read(content.as_bytes()),
                None => unwritten = Some(path),
            }
        }
        let collected = match leaves_files {
            true => collect(open, &job.collect, &self.allowance).await?,
            false => CollectedFiles::default(),
        };
        let judged = match unwritten {
            Some(path) => Ok(Ruling::new(Verdict::WrongAnswer, format!("wrote no `{path}`")).into()),
            None => self.judge((index, &outcome), reader, [stdout.1, stderr.1], inputs).await,
        };
        let (judged, printed) = (split_failure(judged)?, [stdout.0, stderr.0]);
        Ok(RunResult { outcome: Some(outcome), judged, printed, transcript: None, collected })
    }

    /// What the program reads: all of its input, or the beginning, where clients send the rest.
    fn stdin(&self, first: Bytes) -> Stdin {
        if self.planned.input.is_none() {
            return first.into();
        }
        let feed = Arc::<Feed>::default();
        feed.write(&first);
        Stdin::Live(feed)
    }

    async fn run_step(
        &self,
        index: usize,
        step: &BoxStep<'_>,
        open: &mut dyn OpenBox,
        sink: &mut TestSink<'_>,
        live: Option<&Live<'_>>,
    ) -> Result<Outcome, Cause> {
        let running = flush_while_running(open.run(step, sink), live);
        let ended = match (self.planned.input, &step.stdin) {
            (Some(input), Stdin::Live(feed)) => {
                (self.events)(Event::Running { index });
                input.feed_while(feed, running).await
            }
            _ => running.await,
        };
        ended.map_err(|error| cause_of(&error))
    }

    async fn judge(
        &self,
        (index, outcome): (usize, &Outcome),
        reader: Reader,
        tails: [Tail; 2],
        inputs: &CheckerInputs,
    ) -> Result<Checked, Failure> {
        if let Some(ruling) = self.ended(index, outcome, tails).await {
            return ruling.map(Checked::from).map_err(Failure::Checker);
        }
        self.ruling(reader, inputs).await.map(|checked| self.shown(checked))
    }
}

/// Publishes output at intervals while something runs.
async fn flush_while_running<T>(running: impl Future<Output = T>, live: Option<&Live<'_>>) -> T {
    let mut running = std::pin::pin!(running);
    let interval = live.map_or(Duration::MAX, Live::interval);
    loop {
        tokio::select! {
            biased;
            done = &mut running => return done,
            () = tokio::time::sleep(interval), if live.is_some() => live.into_iter().for_each(Live::flush),
        }
    }
}
