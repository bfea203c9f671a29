//! The caps of this server, and its defaults.

use axum::Json;
use axum::extract::State;
use optimus_core::Limits;
use serde::Serialize;

use super::ApiState;

/// All numbers that bound a job.
#[derive(Debug, Serialize)]
pub(super) struct LimitsView {
    /// Limits of a test that asks for none, before its language's multipliers and floors.
    defaults: Limits,
    /// The most that a test may ask for, and that multipliers and floors may raise it to.
    caps: Limits,
    /// Limits of a compile step, unless its language asks for others.
    compile: Limits,
    max_tests: usize,
    max_files: usize,
    max_capture_bytes: u64,
    max_body_bytes: usize,
    /// Of one blob.
    max_blob_bytes: u64,
    /// Of all blobs that a job names.
    max_job_blob_bytes: u64,
    /// Time after its last use at which a blob is forgotten.
    blob_ttl_s: u64,
    max_wait_ms: u64,
}

/// `GET /v1/limits`.
pub(super) async fn limits(State(state): State<ApiState>) -> Json<LimitsView> {
    let (policy, limits, blobs) = (&state.parts.policy, &state.parts.limits, state.parts.blobs.rules());
    Json(LimitsView {
        defaults: policy.default_limits,
        caps: policy.cap,
        compile: Limits::COMPILE.clamp(&policy.cap),
        max_tests: policy.max_tests,
        max_files: policy.max_files,
        max_capture_bytes: policy.max_capture_bytes,
        max_body_bytes: limits.body_bytes,
        max_blob_bytes: blobs.blob_bytes,
        max_job_blob_bytes: blobs.job_bytes,
        blob_ttl_s: blobs.ttl.as_secs(),
        max_wait_ms: u64::try_from(limits.wait.as_millis()).unwrap_or(u64::MAX),
    })
}
