//! Packages of every format, and archives that nobody should unpack.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod archives;
mod dmoj;
mod exports;
mod formats;
mod kattis;
mod leniency;
mod links;
mod made;
mod refusals;
mod several;
mod skeletons;
mod static_validator;
