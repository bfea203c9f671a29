//! Where keys are kept: beside the queue in Redis, or in a file of the state directory that only its owner can read.

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use optimus_queue::RedisQueue;

use super::Key;

const SHELF: &str = "keys";

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
            Self::File(path) => match std::fs::read(path) {
                Ok(json) => {
                    serde_json::from_slice(&json).with_context(|| format!("`{}` holds no keys", path.display()))
                }
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
                Err(error) => Err(error).with_context(|| format!("cannot read `{}`", path.display())),
            },
            Self::Redis(queue) => {
                let kept = queue.kept(SHELF).await?;
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
                self.write(&keys)
            }
            Self::Redis(queue) => Ok(queue.keep(SHELF, &key.id, Some(&serde_json::to_vec(key)?)).await?),
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
            Self::File(_) => self.write(&rest)?,
            Self::Redis(queue) => queue.keep(SHELF, id, None).await?,
        }
        Ok(found)
    }

    /// In one step: a reader sees the old keys or the new ones.
    fn write(&self, keys: &[Key]) -> anyhow::Result<()> {
        let Self::File(path) = self else { return Ok(()) };
        let dir = path.parent().context("the keys' file has no directory")?;
        // Created for its owner alone.
        let mut file = tempfile::NamedTempFile::new_in(dir).context("cannot write the keys")?;
        file.write_all(&serde_json::to_vec_pretty(keys)?)?;
        file.as_file().sync_all()?;
        file.persist(path).with_context(|| format!("cannot write `{}`", path.display()))?;
        Ok(())
    }
}
