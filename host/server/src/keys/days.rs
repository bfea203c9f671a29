//! What is counted by the day: with the queue in Redis, for all processes together; or here, until this one ends.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, SystemTime};

use optimus_queue::{QueueError, RedisQueue};

const DAY: u64 = 24 * 60 * 60;

/// Why a key may not submit now.
#[derive(Debug, thiserror::Error)]
pub enum DayError {
    /// It has, often enough.
    #[error("the day's allowance is spent")]
    Spent {
        /// Until the next day.
        wait: Duration,
    },
    /// Nobody could count.
    #[error(transparent)]
    Queue(#[from] QueueError),
}

/// How many jobs each key has submitted today.
#[derive(Default)]
pub(super) struct DayBook {
    here: Mutex<(u64, HashMap<String, u64>)>,
    shared: OnceLock<Arc<RedisQueue>>,
}

impl std::fmt::Debug for DayBook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DayBook").field("shared", &self.shared.get().is_some()).finish_non_exhaustive()
    }
}

impl DayBook {
    pub(super) fn share(&self, queue: Arc<RedisQueue>) {
        // It is said once, at the start.
        let _ = self.shared.set(queue);
    }

    pub(super) async fn spend(&self, key: &str, jobs: u32, most: u32) -> Result<(), DayError> {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
        let (day, wait) = (now / DAY, Duration::from_secs(DAY - now % DAY));
        if self.count(day, key, i64::from(jobs)).await? <= u64::from(most) {
            return Ok(());
        }
        // What was refused was not submitted.
        self.count(day, key, -i64::from(jobs)).await?;
        Err(DayError::Spent { wait })
    }

    /// Adds to what was submitted on a day, and says how much that is now.
    async fn count(&self, day: u64, key: &str, jobs: i64) -> Result<u64, QueueError> {
        if let Some(queue) = self.shared.get() {
            return queue.count(&format!("day:{day}"), key, jobs, Duration::from_secs(2 * DAY)).await;
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
