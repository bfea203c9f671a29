//! Runs a job's tests: one after the other in the job's own box, and side by side in further boxes while slots are idle.

use std::sync::Arc;

use futures::stream::{FuturesUnordered, StreamExt as _};
use optimus_core::scoring::{Progress, Score};
use optimus_core::{Comparer, Event, Fault, Limits, TestReport, Verdict};
use optimus_sandbox::OpenBox;
use tokio::sync::OwnedSemaphorePermit;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use super::artefacts::Artefact;
use super::compile::{Built, Workplace};
use super::execute::{Bench, Order, test_name};
use super::sink::{Budget, REPORT_BYTES};
use super::test::{self, Terms};
use super::{limits, test::comparer};
use crate::spans;

/// The boxes that wait for a test.
struct Desks {
    /// The job's own; away while a test runs in it.
    own: Option<Box<dyn OpenBox>>,
    /// Used before, without a slot now.
    spare: Vec<Box<dyn OpenBox>>,
}

/// Where a test runs.
enum Desk {
    Own(Box<dyn OpenBox>),
    Extra(Option<Box<dyn OpenBox>>, OwnedSemaphorePermit),
}

/// What comes back from a test: its number, its report, its box, and whether that is the job's own.
type Done = Result<(usize, TestReport, Box<dyn OpenBox>, bool), Fault>;

/// What came of a job's tests.
pub(super) struct Tested {
    /// In the job's order.
    pub(super) tests: Vec<TestReport>,
    /// When the job says how they become points, and all were judged that were to be.
    pub(super) score: Option<Score>,
    pub(super) cancelled: bool,
}

impl Bench {
    pub(super) async fn test(
        &self,
        order: &Order<'_>,
        workplace: Workplace,
        events: &(dyn Fn(Event) + Send + Sync),
        cancel: &CancellationToken,
    ) -> Result<Tested, Fault> {
        let comparer = comparer(order.job, order.plan);
        let mut limits = limits::of_step(&order.plan.run.limits, &order.limits, &self.config.cap);
        let is_held = matches!(comparer, Comparer::Custom | Comparer::Program(_)) || order.job.file_io.is_some();
        if is_held || order.interactor.is_some() {
            limits.output_bytes = limits.output_bytes.min(limits::CHECKED_OUTPUT);
        }
        let (terms, mut progress) = self.terms(order, workplace.artefact.clone(), limits, comparer, events);
        let mut reports: Vec<Option<TestReport>> = vec![None; order.job.tests.len()];
        let total = reports.len();
        let note = |index: usize, report: TestReport| {
            events(Event::Test { index, total, report: report.clone() });
            reports[index] = Some(report);
        };
        // Dropping what runs kills it and destroys its box.
        let driven = cancel.run_until_cancelled(self.drive(&terms, workplace, progress.as_mut(), note)).await;
        let cancelled = driven.is_none();
        driven.transpose()?;
        let unrun = if cancelled { Verdict::Cancelled } else { Verdict::Skipped };
        let report = |(index, report): (usize, Option<TestReport>)| {
            report.unwrap_or_else(|| TestReport::unrun(test_name(order.job, index), unrun))
        };
        let tests: Vec<TestReport> = reports.into_iter().enumerate().map(report).collect();
        let is_whole = !cancelled && tests.iter().all(|test| test.verdict != Verdict::InternalError);
        let score = progress.filter(|_| is_whole).map(|progress| progress.score());
        Ok(Tested { tests, score, cancelled })
    }

    /// Judges files that were submitted instead of a program: there is nothing to run, but perhaps a checker.
    pub(super) async fn look_at(
        &self,
        order: &Order<'_>,
        events: &(dyn Fn(Event) + Send + Sync),
        cancel: &CancellationToken,
    ) -> Result<Tested, Fault> {
        let job = order.job;
        let (terms, mut progress) = self.terms(order, None, order.limits, comparer(job, order.plan), events);
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
            let mut report = test::submitted(&terms, index).await?;
            self.note(order, progress.as_mut(), index, &mut report).await?;
            stopped = report.verdict == Verdict::InternalError
                || (job.stop_at_first_failure && report.verdict != Verdict::Accepted);
            events(Event::Test { index, total, report: report.clone() });
            tests.push(report);
        }
        let is_whole = tests.iter().all(|t| !matches!(t.verdict, Verdict::InternalError | Verdict::Cancelled));
        let score = progress.filter(|_| is_whole).map(|progress| progress.score());
        Ok(Tested { tests, score, cancelled: cancel.is_cancelled() })
    }

    /// What holds for every test of a job, and how its points stand before the first.
    fn terms<'a>(
        &'a self,
        order: &'a Order<'a>,
        artefact: Option<Arc<Artefact>>,
        limits: Limits,
        comparer: Comparer,
        events: &'a (dyn Fn(Event) + Send + Sync),
    ) -> (Terms<'a>, Option<Progress<'a>>) {
        let job = order.job;
        let progress = job.scoring.as_ref().map(|scoring| Progress::new(scoring, &job.tests));
        let worth = (0..job.tests.len()).map(|index| progress.as_ref()?.worth(index)).collect();
        let budget = Budget::new(REPORT_BYTES);
        let terms = Terms { bench: self, order, artefact, limits, comparer, worth, budget, events };
        (terms, progress)
    }

    async fn drive(
        &self,
        terms: &Terms<'_>,
        workplace: Workplace,
        mut progress: Option<&mut Progress<'_>>,
        mut note: impl FnMut(usize, TestReport),
    ) -> Result<(), Fault> {
        let job = terms.order.job;
        // Which tests run must not depend on how many slots are idle.
        let in_turn = job.stop_at_first_failure || job.scoring.as_ref().is_some_and(|scoring| scoring.is_sequential());
        let parallel = self.config.parallel_tests && !in_turn;
        let mut desks = Desks { own: Some(workplace.open), spare: Vec::new() };
        let mut running = FuturesUnordered::new();
        let mut waiting = 0..job.tests.len();
        loop {
            while !waiting.is_empty()
                && let Some(desk) = self.free_desk(&mut desks, parallel)
                && let Some(index) = waiting.find(|index| progress.as_ref().is_none_or(|p| p.wants(*index)))
            {
                running.push(self.run_at(desk, terms, index).instrument(spans::test(index)));
            }
            // A box without a slot would keep a processor from whoever has one.
            desks.spare.clear();
            let Some(done) = running.next().await else { return Ok(()) };
            let (index, mut report, open, own) = done?;
            match own {
                true => desks.own = Some(open),
                false => desks.spare.push(open),
            }
            self.note(terms.order, progress.as_deref_mut(), index, &mut report).await?;
            // After a failure of ours the whole job is `internal_error`: further tests would tell nobody anything.
            let stop = job.stop_at_first_failure && report.verdict != Verdict::Accepted;
            if stop || report.verdict == Verdict::InternalError {
                waiting = 0..0;
            }
            note(index, report);
        }
    }

    /// Notes a test's result in the job's points; groups that a program grades are graded when they have all theirs. A
    /// grader that fails makes the test an error of ours.
    async fn note(
        &self,
        order: &Order<'_>,
        progress: Option<&mut Progress<'_>>,
        index: usize,
        report: &mut TestReport,
    ) -> Result<(), Fault> {
        let Some(progress) = progress else { return Ok(()) };
        progress.note(index, report.verdict, report.score);
        while let (Some(call), Some(grader)) = (progress.due(), order.grader) {
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

    fn free_desk(&self, desks: &mut Desks, parallel: bool) -> Option<Desk> {
        if let Some(own) = desks.own.take() {
            return Some(Desk::Own(own));
        }
        if !parallel {
            return None;
        }
        // Fails while a job waits for its own slot: that one comes first.
        let permit = Arc::clone(&self.slots).try_acquire_owned().ok()?;
        Some(Desk::Extra(desks.spare.pop(), permit))
    }

    async fn run_at(&self, desk: Desk, terms: &Terms<'_>, index: usize) -> Done {
        let (open, slot) = match desk {
            Desk::Own(open) => (Some(open), None),
            Desk::Extra(open, slot) => (open, Some(slot)),
        };
        let mut open = match open.filter(|_| !terms.needs_fresh_box()) {
            Some(open) => open,
            None => self.another(terms.order, terms).await?,
        };
        let report = test::run(terms, index, open.as_mut()).await?;
        tracing::debug!(verdict = %report.verdict, "test ended");
        Ok((index, report, open, slot.is_none()))
    }

    /// One more, for a process that runs beside another: its slot has one processor to give, at most.
    pub(super) async fn another_beside(&self, terms: &Terms<'_>) -> Result<Box<dyn OpenBox>, Fault> {
        self.another(&Order { beside: true, ..*terms.order }, terms).await
    }

    /// One more box like the job's own.
    async fn another(&self, order: &Order<'_>, terms: &Terms<'_>) -> Result<Box<dyn OpenBox>, Fault> {
        match self.ready(order, terms.artefact.clone()).await? {
            Built::Ready(workplace) => Ok(workplace.open),
            Built::Broken(fault) => Err(fault),
            // The first box took it, so this is no property of the program.
            Built::Failed(report) => Err(Fault::new("sandbox_failed", report.message.unwrap_or_default())),
        }
    }
}
