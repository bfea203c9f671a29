//! The program: the composition root, which puts the crates below together and holds no rules of its own.
//!
//! `cli` are the words of the command line, `commands` its verbs. `engine` puts judging together: plugins, sandbox and
//! judge. `serving` puts servers together: API, queue, workers and what keeps them up to date.

pub mod bench;
pub mod cli;
pub mod commands;
mod doctor;
pub mod engine;
pub mod k8s;
pub mod output;
pub mod program;
mod samples;
pub mod serving;
pub mod telemetry;
