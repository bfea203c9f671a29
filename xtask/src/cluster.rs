//! `cargo xtask cluster-demo` and `chaos`: the cluster as processes of this machine, under load, while parts of it are
//! killed. Afterwards every job has to have exactly one report, and its webhook has been delivered.

mod curve;
mod keda;
mod processes;
mod receiver;
mod store;
mod submit;

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context as _;

use self::curve::Curve;
use self::processes::{Cluster, Shape};
use self::receiver::Receiver;
pub(crate) use self::store::Kind;
use crate::shell::{build_program, say};
use crate::{plugins, setup};

/// Size of the cluster and its load.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Args {
    /// Jobs to submit [default: 2,000; for chaos 10,000]
    #[arg(long)]
    jobs: Option<usize>,
    /// Workers to `kill -9` meanwhile [default: 10; for chaos 100]
    #[arg(long)]
    kills: Option<usize>,
    /// Where the queue is
    #[arg(long, value_enum, default_value_t = Kind::Redis)]
    queue: Kind,
    /// The backend that programs run in
    #[arg(long, default_value = "native")]
    sandbox: String,
    /// Slots of each worker
    #[arg(long, default_value_t = 2)]
    slots: usize,
    /// With the binary and the plugins that are built already
    #[arg(long)]
    no_build: bool,
    /// A minute's worth, as a test
    #[arg(long)]
    small: bool,
}

struct Plan {
    jobs: usize,
    kills: usize,
    api_kills: usize,
    store_kills: usize,
    queue: Kind,
    sandbox: String,
    slots: usize,
}

/// Kills workers only.
pub(crate) fn demo(root: &Path, args: &Args) -> anyhow::Result<()> {
    build(root, args)?;
    let (jobs, kills) = (args.jobs.unwrap_or(2_000), args.kills.unwrap_or(10));
    let (queue, sandbox, slots) = (args.queue, args.sandbox.clone(), args.slots);
    carry_out(root, &Plan { jobs, kills, api_kills: 0, store_kills: 0, queue, sandbox, slots })
}

/// Has workers come and go by KEDA's formulas.
pub(crate) fn keda_demo(root: &Path, args: &Args) -> anyhow::Result<()> {
    build(root, args)?;
    keda::demo(root, args.queue, &args.sandbox)
}

/// Kills everything.
pub(crate) fn chaos(root: &Path, args: &Args) -> anyhow::Result<()> {
    build(root, args)?;
    if args.small {
        return small_chaos(root, args.queue);
    }
    let (jobs, kills) = (args.jobs.unwrap_or(10_000), args.kills.unwrap_or(100));
    let (queue, sandbox, slots) = (args.queue, args.sandbox.clone(), args.slots);
    let (api_kills, store_kills) = (kills.div_ceil(10), kills.div_ceil(30));
    carry_out(root, &Plan { jobs, kills, api_kills, store_kills, queue, sandbox, slots })
}

/// KEDA's formulas, as a test.
pub(crate) fn keda(root: &Path) -> anyhow::Result<()> {
    keda::demo(root, Kind::Redis, "native")
}

/// As much of it as fits into a minute.
pub(crate) fn small_chaos(root: &Path, queue: Kind) -> anyhow::Result<()> {
    let sandbox = "native".to_owned();
    let plan = Plan { jobs: 300, kills: 6, api_kills: 1, store_kills: 1, queue, sandbox, slots: 2 };
    carry_out(root, &plan)
}

fn build(root: &Path, args: &Args) -> anyhow::Result<()> {
    if args.no_build {
        return Ok(());
    }
    setup::targets()?;
    setup::test_tools()?;
    plugins::build(root, &[])?;
    build_program(root, "optimus")
}

/// Between two kills, at least; a kill must leave time for some work.
const PAUSE: Duration = Duration::from_millis(300);
/// Everything has to be over by then, however slow the machine.
const PATIENCE: Duration = Duration::from_secs(1_800);

fn carry_out(root: &Path, plan: &Plan) -> anyhow::Result<()> {
    let (queue, sandbox, slots) = (plan.queue, plan.sandbox.clone(), plan.slots);
    let shape = Shape { queue, sandbox, slots, workers: 3, most: 3, offered: false };
    let cluster = Cluster::start(root, &shape)?;
    let languages = cluster.languages()?;
    let store = plan.queue.name();
    say(&format!("{store}, 2 API and 3 worker processes; {} jobs in {}", plan.jobs, languages.join(", ")));
    let receiver = Receiver::start()?;
    let start = Instant::now();
    let deadline = start + PATIENCE;
    let (ids, curve) = std::thread::scope(|scope| {
        let curve = scope.spawn(|| Curve::record(&cluster, &languages, plan.slots));
        let submitting = scope.spawn(|| submit::submit(&cluster, &languages, plan.jobs, &receiver, deadline));
        let killed = disturb(&cluster, plan, &languages, deadline);
        let ids = submitting.join().map_err(|_| anyhow::anyhow!("submitting panicked")).and_then(|ids| ids);
        let ended = ids.and_then(|ids| submit::reports(&cluster, &ids, deadline).map(|reports| (ids, reports)));
        cluster.finish();
        let curve = curve.join().map_err(|_| anyhow::anyhow!("recording panicked"))?;
        killed?;
        anyhow::Ok((ended?, curve))
    })?;
    let (ids, reports) = ids;
    let took = start.elapsed();
    let (begun, finished, outstanding) = cluster.counts(&languages)?;
    let lost = plan.jobs - reports.len();
    let twice = finished.saturating_sub(ids.len());
    #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52 jobs")]
    let rate = plan.jobs as f64 / took.as_secs_f64();
    say(&format!(
        "killed: {} workers, {} API processes, {store} {} times",
        plan.kills, plan.api_kills, plan.store_kills
    ));
    say(&format!("{rate:.0} jobs/s over {:.1} s; {begun} runs for {} jobs", took.as_secs_f64(), plan.jobs));
    say(&format!("replicas that KEDA would ask for (outstanding / {} slots): {}", plan.slots, curve.show()));
    say(&format!("lost = {lost}, duplicated = {twice}, outstanding = {outstanding}"));
    let wrong: Vec<_> = reports.iter().filter(|(_, verdict)| *verdict != "accepted").collect();
    anyhow::ensure!(wrong.is_empty(), "not accepted: {:?}", &wrong[..wrong.len().min(5)]);
    anyhow::ensure!(lost == 0 && twice == 0 && finished == ids.len(), "jobs were lost or reported twice");
    anyhow::ensure!(outstanding == 0, "jobs are left");
    say(&receiver.check(&ids, deadline)?);
    curve.check().context("the replicas that KEDA would have asked for")
}

/// Kills one thing after another until everything that was to be killed is.
fn disturb(cluster: &Cluster, plan: &Plan, languages: &[String], deadline: Instant) -> anyhow::Result<()> {
    let mut victims = vec![0; plan.kills];
    victims.extend(vec![1; plan.api_kills]);
    victims.extend(vec![2; plan.store_kills]);
    let mut chance = Chance::new();
    while !victims.is_empty() && Instant::now() < deadline {
        std::thread::sleep(PAUSE + Duration::from_millis(chance.below(300) as u64));
        // The queue is not left for the end, when there may be nothing to lose any more.
        let next = victims.swap_remove(chance.below(victims.len()));
        match next {
            0 => cluster.kill_worker(chance.below(3))?,
            1 => cluster.kill_api(chance.below(2))?,
            _ => cluster.kill_store()?,
        }
        if cluster.outstanding(languages) == Some(0) && cluster.is_submitted() {
            victims.clear();
        }
    }
    Ok(())
}

/// Chance enough to choose victims by.
struct Chance(u64);

impl Chance {
    fn new() -> Self {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Self(now.as_secs() ^ u64::from(now.subsec_nanos()) << 20 | 1)
    }

    fn below(&mut self, most: usize) -> usize {
        // xorshift64
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap_or_default() % most.max(1)
    }
}
