//! Fires schedules when they are due.
//!
//! Every API process has an engine, and one of them leads. What is due follows from the stored definition, the stored
//! progress and the clock; the progress is read again before each firing and written after it. Wherever a process is
//! killed in between, the next one submits with the same keys, and the queue keeps one job of each.

mod entry;
mod running;
mod turn;

use std::sync::Arc;
use std::time::Duration;

use optimus_core::Timestamp;
use optimus_queue::background::Outage;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use self::running::Running;
use super::action::Action;
use super::leader::CLAIM_EVERY;
use super::store::ScheduleStore;
use crate::feed::Announce;
use crate::metrics::Metrics;

/// Between two looks at what other processes have written, and at jobs that run.
const LOOK: Duration = Duration::from_secs(1);
/// After a change, so that many changes in a row are read together.
const PAUSE: Duration = Duration::from_millis(20);

/// What an engine works with.
#[derive(Clone)]
pub struct Seams {
    /// Where schedules are stored.
    pub store: Arc<ScheduleStore>,
    /// What they do.
    pub action: Arc<dyn Action>,
    /// How late a firing may be: as long as the queue remembers idempotency keys.
    pub longest_catch_up: Duration,
    /// The clock.
    pub now: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// Tenants' feeds.
    pub announce: Announce,
}

/// An engine, not yet running.
pub struct Engine(pub Seams);

impl Engine {
    /// Fires until `shutdown`, whenever this process leads. What cannot be read or written is tried again each second.
    pub async fn run(self, shutdown: CancellationToken) {
        let leads = watch::Sender::new(false);
        let work = async { tokio::join!(lead(&self.0, &leads), fire(&self.0, leads.subscribe())) };
        shutdown.run_until_cancelled(work).await;
    }
}

/// Claims the lead again and again.
async fn lead(seams: &Seams, leads: &watch::Sender<bool>) {
    let (mut leader, mut outage) = (seams.store.leader(), Outage::of("claim the lead of schedules"));
    loop {
        let claimed = leader.claim((seams.now)()).await.map_err(|error| format!("{error:#}"));
        outage.note(&claimed);
        leads.send_if_modified(|leads| std::mem::replace(leads, claimed == Ok(true)) != *leads);
        tokio::time::sleep(CLAIM_EVERY).await;
    }
}

async fn fire(seams: &Seams, mut leads: watch::Receiver<bool>) {
    let mut outage = Outage::of("read or write schedules");
    // The sender lives as long as this.
    while leads.wait_for(|leads| *leads).await.is_ok() {
        // Another process may have led until now: everything is read again.
        let mut running = Running::new(seams.clone());
        while *leads.borrow_and_update() {
            let worked = running.tick().await.map_err(|error| format!("{error:#}"));
            outage.note(&worked);
            let wait = if worked.is_ok() { running.wait() } else { LOOK };
            tokio::select! {
                _ = leads.changed() => {}
                () = seams.store.changed() => {
                    tokio::time::sleep(PAUSE).await;
                    running.look_soon();
                }
                () = tokio::time::sleep(wait) => {}
            }
        }
    }
}

#[cfg(test)]
mod tests;
