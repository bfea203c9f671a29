//! What clients write of a schedule.

use optimus_core::Timestamp;
use optimus_schedules::Spec;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::overlap::Overlap;

/// A schedule, as it is stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Definition {
    /// 32 hexadecimal digits, which sort by the time of creation.
    pub id: String,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// In whose name it fires.
    pub owner: Owner,
    /// When it was created.
    pub created_at: Timestamp,
    /// Nominal times up to this one do not fire: set when the schedule is created, resumed, or given another spec.
    pub active_from: Timestamp,
    /// When it fires.
    pub spec: Spec,
    /// What it starts.
    #[serde(flatten)]
    pub starts: Starts,
    /// The size of that as JSON, which counts for its tenant.
    pub job_bytes: usize,
    /// How it fires.
    #[serde(default)]
    pub policies: Policies,
    /// It does not fire, except when it is triggered.
    #[serde(default)]
    pub paused: bool,
    /// Why it was paused or resumed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// What a schedule starts when it fires.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Starts {
    /// A job, as `POST /v1/jobs` takes it.
    Job(Value),
    /// A run of a pipeline.
    Pipeline(PipelineCall),
}

/// A pipeline, and what its runs begin with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PipelineCall {
    /// The pipeline's id.
    pub id: String,
    /// As `POST /v1/pipelines/{id}/runs` takes them.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub inputs: Map<String, Value>,
}

/// Whose scopes count at the time of a firing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// The id of the API key; absent, where the server has no keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The tenant of the jobs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
}

/// How a schedule fires.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Policies {
    /// While the jobs of earlier firings run.
    pub overlap: Overlap,
    /// A firing that is later than this many seconds is missed. Idempotency keys last as long as results: longer is cut.
    pub catch_up_s: u64,
    /// Stop after a job that was not accepted.
    pub pause_on_failure: bool,
    /// Fire at this many of its times, then never again. What clients ask for does not count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_actions: Option<u64>,
}

impl Default for Policies {
    fn default() -> Self {
        Self { overlap: Overlap::default(), catch_up_s: DAY, pause_on_failure: false, max_actions: None }
    }
}

const DAY: u64 = 24 * 60 * 60;

/// Times of one backfill, at most.
pub const MOST_ASKED: usize = 1_000;

/// A firing, or several, that a client asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// 32 hexadecimal digits.
    pub id: String,
    /// The schedule.
    pub schedule: String,
    /// Of a backfill: the spec's times after this one, and up to `until`. Absent in a trigger, which fires once, as `until`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Timestamp>,
    /// The last nominal time.
    pub until: Timestamp,
    /// Instead of the schedule's own policy.
    pub overlap: Overlap,
}

impl Request {
    /// Fires once, now.
    pub fn trigger(schedule: &str, now: Timestamp, overlap: Overlap) -> Self {
        Self { id: new_id(), schedule: schedule.to_owned(), after: None, until: now, overlap }
    }

    /// Fires at every time of a range, as if it were now.
    pub fn backfill(schedule: &str, (after, until): (Timestamp, Timestamp), overlap: Overlap) -> Self {
        Self { id: new_id(), schedule: schedule.to_owned(), after: Some(after), until, overlap }
    }
}

/// An id that sorts by time, without hyphens: names of stored values have letters and digits only.
pub(crate) fn new_id() -> String {
    Uuid::now_v7().simple().to_string()
}
