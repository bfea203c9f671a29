//! The real binary, as a person and a script use it: verdicts, exit codes, one JSON value, advice, and a server that is
//! killed.

#![expect(clippy::unwrap_used, reason = "a test whose world cannot be set up must fail")]

mod background;
mod check;
mod cluster;
mod commands;
mod dev;
mod docker;
mod files;
mod first;
mod k8s;
mod litter;
mod oci;
mod package;
mod packages;
mod pinning;
mod pipelines;
mod pipelines_killed;
mod plugin;
mod privacy;
mod rights;
#[path = "../../../plugin/tests/it/corpus/rows.rs"]
mod rows;
mod run;
mod schedules;
mod schedules_killed;
mod server;
mod sessions;
mod signing;
mod stores;
mod support;
mod tokens;
mod traces;
mod update;
mod wasm;
