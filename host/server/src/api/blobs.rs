//! Storing files once, for the jobs that name them.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use optimus_core::{Digest, Job, Timestamp};
use serde::Serialize;

use super::body::{StreamedBody, announced};
use super::caller::Caller;
use super::foreign_bytes::FOREIGN_BYTES;
use super::{ApiError, ApiState};
use crate::blobs::{Blob, PIECE, Unfit, Upload, UploadError};

/// The longest that a blob may take to arrive. It arrives at the minimum rate of all bodies.
const BODY_TIME: Duration = Duration::from_secs(60 * 60);

/// A blob, as clients see it.
#[derive(Debug, Serialize)]
struct BlobView {
    sha256: String,
    bytes: u64,
    /// When it is forgotten, unless it is used before.
    expires_at: Timestamp,
}

impl From<Blob> for BlobView {
    fn from(blob: Blob) -> Self {
        Self { sha256: blob.sha256.hex(), bytes: blob.bytes, expires_at: blob.expires_at }
    }
}

/// `PUT /v1/blobs`.
pub(super) async fn store(
    State(state): State<ApiState>,
    caller: Caller,
    request: Request,
) -> Result<Response, ApiError> {
    put(&state, &caller, None, request).await
}

/// `PUT /v1/blobs/{sha256}`, which takes these bytes and no others.
pub(super) async fn store_named(
    State(state): State<ApiState>,
    caller: Caller,
    Path(digits): Path<String>,
    request: Request,
) -> Result<Response, ApiError> {
    let expected = Digest::of_hex(&digits).map_err(|_| {
        let message = format!("`{}` is no SHA-256", digits.escape_debug());
        ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", message)
            .hint("name the blob by the 64 hexadecimal digits of its SHA-256, in lower case")
    })?;
    put(&state, &caller, Some(expected), request).await
}

async fn put(
    state: &ApiState,
    caller: &Caller,
    expected: Option<Digest>,
    request: Request,
) -> Result<Response, ApiError> {
    let blobs = &state.parts.blobs;
    let cap = blobs.rules().blob_bytes;
    if announced(request.headers()).is_some_and(|length| length > cap) {
        return Err(refused(UploadError::TooLarge(cap)));
    }
    let mut body = StreamedBody::new(request, state, PIECE, BODY_TIME)?;
    let mut upload = Upload::begin(blobs, caller.tenant.as_deref()).await.map_err(refused)?;
    if let Err(error) = receive(&mut body, &mut upload).await {
        upload.give_up().await;
        return Err(error);
    }
    let (blob, is_new) = upload.end(expected).await.map_err(refused)?;
    let view = BlobView::from(blob);
    let location = [(header::LOCATION, format!("/v1/blobs/{}", view.sha256))];
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, location, Json(view)).into_response())
}

async fn receive(body: &mut StreamedBody, upload: &mut Upload) -> Result<(), ApiError> {
    while let Some(bytes) = body.next().await? {
        upload.write(&bytes).await.map_err(refused)?;
    }
    Ok(())
}

fn refused(error: UploadError) -> ApiError {
    let message = error.to_string();
    match error {
        UploadError::TooLarge(_) => {
            let error = ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", message);
            error.hint("store it in parts, or have the operator raise `--max-blob-mib`")
        }
        UploadError::Quota { .. } => {
            let error = ApiError::new(StatusCode::INSUFFICIENT_STORAGE, "blob_quota", message);
            error.hint("wait until blobs that are not used expire, or have the operator raise `--tenant-blobs-mib`")
        }
        UploadError::Another { .. } => {
            let error = ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "digest_mismatch", message);
            error.hint("send the bytes that the path names, as they are; PUT /v1/blobs takes any")
        }
        UploadError::Store(error) => unreadable(&error),
    }
}

/// `HEAD /v1/blobs/{sha256}`: whether the bytes have to be sent.
pub(super) async fn look(
    State(state): State<ApiState>,
    caller: Caller,
    Path(digits): Path<String>,
) -> Result<Response, ApiError> {
    let sha256 = Digest::of_hex(&digits).map_err(|_| no_such_blob(&digits))?;
    let found = state.parts.blobs.find(caller.tenant.as_deref(), sha256).await;
    let blob = found.map_err(|error| unreadable(&error))?.ok_or_else(|| no_such_blob(&digits))?;
    Ok((length(blob), FOREIGN_BYTES, Body::empty()).into_response())
}

/// `GET /v1/blobs/{sha256}`.
pub(super) async fn show(
    State(state): State<ApiState>,
    caller: Caller,
    Path(digits): Path<String>,
) -> Result<Response, ApiError> {
    let sha256 = Digest::of_hex(&digits).map_err(|_| no_such_blob(&digits))?;
    let found = state.parts.blobs.pieces(caller.tenant.as_deref(), sha256).await;
    let (blob, pieces) = found.map_err(|error| unreadable(&error))?.ok_or_else(|| no_such_blob(&digits))?;
    let reading = (Arc::clone(&state.parts.blobs), pieces);
    let stream = futures::stream::try_unfold(reading, |(blobs, mut pieces)| async move {
        let piece = blobs.next(&mut pieces).await.inspect_err(|error| drop(unreadable(error)))?;
        anyhow::Ok(piece.map(|piece| (piece, (blobs, pieces))))
    });
    Ok((length(blob), FOREIGN_BYTES, Body::from_stream(stream)).into_response())
}

fn length(blob: Blob) -> [(HeaderName, String); 1] {
    [(header::CONTENT_LENGTH, blob.bytes.to_string())]
}

/// Checks the blobs that a job names, each at its place. Of a job whose problem looks at its files, the complete one.
pub(super) async fn check(state: &ApiState, job: &Job, named: &[(String, Digest)]) -> Result<Option<Job>, ApiError> {
    if named.is_empty() {
        return Ok(None);
    }
    state.parts.blobs.check(job.tenant.as_deref(), named).await.map_err(unfit)?;
    if job.problem.is_none() {
        return Ok(None);
    }
    state.parts.blobs.complete(job).await.map_err(|fault| unreadable(&anyhow::anyhow!("{}", fault.message)))
}

fn unfit(error: Unfit) -> ApiError {
    let message = error.to_string();
    let invalid = |code| ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, code, message);
    match error {
        Unfit::Unknown { .. } => invalid("unknown_blob").hint("store it first, with PUT /v1/blobs"),
        Unfit::TooMuch { .. } => {
            invalid("invalid").hint("name fewer or smaller ones, or have the operator raise `--job-blobs-mib`")
        }
        Unfit::Store(error) => unreadable(&error),
    }
}

fn no_such_blob(digits: &str) -> ApiError {
    let message = format!("there is no blob `{}` here", digits.escape_debug());
    ApiError::new(StatusCode::NOT_FOUND, "unknown_blob", message).hint("store it with PUT /v1/blobs")
}

fn unreadable(error: &anyhow::Error) -> ApiError {
    tracing::error!("{error:#}");
    ApiError::busy("blobs_unreadable", "the stored blobs cannot be read or written at the moment")
}
