//! Publishes events of jobs, from one task with batches per language.

use std::sync::Arc;

use optimus_core::JobId;

use super::Shared;
use super::script::{Args, TELL};
use crate::publisher::{Publish, Published};

/// A job and its language, whose keys are on one node.
pub(super) type To = (JobId, String);

/// The publishing task: sends queued events to Redis, in order.
pub(super) async fn publish_events(shared: Arc<Shared>, mut published: Published<To>) {
    let mut batch = Vec::new();
    while published.receive(&mut batch).await {
        let mut waiting: Option<(String, Args, usize)> = None;
        for message in batch.drain(..) {
            match message {
                Publish::Event((id, language), json) => {
                    if waiting.as_ref().is_some_and(|(of, ..)| *of != language) {
                        publish_batch(&shared, waiting.take(), &published).await;
                    }
                    let (of, args, count) = waiting.take().unwrap_or((language, Args::default(), 0));
                    waiting = Some((of, args.with(id.to_string()).with(json), count + 1));
                }
                Publish::Flush(reply) => {
                    publish_batch(&shared, waiting.take(), &published).await;
                    // The caller may have given up waiting.
                    let _ = reply.send(());
                }
            }
        }
        publish_batch(&shared, waiting, &published).await;
    }
}

async fn publish_batch(shared: &Shared, batch: Option<(String, Args, usize)>, published: &Published<To>) {
    if let Some((language, args, count)) = batch {
        if let Err(error) = shared.run_once::<()>("tell events", &TELL, &language, &args).await {
            tracing::debug!(%error, count, "events were lost");
        }
        published.are_sent(count);
    }
}
