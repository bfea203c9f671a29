//! A queue in PostgreSQL, for any number of processes.
//!
//! A job is one row. Every step of a job is one function of the database (`postgres/sql`) or one transaction, and fenced.
//! `take` locks the row that is next with `SKIP LOCKED`, so that no worker waits for another. Notifications wake workers
//! and carry events; they are hints, and a process that misses one looks by itself within a second. Time is the
//! database's. What was accepted is as durable as its commits are.

mod address;
mod database;
mod dead;
mod end;
mod events;
mod examine;
mod fault;
mod feed;
mod key_value;
mod list;
mod listen;
mod migrations;
mod outbox;
mod publisher;
mod push;
mod reap;
mod take;
mod topics;
mod traits;
mod wake;

use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use optimus_core::JobId;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use self::database::Database;
pub use self::examine::PostgresState;
use self::listen::Listening;
pub use self::migrations::Migrated;
use self::push::Pushes;
use self::topics::Topics;
use self::wake::Wakes;
use crate::background::{Ended, Ends};
use crate::feed_writer::FeedWriter;
use crate::publisher::Publisher;
use crate::{QueueError, Rules};

/// Address of the database, and the schema of our tables there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostgresConfig {
    /// Rules that hold on every backend.
    pub rules: Rules,
    /// The schema that holds the tables.
    pub schema: String,
    /// In place of the URL's.
    pub username: Option<String>,
    /// In place of the URL's.
    pub password: Option<String>,
    /// Connections of this process at most, without the one that listens.
    pub connections: usize,
}

impl Default for PostgresConfig {
    fn default() -> Self {
        Self { rules: Rules::default(), schema: "optimus".to_owned(), username: None, password: None, connections: 8 }
    }
}

/// A queue in PostgreSQL. Dropping it ends its connections; nothing that was accepted depends on it.
pub struct PostgresQueue {
    shared: Arc<Shared>,
    /// Ended with the queue.
    _tasks: JoinSet<()>,
    ended: watch::Receiver<Option<Ended>>,
}

struct Shared {
    rules: Rules,
    database: Database,
    pushes: Pushes,
    publisher: Publisher<JobId>,
    topics: Topics,
    feeds: FeedWriter,
    listening: Listening,
    wakes: Wakes,
    /// Looks for a job at the same time: half of the connections, so that reports need not wait for them.
    looks: Arc<Semaphore>,
    /// The language of the job that was taken last: the next one comes from another, if there is any.
    last_language: Mutex<String>,
    /// When this process last looked for lost jobs.
    reaped: Mutex<Option<Instant>>,
}

impl PostgresQueue {
    /// Connects, and brings the tables to this version. A server that cannot be reached is no error: everything fails until
    /// it can.
    ///
    /// # Errors
    /// The address makes no sense, the server refuses us, or the tables are of a newer version.
    pub async fn connect(url: &str, config: PostgresConfig) -> Result<Self, QueueError> {
        let rules = config.rules.clone();
        let (pushes, pushed) = Pushes::new();
        let (publisher, published) = Publisher::new();
        let shared = Arc::new(Shared {
            rules,
            database: Database::new(url, &config)?,
            pushes,
            publisher,
            topics: Topics::default(),
            feeds: FeedWriter::default(),
            listening: Listening::default(),
            wakes: Wakes::default(),
            looks: Arc::new(Semaphore::new(config.connections.div_ceil(2))),
            last_language: Mutex::default(),
            reaped: Mutex::default(),
        });
        match shared.database.check().await {
            Err(error) if !database::may_pass(&error) => return Err(error),
            Err(error) => tracing::warn!(%error, "postgres cannot be reached yet"),
            Ok(()) => {}
        }
        let mut tasks = JoinSet::new();
        let (ends, ended) = Ends::new();
        tasks.spawn(ends.clone().run("queue-writer", push::write_pushes(Arc::clone(&shared), pushed)));
        tasks.spawn(ends.clone().run("queue-publisher", publisher::publish_events(Arc::clone(&shared), published)));
        tasks.spawn(ends.clone().run("queue-subscription", listen::listen(Arc::clone(&shared))));
        tasks.spawn(ends.clone().run("queue-feeds", feed::write_feeds(Arc::clone(&shared))));
        tasks.spawn(ends.run("queue-reaper", reap::reap(Arc::clone(&shared))));
        Ok(Self { shared, _tasks: tasks, ended })
    }

    /// Brings the tables to this version; one process does so at a time.
    ///
    /// # Errors
    /// The server cannot be reached or refuses, or the tables are of a newer version.
    pub async fn migrate(url: &str, config: &PostgresConfig) -> Result<Migrated, QueueError> {
        Database::new(url, config)?.migrate("migrate").await
    }

    /// The first of its background tasks that ended; none of them should.
    pub fn ended(&self) -> watch::Receiver<Option<Ended>> {
        self.ended.clone()
    }

    /// Address of the server, without a password.
    pub fn address(&self) -> String {
        self.shared.database.address().to_string()
    }
}

impl Shared {
    /// Running jobs of one tenant at most; 0: any number.
    fn slots(&self) -> i32 {
        self.rules.tenant_slots.map_or(0, |slots| i32::try_from(NonZeroU32::get(slots)).unwrap_or(i32::MAX))
    }

    fn attempts(&self) -> i32 {
        i32::try_from(self.rules.max_attempts).unwrap_or(i32::MAX)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn ms(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX).clamp(1, MOST_MS)
}

/// A hundred years: what is longer would leave the range of the database's times.
const MOST_MS: i64 = 100 * 365 * 24 * 60 * 60 * 1_000;

fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
