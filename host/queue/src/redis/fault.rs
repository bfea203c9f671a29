//! Classifies errors of Redis and gives the remedy for each.

use std::fmt::Display;

use redis::{ErrorKind, RedisError, ServerErrorKind};

use crate::QueueError;

/// The queue's error for an error of Redis; `address` is shown without its password.
pub(super) fn of(doing: &str, address: &impl Display, error: RedisError) -> QueueError {
    let hint = hint(&error);
    QueueError::Redis { doing: doing.to_owned(), address: address.to_string(), hint, source: Box::new(error) }
}

/// The server refuses us, so that a retry cannot help: credentials or ACL have to change.
pub(super) fn is_refusal(error: &RedisError) -> bool {
    matches!(error.kind(), ErrorKind::AuthenticationFailed | ErrorKind::Server(ServerErrorKind::NoPerm))
        || matches!(error.code(), Some("WRONGPASS" | "NOAUTH" | "DENIED"))
        || says(error, "DENIED")
}

/// The connection is unusable, and a new one may work.
pub(super) fn is_broken(error: &RedisError) -> bool {
    error.is_unrecoverable_error()
        || error.is_io_error()
        || error.is_timeout()
        // The node is no longer the master.
        || matches!(error.kind(), ErrorKind::Server(ServerErrorKind::ReadOnly) | ErrorKind::ClusterConnectionNotFound)
}

fn says(error: &RedisError, words: &str) -> bool {
    error.detail().is_some_and(|detail| detail.contains(words))
}

fn hint(error: &RedisError) -> &'static str {
    match (error.kind(), error.code()) {
        _ if says(error, "DENIED") => {
            "it is in protected mode: give its user a password, and Optimus the same (OPTIMUS_REDIS_PASSWORD)"
        }
        _ if says(error, "max number of clients") => "raise its `maxclients`",
        _ if is_refusal(error) => {
            "check the user and its password (OPTIMUS_REDIS_PASSWORD), and what its ACL lets it do: docs/deploy.md lists it"
        }
        (_, Some("WRONGTYPE")) => {
            "another program uses the same keys: give Optimus its own database, or set another --redis-prefix"
        }
        (_, Some("OOM")) => "redis has reached `maxmemory`: raise it, or lower --queue-cap or --result-ttl-s",
        (_, Some("MISCONF")) => "redis cannot write its snapshot: check the disk of the redis server",
        (ErrorKind::Server(ServerErrorKind::BusyLoading), _) => "redis is still loading its data: retry in a moment",
        _ => "check that redis is running and reachable from this host",
    }
}
