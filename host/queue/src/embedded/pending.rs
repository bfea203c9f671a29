//! When each webhook is due, and which claim on it is the newest.

use std::collections::{BTreeSet, HashMap};
use std::time::{Duration, Instant};

use optimus_core::JobId;

/// Due times of the webhooks that are still to be sent, and the claims on them.
#[derive(Default)]
pub(super) struct Pending {
    due: BTreeSet<(Instant, JobId)>,
    at: HashMap<JobId, (Instant, u64)>,
    claims: u64,
}

impl Pending {
    pub(super) fn put(&mut self, id: JobId, due: Instant) {
        let claim = self.remove(id);
        self.due.insert((due, id));
        self.at.insert(id, (due, claim));
    }

    /// Returns its last claim; 0, if it never had one.
    pub(super) fn remove(&mut self, id: JobId) -> u64 {
        let Some((due, claim)) = self.at.remove(&id) else { return 0 };
        self.due.remove(&(due, id));
        claim
    }

    pub(super) fn claim(&mut self, lease: Duration, limit: usize) -> Vec<(JobId, u64)> {
        let now = Instant::now();
        let due: Vec<JobId> =
            self.due.iter().take_while(|(due, _)| *due <= now).map(|(_, id)| *id).take(limit).collect();
        let claim = |id: JobId| {
            self.put(id, now + lease);
            self.claims += 1;
            if let Some((_, claim)) = self.at.get_mut(&id) {
                *claim = self.claims;
            }
            (id, self.claims)
        };
        due.into_iter().map(claim).collect()
    }

    pub(super) fn is_held(&self, id: JobId, claim: u64) -> bool {
        self.at.get(&id).is_some_and(|(_, last)| *last == claim)
    }
}
