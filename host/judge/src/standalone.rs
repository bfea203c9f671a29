//! A test in which the submission runs by itself: stdin in, stdout to the comparer.

use bytes::Bytes;
use optimus_core::plan::Collect;
use optimus_core::{BoxPath, Fault, Outcome, Verdict};
use optimus_sandbox::{BoxStep, OpenBox, View};

use super::build_spec::BuildSpec;
use super::checker::{Checked, CheckerInputs, Failure, unpack};
use super::failure::{Cause, cause_of};
use super::live::{EVERY, Live};
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
        let step = BoxStep {
            argv: &argv,
            env: &plan.run.env,
            view: if output_file.is_some() { View::Build } else { View::Fresh },
            stdin: stdin.into(),
            channels: &[],
            limits: self.limits(index),
            warm: plan.run.warm,
        };
        let reader = self.reader(test);
        let (reader, aside) = if output_file.is_some() { (Reader::Ignore, Some(reader)) } else { (reader, None) };
        // Output that the report will not show is not streamed either.
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
            None => self.judge((index, &outcome), reader, [stdout.1, stderr.1], inputs).await,
        };
        let printed = [stdout.0, stderr.0];
        Ok(RunResult { outcome: Some(outcome), judged: split_failure(judged)?, printed, transcript: None })
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
    loop {
        tokio::select! {
            biased;
            done = &mut running => return done,
            () = tokio::time::sleep(EVERY), if live.is_some() => live.into_iter().for_each(Live::flush),
        }
    }
}

/// Reads the file that the program wrote instead of printing.
async fn output(open: &mut dyn OpenBox, path: &BoxPath) -> Result<Bytes, Cause> {
    let collected = open.collect(&[Collect::Path(path.clone())]).await.map_err(|error| cause_of(&error))?;
    let unreadable = |error: std::io::Error| Cause::Internal(Fault::new("sandbox_failed", error.to_string()));
    let files = unpack(&collected, super::limits::CHECKED_OUTPUT).map_err(unreadable)?;
    let file = files.into_iter().find(|(name, _)| name == path.as_str());
    file.map(|(_, bytes)| bytes).ok_or_else(|| Cause::Program("it is not a file".to_owned()))
}
