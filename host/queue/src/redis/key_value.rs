//! Small values that all processes share, by name: announcements of languages, keys, secrets.

use std::collections::BTreeMap;
use std::time::Duration;

use redis::Cmd;

use super::RedisQueue;
use crate::QueueError;

impl RedisQueue {
    /// Sets a value of a hash, or removes it.
    ///
    /// # Errors
    /// Redis cannot be reached, or refuses.
    pub async fn put(&self, hash: &str, name: &str, value: Option<&[u8]>) -> Result<(), QueueError> {
        let key = self.hash_key(hash);
        let command = match value {
            Some(value) => Cmd::hset(key, name, value),
            None => Cmd::hdel(key, name),
        };
        self.shared.connection.query("store a value", &command).await
    }

    /// All values of a hash, by name.
    ///
    /// # Errors
    /// Redis cannot be reached, or refuses.
    pub async fn get_all(&self, hash: &str) -> Result<BTreeMap<String, Vec<u8>>, QueueError> {
        self.shared.connection.query("read stored values", &Cmd::hgetall(self.hash_key(hash))).await
    }

    /// All names of a hash.
    ///
    /// # Errors
    /// Redis cannot be reached, or refuses.
    pub async fn names(&self, hash: &str) -> Result<Vec<String>, QueueError> {
        self.shared.connection.query("read stored values", &Cmd::hkeys(self.hash_key(hash))).await
    }

    /// Stores a value under a name, unless there is one already; returns the stored one.
    ///
    /// # Errors
    /// Redis cannot be reached, or refuses.
    pub async fn put_if_absent(&self, name: &str, value: &[u8]) -> Result<Vec<u8>, QueueError> {
        let key = format!("{}:{name}", self.shared.prefix);
        let options = redis::SetOptions::default().conditional_set(redis::ExistenceCheck::NX);
        let set = Cmd::set_options(&key, value, options);
        self.shared.connection.query::<Option<String>>("store a value", &set).await?;
        self.shared.connection.query("read stored values", &Cmd::get(&key)).await
    }

    /// The value of a name in a hash.
    ///
    /// # Errors
    /// Redis cannot be reached, or refuses.
    pub async fn get(&self, hash: &str, name: &str) -> Result<Option<Vec<u8>>, QueueError> {
        self.shared.connection.query("read stored values", &Cmd::hget(self.hash_key(hash), name)).await
    }

    /// Adds to a counter of a hash that expires after `lifetime`; returns its new value.
    ///
    /// # Errors
    /// Redis cannot be reached, or refuses.
    pub async fn count(&self, hash: &str, name: &str, by: i64, lifetime: Duration) -> Result<u64, QueueError> {
        let key = self.hash_key(hash);
        let count: i64 = self.shared.connection.query("count", &Cmd::hincr(&key, name, by)).await?;
        let life = i64::try_from(super::ms(lifetime)).unwrap_or(i64::MAX);
        self.shared.connection.query::<()>("count", &Cmd::pexpire(&key, life)).await?;
        Ok(u64::try_from(count).unwrap_or(0))
    }

    fn hash_key(&self, hash: &str) -> String {
        format!("{}:shelf:{hash}", self.shared.prefix)
    }
}
