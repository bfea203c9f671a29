//! Small values that all processes share, by name: announcements of languages, keys, secrets.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use redis::Cmd;

use super::RedisQueue;
use crate::{QueueError, SharedCounts, SharedValues};

#[async_trait]
impl SharedValues for RedisQueue {
    async fn put(&self, hash: &str, name: &str, value: Option<&[u8]>) -> Result<(), QueueError> {
        let key = self.hash_key(hash);
        let command = match value {
            Some(value) => Cmd::hset(key, name, value),
            None => Cmd::hdel(key, name),
        };
        self.shared.connection.query("store a value", &command).await
    }

    async fn get(&self, hash: &str, name: &str) -> Result<Option<Vec<u8>>, QueueError> {
        self.shared.connection.query("read stored values", &Cmd::hget(self.hash_key(hash), name)).await
    }

    async fn get_all(&self, hash: &str) -> Result<BTreeMap<String, Vec<u8>>, QueueError> {
        self.shared.connection.query("read stored values", &Cmd::hgetall(self.hash_key(hash))).await
    }

    async fn names(&self, hash: &str) -> Result<Vec<String>, QueueError> {
        self.shared.connection.query("read stored values", &Cmd::hkeys(self.hash_key(hash))).await
    }
}

#[async_trait]
impl SharedCounts for RedisQueue {
    async fn put_if_absent(&self, name: &str, value: &[u8]) -> Result<Vec<u8>, QueueError> {
        let key = format!("{}:{name}", self.shared.prefix);
        let options = redis::SetOptions::default().conditional_set(redis::ExistenceCheck::NX);
        let set = Cmd::set_options(&key, value, options);
        self.shared.connection.query::<Option<String>>("store a value", &set).await?;
        self.shared.connection.query("read stored values", &Cmd::get(&key)).await
    }

    async fn count(&self, hash: &str, name: &str, by: i64, lifetime: Duration) -> Result<u64, QueueError> {
        let key = self.hash_key(hash);
        let count: i64 = self.shared.connection.query("count", &Cmd::hincr(&key, name, by)).await?;
        let life = i64::try_from(super::ms(lifetime)).unwrap_or(i64::MAX);
        self.shared.connection.query::<()>("count", &Cmd::pexpire(&key, life)).await?;
        Ok(u64::try_from(count).unwrap_or(0))
    }
}

impl RedisQueue {
    fn hash_key(&self, hash: &str) -> String {
        format!("{}:shelf:{hash}", self.shared.prefix)
    }
}
