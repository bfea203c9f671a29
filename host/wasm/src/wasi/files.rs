//! Calls on what is open.

use optimus_core::{Exit, LimitHit, Stream};

use super::{Call, Moved, NOTHING};
use crate::descriptors::Open;
use crate::errno::{End, Errno, Stop};
use crate::fs::{Body, Node};

/// SIGXFSZ of Linux: how a program ends there whose file grows too large.
const SIGXFSZ: i32 = 25;
const APPEND: u32 = 1;
const RIGHT_READ: u64 = 1 << 1;
const RIGHT_WRITE: u64 = 1 << 6;

/// The file types of WASI preview 1.
pub(super) fn file_type(node: &Node) -> u8 {
    match &*node.body.borrow() {
        Body::Directory(_) => 3,
        Body::File(_) => 4,
        Body::Link(_) => 7,
    }
}

/// A `filestat`. All times are the epoch.
pub(super) fn stat(node: &Node) -> [u8; 64] {
    let mut stat = [0; 64];
    stat[8..16].copy_from_slice(&node.inode.to_le_bytes());
    stat[16] = file_type(node);
    stat[24..32].copy_from_slice(&1_u64.to_le_bytes());
    stat[32..40].copy_from_slice(&node.size().to_le_bytes());
    stat
}

impl Call<'_> {
    pub(super) fn fd_read(&mut self, fd: u32, pieces: (u32, u32), offset: Option<u64>, read: u32) -> Moved {
        let mut total = 0;
        for (at, length) in self.guest.pieces(pieces.0, pieces.1)? {
            let into = self.guest.bytes_mut(at, length)?;
            let got = match self.state.open.get(fd)? {
                // One wait at most: a program that has something is not kept waiting for more.
                Open::Stdin if total > 0 || into.is_empty() => break,
                Open::Stdin => self.state.streams.read(into)?,
                Open::Directory { .. } => return Err(Errno::IsDir.into()),
                Open::File(file) if file.reads => {
                    let got = file.node.read(offset.map_or(file.at, |offset| offset.saturating_add(total)), into)?;
                    if offset.is_none() {
                        file.at += got as u64;
                    }
                    got
                }
                _ => return Err(Errno::BadF.into()),
            };
            total += got as u64;
            if got < length as usize {
                break;
            }
        }
        self.guest.put_u32(read, u32::try_from(total).map_err(|_| Errno::Inval)?)?;
        Ok(total)
    }

    pub(super) fn fd_write(&mut self, fd: u32, pieces: (u32, u32), offset: Option<u64>, written: u32) -> Moved {
        let mut total = 0;
        for (at, length) in self.guest.pieces(pieces.0, pieces.1)? {
            let bytes = self.guest.bytes(at, length)?;
            match self.state.open.get(fd)? {
                Open::Stdout => self.state.streams.write(Stream::Stdout, bytes)?,
                Open::Stderr => self.state.streams.write(Stream::Stderr, bytes)?,
                Open::File(file) if file.writes => {
                    let own = if file.appends { file.node.size() } else { file.at };
                    let from = offset.map_or(own, |offset| offset.saturating_add(total));
                    let end = from.saturating_add(u64::from(length));
                    if end > self.state.limits.file_bytes {
                        return Err(too_large());
                    }
                    file.node.write(from, bytes)?;
                    if offset.is_none() {
                        file.at = end;
                    }
                }
                Open::Directory { .. } => return Err(Errno::IsDir.into()),
                _ => return Err(Errno::BadF.into()),
            }
            total += u64::from(length);
        }
        self.guest.put_u32(written, u32::try_from(total).map_err(|_| Errno::Inval)?)?;
        Ok(total)
    }

    pub(super) fn fd_seek(&mut self, fd: u32, offset: i64, whence: u32, to: u32) -> Moved {
        let file = self.state.open.file(fd)?;
        let base = match whence {
            0 => 0,
            1 => file.at,
            2 => file.node.size(),
            _ => return Err(Errno::Inval.into()),
        };
        file.at = base.checked_add_signed(offset).ok_or(Errno::Inval)?;
        let at = file.at;
        self.guest.put_u64(to, at)?;
        NOTHING
    }

    pub(super) fn fd_close(&mut self, fd: u32) -> Moved {
        if matches!(self.state.open.close(fd)?, Open::Stdout) {
            self.state.streams.close_stdout()?;
        }
        NOTHING
    }

    pub(super) fn fd_fdstat_get(&mut self, fd: u32, at: u32) -> Moved {
        let (kind, flags, rights) = match self.state.open.get(fd)? {
            Open::Stdin => (0, 0, RIGHT_READ),
            Open::Stdout | Open::Stderr => (0, 0, RIGHT_WRITE),
            Open::Directory { .. } => (3, 0, u64::MAX),
            Open::File(file) => {
                let read = if file.reads { 0 } else { RIGHT_READ };
                let write = if file.writes { 0 } else { RIGHT_WRITE };
                (4, u8::from(file.appends), !read & !write)
            }
        };
        let mut stat = [0; 24];
        (stat[0], stat[2]) = (kind, flags);
        stat[8..16].copy_from_slice(&rights.to_le_bytes());
        stat[16..24].copy_from_slice(&u64::MAX.to_le_bytes());
        self.guest.put(at, &stat)?;
        NOTHING
    }

    pub(super) fn fd_fdstat_set_flags(&mut self, fd: u32, flags: u32) -> Moved {
        if let Open::File(file) = self.state.open.get(fd)? {
            file.appends = flags & APPEND != 0;
        }
        NOTHING
    }

    pub(super) fn fd_filestat_get(&mut self, fd: u32, at: u32) -> Moved {
        let stat = match self.state.open.get(fd)? {
            Open::Directory { node, .. } => stat(node),
            Open::File(file) => stat(&file.node),
            _ => [0; 64],
        };
        self.guest.put(at, &stat)?;
        NOTHING
    }

    pub(super) fn fd_filestat_set_size(&mut self, fd: u32, size: u64) -> Moved {
        if size > self.state.limits.file_bytes {
            return Err(too_large());
        }
        let file = self.state.open.file(fd)?;
        if !file.writes {
            return Err(Errno::BadF.into());
        }
        let grown = size.saturating_sub(file.node.size());
        file.node.resize(size)?;
        Ok(grown)
    }

    pub(super) fn fd_allocate(&mut self, fd: u32, offset: u64, length: u64) -> Moved {
        let end = offset.checked_add(length).ok_or(Errno::FBig)?;
        if end <= self.state.open.file(fd)?.node.size() { NOTHING } else { self.fd_filestat_set_size(fd, end) }
    }

    pub(super) fn fd_prestat_get(&mut self, fd: u32, at: u32) -> Moved {
        let Open::Directory { preopened: Some(path), .. } = self.state.open.get(fd)? else {
            return Err(Errno::BadF.into());
        };
        let length = u32::try_from(path.len()).map_err(|_| Errno::Inval)?;
        self.guest.put_u32(at, 0)?;
        self.guest.put_u32(at.checked_add(4).ok_or(Errno::Fault)?, length)?;
        NOTHING
    }

    pub(super) fn fd_prestat_dir_name(&mut self, fd: u32, at: u32, length: u32) -> Moved {
        let Open::Directory { preopened: Some(path), .. } = self.state.open.get(fd)? else {
            return Err(Errno::BadF.into());
        };
        if path.len() > length as usize {
            return Err(Errno::NameTooLong.into());
        }
        self.guest.put(at, path.as_bytes())?;
        NOTHING
    }

    /// Lists a directory from its `cookie`-th entry on. An entry that does not fit is cut off, by which the caller knows
    /// that there is more.
    pub(super) fn fd_readdir(&mut self, fd: u32, buffer: (u32, u32), cookie: u64, used: u32) -> Moved {
        let node = self.state.open.directory(fd)?;
        let Body::Directory(entries) = &*node.body.borrow() else { return Err(Errno::NotDir.into()) };
        let dots = [(".", node.inode, 3), ("..", node.inode, 3)];
        let entries = entries.iter().map(|(name, node)| (name.as_str(), node.inode, file_type(node)));
        let from = usize::try_from(cookie).unwrap_or(usize::MAX);
        let mut list = Vec::new();
        for (i, (name, inode, kind)) in dots.into_iter().chain(entries).enumerate().skip(from) {
            if list.len() >= buffer.1 as usize {
                break;
            }
            list.extend_from_slice(&(i as u64 + 1).to_le_bytes());
            list.extend_from_slice(&inode.to_le_bytes());
            list.extend_from_slice(&u32::try_from(name.len()).unwrap_or(0).to_le_bytes());
            list.extend_from_slice(&[kind, 0, 0, 0]);
            list.extend_from_slice(name.as_bytes());
        }
        list.truncate(buffer.1 as usize);
        self.guest.put(buffer.0, &list)?;
        self.guest.put_u32(used, u32::try_from(list.len()).map_err(|_| Errno::Inval)?)?;
        Ok(list.len() as u64)
    }
}

fn too_large() -> Stop {
    Stop::End(End { exit: Exit::Signal(SIGXFSZ), limit: Some(LimitHit::FileSize) })
}
