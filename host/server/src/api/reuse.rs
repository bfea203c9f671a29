//! Submissions that an equal earlier job may answer: `"reuse": true`.
//!
//! Equal submissions of a tenant share an idempotency key, made of everything that decides the report: the submission, the
//! plugin's digest and the toolchain's version. So they collapse while the first of them waits or runs, on every store, and
//! for as long as its report is kept.

use axum::http::StatusCode;
use optimus_core::language::LanguageInfo;
use optimus_core::{Job, JobId, Verdict};
use optimus_queue::{Backend, Idempotency, PushOptions, Pushed, QueueError, Status};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::{ApiError, ApiState};

/// So many earlier jobs that failed or were cancelled are passed over; then the job is judged and not remembered.
const ATTEMPTS: u32 = 4;

/// Equal for submissions of which one can answer the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Likeness([u8; 32]);

#[derive(Serialize)]
struct Deciding<'a> {
    job: Job,
    language: &'a LanguageInfo,
}

impl Likeness {
    pub(super) fn of(job: &Job, language: &LanguageInfo) -> serde_json::Result<Self> {
        let job = Job { id: JobId(uuid::Uuid::nil()), tenant: None, trace: None, ..job.clone() };
        let bytes = serde_json::to_vec(&Deciding { job, language })?;
        Ok(Self(Sha256::digest(bytes).into()))
    }

    /// No client can send this key, since it is not printable.
    fn idempotency(self, attempt: u32) -> Idempotency {
        let digest: String = self.0.iter().map(|byte| format!("{byte:02x}")).collect();
        Idempotency { key: format!("\u{1}reuse {attempt} {digest}"), fingerprint: self.0 }
    }
}

/// The likeness of a job; `None` where its language has gone meanwhile.
pub(super) fn likeness(state: &ApiState, job: &Job) -> Result<Option<Likeness>, ApiError> {
    let language = state.parts.languages.find(&job.language);
    let likeness = language.map(|language| Likeness::of(job, &language)).transpose();
    likeness.map_err(|error| ApiError::busy("bug", format!("the submission has no JSON: {error}")))
}

pub(super) fn with_webhook() -> ApiError {
    let message = "`reuse` cannot be combined with `webhook`: no webhook follows the report of an earlier job";
    ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", message)
        .hint("leave `webhook` out, and wait for the report or ask for it")
}

/// Pushes a job, unless an equal one waits, runs, or has ended with a verdict on the program.
pub(super) async fn push(
    queue: &dyn Backend,
    job: Job,
    options: PushOptions,
    likeness: Likeness,
) -> Result<Pushed, QueueError> {
    for attempt in 0..ATTEMPTS {
        let keyed = PushOptions { idempotency: Some(likeness.idempotency(attempt)), ..options.clone() };
        let pushed = queue.push(job.clone(), keyed).await?;
        if !pushed.duplicate || is_usable(queue, pushed.id).await? {
            return Ok(pushed);
        }
    }
    queue.push(job, options).await
}

async fn is_usable(queue: &dyn Backend, id: JobId) -> Result<bool, QueueError> {
    Ok(match queue.status(id).await? {
        // Forgotten early, to make room for newer reports.
        None => false,
        Some(Status::Done { report }) => !matches!(report.verdict, Verdict::Cancelled | Verdict::InternalError),
        Some(Status::Queued | Status::Running) => true,
    })
}
