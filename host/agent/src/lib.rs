//! The frames that a host and an agent exchange; the agent itself is this package's binary.
//!
//! Both ends live here, so that they cannot disagree. Neither trusts the other: the agent's stream passes a stranger's
//! output, and a host that is confused must not confuse a box.

pub mod inventory;
pub mod protocol;
