//! Each door as its engine's clients see it, over an engine in memory that does as a test tells it.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod code_judge;
mod dify;
mod fusion;
mod go_judge;
mod jobe;
mod judge0;
mod mcp;
mod nemo;
mod open_instruct;
mod piston;
mod support;
