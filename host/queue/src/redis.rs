//! A queue in Redis, for any number of processes: standalone, behind Sentinel, or a Cluster.
//!
//! Every step of a job is one script (`redis/lua`), atomic and fenced. All keys of a language share a slot. Its stream
//! holds one entry for each job that waits or runs, so its length is the outstanding work; a worker blocks on it to be
//! woken, and `take` decides which job it gets. Leases are deadlines in Redis's own time. What was accepted is as
//! durable as Redis is: with `appendfsync always` it survives `kill -9` of anything.

mod address;
mod connection;
mod dead;
mod events;
mod fault;
mod feed;
mod greeting;
mod key_value;
mod list;
mod outbox;
mod publisher;
mod push;
mod reap;
mod script;
mod shared_connection;
mod take;
mod traits;
mod wake;

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use optimus_core::JobId;
use tokio::sync::watch;
use tokio::task::JoinSet;

pub use self::address::Address;
use self::events::Subscriptions;
use self::shared_connection::SharedConnection;
use self::wake::Wakes;
use crate::background::{Ended, Ends};
use crate::feed_writer::FeedWriter;
use crate::publisher::Publisher;
use crate::{QueueError, Rules};

/// Address of Redis, and the prefix of our keys there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedisConfig {
    /// Rules that hold on every backend; the cap applies to each language here.
    pub rules: Rules,
    /// The first word of every key.
    pub prefix: String,
    /// In place of the URL's.
    pub username: Option<String>,
    /// In place of the URL's.
    pub password: Option<String>,
}

impl Default for RedisConfig {
    fn default() -> Self {
        Self { rules: Rules::default(), prefix: "optimus".to_owned(), username: None, password: None }
    }
}

/// A queue in Redis. Dropping it ends its connections; nothing that was accepted depends on it.
pub struct RedisQueue {
    shared: Arc<Shared>,
    /// Ended with the queue.
    tasks: Mutex<JoinSet<()>>,
    ends: Ends,
    ended: watch::Receiver<Option<Ended>>,
}

struct Shared {
    rules: Rules,
    prefix: String,
    connection: SharedConnection,
    routes: Mutex<Routes>,
    /// When a language was last entered into a set of languages.
    entered: Mutex<HashMap<(&'static str, String), Instant>>,
    wakes: Wakes,
    publisher: Publisher<publisher::To>,
    subscriptions: Subscriptions,
    feeds: FeedWriter,
    turn: AtomicUsize,
    /// When this process last looked for lost jobs.
    reaped: Mutex<Option<Instant>>,
}

/// A caller that died while it brought a job to its end is replaced after this long.
const GRACE: Duration = Duration::from_secs(5);
/// A language is entered again after this long, should Redis have lost it.
const ENTER_AGAIN: Duration = Duration::from_secs(10);

impl RedisQueue {
    /// Connects. A Redis that cannot be reached is no error: everything fails until it can.
    ///
    /// # Errors
    /// The address makes no sense, or Redis refuses us.
    pub async fn connect(url: &str, config: RedisConfig) -> Result<Self, QueueError> {
        let RedisConfig { rules, prefix, username, password } = config;
        let address = Address::parse(url, username.as_deref(), password.as_deref())?;
        let (publisher, published) = Publisher::new();
        let (subscriptions, changes) = Subscriptions::new();
        let shared = Arc::new(Shared {
            rules,
            prefix,
            connection: SharedConnection::new(address),
            routes: Mutex::default(),
            entered: Mutex::default(),
            wakes: Wakes::default(),
            publisher,
            subscriptions,
            feeds: FeedWriter::default(),
            turn: AtomicUsize::new(0),
            reaped: Mutex::default(),
        });
        match shared.connection.ping().await {
            Ok(()) => {}
            Err(error) if fault::is_refusal(&error) => return Err(shared.connection.fault("connect")(error)),
            Err(error) => {
                tracing::warn!(redis = shared.connection.address().to_string(), %error, "redis cannot be reached yet");
            }
        }
        let mut tasks = JoinSet::new();
        let (ends, ended) = Ends::new();
        tasks.spawn(ends.clone().run("queue-publisher", publisher::publish_events(Arc::clone(&shared), published)));
        tasks.spawn(ends.clone().run("queue-subscription", events::run_subscriptions(Arc::clone(&shared), changes)));
        tasks.spawn(ends.clone().run("queue-feeds", feed::write_feeds(Arc::clone(&shared))));
        tasks.spawn(ends.clone().run("queue-reaper", reap::reap(Arc::clone(&shared))));
        Ok(Self { shared, tasks: Mutex::new(tasks), ends, ended })
    }

    /// The first of its background tasks that ended; none of them should.
    pub fn ended(&self) -> watch::Receiver<Option<Ended>> {
        self.ended.clone()
    }

    /// Address of Redis, without a password.
    pub fn address(&self) -> String {
        self.shared.connection.address().to_string()
    }
}

impl Shared {
    /// The stream of a language, after which all its keys are named.
    fn stream(&self, language: &str) -> String {
        format!("{}:{{{language}}}:q", self.prefix)
    }

    /// Another key of a language.
    fn key(&self, language: &str, name: &str) -> String {
        format!("{}:{{{language}}}:{name}", self.prefix)
    }

    /// Every language that ever had a job.
    async fn languages(&self) -> Result<BTreeSet<String>, QueueError> {
        self.entries("langs").await
    }

    /// A set of languages.
    async fn entries(&self, set: &str) -> Result<BTreeSet<String>, QueueError> {
        let command = redis::Cmd::smembers(format!("{}:{set}", self.prefix));
        self.connection.query("read the languages", &command).await
    }

    /// Enters a language into a set of languages, unless that was done lately.
    async fn enter(&self, set: &'static str, language: &str) -> Result<(), QueueError> {
        let known = |at: &Instant| at.elapsed() < ENTER_AGAIN;
        let entry = (set, language.to_owned());
        if lock(&self.entered).get(&entry).is_some_and(known) {
            return Ok(());
        }
        let command = redis::Cmd::sadd(format!("{}:{set}", self.prefix), language);
        self.connection.query::<()>("enter a language", &command).await?;
        lock(&self.entered).insert(entry, Instant::now());
        Ok(())
    }

    /// The language of a job, which says where the job is. `None`: there is no such job.
    async fn route(&self, id: JobId) -> Result<Option<String>, QueueError> {
        if let Some(language) = lock(&self.routes).languages.get(&id) {
            return Ok(Some(language.clone()));
        }
        let command = redis::Cmd::get(self.route_key(id));
        let found: Option<String> = self.connection.query("look a job up", &command).await?;
        if let Some(language) = &found {
            lock(&self.routes).add(id, language);
        }
        Ok(found)
    }

    fn route_key(&self, id: JobId) -> String {
        format!("{}:at:{id}", self.prefix)
    }
}

/// Which jobs are in which language: never changes, so it may be kept.
#[derive(Default)]
struct Routes {
    languages: HashMap<JobId, String>,
    order: VecDeque<JobId>,
}

impl Routes {
    const MOST: usize = 1 << 15;

    fn add(&mut self, id: JobId, language: &str) {
        if self.languages.insert(id, language.to_owned()).is_none() {
            self.order.push_back(id);
        }
        if self.order.len() > Self::MOST
            && let Some(oldest) = self.order.pop_front()
        {
            self.languages.remove(&oldest);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn ms(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX).max(1)
}
