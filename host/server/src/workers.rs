//! The workers of a queue: each says every two seconds how it is, and takes no new jobs while an operator wants it to drain.
//!
//! In: a worker's figures, an operator's wish. Out: the list of workers, and the wish to the worker that it is for. Beside
//! a shared queue both are there for all processes; otherwise the one worker is in this process.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use optimus_core::Timestamp;
use optimus_queue::SharedStore;
use optimus_queue::background::Outage;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::key_value::{InMemory, KeyValueStore, SharedHash};
use crate::metrics::Metrics;

/// Between two signs of life, and between two looks for a wish.
const BEAT: Duration = Duration::from_secs(2);
/// A worker that was silent for so long is said to be lost.
const LOST_MS: u64 = 10_000;
/// And after so long it is forgotten.
const FORGET_MS: u64 = 10 * 60 * 1_000;

/// What a worker says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beat {
    /// Of this run of the process: a restart is another worker, which does not drain.
    pub id: String,
    /// The machine's name.
    pub host: String,
    /// The program's version.
    pub version: String,
    /// Jobs that it judges at the same time.
    pub slots: u64,
    /// Jobs that it judges now.
    pub busy: u64,
    /// True, if it takes no new jobs.
    pub draining: bool,
    /// When it began to work.
    pub started_at: Timestamp,
    /// When it said this.
    pub seen_at: Timestamp,
}

/// How a worker is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It takes jobs.
    Working,
    /// It takes no new jobs, or will not in a moment; some still run.
    Draining,
    /// It takes no new jobs, and none runs: it can be stopped.
    Drained,
    /// It says nothing any more.
    Lost,
}

impl Beat {
    /// For a worker that begins now.
    pub fn new(slots: usize) -> Self {
        let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        let (started_at, slots) = (Timestamp::now(), slots as u64);
        Self {
            id: Uuid::now_v7().to_string(),
            host: host.trim().to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            slots,
            busy: 0,
            draining: false,
            started_at,
            seen_at: started_at,
        }
    }

    fn state(&self, is_wished: bool, now: Timestamp) -> State {
        match (is_wished, self.draining, self.busy) {
            _ if now.0.saturating_sub(self.seen_at.0) > LOST_MS => State::Lost,
            (true, true, 0) => State::Drained,
            (true, _, _) => State::Draining,
            (false, _, _) => State::Working,
        }
    }
}

/// All workers of a queue.
pub struct Workers {
    beats: Box<dyn KeyValueStore>,
    wishes: Box<dyn KeyValueStore>,
}

impl Workers {
    /// Of this process alone.
    pub fn here() -> Self {
        Self { beats: Box::<InMemory>::default(), wishes: Box::<InMemory>::default() }
    }

    /// Of all processes that share the queue.
    pub fn shared(store: &Arc<dyn SharedStore>) -> Self {
        let hash = |name| Box::new(SharedHash::new(Arc::clone(store), name));
        Self { beats: hash("workers"), wishes: hash("drains") }
    }

    /// Each with its state, those that began first coming first.
    ///
    /// # Errors
    /// They cannot be read.
    pub async fn list(&self) -> anyhow::Result<Vec<(Beat, State)>> {
        let (wishes, now) = (self.wishes.names().await?, Timestamp::now());
        let mut workers = Vec::new();
        for (id, json) in self.beats.get_all().await? {
            let beat: Beat = serde_json::from_slice(&json).with_context(|| format!("worker `{id}` cannot be read"))?;
            if now.0.saturating_sub(beat.seen_at.0) > FORGET_MS {
                self.forget(&id).await?;
            } else {
                let state = beat.state(wishes.contains(&id), now);
                workers.push((beat, state));
            }
        }
        workers.sort_by(|(a, _), (b, _)| (a.started_at, &a.id).cmp(&(b.started_at, &b.id)));
        Ok(workers)
    }

    /// Wishes that a worker drains, or that it works again; `None`, if there is no such worker.
    ///
    /// # Errors
    /// It cannot be written.
    pub async fn drain(&self, id: &str, wish: bool) -> anyhow::Result<Option<(Beat, State)>> {
        if self.beats.get(id).await?.is_none() {
            return Ok(None);
        }
        self.wishes.put(id, wish.then(|| b"drain".to_vec())).await?;
        Ok(self.list().await?.into_iter().find(|(beat, _)| beat.id == id))
    }

    async fn forget(&self, id: &str) -> anyhow::Result<()> {
        self.beats.put(id, None).await?;
        self.wishes.put(id, None).await
    }

    /// One sign of life; whether the worker is to drain.
    async fn beat(&self, beat: &Beat) -> anyhow::Result<bool> {
        let is_wished = self.wishes.get(&beat.id).await?.is_some();
        let beat = Beat { draining: is_wished, seen_at: Timestamp::now(), ..beat.clone() };
        self.beats.put(&beat.id, Some(serde_json::to_vec(&beat)?)).await?;
        Ok(is_wished)
    }
}

/// A worker's side, until `shutdown`. While the queue cannot be asked, the last wish holds.
pub async fn follow(
    workers: Arc<Workers>,
    worker: Beat,
    metrics: Arc<Metrics>,
    drains: watch::Sender<bool>,
    shutdown: CancellationToken,
) {
    let mut outage = Outage::of("tell how the worker is");
    loop {
        let (_, busy) = metrics.slots();
        let told = workers.beat(&Beat { busy, ..worker.clone() }).await.map_err(|error| format!("{error:#}"));
        outage.note(&told);
        if let Ok(wish) = told
            && drains.send_if_modified(|drains| std::mem::replace(drains, wish) != wish)
        {
            tracing::info!(worker = worker.id, drains = wish, "an operator's wish");
        }
        tokio::select! {
            () = shutdown.cancelled() => break,
            () = tokio::time::sleep(BEAT) => {}
        }
    }
    if let Err(error) = workers.forget(&worker.id).await {
        tracing::warn!(error = format!("{error:#}"), "the list of workers keeps this one for a while");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_worker_hears_a_wish_and_is_drained_once_nothing_runs() {
        let (workers, beat) = (Workers::here(), Beat { busy: 1, ..Beat::new(2) });
        assert!(!workers.beat(&beat).await.unwrap());
        let state = async || workers.list().await.unwrap()[0].1;
        assert_eq!(state().await, State::Working);
        assert!(workers.drain("other", true).await.unwrap().is_none());
        assert_eq!(workers.drain(&beat.id, true).await.unwrap().unwrap().1, State::Draining);
        assert!(workers.beat(&beat).await.unwrap());
        assert_eq!(state().await, State::Draining, "a job still runs");
        assert!(workers.beat(&Beat { busy: 0, ..beat.clone() }).await.unwrap());
        assert_eq!(state().await, State::Drained);
        assert_eq!(workers.drain(&beat.id, false).await.unwrap().unwrap().1, State::Working);
        assert!(!workers.beat(&beat).await.unwrap());
    }

    #[tokio::test]
    async fn a_silent_worker_is_lost_and_then_forgotten() {
        let workers = Workers::here();
        let silent = |ms| Beat { seen_at: Timestamp::now().before(ms), ..Beat::new(1) };
        for beat in [silent(LOST_MS + 1_000), silent(FORGET_MS + 1_000)] {
            workers.beats.put(&beat.id, Some(serde_json::to_vec(&beat).unwrap())).await.unwrap();
        }
        let states: Vec<State> = workers.list().await.unwrap().into_iter().map(|(_, state)| state).collect();
        assert_eq!(states, [State::Lost]);
        assert_eq!(workers.beats.names().await.unwrap().len(), 1);
    }
}
