//! Holds a request until its job is over.

use axum::http::StatusCode;
use optimus_core::{JobRequest, Report};
use tokio::time::Instant;

use super::errors::{error, refuse};
use crate::early::Early;
use crate::engine::{Engine, run_to_end};

/// Runs a job to its end. At `until` the answer is 504.
pub(crate) async fn report(engine: &dyn Engine, job: JobRequest, until: Instant) -> Result<Report, Early> {
    let late = || error(StatusCode::GATEWAY_TIMEOUT, "the program did not end in time");
    let report = run_to_end(engine, job, until).await.map_err(refuse)?;
    Ok(report.ok_or_else(late)?)
}
