//! Submitting many jobs in one request: each is accepted or refused by itself.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use futures::StreamExt as _;
use optimus_core::{Fault, JobId, JobRequest, Report, TraceContext};
use optimus_queue::Idempotency;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::Digest as _;

use super::body::JsonBody;
use super::caller::Caller;
use super::jobs::await_report;
use super::query::{Params, Wait, idempotency_key, trace};
use super::submission::{Asked, Submission};
use super::{ApiError, ApiState};

/// Jobs of one request; beyond, 422.
const MOST: usize = 1_000;
/// Maximum number of pushes at the same time.
const AT_ONCE: usize = 64;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Batch {
    jobs: Vec<Value>,
}

/// The result for one job: its id, or the error.
#[derive(Serialize)]
struct Row {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<JobId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Fault>,
    /// With `?wait=`, of a job that is over.
    #[serde(skip_serializing_if = "Option::is_none")]
    report: Option<Box<Report>>,
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
    Params(wait): Params<Wait>,
    headers: HeaderMap,
    body: JsonBody,
) -> Result<Response, ApiError> {
    let wait = wait.duration(state.parts.limits.wait)?;
    let key = idempotency_key(&headers)?;
    let batch = read(&body)?;
    drop(body);
    if !(1..=MOST).contains(&batch.jobs.len()) {
        let message = format!("`jobs` holds {} jobs", batch.jobs.len());
        let error = ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", message);
        return Err(error.hint(format!("from 1 to {MOST}")));
    }
    caller.spend(&state, batch.jobs.len()).await?;
    let (caller, trace) = (Arc::new(caller), trace(&headers));
    let metrics = Arc::clone(&state.parts.metrics);
    let waiting = state.clone();
    let pushes = batch.jobs.into_iter().enumerate().map(move |(index, value)| {
        let key = key.as_ref().map(|key| format!("{key}#{index}"));
        submit_one((waiting.clone(), index), Arc::clone(&caller), (key, trace.clone()), value)
    });
    // A task of its own: a client that goes away now has still submitted.
    let pushed = tokio::spawn(futures::stream::iter(pushes).buffered(AT_ONCE).collect::<Vec<_>>()).await;
    let pushed = pushed.map_err(|error| ApiError::busy("bug", format!("the batch was not accepted: {error}")))?;
    let row = |pushed: Result<JobId, ApiError>| match pushed {
        Ok(id) => Row { id: Some(id), error: None, report: None },
        Err(error) => {
            let fault = error.into_fault();
            metrics.job_rejected(&fault.code);
            Row { id: None, error: Some(fault), report: None }
        }
    };
    let mut jobs: Vec<Row> = pushed.into_iter().map(row).collect();
    let accepted = jobs.iter().filter(|row| row.id.is_some()).count();
    if !wait.is_zero() {
        await_reports(&state, &mut jobs, wait).await?;
    }
    let all_over = accepted > 0 && jobs.iter().all(|row| row.id.is_none() || row.report.is_some());
    let status = if all_over { StatusCode::OK } else { StatusCode::ACCEPTED };
    Ok((status, Json(Rows { jobs, accepted })).into_response())
}

/// Waits for all of them together, for so long.
async fn await_reports(state: &ApiState, jobs: &mut [Row], wait: Duration) -> Result<(), ApiError> {
    let until = tokio::time::Instant::now() + wait;
    for row in jobs {
        if let Some(id) = row.id {
            let left = until.saturating_duration_since(tokio::time::Instant::now());
            row.report = await_report(state, id, left).await?.report;
        }
    }
    Ok(())
}

fn read(body: &JsonBody) -> Result<Batch, ApiError> {
    if body.bytes.trim_ascii_start().first() == Some(&b'[') {
        let error = ApiError::new(StatusCode::BAD_REQUEST, "bad_job", "the body is a list");
        return Err(error.hint("send an object with the list in it: {\"jobs\": [{\"language\": …}, …]}"));
    }
    super::json::read(&body.bytes)
}

async fn submit_one(
    (state, index): (ApiState, usize),
    caller: Arc<Caller>,
    (key, trace): (Option<String>, Option<TraceContext>),
    value: Value,
) -> Result<JobId, ApiError> {
    let fingerprint = sha2::Sha256::digest(value.to_string()).into();
    let request: JobRequest = super::json::read_value(&format!("jobs[{index}]"), value)?;
    let submission = Submission::check(&state, &caller, request).await?;
    let idempotency = key.map(|key| Idempotency { key, fingerprint });
    Ok(submission.push(&state, Asked { idempotency, trace, may_delay_commit: false }).await?.id)
}
