//! Small values that all processes share, by name.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;

use super::push::odd;
use super::{PostgresQueue, ms};
use crate::{QueueError, SharedCounts, SharedValues};

/// The hash of values that are never changed.
const ONCE: &str = "once";

#[async_trait]
impl SharedValues for PostgresQueue {
    async fn put(&self, hash: &str, name: &str, value: Option<&[u8]>) -> Result<(), QueueError> {
        const PUT: &str = "INSERT INTO value (hash, name, value) VALUES ($1, $2, $3) \
                           ON CONFLICT (hash, name) DO UPDATE SET value = excluded.value";
        const REMOVE: &str = "DELETE FROM value WHERE hash = $1 AND name = $2";
        let database = &self.shared.database;
        match value {
            Some(value) => database.query("store a value", PUT, &[&hash, &name, &value]).await.map(drop),
            None => database.query("remove a value", REMOVE, &[&hash, &name]).await.map(drop),
        }
    }

    async fn get(&self, hash: &str, name: &str) -> Result<Option<Vec<u8>>, QueueError> {
        const GET: &str = "SELECT value FROM value WHERE hash = $1 AND name = $2";
        let rows = self.shared.database.query("read stored values", GET, &[&hash, &name]).await?;
        rows.first().map(|row| row.try_get(0).map_err(|_| odd())).transpose()
    }

    async fn get_all(&self, hash: &str) -> Result<BTreeMap<String, Vec<u8>>, QueueError> {
        const ALL: &str = "SELECT name, value FROM value WHERE hash = $1";
        let rows = self.shared.database.query("read stored values", ALL, &[&hash]).await?;
        let pair = |row: &tokio_postgres::Row| Ok((row.try_get(0)?, row.try_get(1)?));
        rows.iter().map(|row| pair(row).map_err(|_: tokio_postgres::Error| odd())).collect()
    }

    async fn names(&self, hash: &str) -> Result<Vec<String>, QueueError> {
        const NAMES: &str = "SELECT name FROM value WHERE hash = $1";
        let rows = self.shared.database.query("read stored values", NAMES, &[&hash]).await?;
        rows.iter().map(|row| row.try_get(0).map_err(|_| odd())).collect()
    }
}

#[async_trait]
impl SharedCounts for PostgresQueue {
    async fn put_if_absent(&self, name: &str, value: &[u8]) -> Result<Vec<u8>, QueueError> {
        const PUT: &str = "INSERT INTO value (hash, name, value) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
        self.shared.database.query("store a value", PUT, &[&ONCE, &name, &value]).await?;
        self.get(ONCE, name).await?.ok_or_else(odd)
    }

    /// Not repeated: a second try might count twice.
    async fn count(&self, hash: &str, name: &str, by: i64, lifetime: Duration) -> Result<u64, QueueError> {
        const COUNT: &str = "\
            INSERT INTO counter AS c (hash, name, count, expires) \
            VALUES ($1, $2, $3, clock_timestamp() + $4::bigint * interval '1 ms') \
            ON CONFLICT (hash, name) DO UPDATE SET expires = excluded.expires, \
                count = excluded.count + CASE WHEN c.expires > clock_timestamp() THEN c.count ELSE 0 END \
            RETURNING count";
        let rows = self.shared.database.query_once("count", COUNT, &[&hash, &name, &by, &ms(lifetime)]).await?;
        let count: i64 = rows.first().ok_or_else(odd)?.try_get(0).map_err(|_| odd())?;
        Ok(u64::try_from(count).unwrap_or(0))
    }
}
