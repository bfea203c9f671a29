//! How many exchanges are in flight with each host, so that one that hangs does not delay the others.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Exchanges with one host at the same time.
const PER_HOST: usize = 8;

/// The exchanges in flight, by host. Clones share them.
#[derive(Clone, Default)]
pub(super) struct HostSlots(Arc<Mutex<HashMap<String, usize>>>);

/// One of the exchanges that a host may have in flight.
pub(super) struct HostSlot {
    slots: HostSlots,
    host: String,
}

impl HostSlots {
    /// A slot of this host, until it is dropped; `None`, if all are taken.
    pub(super) fn take(&self, host: String) -> Option<HostSlot> {
        let mut in_flight = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = in_flight.entry(host.clone()).or_default();
        if *count >= PER_HOST {
            return None;
        }
        *count += 1;
        Some(HostSlot { slots: self.clone(), host })
    }
}

impl Drop for HostSlot {
    fn drop(&mut self) {
        let mut in_flight = self.slots.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = in_flight.get_mut(&self.host) {
            *count -= 1;
            if *count == 0 {
                in_flight.remove(&self.host);
            }
        }
    }
}
