//! How many steps were started as copies, and how many of those failed and were started by themselves.

use std::sync::atomic::{AtomicU64, Ordering};

use optimus_agent::protocol::{Ended, Start};

static STARTED: AtomicU64 = AtomicU64::new(0);
static FAILED: AtomicU64 = AtomicU64::new(0);

/// Warm starts of this process's boxes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WarmStarts {
    /// Steps that were started as a copy of a parent.
    pub started: u64,
    /// Parents that failed. No verdict depends on it: the step was started by itself.
    pub failed: u64,
}

/// The count so far.
pub fn warm_starts() -> WarmStarts {
    WarmStarts { started: STARTED.load(Ordering::Relaxed), failed: FAILED.load(Ordering::Relaxed) }
}

/// Counts a step, and tells the operator of a failure.
pub(crate) fn note(ended: &Ended) {
    if ended.start == Start::Warm {
        STARTED.fetch_add(1, Ordering::Relaxed);
    }
    if let Some(why) = &ended.warm_fault {
        FAILED.fetch_add(1, Ordering::Relaxed);
        tracing::warn!("a warm start failed, and the step was started cold: {why}");
    }
}
