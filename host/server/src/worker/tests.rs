use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::StreamExt as _;
use optimus_core::job::Policy;
use optimus_core::{JobId, JobRequest, Verdict};
use optimus_queue::{
    Cancelled, EmbeddedConfig, EmbeddedQueue, Events as _, JobAdmin as _, PushOptions, Queue as _, Rules, Status,
    unjudged,
};

use super::*;
use optimus_core::Event;

/// Does what the job's source says.
#[derive(Default)]
struct Script {
    seen: Mutex<Vec<String>>,
    running: AtomicUsize,
    most: AtomicUsize,
}

#[async_trait]
impl Judging for Script {
    async fn judge(
        &self,
        job: &Job,
        _: Duration,
        _: Option<Input>,
        events: &EventSink<'_>,
        cancel: &CancellationToken,
    ) -> Result<Report, Fault> {
        let source = String::from_utf8(job.files[0].content.as_bytes().to_vec()).unwrap();
        self.seen.lock().unwrap().push(source.clone());
        let running = self.running.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(running, Ordering::SeqCst);
        events(Event::Started);
        events(Event::Compiling { step: "compile".to_owned() });
        let verdict = match source.as_str() {
            "fail" => {
                self.running.fetch_sub(1, Ordering::SeqCst);
                return Err(Fault::new("sandbox_failed", "the box broke"));
            }
            "panic" => {
                self.running.fetch_sub(1, Ordering::SeqCst);
                panic!("out of cheese");
            }
            "hang" => {
                cancel.cancelled().await;
                Verdict::Cancelled
            }
            _ => {
                tokio::time::sleep(Duration::from_millis(20)).await;
                Verdict::Accepted
            }
        };
        self.running.fetch_sub(1, Ordering::SeqCst);
        Ok(unjudged(job, verdict, None))
    }
}

struct Bench {
    queue: Arc<EmbeddedQueue>,
    script: Arc<Script>,
    shutdown: CancellationToken,
    drained: watch::Sender<bool>,
    worker: Option<tokio::task::JoinHandle<()>>,
    _dir: tempfile::TempDir,
}

impl Bench {
    fn start(rules: Rules, slots: usize, grace: Duration) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let config = EmbeddedConfig { rules, ..EmbeddedConfig::default() };
        let queue = Arc::new(EmbeddedQueue::open(dir.path().join("queue"), config).unwrap());
        let (script, shutdown) = (Arc::new(Script::default()), CancellationToken::new());
        let drained = watch::Sender::new(false);
        let worker = Worker {
            backend: queue.clone(),
            judge: script.clone(),
            languages: Wanted::Any,
            slots,
            grace,
            metrics: Arc::default(),
            drains: drained.subscribe(),
        };
        let worker = Some(tokio::spawn(worker.run(shutdown.clone())));
        Self { queue, script, shutdown, drained, worker, _dir: dir }
    }

    async fn push(&self, source: &str) -> JobId {
        let request = serde_json::json!({"language": "toy", "source": source});
        let request: JobRequest = serde_json::from_value(request).unwrap();
        let job = request.into_job("toy", "toy", &Policy::default()).unwrap();
        self.queue.push(job, PushOptions::default()).await.unwrap().id
    }

    async fn end(&self, id: JobId) -> Report {
        let mut events = self.queue.subscribe(id).await.unwrap().unwrap();
        while let Some(event) = tokio::time::timeout(Duration::from_secs(60), events.next()).await.unwrap() {
            if let Event::Done { report } = event {
                return *report;
            }
        }
        panic!("no end");
    }

    async fn running(&self, id: JobId) {
        while self.queue.status(id).await.unwrap() != Some(Status::Running) {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    async fn stop(&mut self) {
        self.shutdown.cancel();
        let worker = self.worker.take().unwrap();
        tokio::time::timeout(Duration::from_secs(60), worker).await.unwrap().unwrap();
    }
}

fn rules() -> Rules {
    Rules { max_attempts: 2, backoff: Duration::from_millis(5), ..Rules::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_run_in_all_slots_and_no_more() {
    let mut bench = Bench::start(rules(), 3, Duration::from_secs(5));
    let ids = futures::future::join_all((0..12).map(|_| bench.push("ok"))).await;
    for id in ids {
        assert_eq!(bench.end(id).await.verdict, Verdict::Accepted);
    }
    assert_eq!(bench.script.most.load(Ordering::SeqCst), 3);
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_and_a_panic_are_tried_again_then_reported_as_ours() {
    let mut bench = Bench::start(rules(), 1, Duration::from_secs(5));
    for (source, code, text) in
        [("fail", "sandbox_failed", "the box broke"), ("panic", "judge_panicked", "out of cheese")]
    {
        let id = bench.push(source).await;
        let report = bench.end(id).await;
        let error = report.error.unwrap();
        assert_eq!((report.verdict, error.code.as_str()), (Verdict::InternalError, code));
        assert!(error.message.contains(text));
        assert_eq!(bench.script.seen.lock().unwrap().iter().filter(|seen| *seen == source).count(), 2);
    }
    let id = bench.push("ok").await;
    assert_eq!(bench.end(id).await.verdict, Verdict::Accepted, "the worker goes on");
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_job_is_cancelled() {
    let mut bench = Bench::start(rules(), 1, Duration::from_secs(5));
    let id = bench.push("hang").await;
    bench.running(id).await;
    assert_eq!(bench.queue.cancel(id).await.unwrap(), Cancelled::Asked);
    assert_eq!(bench.end(id).await.verdict, Verdict::Cancelled);
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn leases_are_kept_for_as_long_as_it_takes() {
    let lease = Duration::from_millis(200);
    let mut bench = Bench::start(Rules { lease, ..rules() }, 1, Duration::from_secs(5));
    let id = bench.push("hang").await;
    bench.running(id).await;
    tokio::time::sleep(lease * 5).await;
    assert_eq!(bench.script.seen.lock().unwrap().len(), 1);
    bench.queue.cancel(id).await.unwrap();
    bench.end(id).await;
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_runs_at_shutdown_may_finish() {
    let mut bench = Bench::start(rules(), 1, Duration::from_secs(30));
    let (first, second) = (bench.push("ok").await, bench.push("ok").await);
    bench.running(first).await;
    bench.stop().await;
    assert!(matches!(bench.queue.status(first).await.unwrap(), Some(Status::Done { .. })));
    assert_eq!(bench.queue.status(second).await.unwrap(), Some(Status::Queued), "nothing new was begun");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_takes_too_long_at_shutdown_is_given_back() {
    let mut bench = Bench::start(rules(), 1, Duration::from_millis(50));
    let id = bench.push("hang").await;
    bench.running(id).await;
    bench.stop().await;
    assert_eq!(bench.queue.status(id).await.unwrap(), Some(Status::Queued));
    let again = bench.queue.take(&BTreeSet::new()).await.unwrap();
    assert_eq!((again.job.id, again.attempt), (id, 1), "it was not the job's fault");
}

#[tokio::test(flavor = "multi_thread")]
async fn events_pass_through_once() {
    let mut bench = Bench::start(rules(), 1, Duration::from_secs(5));
    let blocker = bench.push("hang").await;
    bench.running(blocker).await;
    let id = bench.push("ok").await;
    let events = bench.queue.subscribe(id).await.unwrap().unwrap();
    bench.queue.cancel(blocker).await.unwrap();
    let heard: Vec<&str> = events.map(|event| event.name()).collect().await;
    assert_eq!(heard, ["queued", "started", "compiling", "done"]);
    bench.stop().await;
}

#[tokio::test]
async fn a_worker_that_drains_takes_no_new_job_and_ends_those_it_has() {
    let bench = Bench::start(Rules::default(), 2, Duration::from_secs(5));
    bench.push("first").await;
    while bench.script.seen.lock().unwrap().is_empty() {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    bench.drained.send_replace(true);
    let waiting = bench.push("second").await;
    tokio::time::sleep(Duration::from_millis(150)).await;
    assert_eq!(*bench.script.seen.lock().unwrap(), ["first"]);
    assert_eq!(bench.script.running.load(Ordering::SeqCst), 0, "what ran has ended");
    assert!(matches!(bench.queue.status(waiting).await.unwrap(), Some(Status::Queued)));
    bench.drained.send_replace(false);
    while bench.script.seen.lock().unwrap().len() < 2 {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}
