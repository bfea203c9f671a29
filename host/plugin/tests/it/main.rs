//! The plugin host from outside: files go in, plans and errors come out.

#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

mod abi;
mod calls;
mod corpus;
mod exchange;
mod gate;
mod hostile;
mod lazy;
mod puppet;
mod reload;
mod signing;
