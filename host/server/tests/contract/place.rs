//! A queue with the schedules beside it, and the servers on it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use optimus_core::JobId;
use optimus_queue::{
    Backend, PostgresConfig, PostgresQueue, QueueError, RedisConfig, RedisQueue, Rules, SharedCounts, SharedStore,
    SharedValues,
};
use serde_json::{Value, json};

use crate::postgres;
use crate::server::Redis;
use crate::support::{Server, Setup};

/// Where the queue is.
enum Kind {
    Embedded,
    Redis(Arc<Redis>),
    Postgres(Arc<postgres::Server>),
}

/// A queue of a case's own.
pub(crate) struct Place {
    kind: Kind,
    name: String,
    dir: Arc<tempfile::TempDir>,
}

impl Place {
    pub(crate) fn embedded() -> Self {
        Self::of(Kind::Embedded)
    }

    pub(crate) fn redis() -> Self {
        Self::of(Kind::Redis(Redis::shared()))
    }

    pub(crate) fn cluster() -> Self {
        Self::of(Kind::Redis(Redis::shared_cluster()))
    }

    pub(crate) fn postgres() -> Self {
        Self::of(Kind::Postgres(postgres::Server::shared()))
    }

    fn of(kind: Kind) -> Self {
        let name = format!("test_{}", JobId::new().0.simple());
        Self { kind, name, dir: Arc::new(tempfile::tempdir().unwrap()) }
    }

    /// A server.
    pub(crate) async fn server(&self) -> Server {
        self.with(Setup::default(), false).await
    }

    /// A server that differs from the usual ones.
    pub(crate) async fn server_with(&self, setup: Setup) -> Server {
        self.with(setup, false).await
    }

    /// A server whose clock is ahead.
    pub(crate) async fn server_ahead(&self, ahead: Duration) -> Server {
        self.with(Setup { ahead, ..Setup::default() }, false).await
    }

    /// Servers of which each believes that it leads; one only, where none can share the queue.
    pub(crate) async fn leaders(&self) -> Vec<Server> {
        let mut leaders = vec![self.with(Setup::default(), true).await];
        if self.is_shared() {
            leaders.push(self.with(Setup::default(), true).await);
        }
        leaders
    }

    /// Another server: on a shared queue as well as the first, otherwise after it.
    pub(crate) async fn another(&self, first: &mut Server) -> Server {
        self.another_with(first, Setup::default()).await
    }

    /// The same, one that differs from the usual ones.
    pub(crate) async fn another_with(&self, first: &mut Server, setup: Setup) -> Server {
        if !self.is_shared() {
            first.stop().await;
        }
        self.with(setup, false).await
    }

    /// Returns true if several servers can share the queue.
    pub(crate) fn is_shared(&self) -> bool {
        !matches!(self.kind, Kind::Embedded)
    }

    async fn with(&self, setup: Setup, always_leads: bool) -> Server {
        let shared = self.shared(setup.rules.clone()).await.map(|(queue, store)| {
            let store: Arc<dyn SharedStore> = if always_leads { Arc::new(Leads(store)) } else { store };
            (queue, store)
        });
        Server::with(Setup { shared, dir: Some(Arc::clone(&self.dir)), ..setup }).await
    }

    /// Connections of a process of its own.
    async fn shared(&self, rules: Rules) -> Option<(Arc<dyn Backend>, Arc<dyn SharedStore>)> {
        match &self.kind {
            Kind::Embedded => None,
            Kind::Redis(redis) => {
                let config = RedisConfig { rules, prefix: self.name.clone(), ..RedisConfig::default() };
                let queue = Arc::new(RedisQueue::connect(&redis.url(), config).await.unwrap());
                Some((Arc::clone(&queue) as _, queue))
            }
            Kind::Postgres(server) => {
                let config =
                    PostgresConfig { rules, schema: self.name.clone(), connections: 4, ..PostgresConfig::default() };
                let queue = Arc::new(PostgresQueue::connect(&server.url(), config).await.unwrap());
                Some((Arc::clone(&queue) as _, queue))
            }
        }
    }
}

/// What lies beside a queue, for a process that always believes that it leads: as one whose clock is wrong, or that was
/// stopped for a while.
struct Leads(Arc<dyn SharedStore>);

#[async_trait]
impl SharedValues for Leads {
    async fn put(&self, hash: &str, name: &str, value: Option<&[u8]>) -> Result<(), QueueError> {
        self.0.put(hash, name, value).await
    }

    async fn get(&self, hash: &str, name: &str) -> Result<Option<Vec<u8>>, QueueError> {
        self.0.get(hash, name).await
    }

    async fn get_all(&self, hash: &str) -> Result<BTreeMap<String, Vec<u8>>, QueueError> {
        self.0.get_all(hash).await
    }

    async fn names(&self, hash: &str) -> Result<Vec<String>, QueueError> {
        self.0.names(hash).await
    }
}

#[async_trait]
impl SharedCounts for Leads {
    async fn put_if_absent(&self, name: &str, value: &[u8]) -> Result<Vec<u8>, QueueError> {
        self.0.put_if_absent(name, value).await
    }

    async fn count(&self, hash: &str, name: &str, by: i64, lifetime: Duration) -> Result<u64, QueueError> {
        match hash {
            "schedule-leader" | "pipeline-leader" => Ok(1),
            _ => self.0.count(hash, name, by, lifetime).await,
        }
    }
}

/// A schedule of a job, which does as `source` says.
pub(crate) fn schedule(source: &str, spec: &Value, policies: &Value) -> Value {
    let job = json!({"language": "toy", "source": source, "tests": [{"stdin": "1"}]});
    json!({"spec": spec, "job": job, "policies": policies})
}

/// The path of a new schedule.
pub(crate) async fn created(server: &Server, body: &Value) -> String {
    let made = server.post("/v1/schedules", body).await;
    assert_eq!(made.status, 201, "{}", made.text());
    format!("/v1/schedules/{}", made.json()["id"].as_str().unwrap())
}

/// The schedule, as soon as it is like that.
pub(crate) async fn until(server: &Server, path: &str, is_so: impl Fn(&Value) -> bool) -> Value {
    loop {
        let schedule = server.get(path).await.json();
        if is_so(&schedule) {
            return schedule;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
