//! What a box sees of the host's directories: read-only overlays, whose inodes are the box's own.
//!
//! An inode carries more than a file's bytes: record locks and leases (fcntl(2)), flock(2), inotify(7) watches, the
//! address of a UNIX socket, the pipe of a FIFO. Two boxes that see the same inode can talk through any of those, and
//! with the host. An overlay has its own inodes above the same page cache, so nothing is read or kept twice. Ordinary
//! users may mount one in a user namespace since Linux 5.11, with `userxattr` (overlayfs in the kernel's documentation).
//!
//! The upper of its two layers is a small tmpfs that has a whiteout for each path that no program may see.

use std::collections::BTreeSet;
use std::os::fd::{AsFd as _, AsRawFd as _, BorrowedFd, OwnedFd};

use optimus_agent::protocol::{Ids, Wall};
use rustix::fs::{AtFlags, CWD, Dev, FileType, Mode, OFlags, fstat, mkdirat, mknodat, openat, statat};
use rustix::io::Errno;
use rustix::mount::{
    FsMountFlags, FsOpenFlags, MountAttrFlags, MoveMountFlags, OpenTreeFlags, UnmountFlags, fsconfig_create,
    fsconfig_set_flag, fsconfig_set_string, fsmount, fsopen, move_mount, open_tree, unmount,
};

use crate::fault::{At as _, Fault};
use crate::sys;

/// What every view is, whatever it is of.
pub(super) const READ_ONLY: u64 = libc::MOUNT_ATTR_RDONLY | libc::MOUNT_ATTR_NOSUID | libc::MOUNT_ATTR_NODEV;

/// Files up to this size are copied into the box's root, which has room for some of them.
const COPIED: u64 = 1 << 20;
/// A whiteout is a character device of this number.
const WHITEOUT: Dev = 0;

/// One view, before it has its place.
pub(super) enum View {
    /// A detached, read-only mount.
    Mount(OwnedFd),
    /// A file's bytes.
    Copy(Vec<u8>),
}

/// Takes all views of `wall`. `scaffold` is a directory that is free to mount on for a moment.
pub(super) fn take<'a>(wall: &'a Wall, scaffold: &str) -> Result<Vec<(&'a str, View)>, Fault> {
    let paths = wall.views.iter().map(String::as_str);
    // A container's root file system is its own: its inodes are those of one box already.
    if wall.shares_inodes || matches!(wall.ids, Ids::Within { .. }) {
        return paths.map(|path| Ok((path, View::Mount(bind(path)?)))).collect();
    }
    // Before anything is mounted that could cover one of them.
    let opened = paths.map(|path| {
        let flags = OFlags::PATH | OFlags::CLOEXEC;
        openat(CWD, path, flags, Mode::empty()).at(&format!("open `{path}`")).map(|lower| (path, lower))
    });
    let opened = opened.collect::<Result<Vec<_>, _>>()?;
    let layers = tmpfs(scaffold)?;
    let taken = opened.iter().enumerate().map(|(number, (path, lower))| {
        let stat = fstat(lower).at(path)?;
        let view = match FileType::from_raw_mode(stat.st_mode) {
            FileType::Directory => {
                let layer = layer(layers.as_fd(), number, path, lower.as_fd(), &wall.hidden)?;
                View::Mount(overlay(path, &layer, lower)?)
            }
            FileType::RegularFile if stat.st_size.cast_unsigned() <= COPIED => {
                View::Copy(std::fs::read(path).at(&format!("read `{path}`"))?)
            }
            _ => View::Mount(bind(path)?),
        };
        Ok((*path, view))
    });
    let taken = taken.collect();
    // The overlays keep what they need of it.
    unmount(scaffold, UnmountFlags::DETACH).at("detach the layers")?;
    taken
}

/// A detached, read-only bind mount of what the host has at `path`.
fn bind(path: &str) -> Result<OwnedFd, Fault> {
    let flags = OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC | OpenTreeFlags::AT_RECURSIVE;
    let view = open_tree(CWD, path, flags).at(&format!("open_tree `{path}`"))?;
    let how = libc::AT_EMPTY_PATH | libc::AT_RECURSIVE;
    sys::mount_setattr(view.as_fd(), "", how, READ_ONLY).at(&format!("mount_setattr `{path}`"))?;
    Ok(view)
}

/// A tmpfs for the upper layers; an overlay takes its layers only from mounts that have a place.
fn tmpfs(place: &str) -> Result<OwnedFd, Fault> {
    let context = fsopen("tmpfs", FsOpenFlags::FSOPEN_CLOEXEC).at("fsopen layers")?;
    for (key, value) in [("size", "1m"), ("nr_inodes", "65536"), ("mode", "0755")] {
        fsconfig_set_string(context.as_fd(), key, value).at("fsconfig layers")?;
    }
    fsconfig_create(context.as_fd()).at("create layers")?;
    let layers =
        fsmount(context.as_fd(), FsMountFlags::FSMOUNT_CLOEXEC, MountAttrFlags::empty()).at("fsmount layers")?;
    move_mount(&layers, "", CWD, place, MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH).at("mount the layers")?;
    Ok(layers)
}

/// The upper layer of the view at `path`, with a whiteout for each of `hidden` that lies below it.
fn layer(
    layers: BorrowedFd<'_>,
    number: usize,
    path: &str,
    lower: BorrowedFd<'_>,
    hidden: &[String],
) -> Result<OwnedFd, Fault> {
    let name = number.to_string();
    mkdirat(layers, &name, Mode::from_raw_mode(0o755)).at("make a layer")?;
    let flags = OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC;
    let layer = openat(layers, &name, flags, Mode::empty()).at("open a layer")?;
    let mut made = BTreeSet::new();
    for hidden in hidden.iter().filter_map(|hidden| hidden.strip_prefix(path)?.strip_prefix('/')) {
        for (end, _) in hidden.match_indices('/') {
            let parent = &hidden[..end];
            if made.insert(parent) {
                // The upper layer's mode is what programs see.
                let mode =
                    statat(lower, parent, AtFlags::SYMLINK_NOFOLLOW).at(&format!("look at `{path}/{parent}`"))?;
                mkdirat(&layer, parent, Mode::from_raw_mode(mode.st_mode & 0o777)).at("make a layer's directory")?;
            }
        }
        match mknodat(&layer, hidden, FileType::CharacterDevice, Mode::empty(), WHITEOUT) {
            Ok(()) | Err(Errno::EXIST) => {}
            Err(errno) => return Err(Fault::new(format!("hide `{path}/{hidden}`"), errno)),
        }
    }
    Ok(layer)
}

fn overlay(path: &str, upper: &OwnedFd, lower: &OwnedFd) -> Result<OwnedFd, Fault> {
    let stage = format!("overlay `{path}`");
    let context = fsopen("overlay", FsOpenFlags::FSOPEN_CLOEXEC).at(&stage)?;
    // By descriptor: what lies at the path may be covered by now, and a box need not know its name.
    let layers = format!("/proc/self/fd/{}:/proc/self/fd/{}", upper.as_raw_fd(), lower.as_raw_fd());
    fsconfig_set_string(context.as_fd(), "lowerdir", layers).at(&stage)?;
    fsconfig_set_flag(context.as_fd(), "userxattr").at(&stage)?;
    fsconfig_create(context.as_fd()).at(&stage)?;
    let attributes =
        MountAttrFlags::MOUNT_ATTR_RDONLY | MountAttrFlags::MOUNT_ATTR_NOSUID | MountAttrFlags::MOUNT_ATTR_NODEV;
    fsmount(context.as_fd(), FsMountFlags::FSMOUNT_CLOEXEC, attributes).at(&stage)
}
