//! The places of input that clients send to running programs.
//!
//! Each piece gets the number of bytes before it, counted beside the queue, so that a worker puts pieces in order that came
//! through several API processes, and notices one that is lost.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use optimus_core::JobId;
use optimus_queue::{QueueError, SharedStore};

/// Bytes that clients may send to one program, in all.
pub(crate) const MOST_BYTES: u64 = 16 << 20;
/// No program runs for longer.
const LIFETIME: Duration = Duration::from_secs(25 * 60 * 60);

/// Counts what clients send to each job that takes input.
#[derive(Default)]
pub struct LiveInputs {
    /// Absent: the queue is this process's own, and so are the counts.
    shared: Option<Arc<dyn SharedStore>>,
    own: Mutex<HashMap<JobId, Count>>,
}

/// Of one job.
struct Count {
    since: Instant,
    bytes: u64,
    has_ended: bool,
}

/// The place of a piece of input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// So many bytes come before it.
    At(u64),
    /// The job takes no input.
    Closed,
    /// An earlier piece was the last.
    Ended,
    /// There is no room for it below [`MOST_BYTES`].
    Full,
}

impl LiveInputs {
    /// Counts beside a shared queue, or in this process.
    pub fn new(shared: Option<Arc<dyn SharedStore>>) -> Self {
        Self { shared, own: Mutex::default() }
    }

    /// Notes that a job takes input.
    pub(crate) async fn open(&self, id: JobId) -> Result<(), QueueError> {
        match &self.shared {
            Some(shared) => count(&**shared, id, BYTES, 1).await.map(drop),
            None => {
                let mut own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
                own.retain(|_, count| count.since.elapsed() < LIFETIME);
                own.insert(id, Count { since: Instant::now(), bytes: 0, has_ended: false });
                Ok(())
            }
        }
    }

    /// Reserves the place of the next `bytes` bytes; nothing comes after them if they are the `end`.
    pub(crate) async fn place(&self, id: JobId, bytes: u64, end: bool) -> Result<Place, QueueError> {
        match &self.shared {
            Some(shared) => place_shared(&**shared, id, bytes, end).await,
            None => Ok(self.place_own(id, bytes, end)),
        }
    }

    fn place_own(&self, id: JobId, bytes: u64, end: bool) -> Place {
        let mut own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(count) = own.get_mut(&id) else { return Place::Closed };
        if count.has_ended {
            return Place::Ended;
        }
        if count.bytes + bytes > MOST_BYTES {
            return Place::Full;
        }
        let at = count.bytes;
        count.bytes += bytes;
        count.has_ended = end;
        Place::At(at)
    }
}

/// The counters of a job: one more than its bytes, and how often its end was sent.
const BYTES: &str = "bytes";
const ENDS: &str = "ends";

async fn count(shared: &dyn SharedStore, id: JobId, name: &str, by: i64) -> Result<u64, QueueError> {
    shared.count(&format!("stdin:{id}"), name, by, LIFETIME).await
}

async fn place_shared(shared: &dyn SharedStore, id: JobId, bytes: u64, end: bool) -> Result<Place, QueueError> {
    let before = count(shared, id, BYTES, 0).await?;
    if before == 0 {
        return Ok(Place::Closed);
    }
    if before - 1 + bytes > MOST_BYTES {
        return Ok(Place::Full);
    }
    if count(shared, id, ENDS, i64::from(end)).await? > u64::from(end) {
        return Ok(Place::Ended);
    }
    let after = count(shared, id, BYTES, i64::try_from(bytes).unwrap_or(i64::MAX)).await?;
    Ok(Place::At(after.saturating_sub(1 + bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn pieces_follow_each_other_until_the_last() {
        let (inputs, id) = (LiveInputs::default(), JobId::new());
        assert_eq!(inputs.place(id, 1, false).await.unwrap(), Place::Closed);
        inputs.open(id).await.unwrap();
        assert_eq!(inputs.place(id, 3, false).await.unwrap(), Place::At(0));
        assert_eq!(inputs.place(id, MOST_BYTES, false).await.unwrap(), Place::Full);
        assert_eq!(inputs.place(id, 2, true).await.unwrap(), Place::At(3));
        assert_eq!(inputs.place(id, 1, false).await.unwrap(), Place::Ended);
    }
}
