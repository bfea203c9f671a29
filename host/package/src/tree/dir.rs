//! Reads a package from a directory.

use std::io::Read as _;
use std::path::Path;

use cap_std::ambient_authority;
use cap_std::fs::Dir;

use super::{Caps, Raw, Tree, entry_path, links, litter, refused};
use crate::PackageError;

/// What may still be read.
struct Left {
    entries: usize,
    bytes: u64,
}

impl Tree {
    /// Reads a directory.
    ///
    /// # Errors
    /// What cannot be read, leads out, or makes the whole too large.
    pub fn of_dir(path: &Path, caps: Caps) -> Result<Self, PackageError> {
        let dir = Dir::open_ambient_dir(path, ambient_authority());
        let dir = dir.map_err(|source| PackageError::Read { path: path.display().to_string(), source })?;
        let mut raw = Raw::default();
        raw.read(&dir, "", &mut Left { entries: caps.entries, bytes: caps.bytes }, &caps)?;
        raw.resolve(&caps)
    }
}

impl Raw {
    fn read(&mut self, dir: &Dir, at: &str, left: &mut Left, caps: &Caps) -> Result<(), PackageError> {
        let failed = |path: &str| {
            let path = path.to_owned();
            move |source| PackageError::Read { path, source }
        };
        for entry in dir.entries().map_err(failed(at))? {
            let entry = entry.map_err(failed(at))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = if at.is_empty() { name.clone() } else { format!("{at}/{name}") };
            if litter::is_in(&path) {
                continue;
            }
            entry_path(&path, caps.depth)?;
            left.entries = left
                .entries
                .checked_sub(1)
                .ok_or_else(|| refused(&path, format!("is one too many: a package may have {} files", caps.entries)))?;
            let kind = entry.file_type().map_err(failed(&path))?;
            if kind.is_dir() {
                self.read(&entry.open_dir().map_err(failed(&path))?, &path, left, caps)?;
            } else if kind.is_symlink() {
                let target = dir.read_link_contents(&name).map_err(failed(&path))?;
                let target = links::target(&path, target.into_os_string().into_encoded_bytes())?;
                self.links.insert(path, target);
            } else if kind.is_file() {
                let mut content = Vec::new();
                let file = entry.open().map_err(failed(&path))?;
                file.take(left.bytes + 1).read_to_end(&mut content).map_err(failed(&path))?;
                left.bytes = left
                    .bytes
                    .checked_sub(content.len() as u64)
                    .ok_or_else(|| refused(&path, format!("makes the package larger than {} MiB", caps.bytes >> 20)))?;
                self.files.insert(path, content.into());
            } else {
                return Err(refused(&path, "is neither a file, a directory nor a symbolic link".to_owned()));
            }
        }
        Ok(())
    }
}
