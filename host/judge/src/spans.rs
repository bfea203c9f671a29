//! The spans inside a job's `process`: `plan`, `compile`, and one for each of the first tests.

use optimus_core::trace::SPAN_TARGET;
use tracing::{Span, debug_span};

/// Number of tests that are exported as spans; a job may have thousands.
const EXPORTED_TESTS: usize = 16;

/// The span of planning.
pub(crate) fn plan() -> Span {
    debug_span!(target: SPAN_TARGET, "plan")
}

/// The span of one compile step.
pub(crate) fn compile(step: &str) -> Span {
    debug_span!(target: SPAN_TARGET, "compile", step.name = step)
}

/// The span of one test. From [`EXPORTED_TESTS`] on it is for the log only.
pub(crate) fn test(index: usize) -> Span {
    match index < EXPORTED_TESTS {
        true => debug_span!(target: SPAN_TARGET, "test", test = index),
        false => debug_span!("test", test = index),
    }
}
