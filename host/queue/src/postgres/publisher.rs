//! Publishes events of jobs, from one task in batches.

use std::sync::Arc;

use optimus_core::JobId;
use uuid::Uuid;

use super::Shared;
use crate::publisher::{Publish, Published};

/// The publishing task: sends queued events to the database, in order.
pub(super) async fn publish_events(shared: Arc<Shared>, mut published: Published<JobId>) {
    let mut batch = Vec::new();
    while published.receive(&mut batch).await {
        let (mut ids, mut events): (Vec<Uuid>, Vec<String>) = Default::default();
        for message in batch.drain(..) {
            match message {
                Publish::Event(id, json) => {
                    ids.push(id.0);
                    events.push(json);
                }
                Publish::Flush(reply) => {
                    tell(&shared, &mut ids, &mut events, &published).await;
                    // The caller may have given up waiting.
                    let _ = reply.send(());
                }
            }
        }
        tell(&shared, &mut ids, &mut events, &published).await;
    }
}

async fn tell(shared: &Shared, ids: &mut Vec<Uuid>, events: &mut Vec<String>, published: &Published<JobId>) {
    if ids.is_empty() {
        return;
    }
    if let Err(error) = shared.database.query_once("tell events", "SELECT tell($1, $2)", &[ids, events]).await {
        tracing::debug!(%error, count = ids.len(), "events were lost");
    }
    published.are_sent(ids.len());
    ids.clear();
    events.clear();
}
