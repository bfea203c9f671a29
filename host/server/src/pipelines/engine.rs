//! Takes runs forward: starts what has to be there (jobs, other runs, requests), and enters what became of it.
//!
//! Every API process has an engine, and one of them leads. A run is read before each round and written after each change;
//! wherever a process is killed in between, the next one submits with the same keys, and the queue keeps one job of each.

mod following;
mod requests;
mod round;
mod telling;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use optimus_core::{JobId, Timestamp};
use optimus_pipelines::{Outcome, Start};
use optimus_queue::background::Outage;
use serde_json::Value;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use self::following::Following;
use self::requests::Requests;
use self::telling::Telling;
use crate::feed::Announce;
use crate::metrics::Metrics;
use crate::pipelines::store::StoredRun;
use crate::schedules::{CLAIM_EVERY, Owner, Refused};

#[cfg(test)]
mod tests;

/// Between two looks at all runs that have not ended.
const LOOK: Duration = Duration::from_secs(1);
/// Between two looks for runs that are to be removed.
const SWEEP: Duration = Duration::from_secs(60);

/// Jobs, as pipelines see them.
#[async_trait]
pub trait Action: Send + Sync {
    /// Submits a job in the owner's name, with what the owner may do now. A known key is the job that was submitted with it.
    async fn submit(&self, owner: &Owner, job: &Value, key: &str) -> Result<JobId, Refused>;

    /// What a job became, once it is over.
    async fn outcome(&self, id: JobId) -> anyhow::Result<Option<Outcome>>;

    /// Returns when a job is over, or may be.
    async fn over(&self, id: JobId);

    /// Cancels a job, if it has not ended.
    async fn cancel(&self, id: JobId) -> anyhow::Result<()>;
}

/// What else steps do.
#[async_trait]
pub trait Tools: Send + Sync {
    /// Begins the run that a step of `parent` wants, and returns its id. The one that it has begun already is the same run.
    async fn begin(&self, parent: &StoredRun, start: &Start) -> Result<String, Refused>;

    /// Sends one HTTP request in the owner's name, with the key in its head.
    async fn request(&self, owner: &Owner, request: &Value, key: &str) -> Result<Outcome, Refused>;

    /// Sends the webhook of a run that is over, after `tries` that failed: how long to wait before the next try, and `None`
    /// where none follows.
    async fn tell(&self, run: &StoredRun, tries: u32) -> Option<Duration>;
}

/// What an engine works with.
#[derive(Clone)]
pub struct Seams {
    /// Where runs are stored.
    pub store: Arc<super::PipelineStore>,
    /// Jobs.
    pub action: Arc<dyn Action>,
    /// Other pipelines and HTTP requests.
    pub tools: Arc<dyn Tools>,
    /// How long a run is stored after its end.
    pub kept: Duration,
    /// The clock.
    pub now: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    /// The metrics.
    pub metrics: Arc<Metrics>,
    /// Tenants' feeds.
    pub announce: Announce,
}

/// An engine, not yet running.
pub struct Engine(pub Seams);

impl Engine {
    /// Takes runs forward until `shutdown`, whenever this process leads. What cannot be read or written is tried again each
    /// second.
    pub async fn run(self, shutdown: CancellationToken) {
        let leads = watch::Sender::new(false);
        let work = async { tokio::join!(lead(&self.0, &leads), work(&self.0, leads.subscribe())) };
        shutdown.run_until_cancelled(work).await;
    }
}

/// Claims the lead again and again.
async fn lead(seams: &Seams, leads: &watch::Sender<bool>) {
    let (mut leader, mut outage) = (seams.store.leader(), Outage::of("claim the lead of pipelines"));
    loop {
        let claimed = leader.claim((seams.now)()).await.map_err(|error| format!("{error:#}"));
        outage.note(&claimed);
        leads.send_if_modified(|leads| std::mem::replace(leads, claimed == Ok(true)) != *leads);
        tokio::time::sleep(CLAIM_EVERY).await;
    }
}

async fn work(seams: &Seams, mut leads: watch::Receiver<bool>) {
    let mut outage = Outage::of("read or write runs of pipelines");
    let telling = Telling::default();
    // The sender lives as long as this.
    while leads.wait_for(|leads| *leads).await.is_ok() {
        let (mut following, mut swept) = (Following::default(), None::<Instant>);
        let requests = Arc::<Requests>::default();
        let (mut looked, mut soon) = (None::<Instant>, Vec::new());
        while *leads.borrow_and_update() {
            if looked.is_none_or(|looked| looked.elapsed() >= LOOK) {
                looked = Some(Instant::now());
                soon.clear();
                let worked = match seams.store.open().await {
                    Ok(open) => round::all(seams, &requests, open, &mut following).await,
                    Err(error) => Err(error),
                };
                let worked = worked.and(telling.send_due(seams).await);
                outage.note(&worked.map_err(|error| format!("{error:#}")));
            } else if !soon.is_empty() {
                let worked = round::all(seams, &requests, std::mem::take(&mut soon), &mut following).await;
                outage.note(&worked.map_err(|error| format!("{error:#}")));
            }
            if swept.is_none_or(|swept| swept.elapsed() >= SWEEP) {
                swept = Some(Instant::now());
                outage.note(&round::sweep(seams).await.map_err(|error| format!("{error:#}")));
            }
            let wait = looked.map_or(Duration::ZERO, |looked| LOOK.saturating_sub(looked.elapsed()));
            tokio::select! {
                _ = leads.changed() => {}
                () = seams.store.changed() => looked = None,
                runs = following.next() => soon.extend(runs),
                () = tokio::time::sleep(wait) => {}
            }
        }
    }
}
