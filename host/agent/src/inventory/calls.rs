//! System calls up to Linux 6.18.

mod files;
mod identity;
mod ipc;
mod machine;
mod memory;
mod paths;
mod process;
mod sockets;
mod time;
mod views;

use super::{Call, Class};

/// Every system call that is named, by class.
pub const CALLS: [&[Class<Call>]; 10] = [
    files::CLASSES,
    paths::CLASSES,
    memory::CLASSES,
    process::CLASSES,
    identity::CLASSES,
    time::CLASSES,
    sockets::CLASSES,
    ipc::CLASSES,
    views::CLASSES,
    machine::CLASSES,
];

/// Every class of system calls.
pub fn classes() -> impl Iterator<Item = &'static Class<Call>> {
    CALLS.into_iter().flatten()
}
