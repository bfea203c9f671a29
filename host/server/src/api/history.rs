//! How the queue is now, and what this process did within the last hour.

use axum::Json;
use axum::extract::State;
use optimus_queue::LanguageStats;
use serde::{Deserialize, Serialize};

use super::query::Params;
use super::{ApiError, ApiState};
use crate::history::{STEP, Sample};

/// `?since=`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Since {
    /// In ms since 1970.
    #[serde(default)]
    since: u64,
}

#[derive(Debug, Serialize)]
pub(super) struct HistoryView {
    /// Between two samples.
    step_ms: u64,
    now: Now,
    samples: Vec<Sample>,
}

/// This moment.
#[derive(Debug, Serialize)]
struct Now {
    /// Those with jobs that wait or run.
    languages: Vec<LanguageDepth>,
    /// Jobs that may run in this process at once.
    slots: u64,
    /// Jobs that run in it.
    busy: u64,
    /// Jobs that were given up.
    dead: u64,
}

#[derive(Debug, Serialize)]
struct LanguageDepth {
    language: String,
    queued: u64,
    running: u64,
    oldest_ms: f64,
}

impl From<LanguageStats> for LanguageDepth {
    fn from(LanguageStats { language, queued, running, oldest }: LanguageStats) -> Self {
        Self { language, queued, running, oldest_ms: oldest.as_secs_f64() * 1_000.0 }
    }
}

/// `GET /v1/history`.
pub(super) async fn history(
    State(state): State<ApiState>,
    Params(Since { since }): Params<Since>,
) -> Result<Json<HistoryView>, ApiError> {
    let stats = state.parts.queue.stats().await?;
    let metrics = &state.parts.metrics;
    let (slots, busy) = metrics.slots();
    let languages = stats.languages.into_iter().map(LanguageDepth::from).collect();
    let step_ms = u64::try_from(STEP.as_millis()).unwrap_or(u64::MAX);
    Ok(Json(HistoryView {
        step_ms,
        now: Now { languages, slots, busy, dead: stats.dead },
        samples: metrics.history().since(since),
    }))
}
