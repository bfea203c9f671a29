//! Small things that every process should see: the languages that workers know, and whatever else is kept by name.

use std::collections::BTreeMap;
use std::time::Duration;

use redis::Cmd;

use super::RedisQueue;
use crate::QueueError;

impl RedisQueue {
    /// Puts a value on a shelf, or takes it off.
    ///
    /// # Errors
    /// Redis did not do it.
    pub async fn put(&self, hash: &str, name: &str, value: Option<&[u8]>) -> Result<(), QueueError> {
        let key = self.hash_key(hash);
        let command = match value {
            Some(value) => Cmd::hset(key, name, value),
            None => Cmd::hdel(key, name),
        };
        self.shared.link.query("keep a value", &command).await
    }

    /// All that is on a shelf, by name.
    ///
    /// # Errors
    /// Redis did not do it.
    pub async fn get_all(&self, hash: &str) -> Result<BTreeMap<String, Vec<u8>>, QueueError> {
        self.shared.link.query("read what is kept", &Cmd::hgetall(self.hash_key(hash))).await
    }

    /// The names of all that is on a shelf.
    ///
    /// # Errors
    /// Redis did not do it.
    pub async fn names(&self, hash: &str) -> Result<Vec<String>, QueueError> {
        self.shared.link.query("read what is kept", &Cmd::hkeys(self.hash_key(hash))).await
    }

    /// Keeps a value under a name of its own, unless there is one already; returns the one that is kept.
    ///
    /// # Errors
    /// Redis did not do it.
    pub async fn put_if_absent(&self, name: &str, value: &[u8]) -> Result<Vec<u8>, QueueError> {
        let key = format!("{}:{name}", self.shared.prefix);
        let options = redis::SetOptions::default().conditional_set(redis::ExistenceCheck::NX);
        let set = Cmd::set_options(&key, value, options);
        self.shared.link.query::<Option<String>>("keep a value", &set).await?;
        self.shared.link.query("read what is kept", &Cmd::get(&key)).await
    }

    /// What is on a shelf under a name.
    ///
    /// # Errors
    /// Redis did not do it.
    pub async fn get(&self, hash: &str, name: &str) -> Result<Option<Vec<u8>>, QueueError> {
        self.shared.link.query("read what is kept", &Cmd::hget(self.hash_key(hash), name)).await
    }

    /// Adds to a number on a shelf that is cleared away after a while; returns what it is now.
    ///
    /// # Errors
    /// Redis did not do it.
    pub async fn count(&self, hash: &str, name: &str, by: i64, kept: Duration) -> Result<u64, QueueError> {
        let key = self.hash_key(hash);
        let count: i64 = self.shared.link.query("count", &Cmd::hincr(&key, name, by)).await?;
        let life = i64::try_from(super::ms(kept)).unwrap_or(i64::MAX);
        self.shared.link.query::<()>("count", &Cmd::pexpire(&key, life)).await?;
        Ok(u64::try_from(count).unwrap_or(0))
    }

    fn hash_key(&self, hash: &str) -> String {
        format!("{}:shelf:{hash}", self.shared.prefix)
    }
}
