//! Blobs: files that a tenant stores once, so that its jobs name them instead of carrying them.
//!
//! In: bytes, in pieces as they arrive. Out: the same bytes, by their SHA-256. A blob belongs to the tenant that stored it,
//! and nobody else learns whether it is there. It is kept for a time after its last use; one that an accepted job names is
//! kept until that job is judged. Blobs lie where problems lie: in files of a server's state directory, or beside a shared
//! queue, in pieces of bounded size.

mod resolver;
mod store;
mod sweep;
#[cfg(test)]
mod tests;
mod upload;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex as SyncMutex, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use bytes::{Bytes, BytesMut};
use futures::{StreamExt as _, TryStreamExt as _};
use moka::sync::Cache;
use optimus_core::{Digest, Timestamp};
use sha2::{Digest as _, Sha256};
use tokio::sync::Mutex;

use crate::flights::Flights;
pub use resolver::BlobResolver;
pub use store::BlobStore;
pub(crate) use store::PIECE;
use store::Record;
pub use sweep::sweep;
pub(crate) use upload::{Upload, UploadError};

/// Bytes of blobs that stay in memory, for the jobs that name them next.
const KEPT: u64 = 256 << 20;
/// For how long what is known of a blob is believed without another look. Much shorter than [`Rules::grace`].
const KNOWN_FOR: Duration = Duration::from_secs(60);
/// Blobs of one job that are looked up at the same time.
const AT_ONCE: usize = 16;
/// A blob counts as at least so many bytes, so that the quota bounds their number as well.
const LEAST: u64 = 64 << 10;
/// The longest that a use of a blob may go unrecorded: a write for each job would cost more than the job.
const LONGEST_STEP: Duration = Duration::from_secs(600);

/// Bounds of what is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// Maximum bytes of one blob.
    pub blob_bytes: u64,
    /// Maximum bytes of the blobs that one job names.
    pub job_bytes: u64,
    /// Maximum bytes of one tenant's blobs.
    pub tenant_bytes: u64,
    /// A blob is known for this time after it was stored or last named.
    pub ttl: Duration,
    /// A blob that is no longer known is still there for this time: a client that has just learnt that it is known has
    /// submitted a job by then.
    pub grace: Duration,
    /// Time between two searches for blobs that may go.
    pub sweep: Duration,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            blob_bytes: 128 << 20,
            job_bytes: 256 << 20,
            tenant_bytes: 2 << 30,
            ttl: Duration::from_secs(7 * 24 * 60 * 60),
            grace: Duration::from_secs(60 * 60),
            sweep: Duration::from_secs(10 * 60),
        }
    }
}

impl Rules {
    /// The longest that a use of a blob goes unrecorded.
    fn step(&self) -> Duration {
        (self.ttl / 8).min(LONGEST_STEP)
    }
}

/// Whose blob it is, and its SHA-256.
type Name = (Option<String>, Digest);

/// Stored blobs.
pub struct Blobs {
    store: BlobStore,
    rules: Rules,
    known: Cache<Name, Record>,
    kept: Cache<Name, Bytes>,
    /// One read of a blob at a time; those that come meanwhile find it in memory.
    flights: Flights<Name>,
    /// Held while a tenant's sum is looked at and added to.
    sums: Mutex<()>,
    /// Bytes of each tenant that have arrived, and are no blob yet.
    arriving: SyncMutex<HashMap<Option<String>, u64>>,
}

/// A blob, as its tenant sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Blob {
    pub(crate) sha256: Digest,
    pub(crate) bytes: u64,
    /// When it is forgotten, unless it is used before.
    pub(crate) expires_at: Timestamp,
}

/// Blobs that a job cannot have.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unfit {
    /// There is none of this name, for this tenant.
    #[error("`{place}`: there is no blob `{}` here", name.hex())]
    Unknown { place: String, name: Digest },
    /// They are too much for one job.
    #[error("`{place}`: with this one the blobs of the job hold {bytes} bytes, and this server takes {cap}")]
    TooMuch { place: String, bytes: u64, cap: u64 },
    /// They cannot be looked up.
    #[error("{0:#}")]
    Store(anyhow::Error),
}

impl Blobs {
    /// The blobs of a store.
    pub fn new(store: BlobStore, rules: Rules) -> Self {
        let weigher = |_: &Name, bytes: &Bytes| u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        Self {
            store,
            rules,
            known: Cache::builder().max_capacity(100_000).time_to_live(KNOWN_FOR).build(),
            kept: Cache::builder().max_capacity(KEPT).weigher(weigher).time_to_idle(LONGEST_STEP).build(),
            flights: Flights::default(),
            sums: Mutex::default(),
            arriving: SyncMutex::default(),
        }
    }

    /// The bounds.
    pub(crate) fn rules(&self) -> &Rules {
        &self.rules
    }

    /// The tenant's blob of this name. Naming it is a use: its time begins anew.
    ///
    /// # Errors
    /// The store cannot be read or written.
    pub(crate) async fn find(&self, tenant: Option<&str>, sha256: Digest) -> anyhow::Result<Option<Blob>> {
        Ok(self.used(tenant, sha256).await?.map(|record| self.view(sha256, &record)))
    }

    /// Checks that a tenant's job may name these blobs, which stand at these places.
    ///
    /// # Errors
    /// One is unknown, or together they are too large.
    pub(crate) async fn check(&self, tenant: Option<&str>, named: &[(String, Digest)]) -> Result<(), Unfit> {
        let mut first = BTreeMap::new();
        for (at, (_, name)) in named.iter().enumerate() {
            first.entry(*name).or_insert(at);
        }
        let mut places: Vec<usize> = first.into_values().collect();
        places.sort_unstable();
        let look = |at: usize| {
            let name = named[at].1;
            async move { self.used(tenant, name).await.map(|record| (at, record)) }
        };
        let mut found = futures::stream::iter(places).map(look).buffered(AT_ONCE);
        let (mut bytes, cap) = (0u64, self.rules.job_bytes);
        while let Some((at, record)) = found.try_next().await.map_err(Unfit::Store)? {
            let (place, name) = named[at].clone();
            let Some(record) = record else { return Err(Unfit::Unknown { place, name }) };
            bytes = bytes.saturating_add(record.bytes);
            if bytes > cap {
                return Err(Unfit::TooMuch { place, bytes, cap });
            }
        }
        Ok(())
    }

    /// The bytes of a blob that a job names; `None`, where it is gone. How long ago it was used does not matter.
    ///
    /// # Errors
    /// The store cannot be read, or it holds something else.
    pub(crate) async fn read(&self, tenant: Option<&str>, sha256: Digest) -> anyhow::Result<Option<Bytes>> {
        let name = (tenant.map(str::to_owned), sha256);
        let flight = self.flights.of(name.clone());
        let _only = flight.lock().await;
        if let Some(bytes) = self.kept.get(&name) {
            return Ok(Some(bytes));
        }
        let unread = || format!("cannot read blob `{}`", sha256.hex());
        let Some(record) = self.store.record(tenant, sha256).await.with_context(unread)? else { return Ok(None) };
        let mut bytes = BytesMut::with_capacity(usize::try_from(record.bytes).with_context(unread)?);
        for number in 0..record.pieces() {
            let Some(piece) = self.store.piece(&record.upload, number).await.with_context(unread)? else {
                return Ok(None);
            };
            bytes.extend_from_slice(&piece);
        }
        let bytes = bytes.freeze();
        let hashed = bytes.clone();
        let is = tokio::task::spawn_blocking(move || Digest::Sha256(Sha256::digest(&hashed).into())).await?;
        anyhow::ensure!(is == sha256, "blob `{}` is damaged: it holds `{}`", sha256.hex(), is.hex());
        self.kept.insert(name, bytes.clone());
        Ok(Some(bytes))
    }

    /// The pieces of a tenant's blob, in order; `None`, where there is no such blob.
    ///
    /// # Errors
    /// The store cannot be read.
    pub(crate) async fn pieces(&self, tenant: Option<&str>, sha256: Digest) -> anyhow::Result<Option<(Blob, Pieces)>> {
        let Some(record) = self.used(tenant, sha256).await? else { return Ok(None) };
        let blob = self.view(sha256, &record);
        Ok(Some((blob, Pieces { pieces: record.pieces(), upload: record.upload, next: 0 })))
    }

    /// The next of them; `None` after the last.
    ///
    /// # Errors
    /// The store cannot be read, or the blob is gone.
    pub(crate) async fn next(&self, pieces: &mut Pieces) -> anyhow::Result<Option<Bytes>> {
        if pieces.next == pieces.pieces {
            return Ok(None);
        }
        let piece = self.store.piece(&pieces.upload, pieces.next).await?;
        pieces.next += 1;
        piece.map(Into::into).map(Some).context("the blob was removed while it was read")
    }

    /// The record of a blob that is known, after this use of it.
    async fn used(&self, tenant: Option<&str>, sha256: Digest) -> anyhow::Result<Option<Record>> {
        let (name, now) = ((tenant.map(str::to_owned), sha256), Timestamp::now());
        let record = match self.known.get(&name) {
            Some(record) => Some(record),
            None => self.store.record(tenant, sha256).await.context("cannot read what is stored of blobs")?,
        };
        let Some(record) = record.filter(|record| self.is_known(record, now)) else { return Ok(None) };
        let record = match now.0.saturating_sub(record.used.0) >= ms(self.rules.step()) {
            true => self.renew(&name, record, now).await?,
            false => record,
        };
        self.known.insert(name, record.clone());
        Ok(Some(record))
    }

    async fn renew(&self, name: &Name, record: Record, now: Timestamp) -> anyhow::Result<Record> {
        let record = Record { used: now, ..record };
        let written = self.store.put_record(name.0.as_deref(), name.1, &record).await;
        written.context("cannot note that a blob is used")?;
        Ok(record)
    }

    fn is_known(&self, record: &Record, now: Timestamp) -> bool {
        now.0 < record.used.0.saturating_add(ms(self.rules.ttl))
    }

    fn view(&self, sha256: Digest, record: &Record) -> Blob {
        let expires_at = Timestamp(record.used.0.saturating_add(ms(self.rules.ttl)));
        Blob { sha256, bytes: record.bytes, expires_at }
    }

    /// The bytes that a tenant's blobs count as.
    async fn sum(&self, tenant: Option<&str>) -> anyhow::Result<u64> {
        let records = self.store.records(tenant).await.context("cannot read what is stored of blobs")?;
        Ok(records.iter().map(|(_, record)| record.bytes.max(LEAST)).sum())
    }

    fn arriving(&self, tenant: &Option<String>, change: impl FnOnce(u64) -> u64) -> u64 {
        let mut all = self.arriving.lock().unwrap_or_else(PoisonError::into_inner);
        let now = change(all.remove(tenant).unwrap_or(0));
        if now > 0 {
            all.insert(tenant.clone(), now);
        }
        now
    }
}

/// Pieces of a blob that is being read.
pub(crate) struct Pieces {
    upload: String,
    pieces: u64,
    next: u64,
}

fn ms(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
