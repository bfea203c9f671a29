//! What can go wrong with a queue, and what to do about it.

use std::path::PathBuf;

use optimus_core::JobId;

/// What can go wrong with a queue.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// 503: the cap is reached.
    #[error("the queue is full: {queued} jobs wait")]
    Full {
        /// How many wait.
        queued: u64,
    },
    /// 429: this tenant's cap is reached.
    #[error("tenant `{tenant}` has {queued} jobs waiting, which is its cap")]
    TenantFull {
        /// Whose.
        tenant: String,
        /// How many wait.
        queued: u64,
    },
    /// 429: this tenant's jobs hold as many bytes as they may.
    #[error("tenant `{tenant}` has {bytes} bytes of jobs waiting or running, and its cap is {cap} bytes")]
    TenantBytes {
        /// Whose.
        tenant: String,
        /// What its jobs hold.
        bytes: u64,
        /// What they may hold.
        cap: u64,
    },
    /// 429: this key's quota is reached.
    #[error("key `{key}` has {queued} jobs waiting or running, which is its quota")]
    QuotaFull {
        /// Which key.
        key: String,
        /// How many of its jobs wait or run.
        queued: u64,
    },
    /// 409: the idempotency key came with another body before.
    #[error("idempotency key `{0}` was used for another submission")]
    KeyReused(String),
    /// The lease was lost to another delivery, or the job is over.
    #[error("job {0} is no longer ours")]
    Superseded(JobId),
    /// The queue is closing.
    #[error("the queue is closed")]
    Closed,
    /// Somebody else has the store open.
    #[error("`{0}` is in use by another process")]
    InUse(PathBuf),
    /// What is there is not a queue, or no longer one.
    #[error("`{path}` is not a queue that can be read: {reason}")]
    Damaged {
        /// What was opened.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// `--queue` names no place.
    #[error("`{scheme}://…` is no address of a queue: {reason}")]
    BadAddress {
        /// What it begins with; the rest may hold a password.
        scheme: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Redis did not do it.
    #[error("{doing}, at `{address}`: {source}")]
    Redis {
        /// What we were doing.
        doing: String,
        /// Where, without any password.
        address: String,
        /// What to do about it.
        hint: &'static str,
        /// What it said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The store failed.
    #[error("{doing}: {source}")]
    Store {
        /// What we were doing, to what.
        doing: String,
        /// What it said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl QueueError {
    /// What a client or operator does about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Full { .. } | Self::TenantFull { .. } | Self::QuotaFull { .. } => Some("try again later".to_owned()),
            Self::TenantBytes { .. } => {
                Some("try again later, or store tests once with POST /v1/problems; the operator may raise `--tenant-queue-mib`".to_owned())
            }
            Self::KeyReused(_) => Some("choose a new key for a new submission".to_owned()),
            Self::Superseded(_) | Self::Closed => None,
            Self::InUse(_) => Some("stop the other server, or give this one a queue file of its own".to_owned()),
            Self::Damaged { .. } => {
                Some("move the file away to keep it for a look, and start again: a new one is made".to_owned())
            }
            Self::BadAddress { .. } => Some("like `redis://user:password@host:6379/0`".to_owned()),
            Self::Redis { hint, .. } => Some((*hint).to_owned()),
            Self::Store { .. } => Some("run `optimus doctor`; is the disk full?".to_owned()),
        }
    }
}
