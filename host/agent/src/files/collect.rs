//! From the build area to the stage, and over the link to the host.
//!
//! The build area is a program's own: every name is opened beneath its directory, without following anything, without
//! waiting for the other end of a FIFO, and looked at only through the descriptor. What is not a file or a directory is
//! refused by name. A hard link is a file: it can only lead to another file of the same area.

use std::collections::BTreeSet;
use std::ffi::CString;
use std::fs::File;
use std::io::{self, Read as _, Write};
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};

use optimus_agent::protocol::{CHUNK, Kind};
use optimus_core::BoxPath;
use optimus_core::plan::Collect;
use rustix::fs::{CWD, Dir, FileType, Mode, OFlags, ResolveFlags, Stat, fstat, openat, openat2};
use rustix::io::Errno;

use super::unpack;
use crate::fault::{At as _, Fault};
use crate::link::Link;

const MAX_ENTRIES: usize = 20_000;
const MAX_DEPTH: usize = 32;

/// Whether the program left what was asked for.
pub(crate) enum Taken {
    /// All of it, and it has been sent.
    All,
    /// Something else: in words for the program's author.
    Refused(String),
}

enum Stop {
    Refused(String),
    Fault(Fault),
}

/// Why a path cannot be opened, where the program is the reason.
pub(super) enum Refusal {
    /// There is no such file.
    Missing,
    /// In words for the program's author.
    Other(String),
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// Copies what `paths` name from `build` to `stage` and sends it as an archive.
pub(crate) fn collect(link: &mut Link, build: &str, stage: &str, paths: &[Collect], cap: u64) -> Result<Taken, Fault> {
    let (build, stage) = (open_area(build)?, open_area(stage)?);
    let mut walk = Walk {
        build: build.as_fd(),
        stage: stage.as_fd(),
        archive: tar::Builder::new(Sender { link }),
        left: cap,
        cap,
        seen: BTreeSet::new(),
    };
    let taken = paths.iter().try_for_each(|path| match path {
        Collect::All => walk.take_directory("", 0),
        Collect::Path(path) => walk.take(path.as_str(), 0),
    });
    match taken {
        Ok(()) => {
            walk.archive.finish().at("send the archive")?;
            Ok(Taken::All)
        }
        Err(Stop::Refused(why)) => Ok(Taken::Refused(why)),
        Err(Stop::Fault(fault)) => Err(fault),
    }
}

struct Walk<'a> {
    build: BorrowedFd<'a>,
    stage: BorrowedFd<'a>,
    archive: tar::Builder<Sender<'a>>,
    left: u64,
    cap: u64,
    seen: BTreeSet<String>,
}

impl Walk<'_> {
    fn take(&mut self, path: &str, depth: usize) -> Result<(), Stop> {
        if !self.seen.insert(path.to_owned()) {
            return Ok(());
        }
        if self.seen.len() > MAX_ENTRIES {
            return Err(Stop::Refused(format!("the build left more than {MAX_ENTRIES} files")));
        }
        let (opened, stat) = self.open(path)?;
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::Directory => {
                drop(opened);
                unpack::make_directories(self.stage, path)?;
                let mut header = header(tar::EntryType::Directory, 0o755, 0);
                self.archive.append_data(&mut header, path, io::empty()).at("send the archive")?;
                self.take_directory(path, depth + 1)
            }
            FileType::RegularFile => self.take_file(path, opened, &stat),
            other => Err(Stop::Refused(refusal(path, other))),
        }
    }

    fn take_directory(&mut self, path: &str, depth: usize) -> Result<(), Stop> {
        if depth > MAX_DEPTH {
            return Err(Stop::Refused(format!("`{path}` is more than {MAX_DEPTH} directories deep")));
        }
        for name in self.names(path)? {
            self.take(&if path.is_empty() { name } else { format!("{path}/{name}") }, depth)?;
        }
        Ok(())
    }

    fn names(&self, path: &str) -> Result<Vec<String>, Stop> {
        let mut names = Vec::new();
        for name in open_names(self.build, path)?.map_err(|refusal| refusal.of(path))? {
            let name = name?;
            match name.to_str() {
                Ok(name) if BoxPath::new(name).is_ok() => names.push(name.to_owned()),
                _ => {
                    let name = name.to_string_lossy();
                    return Err(Stop::Refused(format!("`{}` is not a name that can be kept", name.escape_debug())));
                }
            }
            if names.len() > MAX_ENTRIES {
                return Err(Stop::Refused(format!("the build left more than {MAX_ENTRIES} files")));
            }
        }
        // So that the same files make the same archive.
        names.sort_unstable();
        Ok(names)
    }

    fn open(&self, path: &str) -> Result<(OwnedFd, Stat), Stop> {
        open_beneath(self.build, path)?.map_err(|refusal| refusal.of(path))
    }

    fn take_file(&mut self, path: &str, opened: OwnedFd, stat: &Stat) -> Result<(), Stop> {
        let size = u64::try_from(stat.st_size).unwrap_or(u64::MAX);
        self.left = self
            .left
            .checked_sub(size)
            .ok_or_else(|| Stop::Refused(format!("the build left more than {} bytes", self.cap)))?;
        let executable = stat.st_mode & 0o100 != 0;
        let mode = if executable { 0o755 } else { 0o644 };
        let copy = File::from(unpack::new_file(self.stage, path, executable)?);
        let source = File::from(opened).take(size);
        let mut header = header(tar::EntryType::Regular, mode, size);
        // A file cannot shrink now, since nothing runs; if it did, the archive's end would be missing.
        let both = Tee { source, copy };
        self.archive.append_data(&mut header, path, both).at(&format!("send `{path}`"))?;
        Ok(())
    }
}

impl Refusal {
    fn of(self, path: &str) -> Stop {
        Stop::Refused(match self {
            Self::Missing => format!("the build left no `{path}`"),
            Self::Other(why) => why,
        })
    }
}

/// Opens the directory of an area of our own.
pub(super) fn open_area(path: &str) -> Result<OwnedFd, Fault> {
    openat(CWD, path, OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()).at(&format!("open `{path}`"))
}

/// Opens what a program left at `path` beneath `build`.
pub(super) fn open_beneath(build: BorrowedFd<'_>, path: &str) -> Result<Result<(OwnedFd, Stat), Refusal>, Fault> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let how = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS | ResolveFlags::NO_XDEV;
    Ok(match openat2(build, path, flags, Mode::empty(), how) {
        Ok(opened) => {
            let stat = fstat(&opened).at(&format!("stat `{path}`"))?;
            Ok((opened, stat))
        }
        Err(Errno::LOOP) => Err(Refusal::Other(refusal(path, FileType::Symlink))),
        Err(Errno::NOENT | Errno::NOTDIR) => Err(Refusal::Missing),
        // What a socket answers, and a device on our nodev mount.
        Err(Errno::NXIO | Errno::ACCESS | Errno::PERM) => {
            Err(Refusal::Other(format!("`{path}` is not a readable file")))
        }
        Err(errno) => return Err(Fault::new(format!("open `{path}`"), errno)),
    })
}

/// The names in the directory at `path` beneath `build`, in no order.
pub(super) fn open_names(
    build: BorrowedFd<'_>,
    path: &str,
) -> Result<Result<impl Iterator<Item = Result<CString, Fault>>, Refusal>, Fault> {
    let stage = format!("read `{path}`");
    let directory = if path.is_empty() {
        openat(build, ".", OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()).at(&stage)?
    } else {
        match open_beneath(build, path)? {
            Ok((directory, _)) => directory,
            Err(refusal) => return Ok(Err(refusal)),
        }
    };
    let entries = Dir::new(directory).at(&stage)?.map(move |entry| entry.at(&stage));
    let names = entries.map(|entry| entry.map(|entry| entry.file_name().to_owned()));
    Ok(Ok(names.filter(|name| !matches!(name.as_deref(), Ok(name) if name == c"." || name == c".."))))
}

pub(super) fn header(kind: tar::EntryType, mode: u32, size: u64) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_size(size);
    // The same files make the same archive, whenever they were built.
    header.set_mtime(1);
    header
}

/// Says that `path` is no file.
pub(super) fn refusal(path: &str, kind: FileType) -> String {
    let kind = match kind {
        FileType::Symlink => "a symlink",
        FileType::Fifo => "a FIFO",
        FileType::Socket => "a socket",
        FileType::CharacterDevice | FileType::BlockDevice => "a device",
        _ => "of an unknown kind",
    };
    format!("`{path}` is {kind}, not a file")
}

/// Writes a copy of what is read through it.
struct Tee {
    source: io::Take<File>,
    copy: File,
}

impl io::Read for Tee {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.source.read(buffer)?;
        self.copy.write_all(&buffer[..length])?;
        Ok(length)
    }
}

/// The archive as it goes over the link.
pub(super) struct Sender<'a> {
    pub(super) link: &'a mut Link,
}

impl Write for Sender<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let length = bytes.len().min(CHUNK);
        self.link.push(Kind::Data, &bytes[..length]);
        if self.link.pending() >= 4 * CHUNK {
            self.link.flush();
        }
        Ok(length)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.link.flush();
        Ok(())
    }
}
