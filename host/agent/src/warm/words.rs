//! What the agent and a keeper say to each other.

use serde::{Deserialize, Serialize};

/// What the agent asks for: a child of the parent.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Order {
    /// For each of [`RLIMITS`](optimus_agent::inventory::rlimits::RLIMITS), in its order: soft and hard, the kernel's way.
    pub(super) limits: Vec<[u64; 2]>,
    /// As in a step's order.
    pub(super) processors: Vec<u16>,
}

/// What a keeper says.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Word {
    /// The parent has been started as this process.
    Begun { parent: i32 },
    /// It is frozen, and a child holds so much less memory of its own than a program that was started cold.
    Ready { shared_bytes: u64 },
    /// A child runs since then, in nanoseconds of `CLOCK_MONOTONIC`. With it goes its listener, if it has one.
    Started { at: u64 },
    /// We failed.
    Failed { stage: String, errno: i32 },
}
