//! A test in which the submission talks to an interactor: both run at once, each in a box of its own, and what one prints
//! the other reads.
//!
//! The deciding order is DOMjudge's: an interactor that failed has decided nothing; one that ended first, and says that
//! the submission is wrong, comes before whatever became of that; then come the submission's own bad ends; and last what
//! the interactor says. Two that wait for each other end by the submission's wall limit, as `idleness_limit_exceeded`.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use optimus_core::checker::{Checker, Protocol, Said};
use optimus_core::report::{Speaker, Transcript, Turn};
use optimus_core::{Fault, Limits, Stream, Verdict};
use optimus_sandbox::{BoxStep, Feed, OpenBox, Sink, Stdin, View};

use super::checker::{Checked, Failure, Heard, Matter, Prepared};
use super::failure::{Blame, blame};
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
    let record = Record::new(job.capture_bytes);
    let argv = terms.argv(index);
    let step = BoxStep {
        argv: &argv,
        env: &terms.order.plan.run.env,
        view: View::Fresh,
        stdin: Stdin::Live(Arc::clone(&to_program)),
        channels: &[],
        limits: terms.limits,
    };
    let mut own = TestSink::new(Reader::Nobody, job.capture_bytes, &terms.budget, None);
    let mut heard = Heard::default();
    let interactor_first = AtomicBool::new(false);
    let program_ended = AtomicBool::new(false);
    let program = async {
        let mut pipe = Pipe { keeps: &mut own, to: &to_interactor, by: Speaker::Program, record: &record };
        let outcome = open.run(&step, &mut pipe).await;
        program_ended.store(true, Ordering::SeqCst);
        to_interactor.close();
        outcome
    };
    let referee = async {
        let mut pipe = Pipe { keeps: &mut heard, to: &to_program, by: Speaker::Interactor, record: &record };
        let stdin = Stdin::Live(Arc::clone(&to_interactor));
        let outcome =
            interactor.start(&call, stdin, patient(interactor, &terms.limits), seat.as_mut(), &mut pipe).await;
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
struct Talk<'a> {
    interactor: &'a Prepared,
    index: usize,
    interactor_first: bool,
}

impl Talk<'_> {
    /// `ended` is how the submission is judged by its own end, if that was a bad one.
    async fn decide(
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

/// The interactor's limits, stretched so that it outlives the submission.
fn patient(interactor: &Prepared, program: &Limits) -> Limits {
    let wall_ms = interactor.limits.wall_ms.max(program.wall_ms + LONGER_MS);
    Limits { wall_ms, ..interactor.limits }
}

/// One direction: what one side prints is what the other reads; the beginning is kept for the report.
struct Pipe<'a> {
    keeps: &'a mut dyn Sink,
    to: &'a Feed,
    by: Speaker,
    record: &'a Record,
}

impl Sink for Pipe<'_> {
    fn write(&mut self, stream: Stream, bytes: &[u8]) {
        self.keeps.write(stream, bytes);
        if stream == Stream::Stdout {
            self.record.note(self.by, bytes);
            self.to.write(bytes);
        }
    }
}

/// What both said, in the order in which it passed here.
struct Record {
    cap: usize,
    turns: Mutex<Turns>,
}

#[derive(Default)]
struct Turns {
    turns: Vec<(Speaker, Vec<u8>)>,
    kept: usize,
    truncated: bool,
}

impl Record {
    fn new(capture_bytes: u64) -> Self {
        Self { cap: usize::try_from(capture_bytes).unwrap_or(usize::MAX), turns: Mutex::default() }
    }

    fn note(&self, by: Speaker, bytes: &[u8]) {
        let mut guard = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        let Turns { turns, kept, truncated } = &mut *guard;
        if *truncated {
            return;
        }
        let room = self.cap.saturating_sub(*kept).min(bytes.len());
        *truncated = room < bytes.len();
        *kept += room;
        match turns.last_mut() {
            Some((last, said)) if *last == by => said.extend_from_slice(&bytes[..room]),
            _ if room > 0 => turns.push((by, bytes[..room].to_vec())),
            _ => {}
        }
    }

    fn into_transcript(self) -> Transcript {
        let Turns { turns, truncated, .. } = self.turns.into_inner().unwrap_or_else(PoisonError::into_inner);
        let turns = turns.into_iter().map(|(by, said)| Turn { by, said: said.into() }).collect();
        Transcript { turns, truncated }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transcript_joins_what_one_says_in_pieces_and_is_cut() {
        let record = Record::new(6);
        record.note(Speaker::Interactor, b"1\n");
        record.note(Speaker::Program, b"2");
        record.note(Speaker::Program, b"\n");
        record.note(Speaker::Interactor, b"345");
        record.note(Speaker::Program, b"6");
        let transcript = record.into_transcript();
        let said: Vec<(Speaker, &[u8])> = transcript.turns.iter().map(|turn| (turn.by, turn.said.as_bytes())).collect();
        let wanted = [(Speaker::Interactor, &b"1\n"[..]), (Speaker::Program, b"2\n"), (Speaker::Interactor, b"34")];
        assert_eq!((said, transcript.truncated), (wanted.to_vec(), true));
    }
}
