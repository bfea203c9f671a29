//! Storage of keys: beside a shared queue, or in a file of the state directory that only its owner can read.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use async_trait::async_trait;
use optimus_queue::SharedStore;

use super::Key;
use crate::disk;
use crate::key_value::{KeyValueStore, SharedHash};

const HASH: &str = "keys";

/// Storage of keys.
pub struct KeyStore {
    values: Box<dyn KeyValueStore>,
    shared: Option<Arc<dyn SharedStore>>,
}

impl KeyStore {
    /// One file, of a server in one process.
    pub fn file(path: PathBuf) -> Self {
        Self { values: Box::new(KeyFile(path)), shared: None }
    }

    /// For all processes that share the queue.
    pub fn shared(store: Arc<dyn SharedStore>) -> Self {
        Self { values: Box::new(SharedHash::new(Arc::clone(&store), HASH)), shared: Some(store) }
    }

    /// The values and counters beside the shared queue, if the keys are there.
    pub fn beside_queue(&self) -> Option<&Arc<dyn SharedStore>> {
        self.shared.as_ref()
    }

    /// Every key, the oldest first.
    ///
    /// # Errors
    /// They cannot be read.
    pub async fn load(&self) -> anyhow::Result<Vec<Key>> {
        let read = |(id, json): (String, Vec<u8>)| {
            serde_json::from_slice(&json).with_context(|| format!("key `{id}` cannot be read"))
        };
        let mut keys = self.values.get_all().await?.into_iter().map(read).collect::<anyhow::Result<Vec<Key>>>()?;
        keys.sort_by_key(|key| key.created);
        Ok(keys)
    }

    /// Stores one more.
    ///
    /// # Errors
    /// It cannot be written.
    pub async fn add(&self, key: &Key) -> anyhow::Result<()> {
        self.values.put(&key.id, Some(serde_json::to_vec(key)?)).await
    }

    /// Removes one; `false`, if there is none of this id.
    ///
    /// # Errors
    /// It cannot be written.
    pub async fn remove(&self, id: &str) -> anyhow::Result<bool> {
        let is_found = self.values.get(id).await?.is_some();
        if is_found {
            self.values.put(id, None).await?;
        }
        Ok(is_found)
    }
}

/// A file with the list of all keys, in the order in which they were made.
struct KeyFile(PathBuf);

impl KeyFile {
    async fn read(&self) -> anyhow::Result<Vec<Key>> {
        match disk::read(self.0.clone()).await? {
            Some(json) => {
                serde_json::from_slice(&json).with_context(|| format!("`{}` is not a list of keys", self.0.display()))
            }
            None => Ok(Vec::new()),
        }
    }
}

#[async_trait]
impl KeyValueStore for KeyFile {
    async fn get(&self, name: &str) -> anyhow::Result<Option<Vec<u8>>> {
        Ok(self.get_all().await?.remove(name))
    }

    async fn get_all(&self) -> anyhow::Result<BTreeMap<String, Vec<u8>>> {
        let keys = self.read().await?;
        keys.into_iter().map(|key| Ok((key.id.clone(), serde_json::to_vec(&key)?))).collect()
    }

    async fn names(&self) -> anyhow::Result<Vec<String>> {
        Ok(self.read().await?.into_iter().map(|key| key.id).collect())
    }

    async fn put(&self, name: &str, value: Option<Vec<u8>>) -> anyhow::Result<()> {
        let mut keys = self.read().await?;
        keys.retain(|key| key.id != name);
        keys.extend(value.map(|json| serde_json::from_slice::<Key>(&json)).transpose()?);
        disk::write(self.0.clone(), serde_json::to_vec_pretty(&keys)?).await
    }
}
