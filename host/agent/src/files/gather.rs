//! From the build area to the host: the files that a job asks for, by patterns.
//!
//! Only names that can lead to a match are opened, so that nothing else in the area matters. What matches and is not a
//! regular file, or is too large, is left out with a note; the rest is sent.

use std::ffi::CString;
use std::fs::File;
use std::io::Read as _;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};

use optimus_core::BoxPath;
use optimus_core::collect::{Pattern, Positions, Search};
use rustix::fs::{FileType, Stat};

use super::collect::{Refusal, Sender, header, open_area, open_beneath, open_names, refusal};
use crate::fault::{At as _, Fault};
use crate::link::Link;

/// Sends the files below `build` that match as an archive, together at most `cap` bytes. Returns the reasons why others
/// are missing.
pub(crate) fn gather(link: &mut Link, build: &str, patterns: &[Pattern], cap: u64) -> Result<Vec<String>, Fault> {
    let build = open_area(build)?;
    let archive = tar::Builder::new(Sender { link });
    let mut walk = Walk { build: build.as_fd(), archive, search: Search::new(patterns, cap) };
    walk.directory("", &walk.search.start(), 0)?;
    walk.archive.finish().at("send the archive")?;
    Ok(walk.search.finish())
}

struct Walk<'a> {
    build: BorrowedFd<'a>,
    archive: tar::Builder<Sender<'a>>,
    search: Search<'a>,
}

impl Walk<'_> {
    /// Looks at what is in a directory; `at` has the positions of all patterns.
    fn directory(&mut self, path: &str, at: &[Positions], depth: usize) -> Result<(), Fault> {
        let build = self.build;
        let text = |name: Result<CString, Fault>| name.map(|name| name.to_string_lossy().into_owned());
        let names = self.search.candidates(at, || Ok(open_names(build, path)?.ok().map(|listed| listed.map(text))))?;
        for name in names {
            if self.search.is_full() {
                return Ok(());
            }
            if let Some(at) = self.search.step(at, &name) {
                let path = if path.is_empty() { name } else { format!("{path}/{name}") };
                self.entry(&path, &at, depth)?;
            }
        }
        Ok(())
    }

    fn entry(&mut self, path: &str, at: &[Positions], depth: usize) -> Result<(), Fault> {
        let is_wanted = self.search.is_wanted(at);
        let opened = match BoxPath::new(path) {
            Ok(_) => open_beneath(self.build, path)?,
            Err(why) => Err(Refusal::Other(format!("`{}` {why}", path.escape_debug()))),
        };
        if !matches!(opened, Err(Refusal::Missing)) {
            self.search.mark_found(at);
        }
        match opened {
            Ok((_, stat)) if FileType::from_raw_mode(stat.st_mode) == FileType::Directory => {
                if self.search.enters(path, depth) { self.directory(path, at, depth + 1) } else { Ok(()) }
            }
            _ if !is_wanted => Ok(()),
            Ok((opened, stat)) if FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile => {
                self.file(path, opened, &stat)
            }
            Ok((_, stat)) => {
                self.search.note(refusal(path, FileType::from_raw_mode(stat.st_mode)));
                Ok(())
            }
            // The name that was listed, without its bytes that are no text, leads nowhere.
            Err(Refusal::Missing) if path.contains(char::REPLACEMENT_CHARACTER) => {
                self.search.note(format!("`{path}` is not a name that can be kept"));
                Ok(())
            }
            Err(Refusal::Missing) => Ok(()),
            Err(Refusal::Other(why)) => {
                self.search.note(why);
                Ok(())
            }
        }
    }

    fn file(&mut self, path: &str, opened: OwnedFd, stat: &Stat) -> Result<(), Fault> {
        let size = u64::try_from(stat.st_size).unwrap_or(u64::MAX);
        if !self.search.takes(path, size) {
            return Ok(());
        }
        let mode = if stat.st_mode & 0o100 != 0 { 0o755 } else { 0o644 };
        let mut header = header(tar::EntryType::Regular, mode, size);
        // A file cannot shrink now, since nothing runs; if it did, the archive's end would be missing.
        let content = File::from(opened).take(size);
        self.archive.append_data(&mut header, path, content).at(&format!("send `{path}`"))
    }
}
