//! `cargo xtask attack --load`: how long a good tenant waits for a verdict while thousands of connections say nothing, slow
//! uploads never end, and heads of requests stay half sent. A measurement, not a test: it prints, and fails on wrong verdicts.

mod crowd;

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::{Value, json};

use crate::process::{Process, until};
use crate::shell::{read, say};
use crowd::Crowd;

/// Verdicts of which the slowest hundredth is looked at.
const JOBS: usize = 400;
/// The most that the slowest hundredth may take, of what it takes in peace; printed next to what it took.
const TARGET: f64 = 2.0;

/// Builds nothing: with `target/release/optimus` if that is there, else the one for debugging.
pub(super) fn load(root: &Path) -> anyhow::Result<()> {
    raise_open_files()?;
    let state = tempfile::tempdir()?;
    let release = root.join("target/release/optimus");
    let binary = if release.is_file() { release } else { root.join("target/debug/optimus") };
    ensure!(binary.is_file(), "`{}` is not built: cargo build -p optimus", binary.display());
    let optimus = |words: &[&str]| {
        let mut command = Command::new(&binary);
        command.args(words).arg("--state").arg(state.path());
        command
    };
    let key = |tenant: &str| -> anyhow::Result<String> {
        let key = read(&mut optimus(&["keys", "create", "--tenant", tenant]))?;
        Ok(format!("Bearer {}", key.trim()))
    };
    let (good, bad) = (key("good")?, key("bad")?);
    let mut command = optimus(&["serve", "--listen", "127.0.0.1:0", "--log", "error", "--no-pull"]);
    let (_server, base) = Process::listening(command.arg("--plugins").arg(root.join("plugins")))?;
    let tenant = Tenant::of(base.clone(), good);
    until("bash can be judged", || tenant.judge().ok().filter(|verdict| verdict == "accepted"))?;
    let quiet = tenant.latencies()?;
    say(&format!("quiet: {quiet}"));
    let address = base.strip_prefix("http://").context("the server listens elsewhere")?.parse()?;
    let mut worst: f64 = 0.0;
    for (what, crowd) in crowd::ALL {
        let crowd = Crowd::gather(address, &bad, crowd);
        let beside = tenant.latencies()?;
        let times = beside.p99.as_secs_f64() / quiet.p99.as_secs_f64();
        worst = worst.max(times);
        say(&format!("next to {what}: {beside}, {times:.2} × quiet ({})", crowd.disperse()));
    }
    say(&format!("the slowest hundredth took at most {worst:.2} × as long; the target is {TARGET} ×"));
    Ok(())
}

struct Tenant {
    base: String,
    key: String,
    agent: ureq::Agent,
}

impl Tenant {
    fn of(base: String, key: String) -> Self {
        let patience = Some(Duration::from_secs(60));
        let config = ureq::Agent::config_builder().http_status_as_error(false).timeout_global(patience).build();
        Self { base, key, agent: config.into() }
    }

    /// The verdict of one small job.
    fn judge(&self) -> anyhow::Result<String> {
        let job =
            json!({"language": "bash", "source": "read -r n; echo $n", "tests": [{"stdin": "7\n", "expect": "7\n"}]});
        let post = self.agent.post(format!("{}/v1/jobs?wait=30s", self.base)).header("authorization", &self.key);
        let answer: Value = post.send_json(job)?.body_mut().read_json()?;
        Ok(answer["report"]["verdict"].as_str().with_context(|| format!("no verdict: {answer}"))?.to_owned())
    }

    fn latencies(&self) -> anyhow::Result<Latencies> {
        let mut all = Vec::new();
        for _ in 0..JOBS {
            let start = Instant::now();
            let verdict = self.judge()?;
            ensure!(verdict == "accepted", "the good tenant's program is `{verdict}`");
            all.push(start.elapsed());
        }
        all.sort_unstable();
        Ok(Latencies { median: all[JOBS / 2], p99: all[JOBS * 99 / 100] })
    }
}

struct Latencies {
    median: Duration,
    p99: Duration,
}

impl std::fmt::Display for Latencies {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ms = |duration: Duration| duration.as_secs_f64() * 1000.0;
        write!(f, "median {:.1} ms, p99 {:.1} ms", ms(self.median), ms(self.p99))
    }
}

fn raise_open_files() -> anyhow::Result<()> {
    let most = getrlimit(Resource::Nofile).maximum;
    setrlimit(Resource::Nofile, Rlimit { current: most, maximum: most })?;
    let needed = crowd::ALL.iter().map(|(_, crowd)| crowd.connections() as u64).max().unwrap_or(0) + 64;
    ensure!(most.is_none_or(|most| most > needed), "{needed} open files are needed; raise the hard limit (ulimit -Hn)");
    Ok(())
}
