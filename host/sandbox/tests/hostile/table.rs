//! The table of attacks against one backend, row by row, while the witnesses work.

use std::collections::BTreeSet;
use std::os::unix::fs::MetadataExt as _;
use std::time::{Duration, Instant};

use optimus_sandbox::Sandbox;

use crate::HELPERS;
use crate::baseline::Baseline;
use crate::head::Kind;
use crate::held::members;
use crate::host::{self, Canaries};
use crate::memory::Ledger;
use crate::programs::Program;
use crate::record;
use crate::run::Range;
use crate::witness::Witnesses;

/// The backend whose boxes have subordinate ids of an ordinary user.
pub(crate) const GRANTED: &str = "granted";

/// What is run, and against what.
pub(crate) struct Table<'a> {
    pub(crate) backend: &'static str,
    pub(crate) image: &'a str,
    pub(crate) programs: Vec<Program>,
    pub(crate) canaries: Canaries,
    /// What this process held before there was a sandbox.
    pub(crate) before: Baseline,
    pub(crate) which: fn(&Program) -> bool,
    /// The command that becomes an attack, where attacks run as warm children.
    pub(crate) launcher: Option<String>,
}

/// Programs for boxes that count neither memory nor processes: those that end by themselves.
pub(crate) fn needs_no_group(program: &Program) -> bool {
    program.head.kind != Kind::Plain || program.name == "private_files"
}

/// What went wrong, and how much was run.
#[derive(Default)]
struct Tally {
    failures: Vec<String>,
    runs: usize,
    /// (attack, KiB): the most kernel memory that no control group was charged for.
    most: (String, u64),
}

impl Table<'_> {
    /// Runs all of it. `sandbox` is given by value: once it is dropped, nothing of it may be left.
    pub(crate) async fn run(self, sandbox: Box<dyn Sandbox>) {
        let only = std::env::var("OPTIMUS_TEST_ATTACK").ok();
        let find = |name: &str| self.programs.iter().find(|program| program.name == name).unwrap();
        let witnesses = Witnesses::start(&*sandbox, self.image, find("witness")).await.unwrap();
        println!("refused in every box: {}", witnesses.refused_in_boxes().join(" "));
        let range = Range {
            sandbox: &*sandbox,
            image: self.image,
            probe: find("probe"),
            canaries: &self.canaries,
            witnesses: &witnesses,
            launcher: self.launcher.clone(),
            ledger: Ledger::find(),
        };
        let mut tally = Tally::default();
        let mut warm = None;
        for program in &self.programs {
            let helps = HELPERS.contains(&&*program.name);
            if !helps
                && (self.which)(program)
                && only.as_ref().is_none_or(|only| only.split(',').any(|only| only == program.name))
            {
                self.row(&range, program, &mut tally).await;
                warm.get_or_insert_with(|| Baseline::take().descriptors);
            }
        }
        // A pool may hold a few boxes, each with a few descriptors; what leaks, leaks once a run.
        let descriptors = Baseline::take().descriptors;
        let Tally { mut failures, runs, most } = tally;
        if descriptors > warm.unwrap_or(descriptors) + 40 {
            failures.push(format!("{descriptors} descriptors are open after {runs} runs, {warm:?} after the first"));
        }
        // The table itself holds some 300 MiB of programs and input; a gigabyte that was printed would show.
        let peak = host::peak_mib();
        if peak > 900 {
            failures.push(format!("we held {peak} MiB at once"));
        }
        let measured = range.ledger.is_some();
        failures.extend(witnesses.stop().await);
        drop((self.canaries, sandbox));
        let before = self.before;
        let excess = tokio::task::spawn_blocking(move || before.excess(Duration::from_secs(30))).await.unwrap();
        failures.extend(excess.map(|excess| format!("left on the host: {excess}")));
        assert!(runs > 0, "no attack is called {only:?}");
        assert!(failures.is_empty(), "{} of {runs} runs:\n{}", failures.len(), failures.join("\n"));
        let uncharged = match measured {
            true => {
                format!("at most {} KiB of kernel memory that no control group was charged for ({})", most.1, most.0)
            }
            false => "no control group to tell what is charged".to_owned(),
        };
        println!("{runs} runs of {} attacks; {uncharged}", self.programs.len() - HELPERS.len());
    }

    async fn row(&self, range: &Range<'_>, program: &Program, tally: &mut Tally) {
        if program.head.kind == Kind::Held {
            return self.held(range, program, tally).await;
        }
        let mut failed = BTreeSet::new();
        for case in members(program) {
            let start = Instant::now();
            let mut wrong = match program.head.kind {
                Kind::Pair => range.pair(program, case).await.unwrap_or_else(|error| vec![error.to_string()]),
                _ => range.attack(program, case).await,
            };
            let (works, words) = range.witnesses.failed();
            failed.extend(works);
            wrong.extend(words);
            self.tell(program, &case.args.join(" "), &wrong, start, tally);
        }
        record::witness(self.backend, &program.name, 0, &failed);
    }

    async fn held(&self, range: &Range<'_>, program: &Program, tally: &mut Tally) {
        let start = Instant::now();
        let all = match range.hold(program).await {
            Ok(all) => all,
            Err(error) => return self.tell(program, "", &[format!("the backend failed: {error}")], start, tally),
        };
        let (mut most, mut failed) = (0, BTreeSet::new());
        for (name, seen) in all {
            most = most.max(seen.uncharged_kib);
            failed.extend(seen.failed);
            let said = format!("{name}, held {}, {} KiB uncharged,", seen.holding, seen.uncharged_kib);
            self.tell(program, &said, &seen.wrong, start, tally);
            if seen.uncharged_kib > tally.most.1 {
                tally.most = (format!("{} {name}", program.name), seen.uncharged_kib);
            }
        }
        record::witness(self.backend, &program.name, most, &failed);
    }

    fn tell(&self, program: &Program, case: &str, wrong: &[String], start: Instant, tally: &mut Tally) {
        let is_open = program.head.open || self.is_of_one_account(program, wrong);
        let [shown, word] = match (wrong.is_empty(), is_open) {
            (true, _) => ["ok  ", "held"],
            (false, true) => ["OPEN", "open"],
            (false, false) => ["FAIL", "failed"],
        };
        println!("{shown} {} {case} {} ms", program.name, start.elapsed().as_millis());
        wrong.iter().for_each(|wrong| println!("     {wrong}"));
        record::line(self.backend, &program.name, word);
        if !is_open {
            let name = format!("{} {case}", program.name);
            tally.failures.extend(wrong.iter().map(|wrong| format!("{}: {wrong}", name.trim_end())));
        }
        tally.runs += 1;
    }

    /// Whether all that is wrong is what the kernel counts for an account, and all boxes are one: descriptors under way
    /// and pages of pipes, which it gives back some time after the attack that took them.
    fn is_of_one_account(&self, program: &Program, wrong: &[String]) -> bool {
        let is_pool = |wrong: &String| {
            self.programs.iter().flat_map(|program| &program.head.account).any(|work| {
                wrong.ends_with(&format!(": {work}=ETOOMANYREFS")) || wrong.ends_with(&format!(": {work}=EPERM"))
            })
        };
        let is_known = |wrong: &String| {
            is_pool(wrong) || (wrong.contains("no new box opens meanwhile") && !program.head.account.is_empty())
        };
        (self.backend == "user" || self.backend == "native" && !is_root()) && wrong.iter().all(is_known)
    }
}

/// An ordinary user's boxes are all of that user's account.
fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}
