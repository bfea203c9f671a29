//! Errors of the queue, with the remedy for each.

use std::path::PathBuf;

use optimus_core::JobId;

/// Errors of the queue.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// The queue holds as many jobs as it may (HTTP 503).
    #[error("the queue is full: {queued} jobs are waiting")]
    Full {
        /// Number of jobs that wait or run.
        queued: u64,
    },
    /// The tenant has as many jobs as it may (HTTP 429).
    #[error("tenant `{tenant}` has reached its cap of {queued} queued jobs")]
    TenantFull {
        /// The tenant.
        tenant: String,
        /// Number of jobs that wait or run.
        queued: u64,
    },
    /// The tenant's jobs hold as many bytes as they may (HTTP 429).
    #[error("the queued jobs of tenant `{tenant}` hold {bytes} bytes; its cap is {cap} bytes")]
    TenantBytes {
        /// The tenant.
        tenant: String,
        /// Bytes held by its jobs.
        bytes: u64,
        /// The cap in bytes.
        cap: u64,
    },
    /// The API key has as many jobs as it may (HTTP 429).
    #[error("API key `{key}` has reached its quota of {queued} queued jobs")]
    QuotaFull {
        /// Id of the API key.
        key: String,
        /// Number of its jobs that wait or run.
        queued: u64,
    },
    /// The idempotency key was used with another body before (HTTP 409).
    #[error("idempotency key `{0}` was used for another submission")]
    KeyReused(String),
    /// The lease was lost to another delivery, or the job has ended.
    #[error("the lease of job {0} was lost")]
    Superseded(JobId),
    /// The queue is closing.
    #[error("the queue is closed")]
    Closed,
    /// Another process has the queue file open.
    #[error("`{0}` is in use by another process")]
    InUse(PathBuf),
    /// The file is damaged or is not a queue file.
    #[error("cannot read the queue file `{path}`: {reason}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The reason.
        reason: String,
    },
    /// The address given with `--queue` is invalid.
    #[error("invalid queue address `{scheme}://…`: {reason}")]
    BadAddress {
        /// The scheme only, because the rest may hold a password.
        scheme: String,
        /// The reason.
        reason: String,
    },
    /// Redis failed or is unreachable.
    #[error("{doing}, at `{address}`: {source}")]
    Redis {
        /// The operation that failed.
        doing: String,
        /// The address without its password.
        address: String,
        /// The remedy.
        hint: &'static str,
        /// The underlying error.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// PostgreSQL failed or is unreachable.
    #[error("{doing}, at `{address}`: {source}")]
    Postgres {
        /// The operation that failed.
        doing: String,
        /// The address without its password.
        address: String,
        /// The remedy.
        hint: &'static str,
        /// The underlying error.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The name of the schema in PostgreSQL is invalid.
    #[error("`{0}` is not a name for a schema")]
    BadSchema(String),
    /// Reading or writing the queue file failed.
    #[error("{doing}: {source}")]
    Store {
        /// The operation and the file.
        doing: String,
        /// The underlying error.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl QueueError {
    /// The remedy for the client or the operator.
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
                Some("move the file away for inspection and start again: a new file is created".to_owned())
            }
            Self::BadAddress { scheme, .. } if scheme.starts_with("postgres") => {
                Some("use the form `postgres://user:password@host:5432/database`".to_owned())
            }
            Self::BadAddress { .. } => {
                Some("use the form `redis://user:password@host:6379/0` or `postgres://user:password@host:5432/database`".to_owned())
            }
            Self::BadSchema(_) => {
                Some("use up to 48 small letters, digits and `_`, and begin with a letter, but not with `pg_`".to_owned())
            }
            Self::Redis { hint, .. } | Self::Postgres { hint, .. } => Some((*hint).to_owned()),
            Self::Store { .. } => Some("check for free disk space, and run `optimus doctor`".to_owned()),
        }
    }
}
