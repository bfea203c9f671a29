//! Holds a request until its job is over.

use axum::http::StatusCode;
use optimus_core::{JobRequest, Report};
use tokio::time::Instant;

use super::errors::{error, refuse};
use crate::early::Early;
use crate::engine::{Engine, Progress};

/// Runs a job to its end. At `until` the answer is 504.
pub(super) async fn report(engine: &dyn Engine, job: JobRequest, until: Instant) -> Result<Report, Early> {
    let id = engine.submit(job, true, until).await.map_err(refuse)?;
    match engine.wait(id, until).await.map_err(refuse)? {
        Progress::Done(report) => Ok(*report),
        Progress::Queued | Progress::Running => {
            // Its report would reach nobody.
            if let Err(error) = engine.cancel(id).await {
                tracing::warn!(job = %id, %error, "a job that nobody waits for any more was not cancelled");
            }
            Err(error(StatusCode::GATEWAY_TIMEOUT, "the program did not end in time").into())
        }
    }
}
