//! What holds for all files of this process: how many it may have open (each client, box and connection is one), and
//! who may read those that it creates.

use rustix::fs::Mode;
use rustix::process::{Resource, getrlimit, setrlimit, umask};

/// Has this process create files that nobody else may read, whatever started it.
pub fn create_private_files() {
    umask(Mode::RWXG | Mode::RWXO);
}

/// Lets this process open as many as it may grant itself; says how many.
pub fn raise_open_files() -> u64 {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    // What is refused stays as it was.
    let _ = setrlimit(Resource::Nofile, limit);
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}
