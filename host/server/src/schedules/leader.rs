//! One API process fires at a time: the one that was first to count up the counter of the present slot of time.
//!
//! The leader claims the next slot in the middle of its own; when it is gone, another process claims the slot after. Two
//! leaders at a time (clocks that differ, a process that was stopped) do no harm: a firing's key still lets one job through.

use std::sync::Arc;
use std::time::Duration;

use optimus_core::Timestamp;
use optimus_queue::SharedStore;

/// The length of a slot.
const SLOT_MS: u64 = 2_000;
/// Between two looks at whether a slot is to be claimed.
pub(crate) const CLAIM_EVERY: Duration = Duration::from_millis(SLOT_MS / 8);
/// Counters of old slots expire.
const LIFETIME: Duration = Duration::from_secs(60);

/// A process that wants to lead.
pub(crate) struct Leader {
    /// What is led: the counters of each have a hash of their own.
    of: &'static str,
    /// Absent: there is no other process.
    counts: Option<Arc<dyn SharedStore>>,
    /// It leads until this slot begins.
    until: u64,
    /// Another process was first to claim this slot.
    lost: Option<u64>,
}

impl Leader {
    pub(crate) fn new(of: &'static str, counts: Option<Arc<dyn SharedStore>>) -> Self {
        Self { of, counts, until: 0, lost: None }
    }

    /// Claims what is to be claimed, and returns true if this process leads.
    pub(crate) async fn claim(&mut self, now: Timestamp) -> anyhow::Result<bool> {
        let Some(counts) = self.counts.clone() else { return Ok(true) };
        let slot = now.0 / SLOT_MS;
        // A clock that was set back.
        if self.until > slot + 2 {
            self.until = 0;
        }
        let is_late = now.0 % SLOT_MS >= SLOT_MS / 2;
        let wanted =
            if self.until <= slot { Some(slot) } else { (is_late && self.until == slot + 1).then_some(slot + 1) };
        if let Some(wanted) = wanted.filter(|wanted| self.lost != Some(*wanted)) {
            match counts.count(self.of, &wanted.to_string(), 1, LIFETIME).await? {
                1 => self.until = wanted + 1,
                _ => self.lost = Some(wanted),
            }
        }
        Ok(self.until > slot)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, HashMap};
    use std::sync::Mutex;

    use async_trait::async_trait;
    use optimus_queue::{QueueError, SharedCounts, SharedValues};

    use super::*;

    #[derive(Default)]
    struct Counts(Mutex<HashMap<String, u64>>);

    #[async_trait]
    impl SharedValues for Counts {
        async fn put(&self, _: &str, _: &str, _: Option<&[u8]>) -> Result<(), QueueError> {
            Ok(())
        }

        async fn get(&self, _: &str, _: &str) -> Result<Option<Vec<u8>>, QueueError> {
            Ok(None)
        }

        async fn get_all(&self, _: &str) -> Result<BTreeMap<String, Vec<u8>>, QueueError> {
            Ok(BTreeMap::new())
        }

        async fn names(&self, _: &str) -> Result<Vec<String>, QueueError> {
            Ok(Vec::new())
        }
    }

    #[async_trait]
    impl SharedCounts for Counts {
        async fn put_if_absent(&self, _: &str, value: &[u8]) -> Result<Vec<u8>, QueueError> {
            Ok(value.to_owned())
        }

        async fn count(&self, _: &str, name: &str, _: i64, _: Duration) -> Result<u64, QueueError> {
            let mut counts = self.0.lock().unwrap();
            let count = counts.entry(name.to_owned()).or_default();
            *count += 1;
            Ok(*count)
        }
    }

    #[tokio::test]
    async fn one_process_leads_for_as_long_as_it_lives_and_then_another() {
        let counts: Arc<dyn SharedStore> = Arc::new(Counts::default());
        let (mut one, mut other) = (Leader::new("x", Some(Arc::clone(&counts))), Leader::new("x", Some(counts)));
        let begin = SLOT_MS * 1_000;
        for ms in (0..5 * SLOT_MS).step_by(250) {
            assert!(one.claim(Timestamp(begin + ms)).await.unwrap(), "{ms}");
            assert!(!other.claim(Timestamp(begin + ms)).await.unwrap(), "{ms}");
        }
        let mut ms = 5 * SLOT_MS;
        while !other.claim(Timestamp(begin + ms)).await.unwrap() {
            ms += 250;
        }
        assert!(ms <= 7 * SLOT_MS, "{ms}");
        assert!(!one.claim(Timestamp(begin + ms)).await.unwrap());
    }

    #[tokio::test]
    async fn a_process_alone_always_leads() {
        assert!(Leader::new("x", None).claim(Timestamp(0)).await.unwrap());
    }
}
