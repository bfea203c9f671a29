//! What tenants' feeds tell of schedules and runs, and how a feed is followed.
//!
//! In: what the engines and the API have stored. Out: events for the queue's feeds, and for a listener the events after the
//! last one that it has, with a word where some are missing.

mod follow;
mod tails;
mod telling;

use std::sync::Arc;

use optimus_queue::FeedEvent;

pub(crate) use self::follow::{Follower, Start};
pub(crate) use self::tails::Tails;
pub(crate) use self::telling::{run_done, run_started, schedule, steps_ended};

/// Adds an event to the feed of a tenant, without waiting.
pub type Announce = Arc<dyn Fn(Option<&str>, FeedEvent) + Send + Sync>;

/// The types of events, in the order in which things happen.
pub(crate) const TYPES: [&str; 13] = [
    "job.submitted",
    "job.started",
    "job.done",
    "schedule.fired",
    "schedule.refused",
    "schedule.missed",
    "schedule.skipped",
    "schedule.dropped",
    "schedule.paused",
    "schedule.resumed",
    "run.started",
    "run.step_ended",
    "run.done",
];
