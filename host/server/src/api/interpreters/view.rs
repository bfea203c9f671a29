//! Sessions and cells, as clients see them.

use optimus_core::Timestamp;
use optimus_core::cells::{CellOutput, Loss, Raised};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::interpreters::{Info, Phase, Ran};

#[derive(Debug, Serialize)]
pub(in crate::api) struct SessionList {
    pub(super) sessions: Vec<SessionView>,
}

#[derive(Debug, Serialize)]
pub(in crate::api) struct SessionView {
    id: String,
    language: String,
    state: &'static str,
    created_at: Timestamp,
    /// The end of its life.
    ends_at: Timestamp,
    idle_s: u64,
    cells: u64,
    limits: LimitsView,
    /// Why its state is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    lost: Option<Loss>,
}

#[derive(Debug, Serialize)]
struct LimitsView {
    cell_ms: u64,
    cpu_ms: u64,
    memory_bytes: u64,
    processes: u64,
    output_bytes: u64,
}

impl SessionView {
    pub(super) fn new(info: &Info, phase: &Phase) -> Self {
        let whole = |ms: u128| u64::try_from(ms).unwrap_or(u64::MAX);
        let (state, lost) = match phase {
            Phase::Idle => ("idle", None),
            Phase::Running => ("running", None),
            Phase::Lost(loss) => ("lost", Some(loss.clone())),
        };
        Self {
            id: info.id.clone(),
            language: info.language.clone(),
            state,
            created_at: info.created_at,
            ends_at: Timestamp(info.created_at.0.saturating_add(whole(info.life.as_millis()))),
            idle_s: info.idle.as_secs(),
            cells: info.cells,
            limits: LimitsView {
                cell_ms: whole(info.cell.as_millis()),
                cpu_ms: info.limits.cpu_ms,
                memory_bytes: info.limits.memory_bytes,
                processes: info.limits.processes,
                output_bytes: info.output_bytes,
            },
            lost,
        }
    }
}

/// A cell that is over.
#[derive(Debug, Serialize)]
pub(in crate::api) struct CellView {
    /// From 1.
    number: u64,
    status: &'static str,
    stdout: String,
    stderr: String,
    display: Vec<Map<String, Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Raised>,
    wall_ms: f64,
    truncated: bool,
    /// Why the session's state is gone, if it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    session_lost: Option<Loss>,
}

impl CellView {
    pub(super) fn new(ran: Ran) -> Self {
        let Ran { number, output: CellOutput { stdout, stderr, display, error }, end, loss } = ran;
        Self {
            number,
            // One that did not say how it ended went with its interpreter.
            status: end.as_ref().map_or("died", |end| end.status.as_str()),
            stdout,
            stderr,
            display,
            error,
            wall_ms: end.as_ref().map_or(0.0, |end| end.wall_ms),
            truncated: end.as_ref().is_some_and(|end| end.truncated),
            session_lost: loss,
        }
    }
}
