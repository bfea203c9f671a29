//! The spans inside a job's `process`: `plan`, `compile`, and one for each of the first tests.

use optimus_core::trace::SPAN_TARGET;
use tracing::{Span, debug_span};

/// Only this many tests are exported as spans; a job may have thousands.
const EXPORTED_TESTS: usize = 16;

/// The plugin plans.
pub(crate) fn plan() -> Span {
    debug_span!(target: SPAN_TARGET, "plan")
}

/// One compile step.
pub(crate) fn compile(step: &str) -> Span {
    debug_span!(target: SPAN_TARGET, "compile", step.name = step)
}

/// One test; after [`EXPORTED_TESTS`] only for the log.
pub(crate) fn test(index: usize) -> Span {
    match index < EXPORTED_TESTS {
        true => debug_span!(target: SPAN_TARGET, "test", test = index),
        false => debug_span!("test", test = index),
    }
}
