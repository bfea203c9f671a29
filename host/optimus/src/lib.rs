//! The program: one value moves right, `Job → Plan → Outcomes → Report`.
//!
//! `api` takes jobs and answers questions about them, `worker` takes them from the queue, `judge` judges one, `languages`
//! knows what can be judged here; `commands` are the verbs of the command line and the only place that wires rooms.

pub mod api;
pub mod bench;
pub mod cli;
pub mod commands;
pub mod engine;
pub mod judge;
pub mod k8s;
pub mod keys;
pub mod languages;
pub mod metrics;
pub mod output;
pub mod problems;
pub mod program;
mod samples;
pub mod serving;
pub mod telemetry;
pub mod tokens;
pub mod webhooks;
pub mod worker;
