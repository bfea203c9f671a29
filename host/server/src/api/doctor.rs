//! What this machine can enforce, and what to do about the rest: the findings of `optimus doctor` for this process.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use futures::future::BoxFuture;
use optimus_core::Timestamp;
use serde::Serialize;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::ApiState;

/// Something that was looked at. A problem has a hint, and what is fine may have one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at.
    pub what: String,
    /// What was found.
    pub found: String,
    /// False, if it is a problem.
    pub ok: bool,
    /// The remedy, or advice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl Finding {
    /// Nothing is wrong with it.
    pub fn ok(what: impl Into<String>, found: impl Into<String>) -> Self {
        Self { what: what.into(), found: found.into(), ok: true, hint: None }
    }

    /// Something is.
    pub fn problem(what: impl Into<String>, found: impl Into<String>, hint: Option<String>) -> Self {
        Self { what: what.into(), found: found.into(), ok: false, hint }
    }
}

/// Looks at the machine. May take seconds.
pub type Examine = dyn Fn() -> BoxFuture<'static, Vec<Finding>> + Send + Sync;

#[derive(Debug, Clone, Serialize)]
pub(super) struct Examination {
    at: Timestamp,
    findings: Vec<Finding>,
}

/// The last examination. One runs at a time, and several callers share it.
#[derive(Default)]
pub(super) struct Doctor(Mutex<Option<(Instant, Examination)>>);

/// An examination holds for this long: it opens a box and asks a daemon, which must not be had at any rate.
const HOLDS: Duration = Duration::from_secs(5);

impl Doctor {
    async fn examine(&self, examine: &Examine) -> Examination {
        let mut last = self.0.lock().await;
        if let Some((when, examination)) = last.as_ref()
            && when.elapsed() < HOLDS
        {
            return examination.clone();
        }
        let examination = Examination { at: Timestamp::now(), findings: examine().await };
        *last = Some((Instant::now(), examination.clone()));
        examination
    }
}

/// `GET /v1/doctor`.
pub(super) async fn doctor(State(state): State<ApiState>) -> Json<Examination> {
    Json(state.doctor.examine(&*state.parts.examine).await)
}
