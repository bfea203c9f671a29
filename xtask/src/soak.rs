//! `cargo xtask soak`: thousands of mixed jobs, one in twenty hostile, against one server; then whether it holds more than
//! it did before, and how long a quiet tenant waits while another floods.

mod jobs;
mod service;
mod watch;

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::ensure;

use crate::shell::{build_program, say};
use crate::{daemon, images, plugins, setup};
use jobs::Kind;
use service::Service;
use watch::Held;

/// Size and time of the soak.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Args {
    /// Jobs to submit [default: 5,000]
    #[arg(long)]
    jobs: Option<usize>,
    /// A minute's worth, as a test
    #[arg(long)]
    short: bool,
    /// The backend that programs run in
    #[arg(long, default_value = "native")]
    sandbox: String,
    /// Where jobs wait
    #[arg(long, default_value = "embedded", value_parser = ["embedded", "redis"])]
    queue: String,
    /// With the binary and the plugins that are built already
    #[arg(long)]
    no_build: bool,
}

/// Submitters at the same time: more than there are slots, so that jobs wait.
const SUBMITTERS: usize = 6;
/// One of this many jobs is hostile.
const HOSTILE_EVERY: usize = 20;
/// Jobs of the quiet tenant, alone and beside a flood.
const QUIET_JOBS: usize = 40;
/// Number of jobs that the flooding tenant keeps waiting.
const FLOOD: usize = 120;
/// The server may have learned something, as allocators do; more is a leak.
const SLACK_MIB: u64 = 48;

/// As much of it as fits into a minute.
pub(crate) fn short(root: &Path, sandbox: &str) -> anyhow::Result<()> {
    carry_out(root, sandbox, "embedded", 300)
}

/// Builds, and soaks.
pub(crate) fn soak(root: &Path, args: &Args) -> anyhow::Result<()> {
    if !args.no_build {
        setup::targets()?;
        setup::test_tools()?;
        plugins::build(root, &[])?;
        build_program(root, "optimus")?;
    }
    let daemon = if args.sandbox == "docker" { daemon::ensure()? } else { None };
    if args.sandbox == "docker" && !args.no_build {
        images::some(root, &crate::test::IMAGES)?;
    }
    let jobs = args.jobs.unwrap_or(if args.short { 300 } else { 5_000 });
    let soaked = carry_out(root, &args.sandbox, &args.queue, jobs);
    drop(daemon);
    soaked
}

fn carry_out(root: &Path, sandbox: &str, queue: &str, jobs: usize) -> anyhow::Result<()> {
    let outside = Held::outside(sandbox);
    let service = Service::start(root, sandbox, queue)?;
    say(&format!("{jobs} jobs, one in {HOSTILE_EVERY} hostile; {sandbox} boxes, {queue} queue"));
    // Every pool is filled and every cache warm before the first look.
    submit(&service, SUBMITTERS * 12)?;
    let before = Held::by(&service, sandbox);
    let start = Instant::now();
    submit(&service, jobs)?;
    let took = start.elapsed().as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52 jobs")]
    let rate = jobs as f64 / took;
    say(&format!("{jobs} jobs in {took:.1} s, {rate:.0} a second; each had one of its verdicts"));
    let quiet = latencies(&service)?;
    let flooding = flood(&service)?;
    let beside = latencies(&service)?;
    say(&format!("a quiet tenant's job: {quiet} alone; {beside} beside a flood of {flooding} jobs"));
    service.idle()?;
    let after = before.settled(Duration::from_secs(60), || Held::by(&service, sandbox));
    say(&format!("held before: {before}\nheld after:  {after}"));
    service.stop()?;
    let left = outside.settled(Duration::from_secs(60), || Held::outside(sandbox));
    ensure!(after.is_no_more_than(&before), "the server holds more than before");
    ensure!(left.is_no_more_than(&outside), "left behind: {left}, before: {outside}");
    // One slot is never the flood's, so its jobs, which take a second each, are not waited for; a busy machine is given two.
    let excused = quiet.p99 + Duration::from_millis(jobs::FLOOD_MS) * 2;
    ensure!(beside.p99 <= (quiet.p99 * 3).max(excused), "the quiet tenant waits for the flood");
    Ok(())
}

/// Submits jobs concurrently; every verdict has to be one of the job's.
fn submit(service: &Service, count: usize) -> anyhow::Result<()> {
    let next = AtomicUsize::new(0);
    let one = || -> anyhow::Result<()> {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= count {
                return Ok(());
            }
            let hostile = number % HOSTILE_EVERY == HOSTILE_EVERY - 1;
            let job = if hostile { jobs::hostile(number / HOSTILE_EVERY) } else { jobs::honest(number) };
            let verdict = service.judge(Kind::Honest, &job.request)?;
            ensure!(job.verdicts.contains(&verdict.as_str()), "{verdict}, not {:?}: {}", job.verdicts, job.request);
        }
    };
    std::thread::scope(|scope| {
        let submitters: Vec<_> = (0..SUBMITTERS).map(|_| scope.spawn(one)).collect();
        submitters
            .into_iter()
            .try_for_each(|submitter| submitter.join().unwrap_or_else(|_| Err(anyhow::anyhow!("a submitter panicked"))))
    })
}

/// Leaves the flooding tenant's jobs in the queue, and does not wait for them.
fn flood(service: &Service) -> anyhow::Result<usize> {
    (0..FLOOD).try_for_each(|_| service.leave(&jobs::flood()))?;
    Ok(FLOOD)
}

struct Latencies {
    median: Duration,
    p99: Duration,
}

impl std::fmt::Display for Latencies {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "median {} ms, p99 {} ms", self.median.as_millis(), self.p99.as_millis())
    }
}

/// One job after another, as a person would.
fn latencies(service: &Service) -> anyhow::Result<Latencies> {
    let mut all = Vec::new();
    for number in 0..QUIET_JOBS {
        let job = jobs::honest(number);
        let start = Instant::now();
        let verdict = service.judge(Kind::Quiet, &job.request)?;
        all.push(start.elapsed());
        ensure!(job.verdicts.contains(&verdict.as_str()), "{verdict}, not {:?}: {}", job.verdicts, job.request);
    }
    all.sort_unstable();
    Ok(Latencies { median: all[all.len() / 2], p99: all[all.len() * 99 / 100] })
}
