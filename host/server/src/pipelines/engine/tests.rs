use std::collections::BTreeMap;
use std::sync::Mutex;

use optimus_core::Fault;
use optimus_pipelines::{Definition, Ended, Run};
use serde_json::json;

use super::*;
use crate::pipelines::PipelineStore;

/// A queue that keeps one job of each key. A test sets how many of them end.
#[derive(Default)]
struct Jobs {
    by_key: Mutex<BTreeMap<String, (JobId, Value)>>,
    ended: Mutex<Vec<JobId>>,
    refusal: Mutex<Option<Refused>>,
    cancelled: Mutex<Vec<JobId>>,
    /// The keys of requests.
    sent: Mutex<Vec<String>>,
}

#[async_trait]
impl Action for Jobs {
    async fn submit(&self, _: &Owner, job: &Value, key: &str) -> Result<JobId, Refused> {
        if let Some(refusal) = self.refusal.lock().unwrap().clone() {
            return Err(refusal);
        }
        let mut jobs = self.by_key.lock().unwrap();
        Ok(jobs.entry(key.to_owned()).or_insert_with(|| (JobId::new(), job.clone())).0)
    }

    async fn outcome(&self, id: JobId) -> anyhow::Result<Option<Outcome>> {
        if !self.ended.lock().unwrap().contains(&id) {
            return Ok(None);
        }
        let jobs = self.by_key.lock().unwrap();
        let job = jobs.values().find(|(of, _)| *of == id).map(|(_, job)| job.clone());
        let source = job.unwrap()["source"].clone();
        Ok(Some(Outcome { is_accepted: source != "bad", result: source }))
    }

    async fn over(&self, _: JobId) {
        std::future::pending().await
    }

    async fn cancel(&self, id: JobId) -> anyhow::Result<()> {
        self.cancelled.lock().unwrap().push(id);
        Ok(())
    }
}

#[async_trait]
impl Tools for Jobs {
    async fn begin(&self, _: &StoredRun, start: &Start) -> Result<String, Refused> {
        panic!("{start:?} begins no run")
    }

    /// Answers the second request, and none before.
    async fn request(&self, _: &Owner, with: &Value, key: &str) -> Result<Outcome, Refused> {
        let count = {
            let mut sent = self.sent.lock().unwrap();
            sent.push(key.to_owned());
            sent.len()
        };
        if count == 1 {
            std::future::pending::<()>().await;
        }
        Ok(Outcome { is_accepted: true, result: with.clone() })
    }

    async fn tell(&self, run: &StoredRun, _: u32) -> Option<Duration> {
        panic!("run {} has no webhook", run.id)
    }
}

impl Jobs {
    fn count(&self) -> usize {
        self.by_key.lock().unwrap().len()
    }

    fn end_all(&self) {
        let ids = self.by_key.lock().unwrap().values().map(|(id, _)| *id).collect();
        *self.ended.lock().unwrap() = ids;
    }
}

/// A store, jobs, and a clock.
struct Bench {
    store: Arc<PipelineStore>,
    jobs: Arc<Jobs>,
    now: Arc<Mutex<Timestamp>>,
    requests: Arc<Requests>,
    _dir: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Arc::new(PipelineStore::files(dir.path()));
        let (jobs, now, requests) = (Arc::default(), Arc::new(Mutex::new(Timestamp::now())), Arc::default());
        Self { store, jobs, now, requests, _dir: dir }
    }

    async fn begin(&self, steps: &Value) -> StoredRun {
        let definition: Definition = serde_json::from_value(json!({ "steps": steps })).unwrap();
        let id = crate::schedules::new_id();
        let run = Run::new(json!({}));
        let (owner, created_at, pipeline) = (Owner::default(), Timestamp::now(), id.clone());
        let (replay_of, parent, webhook, is_told, ended, ended_at, outputs, error) = Default::default();
        let run = StoredRun {
            id,
            pipeline,
            owner,
            created_at,
            definition,
            replay_of,
            parent,
            webhook,
            run,
            is_told,
            ended,
            ended_at,
            outputs,
            error,
        };
        self.store.begin(&run).await.unwrap();
        run
    }

    fn seams(&self) -> Seams {
        let now = Arc::clone(&self.now);
        let now = Arc::new(move || *now.lock().unwrap());
        let (action, tools, kept) = (self.jobs.clone(), self.jobs.clone(), Duration::from_secs(60));
        let announce = Arc::new(|_: Option<&str>, _| ());
        Seams { store: Arc::clone(&self.store), action, tools, kept, now, metrics: Arc::default(), announce }
    }

    /// A round over every run, as by a process that has just begun to lead.
    async fn round(&self) {
        let open = self.store.open().await.unwrap();
        round::all(&self.seams(), &self.requests, open, &mut Following::default()).await.unwrap();
    }

    fn later(&self, ms: u64) {
        self.now.lock().unwrap().0 += ms;
    }

    async fn run(&self, run: &StoredRun) -> StoredRun {
        self.store.run(&run.id).await.unwrap().unwrap()
    }
}

fn grading() -> Value {
    json!([
        {"name": "build", "with": {"source": "b"}},
        {"name": "judge", "needs": ["build"], "for_each": "[1, 2, 3]", "with": {"source": "${steps.build.result}${item}"}},
        {"name": "style", "if": "false", "with": {"source": "s"}},
        {"name": "report", "needs": ["judge", "style"], "with": {"source": "${steps.judge.results}"}}
    ])
}

#[tokio::test]
async fn a_run_goes_on_in_whichever_process_and_each_step_is_one_job() {
    let bench = Bench::new();
    let run = bench.begin(&grading()).await;
    for (round, count) in [1, 4, 5, 5].into_iter().enumerate() {
        let before = bench.run(&run).await;
        bench.round().await;
        assert_eq!(bench.jobs.count(), count, "round {round}");
        // A process that was killed before it wrote: another one does the same again.
        let after = bench.run(&run).await;
        bench.store.put_open(&before).await.unwrap();
        bench.round().await;
        assert_eq!((bench.jobs.count(), bench.run(&run).await), (count, after), "round {round}");
        bench.jobs.end_all();
    }
    let ended = bench.run(&run).await;
    assert_eq!(ended.ended, Some(Ended::Succeeded));
    assert!(bench.store.open().await.unwrap().is_empty());
    let report = ended.run.steps["report"].places[0].outcome.clone().unwrap();
    assert_eq!(report.result, json!(["b1", "b2", "b3"]));
    bench.later(60_001);
    round::sweep(&bench.seams()).await.unwrap();
    assert!(bench.store.run(&run.id).await.unwrap().is_none(), "what ended long ago is removed");
    assert!(bench.store.summaries().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_step_waits_for_the_queue_and_fails_where_it_is_refused() {
    let bench = Bench::new();
    let (run, patient) = (bench.begin(&grading()).await, bench.begin(&grading()).await);
    *bench.jobs.refusal.lock().unwrap() = Some(Refused::ForNow(Fault::new("queue_full", "the queue is full")));
    bench.round().await;
    assert_eq!((bench.jobs.count(), bench.store.open().await.unwrap().len()), (0, 2));
    bench.later(24 * 60 * 60 * 1_000);
    bench.round().await;
    assert_eq!(bench.run(&patient).await.ended, Some(Ended::Failed), "it does not wait for ever");
    let run = bench.begin(&run.definition.steps.iter().map(|step| json!(step)).collect()).await;
    *bench.jobs.refusal.lock().unwrap() =
        Some(Refused::Owner(Fault::new("owner_revoked", "the owner's key was revoked")));
    bench.round().await;
    let ended = bench.run(&run).await;
    assert_eq!(ended.ended, Some(Ended::Failed));
    let result = ended.run.steps["build"].places[0].outcome.clone().unwrap().result;
    assert_eq!(result["error"]["code"], "owner_revoked");
}

#[tokio::test]
async fn a_job_that_is_late_is_cancelled_and_tried_again_with_another_key() {
    let bench = Bench::new();
    let retry = json!({"attempts": 2, "backoff_s": 1});
    let run = bench.begin(&json!([{"name": "a", "timeout_s": 2, "retry": retry, "with": {"source": "x"}}])).await;
    for attempt in 1..=2 {
        bench.round().await;
        assert_eq!((bench.jobs.count(), bench.jobs.cancelled.lock().unwrap().len()), (attempt, attempt - 1));
        bench.later(2_000);
        bench.round().await;
        bench.later(1_000);
    }
    let ended = bench.run(&run).await;
    assert_eq!((ended.ended, bench.jobs.count()), (Some(Ended::Failed), 2));
    let result = ended.run.steps["a"].places[0].outcome.clone().unwrap().result;
    assert_eq!(result["error"]["code"], "step_timeout");
}

#[tokio::test]
async fn a_cancelled_run_stays_cancelled_though_another_process_writes_it_again() {
    let bench = Bench::new();
    let run = bench.begin(&grading()).await;
    bench.round().await;
    let before = bench.run(&run).await;
    bench.store.cancel(&run.id).await.unwrap();
    bench.round().await;
    assert_eq!(bench.run(&run).await.ended, Some(Ended::Cancelled));
    assert_eq!(bench.jobs.cancelled.lock().unwrap().len(), 1);
    bench.store.put_open(&before).await.unwrap();
    bench.jobs.end_all();
    bench.round().await;
    assert_eq!((bench.run(&run).await.ended, bench.jobs.count()), (Some(Ended::Cancelled), 1));
}

#[tokio::test]
async fn a_request_whose_process_was_killed_is_sent_again_with_the_same_key() {
    let mut bench = Bench::new();
    let steps = json!([{"name": "a", "uses": "http", "with": {"url": "https://example.org/${inputs}"}}]);
    let run = bench.begin(&steps).await;
    bench.round().await;
    bench.round().await;
    tokio::task::yield_now().await;
    assert_eq!(bench.jobs.sent.lock().unwrap().len(), 1, "it is under way");
    // Another process: it knows nothing of the request.
    bench.requests = Arc::default();
    for _ in 0..100 {
        bench.round().await;
        tokio::task::yield_now().await;
    }
    assert_eq!(bench.run(&run).await.ended, Some(Ended::Succeeded));
    let key = format!("{}-a-0-1", run.id);
    assert_eq!(*bench.jobs.sent.lock().unwrap(), [key.clone(), key]);
}
