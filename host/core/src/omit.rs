//! Predicates for `#[serde(skip_serializing_if)]`.

/// For serde, of numbers that say nothing then.
pub(crate) fn is_zero<N: Default + PartialEq>(n: &N) -> bool {
    *n == N::default()
}
