//! Limits that the kernel keeps for each process by itself.

use optimus_agent::inventory::rlimits::{Limit, OWN_DESCRIPTORS, RLIMITS};
use optimus_core::Limits;
use rustix::io::Errno;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Sets the limit of core dumps. The filter of a step refuses any change of it.
pub(super) fn forbid_cores(limits: &Limits) -> Result<(), Errno> {
    RLIMITS.iter().filter(|limit| limit.resource == Resource::Core).try_for_each(|limit| apply_one(limit, limits))
}

/// Applies all others to the calling process, so that none is inherited from whatever started the worker, unless that
/// is stricter: only root may raise a hard limit, setrlimit(2).
pub(super) fn apply(limits: &Limits) -> Result<(), Errno> {
    RLIMITS.iter().filter(|limit| limit.resource != Resource::Core).try_for_each(|limit| apply_one(limit, limits))
}

fn apply_one(limit: &Limit, limits: &Limits) -> Result<(), Errno> {
    let hard = allowed(limit, limits);
    setrlimit(limit.resource, Rlimit { current: hard, maximum: hard })
}

/// What a program gets of it; `None` is without limit.
pub(crate) fn allowed(limit: &Limit, limits: &Limits) -> Option<u64> {
    let inherited = getrlimit(limit.resource).maximum.map(|hard| left(limit.resource, hard));
    match (inherited, limit.amount.of(limits)) {
        (Some(inherited), Some(wanted)) => Some(inherited.min(wanted)),
        (one, other) => one.or(other),
    }
}

/// What of an inherited limit is for programs.
fn left(resource: Resource, hard: u64) -> u64 {
    match resource {
        Resource::Nofile => hard.saturating_sub(OWN_DESCRIPTORS).max(hard / 2),
        _ => hard,
    }
}
