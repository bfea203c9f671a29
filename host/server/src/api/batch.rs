//! Submitting many jobs in one request: each is accepted or refused by itself.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use futures::StreamExt as _;
use optimus_core::{Fault, Job, JobId, JobRequest, TraceContext};
use optimus_queue::{Idempotency, PushOptions, Quota};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::Digest as _;
use tracing::Instrument as _;

use super::body::JsonBody;
use super::caller::Caller;
use super::jobs::resolve;
use super::query::{idempotency_key, trace};
use super::{ApiError, ApiState};
use crate::spans;

/// Jobs of one request; beyond, 422.
const MOST: usize = 1_000;
/// Pushes under way at once.
const AT_ONCE: usize = 64;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Batch {
    jobs: Vec<Value>,
}

/// What became of one job: its id, or why there is none.
#[derive(Serialize)]
struct Row {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<JobId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Fault>,
}

#[derive(Serialize)]
struct Rows {
    /// In the order of the request.
    jobs: Vec<Row>,
    accepted: usize,
}

/// `POST /v1/jobs/batch`.
pub(super) async fn submit(
    State(state): State<ApiState>,
    caller: Caller,
    headers: HeaderMap,
    body: JsonBody,
) -> Result<Response, ApiError> {
    let key = idempotency_key(&headers)?;
    let batch: Batch = serde_json::from_slice(&body.bytes).map_err(|error| ApiError::bad_json(&error))?;
    drop(body);
    if !(1..=MOST).contains(&batch.jobs.len()) {
        let message = format!("`jobs` holds {} jobs", batch.jobs.len());
        let error = ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", message);
        return Err(error.hint(format!("from 1 to {MOST}")));
    }
    caller.spend(&state, batch.jobs.len()).await?;
    let (quota, trace) = (caller.quota(), trace(&headers));
    let metrics = Arc::clone(&state.parts.metrics);
    let pushes = batch.jobs.into_iter().enumerate().map(move |(index, value)| {
        let key = key.as_ref().map(|key| format!("{key}#{index}"));
        push(state.clone(), (caller.tenant.clone(), quota.clone()), (key, trace.clone()), value)
    });
    // A task of its own: a client that goes away now has still submitted.
    let pushed = tokio::spawn(futures::stream::iter(pushes).buffered(AT_ONCE).collect::<Vec<_>>()).await;
    let pushed = pushed.map_err(|error| ApiError::busy("bug", format!("the batch was not accepted: {error}")))?;
    let row = |pushed: Result<JobId, ApiError>| match pushed {
        Ok(id) => Row { id: Some(id), error: None },
        Err(error) => {
            let fault = error.into_fault();
            metrics.job_rejected(&fault.code);
            Row { id: None, error: Some(fault) }
        }
    };
    let jobs: Vec<Row> = pushed.into_iter().map(row).collect();
    let accepted = jobs.iter().filter(|row| row.id.is_some()).count();
    Ok((StatusCode::ACCEPTED, Json(Rows { jobs, accepted })).into_response())
}

async fn push(
    state: ApiState,
    (tenant, quota): (Option<String>, Option<Quota>),
    (key, trace): (Option<String>, Option<TraceContext>),
    value: Value,
) -> Result<JobId, ApiError> {
    let fingerprint = sha2::Sha256::digest(value.to_string()).into();
    let request: JobRequest = serde_json::from_value(value).map_err(|error| ApiError::bad_json(&error))?;
    let (job, webhook) = resolve(&state, request).await?;
    super::problems::check(&state, &job).await?;
    let mut job = Job { tenant, trace, ..job };
    let sending = spans::send(&mut job);
    let idempotency = key.map(|key| Idempotency { key, fingerprint });
    let options = PushOptions { idempotency, webhook, quota, ..PushOptions::default() };
    let language = job.language.clone();
    let pushed = Arc::clone(&state.parts.queue).push(job, options).instrument(sending).await?;
    if !pushed.duplicate {
        state.parts.metrics.job_submitted(&language);
    }
    Ok(pushed.id)
}
