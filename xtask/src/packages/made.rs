//! Packages out of a grammar of their format.

mod dmoj;
mod icpc;
mod kattis;

pub(super) use dmoj::dmoj;
pub(super) use icpc::icpc;
pub(super) use kattis::{draft, legacy};
