//! Runs programs that hold on to what they took, and looks meanwhile: whether the witnesses can still do everything,
//! whether a new box opens, and how much kernel memory no control group is charged for.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use optimus_core::{Outcome, Stream};
use optimus_sandbox::{BoxStep, Feed, OpenBox, SandboxError, Sink, Stdin};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use crate::head::{Case, End, Kind};
use crate::memory::{BOUND_KIB, Growth, Ledger, Uncharged};
use crate::programs::Program;
use crate::run::{Heard, PATIENCE, Range, placed};

/// What came of one member of a class.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// What it said that it holds.
    pub(crate) holding: String,
    /// Everything that is wrong.
    pub(crate) wrong: Vec<String>,
    /// The most that no control group was charged for, in KiB.
    pub(crate) uncharged_kib: u64,
    /// What the witnesses could not do.
    pub(crate) failed: BTreeSet<String>,
}

/// Growth that another process of the machine causes does not come each time.
const TRIES: usize = 8;

/// On an emulated machine, one member stands for its class: `OPTIMUS_TEST_QUICK=1`.
pub(crate) fn members(program: &Program) -> impl Iterator<Item = &Case> {
    let quick = std::env::var_os("OPTIMUS_TEST_QUICK").is_some();
    let every = match (quick, program.head.kind) {
        (true, Kind::Held) => usize::MAX,
        (true, Kind::Pair) => 3,
        _ => 1,
    };
    program.head.cases.iter().step_by(every)
}

impl Range<'_> {
    /// Runs each member of the class, in one box; afterwards, nothing of any may be left there.
    pub(crate) async fn hold(&self, program: &Program) -> Result<Vec<(String, Seen)>, SandboxError> {
        let mut open = self.open(program).await?;
        let mut all = Vec::new();
        for case in members(program) {
            let mut seen = self.hold_once(&mut *open, program, case).await?;
            for _ in 1..if program.head.open { 1 } else { TRIES } {
                if seen.uncharged_kib <= BOUND_KIB {
                    break;
                }
                let again = self.hold_once(&mut *open, program, case).await?;
                seen = if again.uncharged_kib < seen.uncharged_kib { again } else { seen };
            }
            if seen.uncharged_kib > BOUND_KIB {
                let mib = seen.uncharged_kib / 1024;
                seen.wrong.push(format!(
                    "{mib} MiB of kernel memory that no control group is charged for ({})",
                    seen.holding
                ));
            }
            all.push((case.args.join(" "), seen));
        }
        let staged = [program.name.clone(), "probe".to_owned()];
        let left = self.probe(&mut *open, &staged).await?.map(|said| format!("the next run in the same box: {said}"));
        drop(open);
        let next = self.probe_new_box().await?.map(|said| format!("the next box: {said}"));
        if let Some((_, last)) = all.last_mut() {
            last.wrong.extend(left.into_iter().chain(next).chain(self.canaries.harm()));
        }
        Ok(all)
    }

    pub(crate) async fn open(&self, program: &Program) -> Result<Box<dyn OpenBox>, SandboxError> {
        let mut open = self.sandbox.open(self.image).await?;
        open.stage(&[placed(program), placed(self.probe)]).await?;
        Ok(open)
    }

    async fn hold_once(&self, open: &mut dyn OpenBox, program: &Program, case: &Case) -> Result<Seen, SandboxError> {
        let mut growth = Growth::since(self.settled().await);
        let feed = Arc::new(Feed::default());
        let argv: Vec<_> = [format!("./{}", program.name)].into_iter().chain(case.args.iter().cloned()).collect();
        let stdin = Stdin::Live(Arc::clone(&feed));
        let step = BoxStep { stdin, ..BoxStep::new(&argv, program.head.limits) };
        let (says, mut holds) = unbounded_channel();
        let mut sink = NotifyingSink::new(says);
        let mut seen = Seen::default();
        let meanwhile = async {
            // When it ends instead, there is nothing to look at meanwhile.
            holds.recv().await;
            let mut wrong = self.witnesses.look().await;
            let stuck = wrong.len();
            match tokio::time::timeout(PATIENCE, self.probe_new_box()).await {
                Ok(Ok(said)) => wrong.extend(said.map(|said| format!("a new box meanwhile: {said}"))),
                Ok(Err(error)) => wrong.push(format!("no new box opens meanwhile: {error}")),
                Err(_) => wrong.push("no new box opens meanwhile".to_owned()),
            }
            feed.close();
            let no_box = wrong.len() > stuck;
            (wrong, no_box)
        };
        let outcome = {
            let (mut running, mut meanwhile) = (std::pin::pin!(open.run(&step, &mut sink)), std::pin::pin!(meanwhile));
            let mut looked = false;
            loop {
                tokio::select! {
                    outcome = &mut running => break outcome?,
                    (wrong, no_box) = &mut meanwhile, if !looked => {
                        looked = true;
                        seen.wrong = wrong;
                        seen.failed.extend(no_box.then(|| "new_box".to_owned()));
                    }
                    () = tokio::time::sleep(Duration::from_millis(10)) => {}
                }
                if !looked {
                    growth.look(self.uncharged());
                }
            }
        };
        let (failed, words) = self.witnesses.failed();
        seen.failed.extend(failed);
        seen.uncharged_kib = growth.most_kib;
        seen.wrong.extend(words);
        judge(case, &outcome, &sink.heard, &mut seen);
        Ok(seen)
    }

    fn uncharged(&self) -> Uncharged {
        self.ledger.as_ref().map(Ledger::uncharged).unwrap_or_default()
    }

    /// The least of some looks, once what was there before is given up: the kernel frees much of it a little later.
    async fn settled(&self) -> Uncharged {
        let mut least = self.uncharged();
        let mut quiet = 0;
        for _ in 0..60 {
            tokio::time::sleep(Duration::from_millis(10)).await;
            let now = self.uncharged();
            // Still falling: what is left after five looks is what there is.
            quiet = if least.growth_kib(now) > 256 { 0 } else { quiet + 1 };
            least = least.least(now);
            if quiet == 5 {
                break;
            }
        }
        least
    }
}

fn judge(case: &Case, outcome: &Outcome, heard: &Heard, seen: &mut Seen) {
    let text = String::from_utf8_lossy(&heard.stdout).into_owned();
    let held = text.trim_end().strip_prefix("holding ");
    seen.holding = held.map_or_else(|| format!("nothing, ended by {:?}", outcome.limit), str::to_owned);
    if !case.ends.iter().any(|end| end.is(outcome)) {
        seen.wrong.push(format!("ended as {outcome:?}, not as {:?}; {heard}", case.ends));
    }
    if text.contains("BREACH") || (End::Code(0).is(outcome) && held.is_none()) {
        seen.wrong.push(heard.to_string());
    }
}

/// Captures output and notifies `says` when the program has printed its first line: it then holds all that it could get.
pub(crate) struct NotifyingSink {
    pub(crate) heard: Heard,
    says: UnboundedSender<()>,
}

impl NotifyingSink {
    pub(crate) fn new(says: UnboundedSender<()>) -> Self {
        Self { heard: Heard::default(), says }
    }
}

impl Sink for NotifyingSink {
    fn write(&mut self, stream: Stream, bytes: &[u8]) {
        self.heard.write(stream, bytes);
        if stream == Stream::Stdout && self.heard.stdout.contains(&b'\n') {
            // The receiver is gone once the program was looked at.
            let _ = self.says.send(());
        }
    }
}
