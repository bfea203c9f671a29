//! Where problems are kept: a file each in the state directory, or a value each beside the queue in Redis.

use std::io::{ErrorKind, Write as _};
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use optimus_core::Problem;
use optimus_queue::RedisQueue;

const SHELF: &str = "problems";

/// Where problems are kept.
pub enum ProblemStore {
    /// Files of a server in one process.
    Files(PathBuf),
    /// For all processes that share the queue.
    Redis(Arc<RedisQueue>),
}

impl ProblemStore {
    pub(super) async fn put(&self, digest: &str, problem: &Problem) -> anyhow::Result<()> {
        let json = serde_json::to_vec(problem)?;
        match self {
            Self::Redis(queue) => Ok(queue.keep(SHELF, digest, Some(&json)).await?),
            Self::Files(dir) => {
                std::fs::create_dir_all(dir).with_context(|| format!("cannot create `{}`", dir.display()))?;
                // In one step: a reader sees all of it or nothing.
                let mut file = tempfile::NamedTempFile::new_in(dir).context("cannot write the problem")?;
                file.write_all(&json)?;
                file.as_file().sync_all()?;
                file.persist(dir.join(name(digest))).context("cannot write the problem")?;
                Ok(())
            }
        }
    }

    pub(super) async fn get(&self, digest: &str) -> anyhow::Result<Option<Problem>> {
        let json = match self {
            Self::Redis(queue) => queue.kept_one(SHELF, digest).await?,
            Self::Files(dir) => match std::fs::read(dir.join(name(digest))) {
                Ok(json) => Some(json),
                Err(error) if error.kind() == ErrorKind::NotFound => None,
                Err(error) => return Err(error.into()),
            },
        };
        Ok(json.map(|json| serde_json::from_slice(&json)).transpose()?)
    }

    /// The names of all, in order.
    pub(super) async fn names(&self) -> anyhow::Result<Vec<String>> {
        let mut names: Vec<String> = match self {
            Self::Redis(queue) => queue.names(SHELF).await?,
            Self::Files(dir) => match std::fs::read_dir(dir) {
                Ok(entries) => entries.flatten().filter_map(|entry| digest_of(entry.file_name().to_str()?)).collect(),
                Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
                Err(error) => return Err(error.into()),
            },
        };
        names.sort();
        Ok(names)
    }

    pub(super) async fn remove(&self, digest: &str) -> anyhow::Result<()> {
        match self {
            Self::Redis(queue) => Ok(queue.keep(SHELF, digest, None).await?),
            Self::Files(dir) => match std::fs::remove_file(dir.join(name(digest))) {
                Err(error) if error.kind() != ErrorKind::NotFound => Err(error.into()),
                _ => Ok(()),
            },
        }
    }
}

/// What is told of in a file's name.
fn digest_of(name: &str) -> Option<String> {
    name.strip_suffix(".json").map(|hex| format!("sha256:{hex}"))
}

/// A file's name for a digest, of which nothing but its hexadecimal digits is used.
fn name(digest: &str) -> String {
    let hex: String = digest.chars().rev().take(64).filter(char::is_ascii_hexdigit).collect();
    format!("{}.json", hex.chars().rev().collect::<String>())
}
