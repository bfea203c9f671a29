//! Pipelines that run: stored with the queue. Each of their steps is a job, a run of another pipeline, or an HTTP request.
//!
//! In: definitions, as clients write them, and runs of them. Out: jobs, through an [`Action`], and the rest through
//! [`Tools`]. What a run does next is
//! decided by `optimus-pipelines`; the engine submits, and enters what the jobs became. A job of a run is known by the run,
//! the step's name, the index and the attempt, which together are the job's idempotency key: whichever process submits it,
//! and however often, there is one job. What clients write (the wish to cancel) and what the engine writes (the run) are
//! separate values, so that neither overwrites the other.

mod engine;
mod store;

pub use engine::{Action, Engine, Seams, Tools};
pub(crate) use store::Summary;
pub use store::{Parent, PipelineStore, StoredPipeline, StoredRun};
