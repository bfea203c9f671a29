//! The dead: in the file only, until one is brought back.

use std::time::Instant;

use async_trait::async_trait;
use optimus_core::{Event, JobId};
use uuid::Uuid;

use super::EmbeddedQueue;
use super::event_log::EventLog;
use super::index::{Live, State};
use super::record::LiveRecord;
use super::request::Op;
use crate::{DeadJob, DeadLetters, Filter, QueueError};

#[async_trait]
impl DeadLetters for EmbeddedQueue {
    async fn dead(&self, filter: &Filter, before: Option<JobId>, limit: usize) -> Result<Vec<DeadJob>, QueueError> {
        let (filter, before) = (filter.clone(), before.unwrap_or(JobId(Uuid::max())));
        self.read(move |shared| shared.store.dead(&filter, before, limit)).await
    }

    async fn requeue(&self, id: JobId) -> Result<bool, QueueError> {
        let _only = self.shared.dead_letter_lock.lock().await;
        let Some(found) = self.read(move |shared| shared.store.dead_record(id)).await? else { return Ok(false) };
        let LiveRecord { fence, generation, .. } = found.live;
        let (fence, generation, submitted_ms) = (fence + 1, generation + 1, super::now_ms());
        let record =
            LiveRecord { attempt: 0, fence, generation, submitted_ms, cancel: false, fault: None, ..found.live };
        let written = {
            let mut index = self.shared.lock();
            let written = self.send(&index, Op::Requeue { id, record: record.clone() })?;
            index.pending.remove(id);
            let (since, log) = (Instant::now(), EventLog::default());
            let (state, stored, recovered) = (State::Ending, true, false);
            index.insert(id, Live { record, state, since, stored, recovered, turn: None, log });
            index.publish(id, Event::Queued);
            written
        };
        self.shared.wake.notify_waiters();
        written.wait().await?;
        Ok(true)
    }

    async fn discard(&self, id: JobId) -> Result<bool, QueueError> {
        let _only = self.shared.dead_letter_lock.lock().await;
        if self.read(move |shared| shared.store.dead_record(id)).await?.is_none() {
            return Ok(false);
        }
        let written = self.send(&self.shared.lock(), Op::Discard { id })?;
        written.wait().await?;
        Ok(true)
    }
}
