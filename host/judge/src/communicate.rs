//! A test in which the submission runs as several processes, each in a box of its own. They talk to the problem's manager,
//! in one more, and to nobody else: what a process says goes through the host into the FIFO that the manager reads.
//!
//! A manager that ended before a process fell silent, and says that the submission is wrong, comes before what then became
//! of that process, as an interactor does; then come the processes' own bad ends; and last what the manager says.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures::future::join_all;
use optimus_core::checker::Call;
use optimus_core::communication::{ChannelIo, Communication, TimeOf};
use optimus_core::report::Speaker;
use optimus_core::{Fault, LimitHit, Outcome, Stream, Verdict};
use optimus_sandbox::{BoxStep, Feed, OpenBox, Sink, Stdin, View, channel_paths};

use super::checker::{Failure, Heard, Matter, Prepared};
use super::converse::{Talk, patient};
use super::failure::{Blame, blame};
use super::record::Record;
use super::sink::{Head, Reader, TestSink};
use super::test::{Ran, Terms, ours};
use super::verdict::Ruling;

/// Both ways between the manager and one process.
#[derive(Default)]
struct Line {
    to_manager: Arc<Feed>,
    to_process: Arc<Feed>,
    /// The process says nothing more.
    is_silent: AtomicBool,
}

impl Line {
    fn fall_silent(&self) {
        self.is_silent.store(true, Ordering::SeqCst);
        self.to_manager.close();
    }
}

/// A process that has ended, and what it printed.
struct Ended<'a> {
    outcome: Outcome,
    sink: TestSink<'a>,
}

/// Runs all of them to their ends.
pub(super) async fn run(
    terms: &Terms<'_>,
    index: usize,
    rules: &Communication,
    manager: &Prepared,
    matter: &Matter,
    open: &mut dyn OpenBox,
) -> Result<Ran, Blame> {
    let call = manager.checker.call_manager((0..rules.processes).flat_map(channel_paths).collect());
    let mut seat = match manager.seat(terms.bench, &call, matter).await {
        Ok(seat) => seat,
        Err(failure) => return Ok(Ran::stopped(ours(Err(failure))?)),
    };
    let mut others = Vec::new();
    for _ in 1..rules.processes {
        others.push(terms.bench.another_beside(terms).await.map_err(Blame::Ours)?);
    }
    let lines: Vec<Line> = (0..rules.processes).map(|_| Line::default()).collect();
    let record = Record::new(terms.order.job.capture_bytes, &terms.budget);
    let scene = Scene { terms, index, rules, lines: &lines, record: &record };
    let boxes = std::iter::once(open).chain(others.iter_mut().map(|own| &mut **own as &mut dyn OpenBox));
    let processes = join_all(boxes.zip(0..).map(async |(own, number)| {
        let ended = scene.process(number, matter, own).await;
        scene.line(number).fall_silent();
        ended
    }));
    let managing = scene.manage(manager, &call, matter, seat.as_mut());
    let (processes, (managed, spoke_on)) = tokio::join!(processes, managing);
    let said = match managed {
        Ok((outcome, heard)) => manager.said(&call, seat, &outcome, heard).await,
        Err(failure) => Err(failure),
    };
    let sum = scene.sum_up(processes.into_iter().collect::<Result<_, Blame>>()?).await;
    let talk = Talk { interactor: manager, index, interactor_first: spoke_on[sum.decisive] };
    let judged = match said {
        Ok(said) => talk.decide(terms, said, matter, sum.ended).await,
        Err(failure) => Err(failure),
    };
    let transcript = Some(Box::new(record.into_transcript()));
    Ok(Ran { outcome: Some(sum.outcome), judged: ours(judged)?, printed: sum.printed, transcript })
}

/// What came of all processes.
struct Sum {
    /// The process that counts: one that ended badly, if any did.
    decisive: usize,
    /// Its own, with what all of them used.
    outcome: Outcome,
    printed: [Head; 2],
    /// How it is judged by its end, if that was a bad one.
    ended: Option<Result<Ruling, Fault>>,
}

/// What is the same for all that take part.
struct Scene<'a> {
    terms: &'a Terms<'a>,
    index: usize,
    rules: &'a Communication,
    lines: &'a [Line],
    record: &'a Record<'a>,
}

impl<'a> Scene<'a> {
    /// Runs one process.
    async fn process(&self, number: u8, matter: &Matter, open: &mut dyn OpenBox) -> Result<Ended<'a>, Blame> {
        let terms = self.terms;
        terms.furnish(self.index, &matter.input, open).await?;
        let to_process = Arc::clone(&self.line(number).to_process);
        let mut argv = terms.argv(self.index).into_owned();
        let (stdin, channels) = match self.rules.io {
            ChannelIo::Stdio => (Stdin::Live(to_process), Vec::new()),
            ChannelIo::Fifos => {
                argv.extend(channel_paths(0));
                (Stdin::default(), vec![to_process])
            }
        };
        argv.push(number.to_string());
        let env = &terms.order.plan.run.env;
        let step = BoxStep { argv: &argv, env, view: View::Fresh, stdin, channels: &channels, limits: terms.limits };
        let own = TestSink::new(Reader::Nobody, terms.order.job.capture_bytes, &terms.budget, None);
        let mut mouth = Mouth { scene: self, number, own };
        let outcome = open.run(&step, &mut mouth).await.map_err(|error| blame(&error))?;
        Ok(Ended { outcome, sink: mouth.own })
    }

    /// Runs the manager; says also which processes had not fallen silent before it ended.
    async fn manage(
        &self,
        manager: &Prepared,
        call: &Call,
        matter: &Matter,
        seat: &mut dyn OpenBox,
    ) -> (Result<(Outcome, Heard), Failure>, Vec<bool>) {
        let channels: Vec<Arc<Feed>> = self.lines.iter().map(|line| Arc::clone(&line.to_manager)).collect();
        let mut ears = Ears { scene: self, heard: Heard::default() };
        let limits = patient(manager, &self.terms.limits, self.rules.processes);
        let stdin = Stdin::from(matter.input.clone());
        let outcome = manager.start(call, stdin, &channels, limits, seat, &mut ears).await;
        let spoke_on = self.lines.iter().map(|line| !line.is_silent.load(Ordering::SeqCst)).collect();
        self.lines.iter().for_each(|line| line.to_process.close());
        (outcome.map(|outcome| (outcome, ears.heard)), spoke_on)
    }

    fn line(&self, number: u8) -> &Line {
        &self.lines[usize::from(number)]
    }

    /// What came of them.
    async fn sum_up(&self, mut processes: Vec<Ended<'_>>) -> Sum {
        // Those that wait for one that has failed are idle then, and no more than that.
        let is_cause = |own: &Ended<'_>| !own.outcome.is_success() && own.outcome.limit != Some(LimitHit::WallTime);
        let cause = processes.iter().position(is_cause);
        let decisive = cause.or_else(|| processes.iter().position(|own| !own.outcome.is_success())).unwrap_or(0);
        let most = |measure: fn(&Outcome) -> u64| processes.iter().map(|own| measure(&own.outcome)).max().unwrap_or(0);
        let (wall_us, memory_peak_bytes) = (most(|own| own.wall_us), most(|own| own.memory_peak_bytes));
        let cpu_us = processes.iter().map(|own| own.outcome.cpu_us).sum();
        let Ended { outcome, sink } = processes.swap_remove(decisive);
        let TestSink { stdout, stderr, .. } = sink;
        let ended = self.terms.ended(&outcome, [stdout.1, stderr.1]).await.map(|ruling| named(ruling?, decisive));
        let mut outcome = Outcome { cpu_us, wall_us, memory_peak_bytes, ..outcome };
        let together = self.rules.time == TimeOf::Sum && cpu_us > self.terms.limits.cpu_ms * 1_000;
        let ended = ended.or_else(|| {
            together.then(|| {
                outcome.limit = Some(LimitHit::CpuTime);
                let message = format!("the processes used more than {} ms of CPU time", self.terms.limits.cpu_ms);
                Ok(Ruling::new(Verdict::TimeLimitExceeded, message))
            })
        });
        Sum { decisive, outcome, printed: [stdout.0, stderr.0], ended }
    }
}

fn named(ruling: Ruling, number: usize) -> Result<Ruling, Fault> {
    let message = ruling.message.map(|message| format!("process {number} {message}"));
    Ok(Ruling { message, ..ruling })
}

/// Hears a process.
struct Mouth<'a, 'b> {
    scene: &'b Scene<'a>,
    number: u8,
    own: TestSink<'a>,
}

impl Mouth<'_, '_> {
    fn say(&self, bytes: &[u8]) {
        self.scene.record.note((Speaker::Program, Some(self.number)), bytes);
        self.scene.line(self.number).to_manager.write(bytes);
    }
}

impl Sink for Mouth<'_, '_> {
    fn write(&mut self, stream: Stream, bytes: &[u8]) {
        self.own.write(stream, bytes);
        if stream == Stream::Stdout && self.scene.rules.io == ChannelIo::Stdio {
            self.say(bytes);
        }
    }

    fn hear(&mut self, _: u8, bytes: &[u8]) {
        match bytes {
            [] => self.scene.line(self.number).fall_silent(),
            said => self.say(said),
        }
    }
}

/// Hears the manager.
struct Ears<'a, 'b> {
    scene: &'b Scene<'a>,
    heard: Heard,
}

impl Sink for Ears<'_, '_> {
    fn write(&mut self, stream: Stream, bytes: &[u8]) {
        self.heard.write(stream, bytes);
    }

    fn hear(&mut self, number: u8, bytes: &[u8]) {
        let to_process = &self.scene.line(number).to_process;
        match bytes {
            [] => to_process.close(),
            said => {
                self.scene.record.note((Speaker::Interactor, Some(number)), said);
                to_process.write(said);
            }
        }
    }
}
