//! The plugin host from outside: files go in, plans and errors come out.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "tests fail by panicking, and say what they skip")]

mod abi;
mod calls;
mod corpus;
mod gate;
mod hostile;
mod lazy;
mod puppet;
mod reload;
mod signing;
