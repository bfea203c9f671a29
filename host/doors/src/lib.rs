//! Protocols of other engines, so that their clients work with Optimus after a change of the URL.
//!
//! A door owns the routes, bodies, status codes and quirks of one engine. It translates: a request into a
//! [`JobRequest`](optimus_core::JobRequest), a [`Report`](optimus_core::Report) into the answer. Whatever has to be done
//! is done by whoever implements [`Engine`] and [`Service`]; this crate knows neither queue nor sandbox.

mod admission;
mod dispatch;
mod early;
mod engine;
mod fusion;
mod go_judge;
mod judge0;
mod lenient;
mod mcp;
mod piston;
mod shared;
mod signal;
mod version;

pub use dispatch::{Door, Doors};
pub use engine::{Admitted, Engine, Follow, Listed, Load, Progress, Refusal, Service};
pub use go_judge::FileStore;
pub use judge0::{Memory, callback};
pub use mcp::{MCP_HEADERS, mcp_on};
pub use shared::Shared;
