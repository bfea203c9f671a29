//! The HTTP API over a real port, with a queue in a real file and a judge that does as it is told.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod admin;
mod audit;
mod bad_input;
mod blobs;
mod bounds;
mod cells;
mod commands;
mod connect;
mod connections;
mod console;
mod documents;
mod doors;
mod error_bodies;
mod feed;
mod files;
mod flow_examples;
mod health;
mod http_steps;
mod jobs;
mod login;
mod login_refused;
mod nested;
mod peer;
mod pipelines;
mod plugins;
mod problems;
mod provider;
mod reference;
mod reuse;
mod schedules;
mod sessions;
mod sockets;
mod stdin;
mod streams;
mod support;
mod tenants;
mod tokens;
mod verify;
mod webhooks;
mod workers;
