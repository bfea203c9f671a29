//! Files on the stage and in the build area: unpacked, copied, collected. No program runs meanwhile, and still no path
//! below a directory that a program could write is opened by more than one name at a time.

mod collect;
mod copy;
mod gather;
mod unpack;

pub(crate) use collect::{Taken, collect};
pub(crate) use copy::{empty, seed};
pub(crate) use gather::gather;
pub(crate) use unpack::{unpack, unpack_file};
