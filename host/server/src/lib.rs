//! The service around judging: takes jobs over HTTP, hands them to a judge through the queue, gives reports back.
//!
//! In: requests, and whatever implements [`worker::Judging`]. Out: answers, events, webhooks, metrics. This crate knows
//! neither plugins nor the sandbox: cargo refuses the import.

pub mod api;
pub mod audit;
pub mod auth;
pub mod blobs;
mod disk;
pub mod feed;
mod flights;
mod history;
pub mod interpreters;
mod key_value;
pub mod keys;
pub mod languages;
pub mod live_input;
pub mod login;
pub mod metrics;
pub mod pipelines;
pub mod problems;
pub mod readiness;
pub mod schedules;
mod sessions;
mod spans;
pub mod supervisor;
pub mod tokens;
pub mod webhooks;
pub mod worker;
pub mod workers;
