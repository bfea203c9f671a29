//! Arguments that decide: commands, options, requests, families, flags.

pub mod fcntl;
pub mod ioctl;
pub mod memory;
pub mod prctl;
pub mod process;
pub mod socket;
pub mod vectored;
