//! Where keys are kept: beside the queue in Redis, or in a file of the state directory that only its owner can read.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use optimus_queue::RedisQueue;

use super::Key;
use crate::disk;

const HASH: &str = "keys";

/// Where keys are kept.
pub enum KeyStore {
    /// One file, of a server in one process.
    File(PathBuf),
    /// For all processes that share the queue.
    Redis(Arc<RedisQueue>),
}

impl KeyStore {
    /// Every key.
    ///
    /// # Errors
    /// They cannot be read.
    pub async fn load(&self) -> anyhow::Result<Vec<Key>> {
        match self {
            Self::File(path) => match disk::read(path.clone()).await? {
                Some(json) => {
                    serde_json::from_slice(&json).with_context(|| format!("`{}` holds no keys", path.display()))
                }
                None => Ok(Vec::new()),
            },
            Self::Redis(queue) => {
                let kept = queue.get_all(HASH).await?;
                let read = |(id, json): (String, Vec<u8>)| {
                    serde_json::from_slice(&json).with_context(|| format!("key `{id}` cannot be read"))
                };
                kept.into_iter().map(read).collect()
            }
        }
    }

    /// Keeps one more.
    ///
    /// # Errors
    /// It cannot be written.
    pub async fn add(&self, key: &Key) -> anyhow::Result<()> {
        match self {
            Self::File(_) => {
                let mut keys = self.load().await?;
                keys.push(key.clone());
                self.write(&keys).await
            }
            Self::Redis(queue) => Ok(queue.put(HASH, &key.id, Some(&serde_json::to_vec(key)?)).await?),
        }
    }

    /// Forgets one; `false`, if there is none of this id.
    ///
    /// # Errors
    /// It cannot be written.
    pub async fn remove(&self, id: &str) -> anyhow::Result<bool> {
        let keys = self.load().await?;
        let rest: Vec<Key> = keys.iter().filter(|key| key.id != id).cloned().collect();
        let found = rest.len() < keys.len();
        match self {
            _ if !found => {}
            Self::File(_) => self.write(&rest).await?,
            Self::Redis(queue) => queue.put(HASH, id, None).await?,
        }
        Ok(found)
    }

    async fn write(&self, keys: &[Key]) -> anyhow::Result<()> {
        let Self::File(path) = self else { return Ok(()) };
        disk::write(path.clone(), serde_json::to_vec_pretty(keys)?).await
    }
}
