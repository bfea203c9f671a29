//! Sessions of cells, where this process has boxes to keep.

use std::sync::Arc;

use optimus_core::Fault;
use optimus_server::interpreters::Interpreters;
use optimus_server::metrics::Metrics;

use super::machine;
use crate::cli::{Apart, Serve};
use crate::engine::Engine;

/// The sessions of a server that judges.
pub(super) fn here(args: &Serve, engine: &Arc<Engine>, metrics: &Arc<Metrics>) -> Arc<Interpreters> {
    if args.engine.isolation != Apart::None {
        let message = "this server lets one tenant or job use the machine at a time, and a session stays";
        let why = Fault::new("no_sessions", message);
        return Interpreters::none(why.hint("have the operator start a server without `--isolation` for sessions"));
    }
    let rules = args.sessions.rules(machine::memory_bytes());
    Interpreters::new(Arc::clone(engine) as _, rules, Arc::clone(metrics))
}

/// Why a process without boxes has none.
pub(super) fn elsewhere() -> Arc<Interpreters> {
    let why = Fault::new("no_sessions", "sessions need a server that runs programs itself, and this one does not");
    Interpreters::none(why.hint("send them to an `optimus serve`, which keeps them in its own process"))
}
