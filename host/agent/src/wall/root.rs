//! The root that a box sees: a small tmpfs with read-only views of the host's toolchains in it, and nothing else.

use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};

use optimus_agent::protocol::{Ids, Wall};
use rustix::fs::{
    AtFlags, CWD, FileType, Mode, OFlags, fstat, makedev, mkdirat, mknodat, openat, statat, symlinkat, unlinkat,
};
use rustix::io::Errno;
use rustix::mount::{
    FsMountFlags, FsOpenFlags, MountAttrFlags, MountFlags, MountPropagationFlags, MoveMountFlags, OpenTreeFlags,
    UnmountFlags, fsconfig_create, fsconfig_set_string, fsmount, fsopen, mount, mount_change, move_mount, open_tree,
    unmount,
};

use super::machine;
use super::views::{self, READ_ONLY, View};
use crate::fault::{At as _, Fault};
use crate::{step, sys};

/// Where the new root is put together: a directory that every root has which we come from.
const SCAFFOLD: &str = "/tmp";
/// The same in a container, whose image was prepared with it.
const SCAFFOLD_WITHIN: &str = "/.optimus";
/// What of an image's root is nobody's business: made anew by us, of no use to a toolchain, or others' homes.
const HIDDEN: [&str; 12] =
    ["proc", "sys", "dev", "run", "tmp", "home", "root", "mnt", "media", "srv", "boot", "lost+found"];
/// Of `/var` only what package managers keep for toolchains.
const VAR: (&str, &str) = ("var", "/var/lib");
const DEVICES: [(&str, u32, u32); 5] =
    [("null", 1, 3), ("zero", 1, 5), ("full", 1, 7), ("random", 1, 8), ("urandom", 1, 9)];

/// Builds the root and goes into it. The old one is gone afterwards.
pub(super) fn build(wall: &Wall) -> Result<(), Fault> {
    let own = matches!(wall.ids, Ids::Own { .. });
    if own {
        rustix::system::sethostname(b"box").at("sethostname")?;
    }
    mount_change("/", MountPropagationFlags::REC | MountPropagationFlags::PRIVATE).at("make mounts private")?;
    let image;
    let (wall, scaffold) = match wall.ids {
        Ids::Within { .. } => {
            image = whole_image(wall)?;
            (&image, SCAFFOLD_WITHIN)
        }
        Ids::Own { .. } | Ids::Same | Ids::Granted { .. } => (wall, SCAFFOLD),
    };
    // Taken before the new root covers anything.
    let views = views::take(wall, scaffold)?;
    let devices = if own { Vec::new() } else { take_devices()? };
    let proc = fresh_proc()?;
    let root = fresh_root()?;
    move_mount(&root, "", CWD, scaffold, MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH).at("mount the root")?;

    furnish(root.as_fd(), wall)?;
    for (path, view) in &views {
        match view {
            View::Copy(bytes) => write_all(&new_file(root.as_fd(), path)?, bytes, path)?,
            View::Mount(tree) => {
                let is_directory = FileType::from_raw_mode(fstat(tree).at(path)?.st_mode) == FileType::Directory;
                attach(root.as_fd(), path, tree, is_directory)?;
            }
        }
    }
    if wall.shares_inodes {
        wall.hidden.iter().try_for_each(|path| mask(root.as_fd(), path))?;
    }
    for (path, text) in &wall.files {
        if is_below(path, &wall.views) {
            cover(root.as_fd(), path, text)?;
        }
    }
    make_devices(root.as_fd(), own)?;
    for (name, device) in &devices {
        attach(root.as_fd(), &format!("/dev/{name}"), device, false)?;
    }
    attach(root.as_fd(), "/proc", &proc, true)?;
    enter(&root)?;
    sys::mount_setattr(CWD, "/", 0, libc::MOUNT_ATTR_RDONLY | libc::MOUNT_ATTR_NOSUID).at("make the root read-only")
}

/// The wall with everything in it that the container's root offers.
fn whole_image(wall: &Wall) -> Result<Wall, Fault> {
    let mut whole = wall.clone();
    for entry in std::fs::read_dir("/").at("read the image's root")? {
        let entry = entry.at("read the image's root")?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("/{name}");
        let hidden = name.starts_with('.') || HIDDEN.contains(&&*name) || step::MOUNT_POINTS.contains(&&*path);
        let kind = entry.file_type().at("read the image's root")?;
        if kind.is_symlink() && !hidden {
            let target = std::fs::read_link(&path).at("read the image's root")?;
            whole.links.push((path, target.to_string_lossy().into_owned()));
        } else if name == VAR.0 {
            whole.views.extend(std::fs::metadata(VAR.1).is_ok_and(|var| var.is_dir()).then(|| VAR.1.to_owned()));
        } else if kind.is_dir() && !hidden {
            whole.views.push(path);
        }
    }
    Ok(whole)
}

fn is_below(path: &str, views: &[String]) -> bool {
    views.iter().any(|view| path.strip_prefix(view.as_str()).is_some_and(|rest| rest.starts_with('/')))
}

/// Puts a file of ours over one of a view; where the view has none, there is nothing to cover.
fn cover(root: BorrowedFd<'_>, path: &str, text: &str) -> Result<(), Fault> {
    const NAME: &str = "/.cover";
    let regular = statat(root, relative(path), AtFlags::SYMLINK_NOFOLLOW)
        .is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile);
    if !regular {
        return Ok(());
    }
    let file = new_file(root, NAME)?;
    write_all(&file, text.as_bytes(), path)?;
    bind_over(root, NAME, path)?;
    unlinkat(root, relative(NAME), AtFlags::empty()).at(&format!("unlink `{path}`"))
}

/// Puts something empty that nobody can open over a path of a view.
fn mask(root: BorrowedFd<'_>, path: &str) -> Result<(), Fault> {
    const NAME: &str = "/.mask";
    let Ok(stat) = statat(root, relative(path), AtFlags::SYMLINK_NOFOLLOW) else { return Ok(()) };
    let (flag, mode) = match FileType::from_raw_mode(stat.st_mode) {
        // A link shows nothing that is not seen at its target.
        FileType::Symlink => return Ok(()),
        FileType::Directory => {
            mkdirat(root, relative(NAME), Mode::empty()).at("mkdir `/.mask`")?;
            (AtFlags::REMOVEDIR, Mode::empty())
        }
        _ => {
            drop(new_file(root, NAME)?);
            (AtFlags::empty(), Mode::empty())
        }
    };
    rustix::fs::chmodat(root, relative(NAME), mode, AtFlags::empty()).at("chmod `/.mask`")?;
    bind_over(root, NAME, path)?;
    unlinkat(root, relative(NAME), flag).at("unlink `/.mask`")
}

/// Binds `name` of the root, read-only, over `path`.
fn bind_over(root: BorrowedFd<'_>, name: &str, path: &str) -> Result<(), Fault> {
    let flags = OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC;
    let tree = open_tree(root, relative(name), flags).at(&format!("open_tree `{path}`"))?;
    sys::mount_setattr(tree.as_fd(), "", libc::AT_EMPTY_PATH, READ_ONLY).at(&format!("mount_setattr `{path}`"))?;
    move_mount(&tree, "", root, relative(path), MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH)
        .at(&format!("move_mount `{path}`"))
}

fn write_all(file: &OwnedFd, mut bytes: &[u8], path: &str) -> Result<(), Fault> {
    while !bytes.is_empty() {
        let written = rustix::io::write(file, bytes).at(&format!("write `{path}`"))?;
        bytes = &bytes[written..];
    }
    Ok(())
}

fn take_devices() -> Result<Vec<(&'static str, OwnedFd)>, Fault> {
    let flags = OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC;
    let take = |name| open_tree(CWD, format!("/dev/{name}"), flags).at(&format!("open_tree `/dev/{name}`"));
    DEVICES.iter().map(|&(name, ..)| Ok((name, take(name)?))).collect()
}

/// Only processes, and of those only one's own: no memory of the machine, no knobs.
fn fresh_proc() -> Result<OwnedFd, Fault> {
    let context = fsopen("proc", FsOpenFlags::FSOPEN_CLOEXEC).at("fsopen proc")?;
    for (key, value) in step::PROC_OPTIONS {
        fsconfig_set_string(context.as_fd(), key, value).at("fsconfig proc")?;
    }
    fsconfig_create(context.as_fd()).at("create proc")?;
    let attributes =
        MountAttrFlags::MOUNT_ATTR_NOSUID | MountAttrFlags::MOUNT_ATTR_NODEV | MountAttrFlags::MOUNT_ATTR_NOEXEC;
    fsmount(context.as_fd(), FsMountFlags::FSMOUNT_CLOEXEC, attributes).at("fsmount proc")
}

fn fresh_root() -> Result<OwnedFd, Fault> {
    let context = fsopen("tmpfs", FsOpenFlags::FSOPEN_CLOEXEC).at("fsopen root")?;
    for (key, value) in [("size", "8m"), ("nr_inodes", "4096"), ("mode", "0755")] {
        fsconfig_set_string(context.as_fd(), key, value).at("fsconfig root")?;
    }
    fsconfig_create(context.as_fd()).at("create root")?;
    fsmount(context.as_fd(), FsMountFlags::FSMOUNT_CLOEXEC, MountAttrFlags::MOUNT_ATTR_NOSUID).at("fsmount root")
}

fn furnish(root: BorrowedFd<'_>, wall: &Wall) -> Result<(), Fault> {
    for path in step::MOUNT_POINTS.iter().chain(&["/proc", "/dev"]) {
        directory(root, path)?;
    }
    for (path, target) in &wall.links {
        parent(root, path)?;
        symlinkat(target, root, relative(path)).at(&format!("symlink `{path}`"))?;
    }
    for (path, text) in wall.files.iter().filter(|(path, _)| !is_below(path, &wall.views)) {
        let file = new_file(root, path)?;
        rustix::io::write(&file, text.as_bytes()).at(&format!("write `{path}`"))?;
    }
    machine::files().iter().try_for_each(|(path, text)| write_all(&new_file(root, path)?, text.as_bytes(), path))?;
    // A mount of its own, which honours no devices: what a step binds from it does not either.
    bind_over(root, machine::PLACE, machine::PLACE)
}

fn make_devices(root: BorrowedFd<'_>, own: bool) -> Result<(), Fault> {
    for (name, major, minor) in DEVICES {
        if own {
            let mode = Mode::from_raw_mode(0o666);
            let path = format!("dev/{name}");
            mknodat(root, &path, FileType::CharacterDevice, mode, makedev(major, minor))
                .at(&format!("mknod `{path}`"))?;
            rustix::fs::chmodat(root, &path, mode, rustix::fs::AtFlags::empty()).at(&format!("chmod `{path}`"))?;
        }
    }
    for (name, target) in [("fd", "fd"), ("stdin", "fd/0"), ("stdout", "fd/1"), ("stderr", "fd/2")] {
        symlinkat(format!("/proc/self/{target}"), root, format!("dev/{name}")).at("symlink in `/dev`")?;
    }
    Ok(())
}

fn attach(root: BorrowedFd<'_>, path: &str, tree: &OwnedFd, is_directory: bool) -> Result<(), Fault> {
    if is_directory {
        directory(root, path)?;
    } else {
        new_file(root, path)?;
    }
    move_mount(tree, "", root, relative(path), MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH)
        .at(&format!("move_mount `{path}`"))
}

fn directory(root: BorrowedFd<'_>, path: &str) -> Result<(), Fault> {
    let path = relative(path);
    let ends = path.match_indices('/').map(|(end, _)| end).chain([path.len()]);
    for end in ends {
        match mkdirat(root, &path[..end], Mode::from_raw_mode(0o755)) {
            Ok(()) | Err(Errno::EXIST) => {}
            Err(errno) => return Err(Fault::new(format!("mkdir `/{path}`"), errno)),
        }
    }
    Ok(())
}

fn parent(root: BorrowedFd<'_>, path: &str) -> Result<(), Fault> {
    match relative(path).rsplit_once('/') {
        Some((parent, _)) => directory(root, parent),
        None => Ok(()),
    }
}

fn new_file(root: BorrowedFd<'_>, path: &str) -> Result<OwnedFd, Fault> {
    parent(root, path)?;
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::CLOEXEC;
    openat(root, relative(path), flags, Mode::from_raw_mode(0o644)).at(&format!("create `{path}`"))
}

fn relative(path: &str) -> &str {
    path.trim_start_matches('/')
}

/// `pivot_root(".", ".")` stacks the old root onto the new one, so that no place for it is needed (pivot_root(2)).
fn enter(root: &OwnedFd) -> Result<(), Fault> {
    rustix::process::fchdir(root).at("chdir to the root")?;
    rustix::process::pivot_root(".", ".").at("pivot_root")?;
    unmount(".", UnmountFlags::DETACH).at("detach the old root")?;
    rustix::process::chdir("/").at("chdir to /")
}

/// Mounts a tmpfs of ours at `path`.
pub(crate) fn mount_tmpfs(path: &str, options: &std::ffi::CStr) -> Result<(), Fault> {
    let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOATIME;
    mount("tmpfs", path, "tmpfs", flags, options).at(&format!("mount tmpfs at `{path}`"))
}
