//! A test in which the submission talks to an interactor: both run at once, each in a box of its own, and what one prints
//! the other reads.
//!
//! The deciding order is DOMjudge's: an interactor that failed has decided nothing; one that ended first, and says that
//! the submission is wrong, comes before whatever became of that; then come the submission's own bad ends; and last what
//! the interactor says. Two that wait for each other end by the submission's wall limit, as `idleness_limit_exceeded`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use optimus_core::checker::{Checker, Protocol, Said};
use optimus_core::report::Speaker;
use optimus_core::{Fault, Limits, Verdict};
use optimus_sandbox::{BoxStep, Feed, OpenBox, Stdin};

use super::checker::{Checked, Failure, Heard, Matter, Prepared};
use super::failure::{Blame, blame};
use super::record::{Pipe, Record};
use super::sink::{Reader, TestSink};
use super::test::{Ran, Terms, ours};
use super::verdict::Ruling;

/// An interactor that waits for the submission must not be the first to give up.
const LONGER_MS: u64 = 10_000;

/// Runs both to their ends.
pub(super) async fn run(
    terms: &Terms<'_>,
    index: usize,
    interactor: &Prepared,
    matter: &Matter,
    open: &mut dyn OpenBox,
) -> Result<Ran, Blame> {
    let job = terms.order.job;
    let call = interactor.checker.call_interactive();
    let mut seat = match interactor.seat(terms.bench, &call, matter).await {
        Ok(seat) => seat,
        Err(failure) => return Ok(Ran::stopped(ours(Err(failure))?)),
    };
    terms.furnish(index, &matter.input, open).await?;
    let (to_program, to_interactor) = (Arc::<Feed>::default(), Arc::<Feed>::default());
    let record = Record::new(job.capture_bytes, &terms.budget);
    let argv = terms.argv(index);
    let step = BoxStep {
        env: &terms.order.plan.run.env,
        stdin: Stdin::Live(Arc::clone(&to_program)),
        ..BoxStep::new(&argv, terms.limits)
    };
    let mut own = TestSink::new(Reader::Nobody, job.capture_bytes, &terms.budget, None);
    let mut heard = Heard::default();
    let interactor_first = AtomicBool::new(false);
    let program_ended = AtomicBool::new(false);
    let program = async {
        let mut pipe = Pipe { keeps: &mut own, to: &to_interactor, by: (Speaker::Program, None), record: &record };
        let outcome = open.run(&step, &mut pipe).await;
        program_ended.store(true, Ordering::SeqCst);
        to_interactor.close();
        outcome
    };
    let referee = async {
        let mut pipe = Pipe { keeps: &mut heard, to: &to_program, by: (Speaker::Interactor, None), record: &record };
        let stdin = Stdin::Live(Arc::clone(&to_interactor));
        let outcome =
            interactor.start(&call, stdin, &[], patient(interactor, &terms.limits, 1), seat.as_mut(), &mut pipe).await;
        interactor_first.store(!program_ended.load(Ordering::SeqCst), Ordering::SeqCst);
        to_program.close();
        outcome
    };
    let (outcome, refereed) = tokio::join!(program, referee);
    let outcome = outcome.map_err(|error| blame(&error))?;
    let said = match refereed {
        Ok(ended) => interactor.said(&call, seat, &ended, heard).await,
        Err(failure) => Err(failure),
    };
    let TestSink { stdout, stderr, .. } = own;
    let talk = Talk { interactor, index, interactor_first: interactor_first.into_inner() };
    let judged = match said {
        Ok(said) => talk.decide(terms, said, matter, terms.ended(&outcome, [stdout.1, stderr.1]).await).await,
        Err(failure) => Err(failure),
    };
    let transcript = Some(Box::new(record.into_transcript()));
    Ok(Ran { outcome: Some(outcome), judged: ours(judged)?, printed: [stdout.0, stderr.0], transcript })
}

/// A conversation that is over.
pub(super) struct Talk<'a> {
    pub(super) interactor: &'a Prepared,
    pub(super) index: usize,
    pub(super) interactor_first: bool,
}

impl Talk<'_> {
    /// `ended` is how the submission is judged by its own end, if that was a bad one.
    pub(super) async fn decide(
        &self,
        terms: &Terms<'_>,
        said: Said,
        matter: &Matter,
        ended: Option<Result<Ruling, Fault>>,
    ) -> Result<Checked, Failure> {
        let told = Checker::told(&said);
        let checked = self.interactor.read(said, matter)?;
        let is_right = matches!(checked.ruling.verdict, Verdict::Accepted | Verdict::Partial);
        if self.interactor_first && !is_right {
            return Ok(terms.shown(checked));
        }
        if let Some(ruling) = ended {
            return ruling.map(Checked::from).map_err(Failure::Checker);
        }
        // What testlib's interactors write is then looked at by the problem's checker, if it has one.
        let looks = self.interactor.checker.protocol == Protocol::Testlib && terms.order.job.compare.is_some();
        if !(is_right && looks) {
            return Ok(terms.shown(checked));
        }
        let mut reader = terms.reader(&terms.order.job.tests[self.index]);
        reader.read(&told);
        terms.ruling(reader, matter).await.map(|checked| terms.shown(checked))
    }
}

/// The interactor's limits, stretched so that it outlives the submission, and may do as much as each of its processes.
pub(super) fn patient(interactor: &Prepared, program: &Limits, processes: u8) -> Limits {
    let wall_ms = interactor.limits.wall_ms.max(program.wall_ms + LONGER_MS);
    let cpu_ms = interactor.limits.cpu_ms.max(program.cpu_ms * u64::from(processes));
    Limits { cpu_ms, wall_ms, ..interactor.limits }
}
