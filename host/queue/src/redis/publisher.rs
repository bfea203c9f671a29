//! Publishes events of jobs, from one task with batches per language.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use optimus_core::{Event, JobId};
use tokio::sync::{mpsc, oneshot};

use super::Shared;
use super::script::{Args, TELL};

/// Maximum number of events on their way to Redis; above it, events are dropped.
const PUBLISH_BUFFER: usize = 1024;
/// Timeout of a flush.
const ANSWER: Duration = Duration::from_secs(5);

/// A message to the publishing task.
pub(super) enum Publish {
    Event { id: JobId, language: String, json: String },
    Flush(oneshot::Sender<()>),
}

/// Hands events to the publishing task.
pub(super) struct Publisher {
    sender: mpsc::Sender<Publish>,
    unsent: Arc<AtomicUsize>,
}

impl Publisher {
    pub(super) fn new() -> (Self, (mpsc::Receiver<Publish>, Arc<AtomicUsize>)) {
        let (sender, receiver) = mpsc::channel(PUBLISH_BUFFER);
        let unsent = Arc::<AtomicUsize>::default();
        (Self { sender, unsent: Arc::clone(&unsent) }, (receiver, unsent))
    }

    /// Queues an event without waiting; drops it when too many are queued.
    pub(super) fn publish(&self, id: JobId, language: String, event: &Event) {
        let Ok(json) = serde_json::to_string(event) else { return };
        self.unsent.fetch_add(1, Ordering::AcqRel);
        if self.sender.try_send(Publish::Event { id, language, json }).is_err() {
            self.unsent.fetch_sub(1, Ordering::AcqRel);
        }
    }

    /// Returns once all events queued before are published.
    pub(super) async fn flush(&self) {
        if self.unsent.load(Ordering::Acquire) == 0 {
            return;
        }
        let (reply, said) = oneshot::channel();
        if self.sender.send(Publish::Flush(reply)).await.is_ok() {
            let _ = tokio::time::timeout(ANSWER, said).await;
        }
    }
}

/// The publishing task: sends queued events to Redis, in order.
pub(super) async fn publish_events(
    shared: Arc<Shared>,
    (mut published, unsent): (mpsc::Receiver<Publish>, Arc<AtomicUsize>),
) {
    let mut batch = Vec::new();
    while published.recv_many(&mut batch, 64).await > 0 {
        let mut waiting: Option<(String, Args, usize)> = None;
        for message in batch.drain(..) {
            match message {
                Publish::Event { id, language, json } => {
                    if waiting.as_ref().is_some_and(|(of, ..)| *of != language) {
                        publish_batch(&shared, waiting.take(), &unsent).await;
                    }
                    let (of, args, count) = waiting.take().unwrap_or((language, Args::default(), 0));
                    waiting = Some((of, args.with(id.to_string()).with(json), count + 1));
                }
                Publish::Flush(reply) => {
                    publish_batch(&shared, waiting.take(), &unsent).await;
                    let _ = reply.send(());
                }
            }
        }
        publish_batch(&shared, waiting, &unsent).await;
    }
}

async fn publish_batch(shared: &Shared, batch: Option<(String, Args, usize)>, unsent: &AtomicUsize) {
    if let Some((language, args, count)) = batch {
        if let Err(error) = shared.run_once::<()>("tell events", &TELL, &language, &args).await {
            tracing::debug!(%error, count, "events were lost");
        }
        unsent.fetch_sub(count, Ordering::AcqRel);
    }
}
