//! Daily counters: beside a shared queue, for all processes together; otherwise in this process, until it ends.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, SystemTime};

use optimus_queue::{QueueError, SharedStore};

const DAY: u64 = 24 * 60 * 60;

/// A refused submission.
#[derive(Debug, thiserror::Error)]
pub enum DailyQuotaError {
    /// The key has used up its jobs of the day.
    #[error("the key's daily quota of jobs is used up")]
    Spent {
        /// Until the next day.
        wait: Duration,
    },
    /// The counter cannot be read or written.
    #[error(transparent)]
    Queue(#[from] QueueError),
}

/// Number of jobs that each key has submitted today.
#[derive(Default)]
pub(super) struct DailyQuota {
    here: Mutex<(u64, HashMap<String, u64>)>,
    shared: OnceLock<Arc<dyn SharedStore>>,
}

impl std::fmt::Debug for DailyQuota {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DailyQuota").field("shared", &self.shared.get().is_some()).finish_non_exhaustive()
    }
}

impl DailyQuota {
    pub(super) fn share(&self, store: Arc<dyn SharedStore>) {
        // Set once, at start-up.
        let _ = self.shared.set(store);
    }

    pub(super) async fn spend(&self, key: &str, jobs: u32, most: u32) -> Result<(), DailyQuotaError> {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
        let (day, wait) = (now / DAY, Duration::from_secs(DAY - now % DAY));
        if self.count(day, key, i64::from(jobs)).await? <= u64::from(most) {
            return Ok(());
        }
        // A refused job does not count.
        self.count(day, key, -i64::from(jobs)).await?;
        Err(DailyQuotaError::Spent { wait })
    }

    /// Adds to the jobs of a day, and returns their new number.
    async fn count(&self, day: u64, key: &str, jobs: i64) -> Result<u64, QueueError> {
        if let Some(store) = self.shared.get() {
            return store.count(&format!("day:{day}"), key, jobs, Duration::from_secs(2 * DAY)).await;
        }
        let mut here = self.here.lock().unwrap_or_else(PoisonError::into_inner);
        if here.0 < day {
            *here = (day, HashMap::new());
        }
        let spent = here.1.entry(key.to_owned()).or_default();
        *spent = spent.saturating_add_signed(jobs);
        Ok(*spent)
    }
}
