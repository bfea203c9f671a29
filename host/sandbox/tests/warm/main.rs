//! Warm starts: what a program sees and does is the same as after a cold start, and what goes wrong with them costs
//! nothing but time.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod faults;
mod lab;
mod parity;
mod siblings;
