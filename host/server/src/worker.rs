//! Takes jobs from the queue and has them judged.
//!
//! In: deliveries, as many as there are free slots. Out: reports, back to the queue. This room plans nothing and decides
//! no verdict. Whatever happens to a job here, its lease is finished, released or, if we die, lost: never forgotten.

mod attempt;
mod input;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use optimus_core::event::EventSink;
use optimus_core::{Fault, Job, Report};
use optimus_queue::background::Outage;
use optimus_queue::{Backend, Delivery, QueueError};
use tokio::sync::{Semaphore, mpsc, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::metrics::Metrics;

/// Judges jobs. The worker knows nothing else of what does.
#[async_trait]
pub trait Judging: Send + Sync {
    /// The job's report. `Err` is a failure of ours: the job will be tried again. When `cancel` fires, it ends soon,
    /// with verdict `cancelled`. `waited` is how long the job was queued. `input` is what clients send to the program of
    /// a job with a live stdin.
    async fn judge(
        &self,
        job: &Job,
        waited: Duration,
        input: Option<Input>,
        events: &EventSink<'_>,
        cancel: &CancellationToken,
    ) -> Result<Report, Fault>;
}

/// Input for a running program, in order; it is closed where the program's stdin ends.
pub type Input = mpsc::UnboundedReceiver<Bytes>;

/// Reports that may be on their way into the queue while their slots already have the next job.
const UNWRITTEN: usize = 64;
/// Between two tries to take from a queue that fails.
const PAUSE: Duration = Duration::from_millis(500);

/// After so long, a worker that waits for a job asks again which languages it can judge.
const ASK_AGAIN: Duration = Duration::from_secs(5);
/// Between two looks whether there is any language yet.
const LOOK: Duration = Duration::from_millis(250);

/// The languages whose jobs are taken.
#[derive(Clone)]
pub enum Wanted {
    /// Whatever the queue holds.
    Any,
    /// Those that are named now; they change when plugins come and go.
    Those(Arc<dyn Fn() -> BTreeSet<String> + Send + Sync>),
}

/// A worker, not yet running.
pub struct Worker {
    /// The queue.
    pub backend: Arc<dyn Backend>,
    /// The judge.
    pub judge: Arc<dyn Judging>,
    /// Only jobs in these.
    pub languages: Wanted,
    /// Maximum number of jobs at the same time.
    pub slots: usize,
    /// Time that running jobs may go on after the shutdown signal; then they are given back.
    pub grace: Duration,
    /// The metrics.
    pub metrics: Arc<Metrics>,
    /// While true, no new jobs are taken.
    pub drains: watch::Receiver<bool>,
}

impl Worker {
    /// The next job, in whatever can be judged by then.
    async fn next(&self) -> Result<Delivery, QueueError> {
        let Wanted::Those(languages) = &self.languages else { return self.backend.take(&BTreeSet::new()).await };
        loop {
            let languages = languages();
            if languages.is_empty() {
                tokio::time::sleep(LOOK).await;
            } else if let Ok(taken) = tokio::time::timeout(ASK_AGAIN, self.backend.take(&languages)).await {
                return taken;
            }
        }
    }

    /// Works until `shutdown`, and returns when no job is left in its hands.
    pub async fn run(self, shutdown: CancellationToken) {
        self.metrics.set_slots(self.slots);
        let worker = Arc::new(self);
        let slots = Arc::new(Semaphore::new(worker.slots));
        let unwritten = Arc::new(Semaphore::new(worker.slots + UNWRITTEN));
        let abandon = CancellationToken::new();
        let jobs = TaskTracker::new();
        let mut outage = Outage::of("take from the queue");
        let mut drains = worker.drains.clone();
        loop {
            tokio::select! {
                biased;
                () = shutdown.cancelled() => break,
                is_resumed = async { drains.wait_for(|drains| !drains).await.is_ok() } => {
                    // No wish can come any more, and the last one holds.
                    if !is_resumed {
                        shutdown.cancelled().await;
                        break;
                    }
                }
            }
            let room = async { (slots.clone().acquire_owned().await, unwritten.clone().acquire_owned().await) };
            let taken = tokio::select! {
                biased;
                () = shutdown.cancelled() => break,
                (slot, written) = room => {
                    let (Ok(slot), Ok(written)) = (slot, written) else { break };
                    tokio::select! {
                        biased;
                        () = shutdown.cancelled() => break,
                        true = async { drains.wait_for(|drains| *drains).await.is_ok() } => continue,
                        delivery = worker.next() => delivery.map(|delivery| (delivery, slot, written)),
                    }
                }
            };
            outage.note(&taken);
            match taken {
                Ok((delivery, slot, written)) => {
                    let (worker, abandon) = (Arc::clone(&worker), abandon.clone());
                    jobs.spawn(async move {
                        attempt::run(&worker, delivery, slot, &abandon).await;
                        drop(written);
                    });
                }
                Err(QueueError::Closed) => break,
                Err(_) => tokio::time::sleep(PAUSE).await,
            }
        }
        jobs.close();
        if tokio::time::timeout(worker.grace, jobs.wait()).await.is_err() {
            tracing::info!(jobs = jobs.len(), "giving back what still runs");
            abandon.cancel();
            jobs.wait().await;
        }
    }
}

#[cfg(test)]
mod tests;
