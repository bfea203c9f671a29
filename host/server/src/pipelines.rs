//! Pipelines that run: stored with the queue, and each of their steps is a job.
//!
//! In: definitions, as clients write them, and runs of them. Out: jobs, through an [`Action`]. What a run does next is
//! decided by `optimus-pipelines`; the engine submits, and enters what the jobs became. A job of a run is known by the run,
//! the step's name, the index and the attempt, which together are the job's idempotency key: whichever process submits it,
//! and however often, there is one job. What clients write (the wish to cancel) and what the engine writes (the run) are
//! separate values, so that neither overwrites the other.

mod engine;
mod store;

pub use engine::{Action, Engine, Seams};
pub(crate) use store::Summary;
pub use store::{PipelineStore, StoredPipeline, StoredRun};
