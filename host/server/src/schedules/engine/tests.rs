use std::collections::{BTreeMap, HashMap};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use optimus_core::{Fault, JobId};
use optimus_schedules::Spec;

use super::running::Running;
use super::*;
use crate::schedules::action::{Firing, Refused, Started, State};
use crate::schedules::definition::{Definition, Owner, Policies, Request, Starts, new_id};
use crate::schedules::overlap::Overlap;
use crate::schedules::progress::Progress;

/// A queue that keeps one job of each key.
#[derive(Default)]
struct Jobs {
    by_key: Mutex<BTreeMap<String, JobId>>,
    submitted: AtomicU64,
    states: Mutex<HashMap<JobId, State>>,
    cancelled: Mutex<Vec<JobId>>,
    refusal: Mutex<Option<Refused>>,
}

#[async_trait]
impl Action for Jobs {
    async fn start(&self, _: &Definition, firing: Firing<'_>) -> Result<Started, Refused> {
        if let Some(refusal) = self.refusal.lock().unwrap().clone() {
            return Err(refusal);
        }
        self.submitted.fetch_add(1, Ordering::SeqCst);
        let id = *self.by_key.lock().unwrap().entry(firing.key.to_owned()).or_insert_with(JobId::new);
        self.states.lock().unwrap().entry(id).or_insert(State::Open);
        Ok(Started::Job(id))
    }

    async fn state(&self, started: &Started) -> anyhow::Result<State> {
        Ok(self.states.lock().unwrap().get(&job(started)).copied().unwrap_or(State::Ended))
    }

    async fn cancel(&self, started: &Started) -> anyhow::Result<()> {
        self.cancelled.lock().unwrap().push(job(started));
        Ok(())
    }
}

fn job(started: &Started) -> JobId {
    match started {
        Started::Job(id) => *id,
        Started::Run { run } => panic!("run {run}"),
    }
}

impl Jobs {
    fn count(&self) -> usize {
        self.by_key.lock().unwrap().len()
    }

    fn end_all(&self, state: State) {
        self.states.lock().unwrap().values_mut().for_each(|of| *of = state);
    }
}

/// Midnight of a day in 2026, when the tests begin.
const BEGIN: u64 = 1_780_272_000_000;
const HOUR: u64 = 3_600_000;

struct Bench {
    store: Arc<ScheduleStore>,
    jobs: Arc<Jobs>,
    clock: Arc<AtomicU64>,
    _dir: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (store, clock) = (Arc::new(ScheduleStore::files(dir.path())), Arc::new(AtomicU64::new(BEGIN)));
        Self { store, jobs: Arc::default(), clock, _dir: dir }
    }

    /// An engine of a process that has just started.
    fn engine(&self) -> Running {
        let clock = Arc::clone(&self.clock);
        Running::new(Seams {
            store: Arc::clone(&self.store),
            action: self.jobs.clone(),
            longest_catch_up: Duration::from_secs(24 * 3600),
            now: Arc::new(move || Timestamp(clock.load(Ordering::SeqCst))),
            metrics: Arc::default(),
            announce: Arc::new(|_, _| ()),
        })
    }

    /// A schedule that fires each hour.
    async fn hourly(&self, policies: Policies) -> Definition {
        let definition = Definition {
            id: new_id(),
            name: None,
            owner: Owner::default(),
            created_at: Timestamp(BEGIN),
            active_from: Timestamp(BEGIN),
            spec: Spec { cron: vec!["@hourly".to_owned()], ..Spec::default() },
            starts: Starts::Job(serde_json::json!({"language": "toy", "source": "x"})),
            job_bytes: 0,
            policies,
            paused: false,
            note: None,
        };
        self.store.put_definition(&definition).await.unwrap();
        definition
    }

    /// Sets the clock, and lets the engine look at everything.
    async fn at(&self, engine: &mut Running, since: u64) {
        self.clock.store(BEGIN + since, Ordering::SeqCst);
        engine.look_soon();
        engine.tick().await.unwrap();
    }

    async fn progress(&self, definition: &Definition) -> Progress {
        self.store.progress(&definition.id).await.unwrap()
    }
}

fn policies(overlap: Overlap) -> Policies {
    Policies { overlap, ..Policies::default() }
}

#[tokio::test]
async fn each_time_fires_once_whichever_engine_tries_and_whenever_one_is_killed() {
    let bench = Bench::new();
    let schedule = bench.hourly(policies(Overlap::AllowAll)).await;
    let (mut one, mut other) = (bench.engine(), bench.engine());
    for hour in 1..=3 {
        bench.at(&mut one, hour * HOUR).await;
        bench.at(&mut other, hour * HOUR + 1).await;
    }
    assert_eq!((bench.jobs.count(), bench.progress(&schedule).await.actions), (3, 3));
    // Killed after the job was submitted, and before the progress was stored.
    let before = bench.progress(&schedule).await;
    bench.at(&mut one, 4 * HOUR).await;
    bench.store.put_progress(&schedule.id, Some(&before)).await.unwrap();
    let mut restarted = bench.engine();
    bench.at(&mut restarted, 4 * HOUR + 5).await;
    assert_eq!(
        (bench.jobs.count(), bench.jobs.submitted.load(Ordering::SeqCst)),
        (4, 5),
        "the fifth is the fourth again"
    );
    assert_eq!(bench.progress(&schedule).await.actions, 4);
}

#[tokio::test]
async fn a_clock_that_is_set_back_repeats_nothing_and_one_set_forward_misses_what_is_too_late() {
    let bench = Bench::new();
    let schedule = bench.hourly(Policies { catch_up_s: 2 * 3600, ..policies(Overlap::AllowAll) }).await;
    let mut engine = bench.engine();
    for since in [2 * HOUR, HOUR, 0, 2 * HOUR] {
        bench.at(&mut engine, since).await;
    }
    assert_eq!(bench.jobs.count(), 2);
    bench.at(&mut engine, 12 * HOUR).await;
    let progress = bench.progress(&schedule).await;
    assert_eq!((progress.actions, progress.missed), (5, 7), "those of 10, 11 and 12 o'clock are within two hours");
}

#[tokio::test]
async fn while_a_job_runs_firings_are_skipped_wait_or_replace_it() {
    for (overlap, running, skipped, waiting) in [
        (Overlap::Skip, 1, 2, 0),
        (Overlap::BufferOne, 1, 1, 1),
        (Overlap::BufferAll, 1, 0, 2),
        (Overlap::CancelOther, 1, 1, 1),
        (Overlap::AllowAll, 3, 0, 0),
    ] {
        let bench = Bench::new();
        let schedule = bench.hourly(policies(overlap)).await;
        let mut engine = bench.engine();
        for hour in 1..=3 {
            bench.at(&mut engine, hour * HOUR).await;
        }
        let progress = bench.progress(&schedule).await;
        assert_eq!(
            (progress.running.len(), progress.skipped, progress.buffered()),
            (running, skipped, waiting),
            "{overlap:?}"
        );
        assert_eq!(bench.jobs.cancelled.lock().unwrap().is_empty(), overlap != Overlap::CancelOther);
        bench.jobs.end_all(State::Ended);
        bench.at(&mut engine, 3 * HOUR + 1_000).await;
        let progress = bench.progress(&schedule).await;
        let fired = usize::from(waiting > 0);
        assert_eq!((progress.running.len(), progress.buffered()), (fired, waiting - fired), "{overlap:?}");
    }
}

#[tokio::test]
async fn a_schedule_whose_owner_was_revoked_stops_until_it_is_resumed() {
    let bench = Bench::new();
    let schedule = bench.hourly(policies(Overlap::AllowAll)).await;
    let mut engine = bench.engine();
    *bench.jobs.refusal.lock().unwrap() =
        Some(Refused::Owner(Fault::new("owner_revoked", "the owner's key was revoked")));
    bench.at(&mut engine, HOUR).await;
    let halt = bench.progress(&schedule).await.halted.unwrap();
    assert_eq!(halt.reason, "the owner's key was revoked");
    *bench.jobs.refusal.lock().unwrap() = None;
    bench.at(&mut engine, 3 * HOUR).await;
    assert_eq!(bench.jobs.count(), 0);
    let resumed = Definition { active_from: Timestamp(BEGIN + 3 * HOUR + 1), ..schedule.clone() };
    bench.store.put_definition(&resumed).await.unwrap();
    bench.at(&mut engine, 4 * HOUR).await;
    assert_eq!(
        (bench.jobs.count(), bench.progress(&schedule).await.halted),
        (1, None),
        "what was due meanwhile is not fired"
    );
}

#[tokio::test]
async fn a_job_that_is_not_accepted_stops_the_schedule_if_it_says_so() {
    let bench = Bench::new();
    let schedule = bench.hourly(Policies { pause_on_failure: true, ..policies(Overlap::AllowAll) }).await;
    let mut engine = bench.engine();
    bench.at(&mut engine, HOUR).await;
    bench.jobs.end_all(State::Failed);
    bench.at(&mut engine, 2 * HOUR).await;
    assert!(bench.progress(&schedule).await.halted.is_some());
    assert_eq!(bench.jobs.count(), 1);
}

#[tokio::test]
async fn a_queue_that_is_full_is_tried_again() {
    let bench = Bench::new();
    let schedule = bench.hourly(policies(Overlap::Skip)).await;
    let mut engine = bench.engine();
    *bench.jobs.refusal.lock().unwrap() = Some(Refused::ForNow(Fault::new("queue_full", "the queue is full")));
    bench.at(&mut engine, HOUR).await;
    assert_eq!((bench.jobs.count(), bench.progress(&schedule).await.buffered()), (0, 1));
    *bench.jobs.refusal.lock().unwrap() = None;
    bench.at(&mut engine, HOUR + 1_000).await;
    assert_eq!((bench.jobs.count(), bench.progress(&schedule).await.buffered()), (1, 0));
}

#[tokio::test]
async fn actions_that_are_used_up_end_it_and_requests_are_still_done() {
    let bench = Bench::new();
    let schedule = bench.hourly(Policies { max_actions: Some(2), ..policies(Overlap::AllowAll) }).await;
    let mut engine = bench.engine();
    bench.at(&mut engine, 5 * HOUR).await;
    assert_eq!(bench.progress(&schedule).await.actions, 2);
    let trigger = Request::trigger(&schedule.id, Timestamp(BEGIN + 5 * HOUR), Overlap::AllowAll);
    bench.store.put_request(&trigger).await.unwrap();
    let range = (Timestamp(BEGIN - 3 * HOUR), Timestamp(BEGIN));
    bench.store.put_request(&Request::backfill(&schedule.id, range, Overlap::AllowAll)).await.unwrap();
    bench.at(&mut engine, 5 * HOUR + 1).await;
    assert_eq!(bench.progress(&schedule).await.actions, 6, "one of the trigger, three of the range");
    assert!(bench.store.requests().await.unwrap().is_empty());
}
