//! Hands events of jobs to the one task that writes them to a shared store, and knows which are still on their way.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use optimus_core::Event;
use tokio::sync::{mpsc, oneshot};

/// Maximum number of events on their way; above it, events are dropped.
const BUFFER: usize = 1024;
/// Maximum number of messages that are received at once.
const BATCH: usize = 64;
/// Timeout of a flush.
const ANSWER: Duration = Duration::from_secs(5);

/// A message to the publishing task.
pub(crate) enum Publish<To> {
    /// An event, as JSON, and whose it is.
    Event(To, String),
    /// Is answered once all events before it are published.
    Flush(oneshot::Sender<()>),
}

/// Hands events to the publishing task. `To` is what the store needs to know besides the event.
pub(crate) struct Publisher<To> {
    sender: mpsc::Sender<Publish<To>>,
    unsent: Arc<AtomicUsize>,
}

/// The publishing task's end.
pub(crate) struct Published<To> {
    receiver: mpsc::Receiver<Publish<To>>,
    unsent: Arc<AtomicUsize>,
}

impl<To> Publisher<To> {
    pub(crate) fn new() -> (Self, Published<To>) {
        let (sender, receiver) = mpsc::channel(BUFFER);
        let unsent = Arc::<AtomicUsize>::default();
        (Self { sender, unsent: Arc::clone(&unsent) }, Published { receiver, unsent })
    }

    /// Queues an event without waiting; drops it when too many are queued.
    pub(crate) fn publish(&self, to: To, event: &Event) {
        let Ok(json) = serde_json::to_string(event) else { return };
        self.unsent.fetch_add(1, Ordering::AcqRel);
        if self.sender.try_send(Publish::Event(to, json)).is_err() {
            self.unsent.fetch_sub(1, Ordering::AcqRel);
        }
    }

    /// Returns once all events queued before are published.
    pub(crate) async fn flush(&self) {
        if self.unsent.load(Ordering::Acquire) == 0 {
            return;
        }
        let (reply, done) = oneshot::channel();
        if self.sender.send(Publish::Flush(reply)).await.is_ok() {
            let _ = tokio::time::timeout(ANSWER, done).await;
        }
    }
}

impl<To> Published<To> {
    /// Waits for messages and appends them to `batch`, in order; false, once there will be none.
    pub(crate) async fn receive(&mut self, batch: &mut Vec<Publish<To>>) -> bool {
        self.receiver.recv_many(batch, BATCH).await > 0
    }

    /// So many events are no longer on their way.
    pub(crate) fn are_sent(&self, count: usize) {
        self.unsent.fetch_sub(count, Ordering::AcqRel);
    }
}
