//! The audit log: read, and exported as JSON lines.

mod note;

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use futures::stream;
use optimus_core::Timestamp;
use serde::{Deserialize, Serialize};

pub(super) use self::note::{cancelled, is_noted, note, signed_in};
use super::caller::Caller;
use super::query::{self, Params};
use super::{ApiError, ApiState};
use crate::audit::{AuditLog, Entry, Page, Wanted};

/// The media type of JSON lines.
const LINES: &str = "application/x-ndjson";
/// Entries that an export reads at a time.
const CHUNK: usize = 500;

/// The query of `GET /v1/audit`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ListParams {
    tenant: Option<String>,
    key: Option<String>,
    action: Option<String>,
    since: Option<String>,
    next: Option<String>,
    limit: Option<usize>,
    format: Option<Format>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Format {
    Json,
    Jsonl,
}

#[derive(Debug, Serialize)]
pub(super) struct AuditList {
    entries: Vec<Entry>,
    /// `?next=` of the next page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// `GET /v1/audit`, the newest first.
pub(super) async fn list(
    State(state): State<ApiState>,
    caller: Caller,
    Params(params): Params<ListParams>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let (wanted, format) = (wanted(&params, &caller)?, params.format);
    let has_limit = params.limit.is_some();
    let (next, limit) = query::page_of_ids(params.next, params.limit)?;
    let accepts = headers.get(header::ACCEPT).is_some_and(|accept| accept.as_bytes() == LINES.as_bytes());
    let is_lines = format.map_or(accepts, |format| format == Format::Jsonl);
    let log = Arc::clone(&state.parts.audit);
    if is_lines && !has_limit {
        let first = Some((wanted, next));
        let pages = stream::try_unfold(first, move |at| {
            let log = Arc::clone(&log);
            async move { lines_of(&log, at).await }
        });
        return Ok(([(header::CONTENT_TYPE, LINES)], Body::from_stream(pages)).into_response());
    }
    let Page { entries, next } = log.page(&wanted, next.as_deref(), limit).await.map_err(|error| unreadable(&error))?;
    Ok(match is_lines {
        true => ([(header::CONTENT_TYPE, LINES)], lines(&entries).map_err(|error| unreadable(&error))?).into_response(),
        false => Json(AuditList { entries, next }).into_response(),
    })
}

/// The entries that a caller asks for: of its own tenant, or as an administrator of all.
fn wanted(params: &ListParams, caller: &Caller) -> Result<Wanted, ApiError> {
    let since = params.since.as_deref().map(|text| {
        let time: Result<Timestamp, _> = serde_json::from_value(text.into());
        let wrong = || format!("`since` is `{}`, which is no time", text.escape_debug());
        time.map_err(|_| query::bad(wrong(), "write it like 2026-12-24T18:00:00Z"))
    });
    let tenant = caller.sees().or_else(|| params.tenant.clone());
    let (key, action) = (params.key.clone(), params.action.clone());
    Ok(Wanted { tenant, key, action, since: since.transpose()? })
}

/// Where an export goes on.
type At = Option<(Wanted, Option<String>)>;

async fn lines_of(log: &AuditLog, at: At) -> anyhow::Result<Option<(Bytes, At)>> {
    let Some((wanted, before)) = at else { return Ok(None) };
    let page = log.page(&wanted, before.as_deref(), CHUNK).await.inspect_err(|error| drop(unreadable(error)))?;
    let lines = lines(&page.entries)?;
    Ok(Some((lines.into(), page.next.map(|next| (wanted, Some(next))))))
}

fn lines(entries: &[Entry]) -> anyhow::Result<Vec<u8>> {
    let mut lines = Vec::new();
    for entry in entries {
        serde_json::to_writer(&mut lines, entry)?;
        lines.push(b'\n');
    }
    Ok(lines)
}

fn unreadable(error: &anyhow::Error) -> ApiError {
    tracing::error!(error = format!("{error:#}"), "the audit log cannot be read or written");
    ApiError::busy("audit_unavailable", "the audit log cannot be read or written at the moment")
}
