//! What the processes of a shared queue keep beside it: small values by name, and counters.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;

use crate::QueueError;

/// Values of named hashes: announcements of languages, keys, problems.
#[async_trait]
pub trait SharedValues: Send + Sync {
    /// Sets a value of a hash, or removes it.
    async fn put(&self, hash: &str, name: &str, value: Option<&[u8]>) -> Result<(), QueueError>;

    /// The value of a name in a hash.
    async fn get(&self, hash: &str, name: &str) -> Result<Option<Vec<u8>>, QueueError>;

    /// All values of a hash, by name.
    async fn get_all(&self, hash: &str) -> Result<BTreeMap<String, Vec<u8>>, QueueError>;

    /// All names of a hash.
    async fn names(&self, hash: &str) -> Result<Vec<String>, QueueError>;
}

/// Values that several processes change at the same time.
#[async_trait]
pub trait SharedCounts: Send + Sync {
    /// Stores a value under a name, unless there is one already; returns the stored one.
    async fn put_if_absent(&self, name: &str, value: &[u8]) -> Result<Vec<u8>, QueueError>;

    /// Adds to a counter of a hash that expires after `lifetime`; returns its new value.
    async fn count(&self, hash: &str, name: &str, by: i64, lifetime: Duration) -> Result<u64, QueueError>;
}

/// The values and counters beside a shared queue.
pub trait SharedStore: SharedValues + SharedCounts {}

impl<T: SharedValues + SharedCounts> SharedStore for T {}
