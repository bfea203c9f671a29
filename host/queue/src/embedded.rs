//! A queue in one file, for one process: nothing else to install.
//!
//! Everything that was accepted is in the file ([redb]) before anybody hears of it. What waits, what runs and for how
//! long is in memory, since the process that holds the file is the only one that can take jobs; so `take` costs no
//! disk. A job may even begin while its push is still being written: its report comes later in the same order.

mod dead;
mod event_log;
mod feed;
mod index;
mod outbox;
mod pending;
mod record;
mod request;
mod settle;
mod store;
mod tenant_slots;
mod traits;
mod waiting;
mod writer;

use std::path::Path;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use tokio::sync::{Notify, oneshot, watch};

use self::event_log::EventLog;
use self::index::{Caps, Index, Live, State};
use self::record::LiveRecord;
use self::request::{Op, Request};
use self::store::{Found, Store};
use self::writer::Writer;
use crate::background::{Ended, Ends};
use crate::{QueueError, Rules};

/// Bounds of the embedded queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmbeddedConfig {
    /// Rules that hold on every backend.
    pub rules: Rules,
    /// Bytes of jobs waiting or running; beyond, `Full`.
    pub queue_bytes: u64,
    /// Bytes of reports kept; beyond, the oldest are forgotten early.
    pub result_bytes: u64,
    /// Bytes of jobs kept in memory as well; the others are read from the file when their turn comes.
    pub memory_bytes: u64,
}

impl Default for EmbeddedConfig {
    fn default() -> Self {
        Self { rules: Rules::default(), queue_bytes: 4 << 30, result_bytes: 1 << 30, memory_bytes: 32 << 20 }
    }
}

/// A queue in one file. Dropping it finishes what is being written and closes the file.
pub struct EmbeddedQueue {
    shared: Arc<Shared>,
    /// `None` once closed.
    requests: Mutex<Option<Sender<Request>>>,
    writer: Option<std::thread::JoinHandle<()>>,
    ended: watch::Receiver<Option<Ended>>,
}

struct Shared {
    config: EmbeddedConfig,
    store: Store,
    index: Mutex<Index>,
    /// A job waits that did not before, or the queue closed.
    wake: Notify,
    /// Dead letters are requeued or discarded one at a time.
    dead_letter_lock: tokio::sync::Mutex<()>,
    /// One at a time looks an idempotency key up in the file and claims it.
    keyed: tokio::sync::Mutex<()>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Index> {
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn caps(&self) -> Caps<'_> {
        let EmbeddedConfig { rules, queue_bytes, memory_bytes, .. } = &self.config;
        Caps { rules, queue_bytes: *queue_bytes, memory_bytes: *memory_bytes }
    }
}

impl EmbeddedQueue {
    /// Opens the file, or makes it. Jobs that an earlier process left wait again; those that ended it too often are
    /// given up.
    ///
    /// # Errors
    /// `InUse` when another process has it, `Damaged` when it is not a queue.
    pub fn open(path: impl AsRef<Path>, config: EmbeddedConfig) -> Result<Self, QueueError> {
        let (store, found) = Store::open(path.as_ref())?;
        let shared = Arc::new(Shared {
            config,
            store,
            index: Mutex::new(Index::default()),
            wake: Notify::new(),
            dead_letter_lock: tokio::sync::Mutex::default(),
            keyed: tokio::sync::Mutex::default(),
        });
        let (requests, receiver) = std::sync::mpsc::channel();
        for request in recover(&shared, found) {
            // The receiver is still here.
            let _ = requests.send(request);
        }
        let next_expire = Instant::now();
        let (ends, ended) = Ends::new();
        let writer = Writer { shared: Arc::clone(&shared), requests: receiver, next_expire };
        let spawned = std::thread::Builder::new()
            .name("queue".to_owned())
            .spawn(move || ends.run_thread("queue-writer", || writer.run()));
        let thread = spawned.map_err(|error| QueueError::Store {
            doing: "start the queue's thread".to_owned(),
            source: Box::new(error),
        })?;
        Ok(Self { shared, requests: Mutex::new(Some(requests)), writer: Some(thread), ended })
    }

    /// The thread that writes the file, once it has ended before the queue was closed.
    pub fn ended(&self) -> watch::Receiver<Option<Ended>> {
        self.ended.clone()
    }

    /// Refuses everything from now on; a waiting `take` ends with `Closed`.
    pub fn close(&self) {
        self.shared.lock().closed = true;
        self.shared.wake.notify_waiters();
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    /// Sends while the caller holds the index: requests have the order of the changes in memory.
    fn send(&self, index: &MutexGuard<'_, Index>, op: Op) -> Result<Written, QueueError> {
        let (reply, written) = oneshot::channel();
        let requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        let sender = requests.as_ref().filter(|_| !index.closed).ok_or(QueueError::Closed)?;
        sender.send(Request { op, reply: Some(reply) }).map_err(|_| QueueError::Closed)?;
        Ok(Written(written))
    }
}

/// The promise that something will be durable.
struct Written(oneshot::Receiver<Result<(), QueueError>>);

impl Written {
    async fn wait(self) -> Result<(), QueueError> {
        self.0.await.unwrap_or(Err(QueueError::Closed))
    }
}

impl Drop for EmbeddedQueue {
    fn drop(&mut self) {
        self.close();
        if let Some(writer) = self.writer.take()
            && writer.join().is_err()
        {
            tracing::error!("the queue's thread panicked");
        }
    }
}

fn recover(shared: &Arc<Shared>, found: Found) -> Vec<Request> {
    let (now, now_ms) = (Instant::now(), now_ms());
    let mut index = shared.lock();
    index.epoch = now_ms;
    index.dead = found.dead;
    index.results = found.results;
    let mut given_up = Vec::new();
    for (id, record) in found.live {
        let age = Duration::from_millis(now_ms.saturating_sub(record.submitted_ms));
        let since = now.checked_sub(age).unwrap_or(now);
        let log = EventLog::default();
        index.insert(id, Live { record, state: State::Ending, since, stored: true, recovered: true, turn: None, log });
        given_up.extend(settle::requeue_or_give_up(&mut index, id, Duration::ZERO, &shared.config.rules));
    }
    for (id, due_ms) in found.hooks {
        index.pending.put(id, now + Duration::from_millis(due_ms.saturating_sub(now_ms)));
    }
    given_up
}

fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

fn new_record(job: &optimus_core::Job, bytes: u64, options: &crate::PushOptions) -> LiveRecord {
    let tenant = job.tenant.as_deref().unwrap_or_default();
    LiveRecord {
        language: job.language.clone(),
        tenant: job.tenant.clone(),
        priority: options.priority,
        submitted_ms: now_ms(),
        bytes,
        attempt: 0,
        fence: 0,
        cancel: false,
        fault: None,
        webhook: options.webhook.clone(),
        generation: 0,
        by: options.quota.as_ref().map(|quota| quota.key.clone()),
        // A tenant's name cannot hold a NUL, so two tenants' keys never meet.
        key: options.idempotency.as_ref().map(|known| format!("{tenant}\0{}", known.key)),
    }
}
