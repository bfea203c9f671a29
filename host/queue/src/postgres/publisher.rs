//! Publishes events of jobs, from one task in batches.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use optimus_core::{Event, JobId};
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use super::Shared;

/// Maximum number of events on their way; above it, events are dropped.
const BUFFER: usize = 1024;
/// Events of one statement.
const BATCH: usize = 64;
/// Timeout of a flush.
const ANSWER: Duration = Duration::from_secs(5);

pub(super) enum Publish {
    Event(JobId, String),
    Flush(oneshot::Sender<()>),
}

/// Hands events to the publishing task.
pub(super) struct Publisher {
    sender: mpsc::Sender<Publish>,
    unsent: Arc<AtomicUsize>,
}

/// The other end.
pub(super) type Published = (mpsc::Receiver<Publish>, Arc<AtomicUsize>);

impl Publisher {
    pub(super) fn new() -> (Self, Published) {
        let (sender, receiver) = mpsc::channel(BUFFER);
        let unsent = Arc::<AtomicUsize>::default();
        (Self { sender, unsent: Arc::clone(&unsent) }, (receiver, unsent))
    }

    /// Queues an event without waiting; drops it when too many are queued.
    pub(super) fn publish(&self, id: JobId, event: &Event) {
        let Ok(json) = serde_json::to_string(event) else { return };
        self.unsent.fetch_add(1, Ordering::AcqRel);
        if self.sender.try_send(Publish::Event(id, json)).is_err() {
            self.unsent.fetch_sub(1, Ordering::AcqRel);
        }
    }

    /// Returns once all events queued before are published.
    pub(super) async fn flush(&self) {
        if self.unsent.load(Ordering::Acquire) == 0 {
            return;
        }
        let (reply, done) = oneshot::channel();
        if self.sender.send(Publish::Flush(reply)).await.is_ok() {
            let _ = tokio::time::timeout(ANSWER, done).await;
        }
    }
}

/// The publishing task: sends queued events to the database, in order.
pub(super) async fn publish_events(shared: Arc<Shared>, (mut published, unsent): Published) {
    let mut batch = Vec::new();
    while published.recv_many(&mut batch, BATCH).await > 0 {
        let (mut ids, mut events): (Vec<Uuid>, Vec<String>) = Default::default();
        for message in batch.drain(..) {
            match message {
                Publish::Event(id, json) => {
                    ids.push(id.0);
                    events.push(json);
                }
                Publish::Flush(reply) => {
                    tell(&shared, &mut ids, &mut events, &unsent).await;
                    // The caller may have given up waiting.
                    let _ = reply.send(());
                }
            }
        }
        tell(&shared, &mut ids, &mut events, &unsent).await;
    }
}

async fn tell(shared: &Shared, ids: &mut Vec<Uuid>, events: &mut Vec<String>, unsent: &AtomicUsize) {
    if ids.is_empty() {
        return;
    }
    if let Err(error) = shared.database.query_once("tell events", "SELECT tell($1, $2)", &[ids, events]).await {
        tracing::debug!(%error, count = ids.len(), "events were lost");
    }
    unsent.fetch_sub(ids.len(), Ordering::AcqRel);
    ids.clear();
    events.clear();
}
