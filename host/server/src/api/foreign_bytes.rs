//! The headers of answers whose bytes a tenant chose: blobs and files of jobs.

use axum::http::{HeaderName, header};

/// Headers of bytes that a tenant supplied: no browser may take them for a page of this server.
pub(super) const FOREIGN_BYTES: [(HeaderName, &str); 4] = [
    (header::CONTENT_TYPE, "application/octet-stream"),
    (header::CONTENT_DISPOSITION, "attachment"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'"),
];
