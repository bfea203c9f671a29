//! Schedules that fire: stored with the queue, and each of their firings is one job, or one run of a pipeline.
//!
//! In: definitions, as clients write them, and requests (trigger, backfill). Out: jobs and runs, through an [`Action`]. What
//! clients write and what the engine writes are separate values, so that neither overwrites the other. A firing is known
//! by its schedule and its nominal time, which together are the job's idempotency key, and make the run's id: whichever
//! process tries to fire it, and however often, there is one job or run.

mod action;
mod book;
mod definition;
mod engine;
mod leader;
mod overlap;
mod progress;
mod store;

pub use action::{Action, Firing, Refused, Started, State};
pub(crate) use definition::new_id;
pub use definition::{Definition, MOST_ASKED, Owner, PipelineCall, Policies, Request, Starts};
pub use engine::{Engine, Seams};
pub(crate) use leader::{CLAIM_EVERY, Leader};
pub use overlap::Overlap;
pub use progress::{Halt, Progress, Run};
pub use store::ScheduleStore;
