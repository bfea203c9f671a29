//! Calls on paths, each below a directory that is open.

use super::files::stat;
use super::{Call, Moved, NOTHING};
use crate::descriptors::{File, Open};
use crate::errno::Errno;
use crate::fs::{self, Body};

const FOLLOW: u32 = 1;
const CREATE: u32 = 1;
const DIRECTORY: u32 = 1 << 1;
const EXCLUSIVE: u32 = 1 << 2;
const TRUNCATE: u32 = 1 << 3;
const APPEND: u32 = 1;
const RIGHT_READ: u64 = 1 << 1;
const RIGHT_WRITE: u64 = 1 << 6;

/// A directory's number, and a path in the program's memory.
pub(super) type At = (u32, u32, u32);

/// How a file is to be opened.
pub(super) struct Opening {
    pub(super) lookup: u32,
    pub(super) flags: u32,
    pub(super) rights: u64,
    pub(super) fd_flags: u32,
}

impl Call<'_> {
    fn below(&mut self, at: At) -> Result<(std::rc::Rc<fs::Node>, String), Errno> {
        Ok((self.state.open.directory(at.0)?, self.guest.text(at.1, at.2)?))
    }

    pub(super) fn path_open(&mut self, at: At, how: &Opening, opened: u32) -> Moved {
        let (directory, path) = self.below(at)?;
        let follow = how.lookup & FOLLOW != 0;
        let writes = how.rights & RIGHT_WRITE != 0;
        let node = match fs::find(&directory, &path, follow) {
            Ok(_) if how.flags & CREATE != 0 && how.flags & EXCLUSIVE != 0 => return Err(Errno::Exist.into()),
            Err(Errno::NoEnt) if how.flags & CREATE != 0 => {
                let place = fs::place(&directory, &path, follow && how.flags & EXCLUSIVE == 0)?;
                if how.flags & DIRECTORY != 0 {
                    return Err(Errno::Inval.into());
                }
                fs::make_file(&place)?
            }
            other => other?,
        };
        let open = if node.is_directory() {
            if how.flags & TRUNCATE != 0 {
                return Err(Errno::IsDir.into());
            }
            Open::Directory { node, preopened: None }
        } else {
            if how.flags & DIRECTORY != 0 {
                return Err(Errno::NotDir.into());
            }
            if matches!(*node.body.borrow(), Body::Link(_)) {
                return Err(Errno::Loop.into());
            }
            if writes && node.is_fixed {
                return Err(Errno::RoFs.into());
            }
            if how.flags & TRUNCATE != 0 {
                node.resize(0)?;
            }
            let (reads, appends) = (how.rights & RIGHT_READ != 0, how.fd_flags & APPEND != 0);
            Open::File(File { node, at: 0, appends, reads, writes })
        };
        let number = self.state.open.add(open)?;
        self.guest.put_u32(opened, number)?;
        NOTHING
    }

    pub(super) fn path_filestat_get(&mut self, at: At, lookup: u32, to: u32) -> Moved {
        let (directory, path) = self.below(at)?;
        let node = fs::find(&directory, &path, lookup & FOLLOW != 0)?;
        self.guest.put(to, &stat(&node))?;
        NOTHING
    }

    /// Times are the same for all files, so setting them changes nothing.
    pub(super) fn path_filestat_set_times(&mut self, at: At, lookup: u32) -> Moved {
        let (directory, path) = self.below(at)?;
        fs::find(&directory, &path, lookup & FOLLOW != 0)?;
        NOTHING
    }

    pub(super) fn path_create_directory(&mut self, at: At) -> Moved {
        let (directory, path) = self.below(at)?;
        fs::make_directory(&directory, &path)?;
        NOTHING
    }

    pub(super) fn path_remove_directory(&mut self, at: At) -> Moved {
        let (directory, path) = self.below(at)?;
        fs::remove_directory(&directory, &path)?;
        NOTHING
    }

    pub(super) fn path_unlink_file(&mut self, at: At) -> Moved {
        let (directory, path) = self.below(at)?;
        fs::unlink(&directory, &path)?;
        NOTHING
    }

    pub(super) fn path_symlink(&mut self, target: (u32, u32), at: At) -> Moved {
        let target = self.guest.text(target.0, target.1)?;
        let (directory, path) = self.below(at)?;
        fs::make_link(&directory, &path, &target)?;
        NOTHING
    }

    pub(super) fn path_readlink(&mut self, at: At, buffer: (u32, u32), used: u32) -> Moved {
        let (directory, path) = self.below(at)?;
        let node = fs::find(&directory, &path, false)?;
        let Body::Link(target) = &*node.body.borrow() else { return Err(Errno::Inval.into()) };
        let shown = &target.as_bytes()[..target.len().min(buffer.1 as usize)];
        self.guest.put(buffer.0, shown)?;
        self.guest.put_u32(used, u32::try_from(shown.len()).map_err(|_| Errno::Inval)?)?;
        NOTHING
    }

    pub(super) fn path_link(&mut self, from: At, to: At) -> Moved {
        let ((from, old), (to, new)) = (self.below(from)?, self.below(to)?);
        fs::link((&from, &old), (&to, &new))?;
        NOTHING
    }

    pub(super) fn path_rename(&mut self, from: At, to: At) -> Moved {
        let ((from, old), (to, new)) = (self.below(from)?, self.below(to)?);
        fs::rename((&from, &old), (&to, &new))?;
        NOTHING
    }
}
