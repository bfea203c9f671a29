//! Storage of blobs, over values by name: what is known of each blob of a tenant; the pieces of each upload; and a list of
//! all uploads, by which those are found that became no blob.

use std::path::PathBuf;
use std::sync::Arc;

use optimus_core::{Digest, Timestamp};
use optimus_queue::SharedStore;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::key_value::{Directory, KeyValueStore, SharedHash, json};

/// What is stored, in messages.
const KIND: &str = "record of a blob";
/// Bytes of each piece but the last.
pub(crate) const PIECE: usize = 1 << 20;
const UPLOADS: &str = "blob-uploads";

/// Storage of blobs.
pub struct BlobStore(Place);

enum Place {
    Files(PathBuf),
    Shared(Arc<dyn SharedStore>),
}

/// What is known of a blob.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Record {
    /// Whose pieces it consists of.
    pub(super) upload: String,
    pub(super) bytes: u64,
    /// When it was stored, or last named.
    pub(super) used: Timestamp,
}

impl Record {
    pub(super) fn pieces(&self) -> u64 {
        self.bytes.div_ceil(PIECE as u64)
    }
}

/// What is known of an upload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Arrival {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) tenant: Option<String>,
    pub(super) begun: Timestamp,
    /// What it became, once all of it had arrived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) sha256: Option<Digest>,
}

impl BlobStore {
    /// Files of a server in one process.
    pub fn files(dir: PathBuf) -> Self {
        Self(Place::Files(dir))
    }

    /// For all processes that share the queue.
    pub fn shared(store: &Arc<dyn SharedStore>) -> Self {
        Self(Place::Shared(Arc::clone(store)))
    }

    pub(super) async fn record(&self, tenant: Option<&str>, sha256: Digest) -> anyhow::Result<Option<Record>> {
        json::read(self.of_tenant(tenant).as_ref(), KIND, &sha256.hex()).await
    }

    pub(super) async fn put_record(&self, tenant: Option<&str>, sha256: Digest, record: &Record) -> anyhow::Result<()> {
        json::write(self.of_tenant(tenant).as_ref(), &sha256.hex(), record).await
    }

    pub(super) async fn remove_record(&self, tenant: Option<&str>, sha256: Digest) -> anyhow::Result<()> {
        self.of_tenant(tenant).put(&sha256.hex(), None).await
    }

    /// All of a tenant.
    pub(super) async fn records(&self, tenant: Option<&str>) -> anyhow::Result<Vec<(Digest, Record)>> {
        let all = json::all(self.of_tenant(tenant).as_ref(), KIND).await?;
        Ok(all.into_iter().filter_map(|(name, record)| Some((Digest::of_hex(&name).ok()?, record))).collect())
    }

    pub(super) async fn note(&self, upload: &str, arrival: &Arrival) -> anyhow::Result<()> {
        json::write(self.values(UPLOADS).as_ref(), upload, arrival).await
    }

    /// All uploads whose pieces may be there.
    pub(super) async fn uploads(&self) -> anyhow::Result<Vec<(String, Arrival)>> {
        Ok(json::all(self.values(UPLOADS).as_ref(), KIND).await?.into_iter().collect())
    }

    pub(super) async fn put_piece(&self, upload: &str, number: u64, bytes: Vec<u8>) -> anyhow::Result<()> {
        self.of_upload(upload).put(&number.to_string(), Some(bytes)).await
    }

    pub(super) async fn piece(&self, upload: &str, number: u64) -> anyhow::Result<Option<Vec<u8>>> {
        self.of_upload(upload).get(&number.to_string()).await
    }

    /// Removes the pieces of an upload, and then what is known of it: who dies in between is followed by another.
    pub(super) async fn remove(&self, upload: &str) -> anyhow::Result<()> {
        let pieces = self.of_upload(upload);
        for number in pieces.names().await? {
            pieces.put(&number, None).await?;
        }
        if let Place::Files(dir) = &self.0 {
            match tokio::fs::remove_dir(dir.join(pieces_of(upload))).await {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
                _ => {}
            }
        }
        self.values(UPLOADS).put(upload, None).await
    }

    /// A tenant's name may be any text, and a directory's may not.
    fn of_tenant(&self, tenant: Option<&str>) -> Box<dyn KeyValueStore> {
        let mark = tenant
            .map_or_else(|| "none".to_owned(), |tenant| Digest::Sha256(Sha256::digest(tenant.as_bytes()).into()).hex());
        self.values(&format!("blobs-of-{mark}"))
    }

    fn of_upload(&self, upload: &str) -> Box<dyn KeyValueStore> {
        self.values(&pieces_of(upload))
    }

    fn values(&self, name: &str) -> Box<dyn KeyValueStore> {
        match &self.0 {
            Place::Files(dir) => Box::new(Directory::new(dir.join(name), "", ".blob")),
            Place::Shared(store) => Box::new(SharedHash::new(Arc::clone(store), name.to_owned())),
        }
    }
}

fn pieces_of(upload: &str) -> String {
    format!("blob-pieces-{upload}")
}
