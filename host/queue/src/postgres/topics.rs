//! What is heard of a job, handed to all who follow it here.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use optimus_core::JobId;
use tokio::sync::broadcast;

use super::lock;

/// Maximum number of events that a slow follower lags behind before it loses some.
pub(super) const BUFFER: usize = 64;

/// What is heard of a job.
#[derive(Debug, Clone)]
pub(super) enum Heard {
    /// An event with its number: `queued`, `running`, `stored`, or `event` and its JSON.
    Event(u64, Arc<str>),
    Done,
    /// Something may have been missed.
    Gap,
}

#[derive(Default)]
pub(super) struct Topics(Mutex<HashMap<JobId, broadcast::Sender<Heard>>>);

impl Topics {
    pub(super) fn subscribe(self: &Topics, id: JobId) -> broadcast::Receiver<Heard> {
        let mut topics = lock(&self.0);
        topics.entry(id).or_insert_with(|| broadcast::channel(BUFFER).0).subscribe()
    }

    /// Forgets a topic without followers.
    pub(super) fn leave(&self, id: JobId, receiver: Option<broadcast::Receiver<Heard>>) {
        let mut topics = lock(&self.0);
        // Under the lock, so that of two that leave one is the last.
        drop(receiver);
        if topics.get(&id).is_some_and(|topic| topic.receiver_count() == 0) {
            topics.remove(&id);
        }
    }

    pub(super) fn dispatch(&self, id: JobId, heard: Heard) {
        if let Some(topic) = lock(&self.0).get(&id) {
            // Without followers it is dropped.
            let _ = topic.send(heard);
        }
    }

    pub(super) fn dispatch_gap(&self) {
        for topic in lock(&self.0).values() {
            let _ = topic.send(Heard::Gap);
        }
    }
}
