//! The feed of each tenant: what happened to all its jobs, schedules and runs, in one order, for clients that follow them
//! all together.
//!
//! In: events, from the process that made something happen, after it was stored. Out: pages of them. A feed is bounded: its
//! oldest events are forgotten, and a page shows that they were. It tells, and is no record: a process that is killed
//! between a change and its event leaves that event out.

use std::borrow::Cow;
use std::time::Duration;

use async_trait::async_trait;
use optimus_core::{JobId, Timestamp, Verdict};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{EventId, QueueError};

/// Events that are kept of a tenant, at most.
pub const FEED_EVENTS: u64 = 10_000;
/// A stored feed that nothing is added to for so long is removed, unless results are kept longer.
const LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);
/// Bytes of one event as JSON; of a larger one only the type and the time are kept.
const EVENT_BYTES: usize = 4 << 10;
/// The type of an event that stands for others, which could not be stored.
pub const LOST: &str = "lost";

/// An event of a feed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FeedEvent {
    /// What happened, such as `job.done`.
    #[serde(rename = "type")]
    pub kind: Cow<'static, str>,
    /// When, by the clock of the process that tells.
    pub at: Timestamp,
    /// To what, and how.
    pub data: Value,
}

/// A part of a feed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FeedPage {
    /// The id of the oldest event that is kept. Ids of a feed count up by one.
    pub first: Option<EventId>,
    /// The id of the newest event.
    pub last: Option<EventId>,
    /// The events of this page, the oldest first.
    pub events: Vec<(EventId, FeedEvent)>,
}

/// Adds to the feeds of tenants, and reads them. Jobs without a tenant share one feed. The queue announces `job.submitted`,
/// `job.started` and `job.done` by itself.
#[async_trait]
pub trait Feeds: Send + Sync {
    /// Adds an event without waiting. Events that one process announces keep their order. While the store is away, a
    /// bounded number of them waits, and an event of type [`LOST`] counts those beyond.
    fn announce(&self, tenant: Option<&str>, event: FeedEvent);

    /// Returns once all that this process has announced is stored, or after 5 s.
    async fn flush_feeds(&self);

    /// Events of a tenant after the one with the id `after`, or from the oldest one on; at most `limit`.
    async fn feed(&self, tenant: Option<&str>, after: Option<EventId>, limit: usize) -> Result<FeedPage, QueueError>;
}

/// The time after its last event at which a shared store removes a feed, where results are kept for `result_ttl`.
pub(crate) fn feed_lifetime(result_ttl: Duration) -> Duration {
    LIFETIME.max(result_ttl)
}

impl FeedEvent {
    /// Something that happened now.
    pub fn new(kind: &'static str, data: Value) -> Self {
        Self { kind: kind.into(), at: Timestamp::now(), data }
    }

    pub(crate) fn submitted(id: JobId, language: &str) -> Self {
        Self::new("job.submitted", json!({"job": id, "language": language}))
    }

    pub(crate) fn started(id: JobId, language: &str, attempt: u32) -> Self {
        Self::new("job.started", json!({"job": id, "language": language, "attempt": attempt}))
    }

    pub(crate) fn done(id: JobId, language: &str, verdict: Verdict) -> Self {
        Self::new("job.done", json!({"job": id, "language": language, "verdict": verdict}))
    }

    pub(crate) fn lost(count: u64) -> Self {
        Self::new(LOST, json!({ "events": count }))
    }

    /// As it is stored.
    pub(crate) fn to_json(&self) -> String {
        let whole = serde_json::to_string(self).ok().filter(|json| json.len() <= EVENT_BYTES);
        whole.unwrap_or_else(|| json!({"type": self.kind, "at": self.at, "data": {}}).to_string())
    }

    /// One that was stored; what a newer version wrote in another form is still an event.
    pub(crate) fn from_json(json: &str) -> Self {
        let unknown = |_| Self { kind: "unknown".into(), at: Timestamp(0), data: Value::Null };
        serde_json::from_str(json).unwrap_or_else(unknown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_event_keeps_its_type_and_time() {
        let event = FeedEvent::new("run.done", json!({"error": "x".repeat(5_000)}));
        let kept = FeedEvent::from_json(&event.to_json());
        assert_eq!(kept, FeedEvent { data: json!({}), ..event });
        let small = FeedEvent::new("run.done", json!({"run": "1"}));
        assert_eq!(FeedEvent::from_json(&small.to_json()), small);
    }
}
