//! Small values by name: in a hash beside a shared queue, for all processes, or in files of one server's state directory,
//! or in memory.

pub(crate) mod json;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use optimus_queue::SharedStore;

use crate::disk;

/// Values by name.
#[async_trait]
pub(crate) trait KeyValueStore: Send + Sync {
    /// The value of a name; `None`, if there is none.
    async fn get(&self, name: &str) -> anyhow::Result<Option<Vec<u8>>>;

    /// All values, by name.
    async fn get_all(&self) -> anyhow::Result<BTreeMap<String, Vec<u8>>>;

    /// All names, without reading the values.
    async fn names(&self) -> anyhow::Result<Vec<String>>;

    /// Stores a value under a name, or removes it.
    async fn put(&self, name: &str, value: Option<Vec<u8>>) -> anyhow::Result<()>;
}

/// A hash beside a shared queue.
pub(crate) struct SharedHash {
    store: Arc<dyn SharedStore>,
    hash: Cow<'static, str>,
}

impl SharedHash {
    pub(crate) fn new(store: Arc<dyn SharedStore>, hash: impl Into<Cow<'static, str>>) -> Self {
        Self { store, hash: hash.into() }
    }
}

#[async_trait]
impl KeyValueStore for SharedHash {
    async fn get(&self, name: &str) -> anyhow::Result<Option<Vec<u8>>> {
        Ok(self.store.get(&self.hash, name).await?)
    }

    async fn get_all(&self) -> anyhow::Result<BTreeMap<String, Vec<u8>>> {
        Ok(self.store.get_all(&self.hash).await?)
    }

    async fn names(&self) -> anyhow::Result<Vec<String>> {
        Ok(self.store.names(&self.hash).await?)
    }

    async fn put(&self, name: &str, value: Option<Vec<u8>>) -> anyhow::Result<()> {
        Ok(self.store.put(&self.hash, name, value.as_deref()).await?)
    }
}

/// A directory with a file for each value: `STEM.json` for the name `sha256:STEM`, if these are its prefix and suffix.
pub(crate) struct Directory {
    path: PathBuf,
    prefix: &'static str,
    suffix: &'static str,
}

impl Directory {
    /// Files in `path`, which is created with the first of them.
    pub(crate) fn new(path: PathBuf, prefix: &'static str, suffix: &'static str) -> Self {
        Self { path, prefix, suffix }
    }

    /// The file of a name. Only a name of letters and digits has one, so that none leads out of the directory.
    fn file(&self, name: &str) -> anyhow::Result<PathBuf> {
        let stem = name.strip_prefix(self.prefix).unwrap_or(name);
        anyhow::ensure!(
            stem.bytes().all(|byte| byte.is_ascii_alphanumeric()),
            "`{}` is not a name",
            stem.escape_debug()
        );
        Ok(self.path.join(format!("{stem}{}", self.suffix)))
    }
}

#[async_trait]
impl KeyValueStore for Directory {
    async fn get(&self, name: &str) -> anyhow::Result<Option<Vec<u8>>> {
        disk::read(self.file(name)?).await
    }

    async fn get_all(&self) -> anyhow::Result<BTreeMap<String, Vec<u8>>> {
        let mut all = BTreeMap::new();
        for name in self.names().await? {
            if let Some(value) = self.get(&name).await? {
                all.insert(name, value);
            }
        }
        Ok(all)
    }

    async fn names(&self) -> anyhow::Result<Vec<String>> {
        let files = disk::names(self.path.clone()).await?;
        let name = |file: String| file.strip_suffix(self.suffix).map(|stem| format!("{}{stem}", self.prefix));
        Ok(files.into_iter().filter_map(name).collect())
    }

    async fn put(&self, name: &str, value: Option<Vec<u8>>) -> anyhow::Result<()> {
        match value {
            Some(value) => disk::write(self.file(name)?, value).await,
            None => disk::remove(self.file(name)?).await,
        }
    }
}

/// Values that end with the process. Clones share them.
#[derive(Clone, Default)]
pub(crate) struct InMemory(Arc<Mutex<BTreeMap<String, Vec<u8>>>>);

impl InMemory {
    fn values(&self) -> MutexGuard<'_, BTreeMap<String, Vec<u8>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl KeyValueStore for InMemory {
    async fn get(&self, name: &str) -> anyhow::Result<Option<Vec<u8>>> {
        Ok(self.values().get(name).cloned())
    }

    async fn get_all(&self) -> anyhow::Result<BTreeMap<String, Vec<u8>>> {
        Ok(self.values().clone())
    }

    async fn names(&self) -> anyhow::Result<Vec<String>> {
        Ok(self.values().keys().cloned().collect())
    }

    async fn put(&self, name: &str, value: Option<Vec<u8>>) -> anyhow::Result<()> {
        match value {
            Some(value) => drop(self.values().insert(name.to_owned(), value)),
            None => drop(self.values().remove(name)),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_directory_holds_values_by_name() {
        let dir = tempfile::tempdir().unwrap();
        let (json, owners) = (Directory::new(dir.path().join("x"), "sha256:", ".json"), ".owners");
        let owners = Directory::new(dir.path().join("x"), "sha256:", owners);
        assert_eq!(json.names().await.unwrap(), Vec::<String>::new(), "there is no directory yet");
        json.put("sha256:ab", Some(b"1".to_vec())).await.unwrap();
        owners.put("sha256:ab", Some(b"2".to_vec())).await.unwrap();
        assert_eq!(json.get_all().await.unwrap(), [("sha256:ab".to_owned(), b"1".to_vec())].into());
        assert!(dir.path().join("x/ab.json").is_file());
        json.put("sha256:ab", None).await.unwrap();
        assert_eq!((json.get("sha256:ab").await.unwrap(), owners.names().await.unwrap().len()), (None, 1));
        assert!(json.get("sha256:../x").await.is_err());
    }
}
