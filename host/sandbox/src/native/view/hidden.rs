//! What no program may see of a view: files and directories that not everybody may read, sockets, FIFOs.
//!
//! As root nothing has to be looked for: programs are another user, and the sockets and FIFOs of an overlay are not the
//! host's. Without root a program is, to the kernel, the user who runs the worker.

use std::fs;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

/// More than this in one view is no toolchain.
const MOST: usize = 2_000;

/// What has to be hidden below `view`, topmost paths only; `None` when that is too much.
pub(super) fn below(view: &Path) -> Option<Vec<String>> {
    let mut hidden = Vec::new();
    let mut directories = vec![view.to_path_buf()];
    while let Some(directory) = directories.pop() {
        // What cannot be read cannot be seen.
        let Ok(entries) = fs::read_dir(&directory) else { continue };
        for entry in entries.flatten() {
            let Ok(metadata) = entry.metadata() else { continue };
            let kind = metadata.file_type();
            let wanted = if kind.is_dir() { 0o005 } else { 0o004 };
            let is_private = !kind.is_symlink() && metadata.permissions().mode() & wanted != wanted;
            if is_private || kind.is_socket() || kind.is_fifo() {
                hidden.push(entry.path());
            } else if kind.is_dir() {
                directories.push(entry.path());
            }
        }
        if hidden.len() > MOST {
            return None;
        }
    }
    Some(hidden.iter().map(|path| text(path)).collect())
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// The path that `path` has, or will have once it exists, without links.
pub(in crate::native) fn real(path: &Path) -> PathBuf {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    for ancestor in absolute.ancestors() {
        if let (Ok(real), Ok(rest)) = (ancestor.canonicalize(), absolute.strip_prefix(ancestor)) {
            return real.join(rest);
        }
    }
    absolute
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_private_is_found_once_and_nothing_else() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        let make = |path: &str, mode: u32| {
            let path = root.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, "x").unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        };
        make("bin/tool", 0o755);
        make("etc/key", 0o600);
        make("home/inner/file", 0o644);
        fs::set_permissions(root.join("home"), fs::Permissions::from_mode(0o700)).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(root.join("socket")).unwrap();
        let mut found = below(root).unwrap();
        found.sort();
        assert_eq!(found, ["etc/key", "home", "socket"].map(|name| text(&root.join(name))));
    }

    #[test]
    fn a_path_that_does_not_exist_yet_is_where_it_will_be() {
        let directory = tempfile::tempdir().unwrap();
        let target = directory.path().join("target");
        fs::create_dir(&target).unwrap();
        std::os::unix::fs::symlink(&target, directory.path().join("link")).unwrap();
        let real_target = target.canonicalize().unwrap();
        assert_eq!(real(&directory.path().join("link/state/queue")), real_target.join("state/queue"));
    }
}
