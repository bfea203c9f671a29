//! The areas of a step: where its program works, and what it finds there.

use std::ffi::CString;
use std::path::Path;

use rustix::fs::{CWD, Mode, chownat, mkdirat, symlinkat};
use rustix::mount::{UnmountFlags, mount_bind, unmount};
use rustix::process::{Gid, Uid};

use super::{BUILD, STAGE, WORK};
use crate::box_state::BoxState;
use crate::fault::{At as _, Fault};
use crate::sys;
use crate::wall::{PROGRAM, Programs, mount_tmpfs};

/// What an init has been prepared for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shape {
    /// A work area of its own, rather than the build area.
    pub(crate) fresh: bool,
    /// The size of its work area.
    pub(crate) work_bytes: u64,
}

/// One tmpfs for all that is writable, so that one size bounds it.
pub(super) fn make_areas(state: &BoxState, shape: Shape) -> Result<(), Fault> {
    mount_tmpfs("/tmp", &tmpfs_options(shape.work_bytes)?)?;
    for (path, mode) in [("/tmp/w", 0o755), ("/tmp/tmp", 0o1777), ("/tmp/shm", 0o1777)] {
        mkdirat(CWD, path, Mode::from_raw_mode(mode)).at(&format!("mkdir `{path}`"))?;
    }
    if shape.fresh {
        if state.build.is_some() {
            unmount(BUILD, UnmountFlags::DETACH).at("unmount the build area")?;
        }
        sys::mount_setattr(CWD, STAGE, 0, libc::MOUNT_ATTR_RDONLY).at("make the stage read-only")?;
        give(state, "/tmp/w")?;
        mount_bind("/tmp/w", WORK).at("bind the work area")?;
    } else {
        unmount(STAGE, UnmountFlags::DETACH).at("unmount the stage")?;
        mount_bind(BUILD, WORK).at("bind the build area")?;
    }
    mount_bind("/tmp/shm", "/dev/shm").at("bind /dev/shm")?;
    mount_bind("/tmp/tmp", "/tmp").at("bind /tmp")
}

/// Each entry of the stage appears in the work area as a link to it. Done last, because the stage may change after an
/// init has been prepared.
pub(super) fn show_stage() -> Result<(), Fault> {
    for entry in std::fs::read_dir(STAGE).at("read the stage")? {
        let name = entry.at("read the stage")?.file_name();
        let target = Path::new(STAGE).join(&name);
        symlinkat(&target, CWD, Path::new(WORK).join(&name)).at("link to the stage")?;
    }
    Ok(())
}

/// Makes programs the owner.
pub(crate) fn give(state: &BoxState, path: &str) -> Result<(), Fault> {
    let flags = rustix::fs::AtFlags::SYMLINK_NOFOLLOW;
    match state.programs {
        Programs::Apart => {
            let (uid, gid) = (Uid::from_raw(PROGRAM), Gid::from_raw(PROGRAM));
            chownat(CWD, path, Some(uid), Some(gid), flags).at(&format!("chown `{path}`"))
        }
        Programs::Nested => Ok(()),
    }
}

/// An inode costs the kernel about 1 KiB, of which up to 148 bytes are charged to nobody (the target of a symbolic link
/// and its entry, measured on 6.18): so many of them are enough for any honest program, and hold 2.4 MiB at most.
const INODES: u64 = 16 << 10;

pub(crate) fn tmpfs_options(bytes: u64) -> Result<CString, Fault> {
    let inodes = (bytes / 2048).clamp(1024, INODES);
    CString::new(format!("size={bytes},nr_inodes={inodes},mode=0755"))
        .map_err(|_| Fault { stage: "tmpfs options".to_owned(), errno: libc::EINVAL })
}
