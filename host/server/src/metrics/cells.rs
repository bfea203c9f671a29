//! Sessions of cells: how many there are, how their cells end, and why they are lost.

use std::sync::atomic::AtomicI64;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::{Metrics, OutcomeLabels, ReasonLabels};

#[derive(Debug, Default)]
pub(super) struct CellSessions {
    open: Gauge<i64, AtomicI64>,
    cells: Family<OutcomeLabels, Counter>,
    lost: Family<ReasonLabels, Counter>,
}

impl CellSessions {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register("sessions", "Sessions of cells that are open here", self.open.clone());
        registry.register("session_cells", "Cells of sessions, by how they ended", self.cells.clone());
        registry.register("sessions_lost", "Sessions that ended, by the reason", self.lost.clone());
    }
}

impl Metrics {
    /// A session began.
    pub(crate) fn session_began(&self) {
        self.cell_sessions.open.inc();
    }

    /// A session ended.
    pub(crate) fn session_lost(&self, reason: &'static str) {
        self.cell_sessions.open.dec();
        self.cell_sessions.lost.get_or_create(&ReasonLabels { reason: reason.to_owned() }).inc();
    }

    /// A cell of a session ended.
    pub(crate) fn cell_ended(&self, outcome: &'static str) {
        self.cell_sessions.cells.get_or_create(&OutcomeLabels { outcome }).inc();
    }
}
