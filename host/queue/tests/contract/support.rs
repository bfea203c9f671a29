//! Jobs, reports and patience.

use std::any::Any;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use optimus_core::job::Policy;
use optimus_core::{Fault, Job, JobId, JobRequest, Report, Verdict};
use optimus_queue::{Backend, Delivery, Idempotency, Lease, PushOptions, QueueError, Rules, Status, unjudged};

/// A queue, and what has to live as long as it does.
pub(crate) struct Bench {
    pub(crate) queue: Arc<dyn Backend>,
    #[expect(dead_code, reason = "kept for its drop")]
    pub(crate) keep: Box<dyn Any + Send + Sync>,
}

/// Fails what hangs.
pub(crate) async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(60), future).await.expect("ends within a minute")
}

/// A store that is away: a push fails with a hint that names it, and a waiting `take` gets its job once the store is there.
pub(crate) async fn comes_later(bench: &Bench, store: &str, restart: impl FnOnce()) {
    let error = bench.push_job(job("toy")).await.unwrap_err();
    assert!(error.hint().unwrap().contains(&format!("check that {store} is running")), "{error}");
    let queue = bench.queue.clone();
    let taking = tokio::spawn(async move {
        loop {
            match queue.take(&["toy".to_owned()].into()).await {
                Ok(delivery) => return delivery.job.id,
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    });
    restart();
    let id = bench.push("toy").await;
    assert_eq!(within(taking).await.unwrap(), id);
}

pub(crate) fn rules() -> Rules {
    Rules { lease: Duration::from_secs(30), backoff: Duration::from_millis(20), ..Rules::default() }
}

pub(crate) fn job(language: &str) -> Job {
    let request = serde_json::json!({"language": language, "source": "x", "tests": [{"name": "one"}, {}]});
    let request: JobRequest = serde_json::from_value(request).unwrap();
    request.into_job(language, "x", &Policy::default()).unwrap()
}

/// The report of a job, the same at each call.
pub(crate) fn report(job: &Job) -> Report {
    let report = unjudged(job, Verdict::Accepted, None);
    Report { finished_at: report.created_at, ..report }
}

pub(crate) fn fault() -> Fault {
    Fault::new("sandbox_failed", "the box broke")
}

pub(crate) fn keyed(key: &str, fingerprint: u8) -> PushOptions {
    let idempotency = Some(Idempotency { key: key.to_owned(), fingerprint: [fingerprint; 32] });
    PushOptions { idempotency, ..PushOptions::default() }
}

impl Bench {
    pub(crate) async fn push(&self, language: &str) -> JobId {
        self.push_job(job(language)).await.unwrap()
    }

    pub(crate) async fn push_job(&self, job: Job) -> Result<JobId, QueueError> {
        self.queue.push(job, PushOptions::default()).await.map(|pushed| pushed.id)
    }

    pub(crate) async fn take(&self) -> Delivery {
        self.queue.take(&BTreeSet::new()).await.unwrap()
    }

    /// Returns true if nothing can be taken.
    pub(crate) async fn is_idle(&self) -> bool {
        let any = BTreeSet::new();
        tokio::time::timeout(Duration::from_millis(50), self.queue.take(&any)).await.is_err()
    }

    pub(crate) async fn finish(&self, delivery: &Delivery) -> Result<(), QueueError> {
        self.queue.finish(&delivery.lease, report(&delivery.job)).await
    }

    pub(crate) async fn run_one(&self) -> JobId {
        let delivery = self.take().await;
        self.finish(&delivery).await.unwrap();
        delivery.job.id
    }

    pub(crate) async fn is_superseded(&self, lease: &Lease) -> bool {
        matches!(self.queue.heartbeat(lease).await, Err(QueueError::Superseded(id)) if id == lease.id)
    }

    pub(crate) async fn report(&self, id: JobId) -> Report {
        match self.queue.status(id).await.unwrap() {
            Some(Status::Done { report }) => *report,
            other => panic!("not done: {other:?}"),
        }
    }

    /// The report, as soon as there is one.
    pub(crate) async fn end(&self, id: JobId) -> Report {
        loop {
            match self.queue.status(id).await.unwrap() {
                Some(Status::Done { report }) => return *report,
                Some(_) => tokio::time::sleep(Duration::from_millis(5)).await,
                None => panic!("unknown"),
            }
        }
    }
}
