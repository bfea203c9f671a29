//! Runs the tests of a job: in sequence in the job's own box, and side by side in further boxes while slots are
//! idle.

use std::sync::Arc;

use futures::stream::{FuturesUnordered, StreamExt as _};
use optimus_core::event::EventSink;
use optimus_core::scoring::{Progress, Score};
use optimus_core::{Comparer, Event, Fault, Limits, TestReport, Verdict};
use optimus_sandbox::OpenBox;
use tokio::sync::OwnedSemaphorePermit;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use super::artefacts::Artefact;
use super::collect::Allowance;
use super::compile::PreparedBox;
use super::executor::Executor;
use super::planned::PlannedJob;
use super::sink::{Budget, REPORT_BYTES};
use super::test_context::{TestContext, comparer, test_name};
use super::{limits, test};
use crate::spans;

/// The boxes in which no test runs at the moment.
struct IdleBoxes {
    /// The job's own box; `None` while a test runs in it.
    own: Option<Box<dyn OpenBox>>,
    /// Further boxes, used before and without a slot now.
    spare: Vec<Box<dyn OpenBox>>,
}

/// The box in which a test runs.
enum BoxSlot {
    Own(Box<dyn OpenBox>),
    Extra(Option<Box<dyn OpenBox>>, OwnedSemaphorePermit),
}

/// The result of one test: its index, its report, its box, and whether that box is the job's own.
type Done = Result<(usize, TestReport, Box<dyn OpenBox>, bool), Fault>;

/// The results of a job's tests.
pub(super) struct Tested {
    /// In the order of the job.
    pub(super) tests: Vec<TestReport>,
    /// The points, when the job has scoring and every test that counts was judged.
    pub(super) score: Option<Score>,
    pub(super) cancelled: bool,
}

impl Executor {
    pub(super) async fn test(
        &self,
        planned: &PlannedJob<'_>,
        prepared: PreparedBox,
        events: &EventSink<'_>,
        cancel: &CancellationToken,
    ) -> Result<Tested, Fault> {
        let comparer = comparer(planned.spec.job, planned.spec.plan);
        let mut limits = limits::of_step(&planned.spec.plan.run.limits, &planned.spec.limits, &self.config.cap);
        let is_held = matches!(comparer, Comparer::Custom | Comparer::Program(_)) || planned.spec.job.file_io.is_some();
        if is_held || planned.interactor.is_some() {
            limits.output_bytes = limits.output_bytes.min(limits::CHECKED_OUTPUT);
        }
        let (context, mut progress) = self.context(planned, prepared.artefact.clone(), limits, comparer, events);
        let mut reports: Vec<Option<TestReport>> = vec![None; planned.spec.job.tests.len()];
        let total = reports.len();
        let note = |index: usize, report: TestReport| {
            events(Event::Test { index, total, report: Box::new(report.without_file_contents()) });
            reports[index] = Some(report);
        };
        // Dropping what runs kills it and destroys its box.
        let finished = cancel.run_until_cancelled(self.run_tests(&context, prepared, progress.as_mut(), note)).await;
        let cancelled = finished.is_none();
        finished.transpose()?;
        let unrun = if cancelled { Verdict::Cancelled } else { Verdict::Skipped };
        let report = |(index, report): (usize, Option<TestReport>)| {
            report.unwrap_or_else(|| TestReport::unrun(test_name(planned.spec.job, index), unrun))
        };
        let tests: Vec<TestReport> = reports.into_iter().enumerate().map(report).collect();
        let is_whole = !cancelled && tests.iter().all(|test| test.verdict != Verdict::InternalError);
        let score = progress.filter(|_| is_whole).map(|progress| progress.score());
        Ok(Tested { tests, score, cancelled })
    }

    /// Judges submitted answer files. No program runs, except a checker.
    pub(super) async fn judge_answers(
        &self,
        planned: &PlannedJob<'_>,
        events: &EventSink<'_>,
        cancel: &CancellationToken,
    ) -> Result<Tested, Fault> {
        let job = planned.spec.job;
        let (context, mut progress) =
            self.context(planned, None, planned.spec.limits, comparer(job, planned.spec.plan), events);
        let total = job.tests.len();
        let mut tests = Vec::with_capacity(total);
        let mut stopped = false;
        for index in 0..total {
            let cancelled = cancel.is_cancelled();
            let wanted = !stopped && !cancelled && progress.as_ref().is_none_or(|progress| progress.wants(index));
            if !wanted {
                let verdict = if cancelled { Verdict::Cancelled } else { Verdict::Skipped };
                tests.push(TestReport::unrun(test_name(job, index), verdict));
                continue;
            }
            let mut report = test::submitted(&context, index).await?;
            self.note(planned, progress.as_mut(), index, &mut report).await?;
            stopped = report.verdict == Verdict::InternalError
                || (job.stop_at_first_failure && report.verdict != Verdict::Accepted);
            events(Event::Test { index, total, report: Box::new(report.clone()) });
            tests.push(report);
        }
        let is_whole = tests.iter().all(|t| !matches!(t.verdict, Verdict::InternalError | Verdict::Cancelled));
        let score = progress.filter(|_| is_whole).map(|progress| progress.score());
        Ok(Tested { tests, score, cancelled: cancel.is_cancelled() })
    }

    /// The shared context of the tests, and the points before the first test.
    fn context<'a>(
        &'a self,
        planned: &'a PlannedJob<'a>,
        artefact: Option<Arc<Artefact>>,
        limits: Limits,
        comparer: Comparer,
        events: &'a EventSink<'a>,
    ) -> (TestContext<'a>, Option<Progress<'a>>) {
        let job = planned.spec.job;
        let progress = job.scoring.as_ref().map(|scoring| Progress::new(scoring, &job.tests));
        let worth = (0..job.tests.len()).map(|index| progress.as_ref()?.worth(index)).collect();
        let budget = Budget::new(REPORT_BYTES);
        let allowance = Allowance::new();
        let context =
            TestContext { executor: self, planned, artefact, limits, comparer, worth, budget, allowance, events };
        (context, progress)
    }

    async fn run_tests(
        &self,
        context: &TestContext<'_>,
        prepared: PreparedBox,
        mut progress: Option<&mut Progress<'_>>,
        mut note: impl FnMut(usize, TestReport),
    ) -> Result<(), Fault> {
        let job = context.planned.spec.job;
        // Which tests run must not depend on how many slots are idle.
        let in_turn = job.stop_at_first_failure || job.scoring.as_ref().is_some_and(|scoring| scoring.is_sequential());
        let parallel = self.config.parallel_tests && !in_turn;
        let mut idle = IdleBoxes { own: Some(prepared.open), spare: Vec::new() };
        let mut running = FuturesUnordered::new();
        let mut waiting = 0..job.tests.len();
        loop {
            while !waiting.is_empty()
                && let Some(slot) = self.free_slot(&mut idle, parallel)
                && let Some(index) = waiting.find(|index| progress.as_ref().is_none_or(|p| p.wants(*index)))
            {
                running.push(self.run_at(slot, context, index).instrument(spans::test(index)));
            }
            // A box without a slot would take a processor from one that has a slot.
            idle.spare.clear();
            let Some(done) = running.next().await else { return Ok(()) };
            let (index, mut report, open, own) = done?;
            match own {
                true => idle.own = Some(open),
                false => idle.spare.push(open),
            }
            self.note(context.planned, progress.as_deref_mut(), index, &mut report).await?;
            // After a failure of ours the whole job is `internal_error`: further tests would tell nothing.
            let stop = job.stop_at_first_failure && report.verdict != Verdict::Accepted;
            if stop || report.verdict == Verdict::InternalError {
                waiting = 0..0;
            }
            note(index, report);
        }
    }

    /// Adds a test's result to the points, and grades each group that is complete and has a grader program. A
    /// grader that fails makes the test an internal error.
    async fn note(
        &self,
        planned: &PlannedJob<'_>,
        progress: Option<&mut Progress<'_>>,
        index: usize,
        report: &mut TestReport,
    ) -> Result<(), Fault> {
        let Some(progress) = progress else { return Ok(()) };
        progress.note(index, report.verdict, report.score);
        while let (Some(call), Some(grader)) = (progress.due(), planned.grader) {
            match grader.grade(self, &call).await? {
                Ok(graded) => progress.graded(graded),
                Err(fault) => {
                    report.verdict = Verdict::InternalError;
                    report.error = Some(fault);
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    fn free_slot(&self, idle: &mut IdleBoxes, parallel: bool) -> Option<BoxSlot> {
        if let Some(own) = idle.own.take() {
            return Some(BoxSlot::Own(own));
        }
        if !parallel {
            return None;
        }
        // Fails while a job waits for its own slot: that one comes first.
        let permit = Arc::clone(&self.slots).try_acquire_owned().ok()?;
        Some(BoxSlot::Extra(idle.spare.pop(), permit))
    }

    async fn run_at(&self, slot: BoxSlot, context: &TestContext<'_>, index: usize) -> Done {
        let (open, slot) = match slot {
            BoxSlot::Own(open) => (Some(open), None),
            BoxSlot::Extra(open, slot) => (open, Some(slot)),
        };
        let mut open = match open.filter(|_| !context.needs_fresh_box()) {
            Some(open) => open,
            None => context.open_box().await?,
        };
        let report = test::run(context, index, open.as_mut()).await?;
        tracing::debug!(verdict = %report.verdict, "test ended");
        Ok((index, report, open, slot.is_none()))
    }
}
