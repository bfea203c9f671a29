//! The connections of this process, and statements on them.

use std::future::Future;
use std::time::{Duration, Instant};

use deadpool_postgres::{Hook, HookError, Manager, ManagerConfig, Object, Pool, RecyclingMethod, Runtime};
use tokio::sync::OnceCell;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use super::PostgresConfig;
use super::address::{Address, CONNECT};
use super::fault::Trouble;
use super::migrations::{self, Migrated};
use crate::QueueError;

/// An answer that takes longer than this will not come; the server gives up a little earlier.
const ANSWER: Duration = Duration::from_secs(10);
const STATEMENT: Duration = Duration::from_secs(9);

/// Counts how often a statement is sent. After a restart of the server, every connection of the pool may be dead.
pub(super) struct Tries {
    failed: u32,
    begun: Instant,
}

impl Tries {
    const MOST: u32 = 10;

    pub(super) fn new() -> Self {
        Self { failed: 0, begun: Instant::now() }
    }

    /// Whether the statement may be sent again after this trouble.
    pub(super) fn may_repeat(&mut self, trouble: &Trouble) -> bool {
        self.failed += 1;
        trouble.may_be_repeated() && self.failed < Self::MOST && self.begun.elapsed() < ANSWER / 2
    }

    /// Whether it was sent before.
    pub(super) fn is_repeated(&self) -> bool {
        self.failed > 0
    }
}

/// Values of a statement.
pub(super) type Params<'a> = &'a [&'a (dyn ToSql + Sync)];

pub(super) struct Database {
    address: Address,
    schema: String,
    pool: Pool,
    /// Done, once the tables are known to be of this version.
    migrated: OnceCell<Migrated>,
}

impl Database {
    pub(super) fn new(url: &str, config: &PostgresConfig) -> Result<Self, QueueError> {
        let address = Address::parse(url, config.username.as_deref(), config.password.as_deref())?;
        let schema = checked(&config.schema)?;
        let session = session(&schema);
        let manager = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = Manager::from_config(address.config.clone(), address.tls.clone(), manager);
        let begin = Hook::async_fn(move |client: &mut deadpool_postgres::ClientWrapper, _| {
            let session = session.clone();
            Box::pin(async move { client.batch_execute(&session).await.map_err(HookError::Backend) })
        });
        let pool = Pool::builder(manager)
            .max_size(config.connections.max(1))
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(ANSWER))
            .create_timeout(Some(CONNECT * 2))
            .post_create(begin)
            .build()
            .map_err(|error| QueueError::Store {
                doing: "make a pool of connections".to_owned(),
                source: error.into(),
            })?;
        Ok(Self { address, schema, pool, migrated: OnceCell::new() })
    }

    pub(super) fn address(&self) -> &Address {
        &self.address
    }

    /// The channel of a kind of notification; the schema is a plain word, so it needs no quotes.
    pub(super) fn channel(&self, kind: &str) -> String {
        format!("{}_{kind}", self.schema)
    }

    /// Connects once, and migrates where that is needed.
    pub(super) async fn check(&self) -> Result<(), QueueError> {
        self.migrate("connect").await.map(drop)
    }

    /// Takes as long as it takes.
    pub(super) async fn migrate(&self, doing: &str) -> Result<Migrated, QueueError> {
        self.client().await.map(drop).map_err(|trouble| self.fault(doing, trouble))?;
        Ok(self.migrated.get().copied().unwrap_or_default())
    }

    /// A connection to a database whose tables are of this version.
    pub(super) async fn client(&self) -> Result<Object, Trouble> {
        let mut client = self.connection().await?;
        self.migrated.get_or_try_init(|| migrations::migrate(&mut client, &self.schema)).await?;
        Ok(client)
    }

    /// A connection to a database whose tables may be of any version.
    pub(super) async fn connection(&self) -> Result<Object, Trouble> {
        self.pool.get().await.map_err(|error| Trouble::of_pool(error, CONNECT * 2))
    }

    /// One statement, which is sent again if its connection broke or its transaction was undone.
    pub(super) async fn query(&self, doing: &str, sql: &str, params: Params<'_>) -> Result<Vec<Row>, QueueError> {
        let mut tries = Tries::new();
        loop {
            match self.send(sql, params).await {
                Err(trouble) if tries.may_repeat(&trouble) => {
                    tracing::debug!(%trouble, doing, "a statement is sent again");
                }
                answer => return answer.map_err(|trouble| self.fault(doing, trouble)),
            }
        }
    }

    /// One statement that must not be sent again.
    pub(super) async fn query_once(&self, doing: &str, sql: &str, params: Params<'_>) -> Result<Vec<Row>, QueueError> {
        self.send(sql, params).await.map_err(|trouble| self.fault(doing, trouble))
    }

    async fn send(&self, sql: &str, params: Params<'_>) -> Result<Vec<Row>, Trouble> {
        in_time(async {
            let client = self.client().await?;
            let statement = client.prepare_cached(sql).await?;
            Ok(client.query(&statement, params).await?)
        })
        .await
    }

    /// Several statements, in time; the error says what was being done.
    pub(super) async fn within<T>(
        &self,
        doing: &str,
        work: impl Future<Output = Result<T, Trouble>>,
    ) -> Result<T, QueueError> {
        in_time(work).await.map_err(|trouble| self.fault(doing, trouble))
    }

    pub(super) fn fault(&self, doing: &str, trouble: Trouble) -> QueueError {
        QueueError::Postgres {
            doing: doing.to_owned(),
            address: self.address.to_string(),
            hint: trouble.hint(),
            source: Box::new(trouble),
        }
    }
}

/// The result of some work, unless it takes too long.
pub(super) async fn in_time<T>(work: impl Future<Output = Result<T, Trouble>>) -> Result<T, Trouble> {
    tokio::time::timeout(ANSWER, work).await.unwrap_or(Err(Trouble::Late(ANSWER)))
}

/// Returns true if the error may be gone later without anybody's doing.
pub(super) fn may_pass(error: &QueueError) -> bool {
    match error {
        QueueError::Postgres { source, .. } => !source.downcast_ref::<Trouble>().is_some_and(Trouble::is_refusal),
        _ => false,
    }
}

/// The same error for another caller.
pub(super) fn again(error: &QueueError) -> QueueError {
    match error {
        QueueError::Postgres { doing, address, hint, source } => QueueError::Postgres {
            doing: doing.clone(),
            address: address.clone(),
            hint,
            source: source.to_string().into(),
        },
        other => QueueError::Store { doing: "write".to_owned(), source: other.to_string().into() },
    }
}

/// The settings of a session. Every query here is made for one index, and its table may grow from nothing to a million rows
/// between two looks of the planner: it may neither sort nor read a whole table where an index is in order.
fn session(schema: &str) -> String {
    format!(
        "SET search_path = {schema}; SET statement_timeout = {statement}; SET lock_timeout = {statement}; \
         SET idle_in_transaction_session_timeout = {idle}; SET client_min_messages = warning; \
         SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_sort = off; \
         SET plan_cache_mode = force_generic_plan; SET jit = off",
        statement = STATEMENT.as_millis(),
        idle = ANSWER.as_millis(),
    )
}

/// A schema is a plain word, which SQL takes without quotes.
fn checked(schema: &str) -> Result<String, QueueError> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let begins = schema.starts_with(|c: char| c.is_ascii_lowercase() || c == '_') && !schema.starts_with("pg_");
    match begins && schema.len() <= 48 && schema.chars().all(plain) {
        true => Ok(schema.to_owned()),
        false => Err(QueueError::BadSchema(schema.to_owned())),
    }
}
