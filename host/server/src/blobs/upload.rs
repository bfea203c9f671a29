//! A blob on its way in: hashed and stored piece by piece, so that no more of it than one piece is in memory.

use std::sync::Arc;

use optimus_core::{Digest, Timestamp};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::store::{Arrival, PIECE, Record};
use super::{Blob, Blobs, LEAST};

/// A blob that arrives. It has to be ended or given up; what is left by a process that dies is found by the sweep.
pub(crate) struct Upload {
    blobs: Arc<Blobs>,
    id: String,
    arrival: Arrival,
    hash: Sha256,
    piece: Vec<u8>,
    bytes: u64,
    pieces: u64,
    /// Its pieces may be those of a blob already, and stay.
    is_settled: bool,
    counted: Counted,
}

/// Bytes that count for a tenant while they arrive.
struct Counted {
    blobs: Arc<Blobs>,
    tenant: Option<String>,
    bytes: u64,
    /// What the tenant had stored when the upload began.
    stored: u64,
}

/// Why a blob is not stored.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UploadError {
    #[error("the blob is larger than {0} bytes, the most that this server takes")]
    TooLarge(u64),
    #[error("this tenant stores {used} bytes of blobs; with this one it would be above its quota of {cap}")]
    Quota { used: u64, cap: u64 },
    #[error("the body's SHA-256 is `{}`, and not `{}`", is.hex(), expected.hex())]
    Another { is: Digest, expected: Digest },
    #[error("{0:#}")]
    Store(#[from] anyhow::Error),
}

impl Upload {
    pub(crate) async fn begin(blobs: &Arc<Blobs>, tenant: Option<&str>) -> Result<Self, UploadError> {
        let stored = blobs.sum(tenant).await?;
        let tenant = tenant.map(str::to_owned);
        let counted = Counted { blobs: Arc::clone(blobs), tenant: tenant.clone(), bytes: 0, stored };
        Ok(Self {
            blobs: Arc::clone(blobs),
            id: Uuid::now_v7().simple().to_string(),
            arrival: Arrival { tenant, begun: Timestamp::now(), sha256: None },
            hash: Sha256::new(),
            piece: Vec::new(),
            bytes: 0,
            pieces: 0,
            is_settled: false,
            counted,
        })
    }

    /// Takes bytes that arrived.
    pub(crate) async fn write(&mut self, mut bytes: &[u8]) -> Result<(), UploadError> {
        self.bytes = self.bytes.saturating_add(bytes.len() as u64);
        if self.bytes > self.blobs.rules.blob_bytes {
            return Err(UploadError::TooLarge(self.blobs.rules.blob_bytes));
        }
        self.counted.grow(bytes.len() as u64)?;
        self.hash.update(bytes);
        while !bytes.is_empty() {
            let (now, rest) = bytes.split_at(bytes.len().min(PIECE - self.piece.len()));
            self.piece.extend_from_slice(now);
            bytes = rest;
            if self.piece.len() == PIECE {
                self.flush().await?;
            }
        }
        Ok(())
    }

    /// Makes a blob of it, for its tenant; whether it is a new one.
    pub(crate) async fn end(mut self, expected: Option<Digest>) -> Result<(Blob, bool), UploadError> {
        match self.finish(expected).await {
            // The tenant has the same bytes already.
            Ok((blob, is_new)) if !is_new => {
                self.give_up().await;
                Ok((blob, false))
            }
            Ok(done) => Ok(done),
            Err(error) => {
                self.give_up().await;
                Err(error)
            }
        }
    }

    /// Removes what has been stored of it.
    pub(crate) async fn give_up(self) {
        if self.pieces > 0
            && !self.is_settled
            && let Err(error) = self.blobs.store.remove(&self.id).await
        {
            // The sweep comes by later.
            tracing::warn!(error = format!("{error:#}"), "an upload that came to nothing is not removed yet");
        }
    }

    async fn finish(&mut self, expected: Option<Digest>) -> Result<(Blob, bool), UploadError> {
        let sha256 = Digest::Sha256(std::mem::take(&mut self.hash).finalize().into());
        if let Some(expected) = expected.filter(|expected| *expected != sha256) {
            return Err(UploadError::Another { is: sha256, expected });
        }
        let (blobs, tenant) = (Arc::clone(&self.blobs), self.arrival.tenant.clone());
        let tenant = tenant.as_deref();
        if let Some(blob) = blobs.find(tenant, sha256).await? {
            return Ok((blob, false));
        }
        if !self.piece.is_empty() {
            self.flush().await?;
        }
        let _sum = blobs.sums.lock().await;
        let (used, cap) = (blobs.sum(tenant).await?, blobs.rules.tenant_bytes);
        if used.saturating_add(self.bytes.max(LEAST)) > cap {
            return Err(UploadError::Quota { used, cap });
        }
        self.arrival.sha256 = Some(sha256);
        blobs.store.note(&self.id, &self.arrival).await?;
        // A write that failed may have been done all the same; the sweep finds out.
        self.is_settled = true;
        let record = Record { upload: self.id.clone(), bytes: self.bytes, used: Timestamp::now() };
        blobs.store.put_record(tenant, sha256, &record).await?;
        blobs.known.invalidate(&(self.arrival.tenant.clone(), sha256));
        Ok((blobs.view(sha256, &record), true))
    }

    async fn flush(&mut self) -> Result<(), UploadError> {
        if self.pieces == 0 {
            // Before the first piece, so that no piece is ever without it.
            self.blobs.store.note(&self.id, &self.arrival).await?;
        }
        let piece = std::mem::take(&mut self.piece);
        self.pieces += 1;
        self.blobs.store.put_piece(&self.id, self.pieces - 1, piece).await?;
        Ok(())
    }
}

impl Counted {
    fn grow(&mut self, by: u64) -> Result<(), UploadError> {
        self.bytes += by;
        let arriving = self.blobs.arriving(&self.tenant, |bytes| bytes + by);
        let (used, cap) = (self.stored.saturating_add(arriving - by), self.blobs.rules.tenant_bytes);
        if self.stored.saturating_add(arriving) > cap {
            return Err(UploadError::Quota { used, cap });
        }
        Ok(())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.blobs.arriving(&self.tenant, |bytes| bytes.saturating_sub(self.bytes));
    }
}
