//! Where problems are kept: two files each in the state directory, or two values each beside the queue in Redis.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use optimus_core::Digest;
use optimus_queue::RedisQueue;

use super::owners::Owners;
use crate::disk;

const HASH: &str = "problems";
const OWNERS: &str = "problem-owners";
const PROBLEM_FILE: &str = ".json";
const OWNERS_FILE: &str = ".owners";

/// Where problems are kept.
pub enum ProblemStore {
    /// Files of a server in one process.
    Files(PathBuf),
    /// For all processes that share the queue.
    Redis(Arc<RedisQueue>),
}

impl ProblemStore {
    pub(super) async fn put(&self, digest: Digest, json: Vec<u8>) -> anyhow::Result<()> {
        match self {
            Self::Redis(queue) => Ok(queue.put(HASH, &digest.to_string(), Some(&json)).await?),
            Self::Files(dir) => disk::write(file(dir, digest, PROBLEM_FILE), json).await,
        }
    }

    pub(super) async fn get(&self, digest: Digest) -> anyhow::Result<Option<Vec<u8>>> {
        match self {
            Self::Redis(queue) => Ok(queue.get(HASH, &digest.to_string()).await?),
            Self::Files(dir) => disk::read(file(dir, digest, PROBLEM_FILE)).await,
        }
    }

    /// The names of all, in order.
    pub(super) async fn names(&self) -> anyhow::Result<Vec<Digest>> {
        let mut names: Vec<Digest> = match self {
            Self::Redis(queue) => queue.names(HASH).await?.iter().filter_map(|name| name.parse().ok()).collect(),
            Self::Files(dir) => digests(dir, PROBLEM_FILE).await?,
        };
        names.sort();
        Ok(names)
    }

    pub(super) async fn remove(&self, digest: Digest) -> anyhow::Result<()> {
        match self {
            Self::Redis(queue) => {
                queue.put(HASH, &digest.to_string(), None).await?;
                Ok(queue.put(OWNERS, &digest.to_string(), None).await?)
            }
            Self::Files(dir) => {
                disk::remove(file(dir, digest, PROBLEM_FILE)).await?;
                disk::remove(file(dir, digest, OWNERS_FILE)).await
            }
        }
    }

    /// Whose each problem is.
    pub(super) async fn owners(&self) -> anyhow::Result<BTreeMap<Digest, Owners>> {
        let mut all = BTreeMap::new();
        match self {
            Self::Redis(queue) => {
                for (name, json) in queue.get_all(OWNERS).await? {
                    if let Ok(digest) = name.parse() {
                        all.insert(digest, serde_json::from_slice(&json)?);
                    }
                }
            }
            Self::Files(dir) => {
                for digest in digests(dir, OWNERS_FILE).await? {
                    if let Some(json) = disk::read(file(dir, digest, OWNERS_FILE)).await? {
                        all.insert(digest, serde_json::from_slice(&json)?);
                    }
                }
            }
        }
        Ok(all)
    }

    pub(super) async fn put_owners(&self, digest: Digest, owners: &Owners) -> anyhow::Result<()> {
        let json = serde_json::to_vec(owners)?;
        match self {
            Self::Redis(queue) => Ok(queue.put(OWNERS, &digest.to_string(), Some(&json)).await?),
            Self::Files(dir) => disk::write(file(dir, digest, OWNERS_FILE), json).await,
        }
    }
}

fn file(dir: &Path, digest: Digest, kind: &str) -> PathBuf {
    dir.join(format!("{}{kind}", digest.hex()))
}

/// Those that have a file of this kind.
async fn digests(dir: &Path, kind: &'static str) -> anyhow::Result<Vec<Digest>> {
    let names = disk::names(dir.to_owned()).await?;
    let digest = |name: String| format!("sha256:{}", name.strip_suffix(kind)?).parse().ok();
    Ok(names.into_iter().filter_map(digest).collect())
}
