//! The cases that every backend which runs programs must pass.

pub(crate) mod channels;
pub(crate) mod ends;
pub(crate) mod files;
pub(crate) mod limits;
pub(crate) mod proc;
pub(crate) mod programs;
pub(crate) mod streams;

use optimus_core::Limits;

const MIB: u64 = 1 << 20;
const DEFAULT: Limits = Limits::DEFAULT;
