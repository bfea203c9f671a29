//! Closes a sample of the history every few seconds.

use std::sync::Arc;
use std::time::SystemTime;

use optimus_queue::Backend;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use super::Metrics;
use crate::history::STEP;

/// Until `shutdown`.
pub async fn keep_history(metrics: Arc<Metrics>, queue: Arc<dyn Backend>, shutdown: CancellationToken) {
    let mut ticks = tokio::time::interval(STEP);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let sampling = async {
        loop {
            ticks.tick().await;
            // A queue that cannot be asked is said by `/readyz`; here it has no depth.
            let stats = queue.stats().await.ok();
            metrics.history().sample(stats.as_ref(), SystemTime::now());
        }
    };
    shutdown.run_until_cancelled(sampling).await;
}
