//! Puts a checked job into the queue: in a span of its own, and counted.

use optimus_core::Job;
use optimus_queue::{PushOptions, Pushed};
use tracing::Instrument as _;

use super::reuse::{self, Likeness};
use super::{ApiError, ApiState};
use crate::spans;

/// Pushes a job; with a likeness, an equal earlier job may take its place.
///
/// # Errors
/// What the queue refuses, or that it cannot be reached.
pub(super) async fn push(
    state: &ApiState,
    mut job: Job,
    options: PushOptions,
    likeness: Option<Likeness>,
) -> Result<Pushed, ApiError> {
    let sending = spans::send(&mut job);
    let (queue, language) = (&*state.parts.queue, job.language.clone());
    let pushing = async {
        match likeness {
            Some(likeness) => reuse::push(queue, job, options, likeness).await,
            None => queue.push(job, options).await,
        }
    };
    let pushed = pushing.instrument(sending).await?;
    if !pushed.duplicate {
        state.parts.metrics.job_submitted(&language);
    }
    Ok(pushed)
}
