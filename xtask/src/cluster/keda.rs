//! `cargo xtask keda-demo`: workers come and go as KEDA and the autoscaler would have it, by their formulas over a real
//! queue under load. Two waves of jobs, and silence between them.
//!
//! What has to hold: replicas follow the outstanding work, are never none while a job runs, and are none when all is done.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};

use super::processes::{Cluster, Shape};
use super::store::Kind;
use super::submit;
use crate::shell::say;

/// As in the manifests, but that minutes are seconds here.
const POLL: Duration = Duration::from_millis(250);
const COOLDOWN: Duration = Duration::from_secs(2);
const SCALE_DOWN_WINDOW: Duration = Duration::from_secs(1);
/// The autoscaler lets small differences be.
const TOLERANCE: f64 = 0.1;

const LANGUAGE: &str = "bash";
const SLOTS: usize = 2;
const MAX: usize = 4;
const WAVES: [usize; 2] = [40, 16];
/// Each wave has to be over by then, however slow the machine.
const PATIENCE: Duration = Duration::from_secs(300);

/// One observation.
#[derive(Debug, Clone, Copy)]
struct Look {
    outstanding: usize,
    running: usize,
    replicas: usize,
}

/// KEDA from zero to one and back, the autoscaler between.
struct Scaler {
    replicas: usize,
    last_active: Option<Instant>,
    wishes: Vec<(Instant, usize)>,
}

impl Scaler {
    fn new() -> Self {
        Self { replicas: 0, last_active: None, wishes: Vec::new() }
    }

    /// The number of workers from now on.
    fn decide(&mut self, outstanding: usize, now: Instant) -> usize {
        if outstanding > 0 {
            self.last_active = Some(now);
        }
        let cooling = self.last_active.is_some_and(|active| now - active < COOLDOWN);
        if outstanding == 0 && !cooling {
            self.wishes.clear();
            self.replicas = 0;
            return 0;
        }
        let wish = self.wish(outstanding);
        self.wishes.push((now, wish));
        self.wishes.retain(|(at, _)| now - *at <= SCALE_DOWN_WINDOW);
        // Down only to the highest wish of late.
        let lately = self.wishes.iter().map(|(_, wish)| *wish).max().unwrap_or(wish);
        self.replicas = if wish >= self.replicas { wish } else { lately.min(self.replicas) };
        self.replicas
    }

    /// `ceil(outstanding / target)`, unless that is nearly what there is.
    fn wish(&self, outstanding: usize) -> usize {
        #[expect(clippy::cast_precision_loss, reason = "a few hundred")]
        let ratio = outstanding as f64 / (SLOTS * self.replicas.max(1)) as f64;
        let wish = if (ratio - 1.0).abs() <= TOLERANCE { self.replicas } else { outstanding.div_ceil(SLOTS) };
        wish.clamp(1, MAX)
    }
}

/// Runs it, and holds what was seen against what has to hold.
pub(crate) fn demo(root: &Path, queue: Kind, sandbox: &str) -> anyhow::Result<()> {
    let cluster = Cluster::start(
        root,
        &Shape { queue, sandbox: sandbox.to_owned(), slots: SLOTS, workers: 0, most: MAX, offered: true },
    )?;
    let mut scaler = Scaler::new();
    let mut looks = Vec::new();
    for (wave, jobs) in WAVES.into_iter().enumerate() {
        let deadline = Instant::now() + PATIENCE;
        let ids = submit::slow(&cluster, LANGUAGE, jobs, deadline)?;
        let begun = looks.len();
        while looks[begun..].last().is_none_or(|look: &Look| look.replicas > 0 || look.outstanding > 0) {
            ensure!(Instant::now() < deadline, "wave {wave} is not over: {:?}", looks.last());
            looks.push(look(&cluster, &mut scaler)?);
            std::thread::sleep(POLL);
        }
        let reports = submit::reports(&cluster, &ids, deadline)?;
        let wrong = reports.values().filter(|verdict| *verdict != "accepted").count();
        ensure!(
            reports.len() == jobs && wrong == 0,
            "of {jobs} jobs {} have a report, {wrong} a wrong one",
            reports.len()
        );
        let most = looks[begun..].iter().map(|look| look.replicas).max().unwrap_or_default();
        ensure!(most == MAX.min(jobs.div_ceil(SLOTS)), "wave {wave} rose to {most} replicas only");
    }
    let curve: Vec<String> =
        looks.iter().step_by(looks.len().div_ceil(60).max(1)).map(|look| look.replicas.to_string()).collect();
    say(&format!("replicas, look by look: {}", curve.join(" ")));
    let alone = looks.iter().filter(|look| look.running > 0 && look.replicas == 0).count();
    ensure!(alone == 0, "{alone} times jobs ran and there was to be no replica");
    let (begun, finished, outstanding) = cluster.counts(&[LANGUAGE.to_owned()])?;
    let jobs: usize = WAVES.iter().sum();
    say(&format!(
        "{jobs} jobs, {begun} runs, {finished} reports, {outstanding} outstanding; from zero to {MAX} and back, twice"
    ));
    ensure!(finished == jobs, "a job was lost, or reported twice");
    cluster.all_left(Instant::now() + PATIENCE)?;
    ensure!(outstanding == 0 && looks.last().is_some_and(|look| look.replicas == 0), "not zero at the end");
    Ok(())
}

/// Looks, decides, and has workers start and stop.
fn look(cluster: &Cluster, scaler: &mut Scaler) -> anyhow::Result<Look> {
    let (outstanding, running) = cluster.depth_and_running(LANGUAGE).context("the queue's server does not answer")?;
    let replicas = scaler.decide(outstanding, Instant::now());
    cluster.scale(replicas)?;
    Ok(Look { outstanding, running, replicas })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replicas_follow_the_work_and_outlast_it_a_little() {
        let mut scaler = Scaler::new();
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        assert_eq!(scaler.decide(0, at(0)), 0);
        assert_eq!(scaler.decide(1, at(250)), 1);
        assert_eq!(scaler.decide(5, at(500)), 3);
        assert_eq!(scaler.decide(100, at(750)), MAX);
        assert_eq!(scaler.decide(3, at(1000)), MAX, "not down at once");
        assert_eq!(scaler.decide(3, at(2100)), 2);
        assert_eq!(scaler.decide(0, at(3500)), 1, "cooling down");
        assert_eq!(scaler.decide(0, at(4200)), 0);
    }

    #[test]
    fn nearly_enough_is_enough() {
        let mut scaler = Scaler { replicas: 3, last_active: None, wishes: Vec::new() };
        // 6 slots for 6 jobs, and for none more than a tenth above.
        assert_eq!(scaler.decide(6, Instant::now()), 3);
        assert_eq!(scaler.wish(7), 4);
    }
}
