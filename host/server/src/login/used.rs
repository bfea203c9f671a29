//! Flows that have ended, until their time is over: each ends once, whoever repeats its answer. Beside a shared queue for all
//! processes together; otherwise in this process.

use std::sync::Arc;

use moka::sync::Cache;
use optimus_queue::{QueueError, SharedStore};

use super::flow::{Flow, LIFETIME};

/// Flows that are remembered here. Each needed a secret of ours to begin, and a person to end.
const MOST: u64 = 100_000;

pub(super) struct Used {
    here: Cache<String, ()>,
    shared: Option<Arc<dyn SharedStore>>,
}

impl Used {
    pub(super) fn new(shared: Option<Arc<dyn SharedStore>>) -> Self {
        Self { here: Cache::builder().max_capacity(MOST).time_to_live(LIFETIME).build(), shared }
    }

    /// Notes that a flow ends; `false`: it has ended before.
    pub(super) async fn note(&self, flow: &Flow) -> Result<bool, QueueError> {
        match &self.shared {
            // One hash for the flows that end in the same ten minutes, and is gone after them.
            Some(store) => {
                let hash = format!("logins:{}", flow.end / LIFETIME.as_secs());
                Ok(store.count(&hash, &flow.random, 1, LIFETIME * 3).await? == 1)
            }
            None => Ok(self.here.entry(flow.random.clone()).or_insert(()).is_fresh()),
        }
    }
}
