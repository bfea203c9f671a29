//! How this program starts itself again, for work that is done apart.

use std::path::PathBuf;

/// This program, even if another version has been put in its place.
const SELF: &str = "/proc/self/exe";

/// A path that starts this program; in a place without `/proc`, the one that it was started by.
pub fn own_program() -> PathBuf {
    let link = PathBuf::from(SELF);
    if link.exists() { link } else { started_as() }
}

/// `AT_EXECFN`, see getauxval(3).
#[cfg(target_os = "linux")]
fn started_as() -> PathBuf {
    use std::os::unix::ffi::OsStrExt as _;

    let name = std::ffi::OsStr::from_bytes(rustix::param::linux_execfn().to_bytes());
    // The work directory may be another by then.
    std::path::absolute(name).unwrap_or_else(|_| name.into())
}

#[cfg(not(target_os = "linux"))]
fn started_as() -> PathBuf {
    std::env::current_exe().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_lead_to_this_program() {
        let inode = |path: PathBuf| std::os::unix::fs::MetadataExt::ino(&std::fs::metadata(path).unwrap());
        let this = inode(std::env::current_exe().unwrap());
        assert_eq!([inode(own_program()), inode(started_as())], [this, this]);
    }
}
