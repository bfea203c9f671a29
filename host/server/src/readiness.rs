//! Why this process is not ready, by part.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

/// The parts of this process that are in trouble, each with the reason. `GET /readyz` answers 503 while there is one.
#[derive(Debug, Default)]
pub struct Readiness {
    troubles: Mutex<BTreeMap<String, String>>,
    remarks: Mutex<BTreeMap<String, String>>,
    queue_is_shared: AtomicBool,
}

impl Readiness {
    /// `part` is in trouble for this reason, or (`None`) no longer.
    pub fn set(&self, part: &str, trouble: Option<&str>) {
        put(&self.troubles, part, trouble);
    }

    /// Sets a remark on `part`: worth knowing for an operator, but no reason to take the server out of service.
    pub fn remark(&self, part: &str, remark: Option<&str>) {
        put(&self.remarks, part, remark);
    }

    /// The queue is shared with other processes: its troubles do not make this one unready, because every other process
    /// has them too, and an answer that says when to come back is better than none.
    pub fn queue_is_elsewhere(&self) {
        self.queue_is_shared.store(true, Ordering::Relaxed);
    }

    /// Returns true if the queue's troubles are this process's own.
    pub(crate) fn includes_queue(&self) -> bool {
        !self.queue_is_shared.load(Ordering::Relaxed)
    }

    /// All troubles, by part.
    pub(crate) fn troubles(&self) -> BTreeMap<String, String> {
        self.troubles.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// All remarks, by part.
    pub(crate) fn remarks(&self) -> BTreeMap<String, String> {
        self.remarks.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn put(map: &Mutex<BTreeMap<String, String>>, part: &str, text: Option<&str>) {
    let mut map = map.lock().unwrap_or_else(PoisonError::into_inner);
    match text {
        Some(text) => map.insert(part.to_owned(), text.to_owned()),
        None => map.remove(part),
    };
}
