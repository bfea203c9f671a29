//! Protocols of other engines, so that their clients work with Optimus after a change of the URL.
//!
//! A door owns the routes, bodies, status codes and quirks of one engine. It translates: a request into a
//! [`JobRequest`](optimus_core::JobRequest), a [`Report`](optimus_core::Report) into the answer. Whatever has to be done
//! is done by whoever implements [`Engine`] and [`Service`]; this crate knows neither queue nor sandbox.

mod admission;
mod code_judge;
mod dify;
mod dispatch;
mod early;
mod engine;
mod fastapi;
mod fusion;
mod go_judge;
mod jobe;
mod judge0;
mod language;
mod lenient;
mod mcp;
mod nemo;
mod open_instruct;
mod piston;
mod program;
mod shared;
mod signal;
mod space;
mod store;
mod version;

pub use dispatch::{Door, Doors};
pub use engine::{Admitted, Engine, Follow, Listed, Load, Progress, Refusal, Service};
pub use judge0::{Memory, callback};
pub use mcp::{MCP_HEADERS, mcp_on};
pub use shared::Shared;
pub use store::FileStore;
