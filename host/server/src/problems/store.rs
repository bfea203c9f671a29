//! Storage of problems: three files each in the state directory, or three values each beside a shared queue.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use optimus_core::Digest;
use optimus_queue::SharedStore;

use super::owners::Owners;
use crate::key_value::{Directory, KeyValueStore, SharedHash};

/// What the text of every digest begins with; the names of files do not.
const PREFIX: &str = "sha256:";

/// Storage of problems.
pub struct ProblemStore {
    problems: Box<dyn KeyValueStore>,
    owners: Box<dyn KeyValueStore>,
    submissions: Box<dyn KeyValueStore>,
}

impl ProblemStore {
    /// Files of a server in one process.
    pub fn files(dir: PathBuf) -> Self {
        Self {
            problems: Box::new(Directory::new(dir.clone(), PREFIX, ".json")),
            owners: Box::new(Directory::new(dir.clone(), PREFIX, ".owners")),
            submissions: Box::new(Directory::new(dir, PREFIX, ".submissions")),
        }
    }

    /// For all processes that share the queue.
    pub fn shared(store: &Arc<dyn SharedStore>) -> Self {
        Self {
            problems: Box::new(SharedHash::new(Arc::clone(store), "problems")),
            owners: Box::new(SharedHash::new(Arc::clone(store), "problem-owners")),
            submissions: Box::new(SharedHash::new(Arc::clone(store), "problem-submissions")),
        }
    }

    pub(super) async fn put(&self, digest: Digest, json: Vec<u8>) -> anyhow::Result<()> {
        self.problems.put(&digest.to_string(), Some(json)).await
    }

    pub(super) async fn get(&self, digest: Digest) -> anyhow::Result<Option<Vec<u8>>> {
        self.problems.get(&digest.to_string()).await
    }

    /// The submissions whose verdicts the author knows. Apart from the problem: no job needs them.
    pub(super) async fn put_submissions(&self, digest: Digest, json: Vec<u8>) -> anyhow::Result<()> {
        self.submissions.put(&digest.to_string(), Some(json)).await
    }

    pub(super) async fn submissions(&self, digest: Digest) -> anyhow::Result<Option<Vec<u8>>> {
        self.submissions.get(&digest.to_string()).await
    }

    /// The names of all, in order.
    pub(super) async fn names(&self) -> anyhow::Result<Vec<Digest>> {
        let names = self.problems.names().await?;
        let mut digests: Vec<Digest> = names.iter().filter_map(|name| name.parse().ok()).collect();
        digests.sort();
        Ok(digests)
    }

    pub(super) async fn remove(&self, digest: Digest) -> anyhow::Result<()> {
        self.problems.put(&digest.to_string(), None).await?;
        self.submissions.put(&digest.to_string(), None).await?;
        self.owners.put(&digest.to_string(), None).await
    }

    /// The owners of each problem.
    pub(super) async fn owners(&self) -> anyhow::Result<BTreeMap<Digest, Owners>> {
        let mut all = BTreeMap::new();
        for (name, json) in self.owners.get_all().await? {
            if let Ok(digest) = name.parse() {
                all.insert(digest, serde_json::from_slice(&json)?);
            }
        }
        Ok(all)
    }

    /// The owners of one.
    pub(super) async fn owners_of(&self, digest: Digest) -> anyhow::Result<Owners> {
        let json = self.owners.get(&digest.to_string()).await?;
        Ok(json.map(|json| serde_json::from_slice(&json)).transpose()?.unwrap_or_default())
    }

    pub(super) async fn put_owners(&self, digest: Digest, owners: &Owners) -> anyhow::Result<()> {
        self.owners.put(&digest.to_string(), Some(serde_json::to_vec(owners)?)).await
    }
}
