//! Hands events of feeds to the one task that writes them to a shared store, in batches and in order.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, watch};

use crate::QueueError;
use crate::background::Outage;
use crate::feed::FeedEvent;

/// Events that wait; further ones are lost, and counted.
const BUFFER: usize = 8_192;
/// Events of one write.
const BATCH: usize = 256;
/// Delay between two tries of a write.
const PAUSE: Duration = Duration::from_millis(500);
/// Timeout of a flush.
const ANSWER: Duration = Duration::from_secs(5);

/// Events of tenants as JSON, in order.
pub(crate) type Batch = Vec<(String, String)>;

/// Takes events without waiting.
pub(crate) struct FeedWriter {
    waiting: Mutex<Waiting>,
    added: Notify,
    /// Events that were written, or lost.
    written: watch::Sender<u64>,
}

#[derive(Default)]
struct Waiting {
    events: VecDeque<(String, String)>,
    /// Events of each tenant for which there was no room.
    lost: BTreeMap<String, u64>,
    /// Events that were ever taken.
    taken: u64,
}

impl Default for FeedWriter {
    fn default() -> Self {
        Self { waiting: Mutex::default(), added: Notify::new(), written: watch::Sender::new(0) }
    }
}

impl FeedWriter {
    pub(crate) fn announce(&self, tenant: Option<&str>, event: &FeedEvent) {
        let tenant = tenant.unwrap_or_default().to_owned();
        let mut waiting = self.lock();
        if waiting.events.len() < BUFFER {
            waiting.events.push_back((tenant, event.to_json()));
            waiting.taken += 1;
        } else {
            *waiting.lost.entry(tenant).or_default() += 1;
        }
        drop(waiting);
        self.added.notify_one();
    }

    pub(crate) async fn flush(&self) {
        let taken = self.lock().taken;
        let mut written = self.written.subscribe();
        let flushed = written.wait_for(|written| *written >= taken);
        if tokio::time::timeout(ANSWER, flushed).await.is_err() {
            tracing::debug!("events of feeds were not written in time");
        }
    }

    /// The writing task. A write that fails is tried again until it succeeds, so that an event may be there twice after an
    /// outage.
    pub(crate) async fn run<F>(&self, write: impl Fn(Arc<Batch>) -> F)
    where
        F: Future<Output = Result<(), QueueError>>,
    {
        let mut outage = Outage::of("write events of feeds");
        loop {
            let (batch, count) = self.next();
            if batch.is_empty() {
                self.added.notified().await;
                continue;
            }
            let batch = Arc::new(batch);
            loop {
                let result = write(Arc::clone(&batch)).await;
                outage.note(&result);
                if result.is_ok() {
                    break;
                }
                tokio::time::sleep(PAUSE).await;
            }
            self.written.send_modify(|written| *written += count);
        }
    }

    /// What is written next, and how many of it were taken from those that wait.
    fn next(&self) -> (Batch, u64) {
        let mut waiting = self.lock();
        let count = waiting.events.len().min(BATCH);
        let mut batch: Batch = waiting.events.drain(..count).collect();
        // What was lost is said where it is missing: after all that waited before it.
        if waiting.events.is_empty() {
            let lost = std::mem::take(&mut waiting.lost).into_iter();
            batch.extend(lost.map(|(tenant, count)| (tenant, FeedEvent::lost(count).to_json())));
        }
        (batch, u64::try_from(count).unwrap_or(u64::MAX))
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use serde_json::json;

    use super::*;

    #[tokio::test]
    async fn what_a_store_that_is_away_cannot_take_is_counted() {
        let (writer, is_away, written) =
            (Arc::<FeedWriter>::default(), Arc::new(AtomicBool::new(true)), Arc::<Mutex<Batch>>::default());
        let (running, away, all) = (Arc::clone(&writer), Arc::clone(&is_away), Arc::clone(&written));
        let task = tokio::spawn(async move {
            let write = |batch: Arc<Batch>| {
                let is_away = away.load(Ordering::SeqCst);
                if !is_away {
                    all.lock().unwrap().extend(batch.iter().cloned());
                }
                std::future::ready(if is_away { Err(QueueError::Closed) } else { Ok(()) })
            };
            running.run(write).await;
        });
        let announce = |number: usize| writer.announce(Some("a"), &FeedEvent::new("x", json!(number)));
        (0..BATCH).for_each(announce);
        // The first batch is on its way; behind it there is room for so many.
        while !writer.lock().events.is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        (BATCH..BATCH + BUFFER + 3).for_each(announce);
        is_away.store(false, Ordering::SeqCst);
        while written.lock().unwrap().len() <= BATCH + BUFFER {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let all = written.lock().unwrap().clone();
        let numbers: Vec<_> = all.iter().map(|(_, json)| FeedEvent::from_json(json).data).collect();
        assert_eq!(numbers.len(), BATCH + BUFFER + 1);
        assert!((0..BATCH + BUFFER).all(|number| numbers[number] == json!(number)), "in order");
        assert_eq!(numbers.last(), Some(&json!({"events": 3})));
        task.abort();
    }
}
