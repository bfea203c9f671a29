//! From the build area to the host: the files that a job asks for, by patterns.
//!
//! Only names that can lead to a match are opened, so that nothing else in the area matters. What matches and is not a
//! regular file, or is too large, is left out with a note; the rest is sent.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read as _;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};

use optimus_core::BoxPath;
use optimus_core::collect::{MAX_COLLECTED_FILES, Pattern, Positions};
use rustix::fs::{FileType, Stat};

use super::collect::{Refusal, Sender, header, open_area, open_beneath, open_names, refusal};
use crate::fault::{At as _, Fault};
use crate::link::Link;

/// The names that one search looks at.
const MAX_NAMES: usize = 10_000;
const MAX_DEPTH: usize = 32;
const MAX_NOTES: usize = 8;

/// Sends the files below `build` that match as an archive, together at most `cap` bytes. Returns the reasons why others
/// are missing.
pub(crate) fn gather(link: &mut Link, build: &str, patterns: &[Pattern], cap: u64) -> Result<Vec<String>, Fault> {
    let build = open_area(build)?;
    let mut search = Search {
        build: build.as_fd(),
        patterns,
        archive: tar::Builder::new(Sender { link }),
        left: cap,
        files: 0,
        names: 0,
        found: vec![false; patterns.len()],
        notes: Vec::new(),
    };
    let start: Vec<_> = patterns.iter().map(Pattern::start).collect();
    search.directory("", &start, 0)?;
    let is_complete = search.names < MAX_NAMES && search.files <= MAX_COLLECTED_FILES;
    for (pattern, _) in patterns.iter().zip(search.found.clone()).filter(|(_, found)| is_complete && !found) {
        search.note(format!("there is no `{}`", pattern.as_str()));
    }
    search.archive.finish().at("send the archive")?;
    Ok(search.notes)
}

struct Search<'a> {
    build: BorrowedFd<'a>,
    patterns: &'a [Pattern],
    archive: tar::Builder<Sender<'a>>,
    left: u64,
    files: usize,
    names: usize,
    /// Whether each pattern has matched something.
    found: Vec<bool>,
    notes: Vec<String>,
}

impl Search<'_> {
    fn note(&mut self, note: String) {
        if self.notes.len() < MAX_NOTES && !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// Looks at what is in a directory; `at` has the positions of all patterns.
    fn directory(&mut self, path: &str, at: &[Positions], depth: usize) -> Result<(), Fault> {
        for name in self.candidates(path, at)? {
            let at: Vec<_> = self.patterns.iter().zip(at).map(|(pattern, at)| pattern.step(*at, &name)).collect();
            if self.files > MAX_COLLECTED_FILES {
                return Ok(());
            }
            if at.iter().any(|at| !at.is_empty()) {
                let path = if path.is_empty() { name } else { format!("{path}/{name}") };
                self.entry(&path, &at, depth)?;
            }
        }
        Ok(())
    }

    /// The names in a directory that may match: all, where a pattern has a wildcard, or else those that patterns spell
    /// out. Those are looked for also where there are too many names to read.
    fn candidates(&mut self, path: &str, at: &[Positions]) -> Result<BTreeSet<String>, Fault> {
        let each = || self.patterns.iter().zip(at);
        let mut names = BTreeSet::new();
        if each().any(|(pattern, at)| pattern.takes_other_names(*at)) {
            let Ok(listed) = open_names(self.build, path)? else { return Ok(names) };
            let room = MAX_NAMES - self.names;
            for name in listed.take(room + 1) {
                names.insert(name?.to_string_lossy().into_owned());
            }
            if names.len() <= room {
                self.names += names.len();
                return Ok(names);
            }
            names.pop_last();
            self.names = MAX_NAMES;
        }
        names.extend(each().flat_map(|(pattern, at)| pattern.plain_names(*at)).map(str::to_owned));
        if self.names == MAX_NAMES {
            self.note(format!("there are more than {MAX_NAMES} names to look at"));
        }
        Ok(names)
    }

    fn entry(&mut self, path: &str, at: &[Positions], depth: usize) -> Result<(), Fault> {
        let is_meant: Vec<_> = self.patterns.iter().zip(at).map(|(pattern, at)| pattern.is_match(*at)).collect();
        let is_wanted = is_meant.contains(&true);
        let opened = match BoxPath::new(path) {
            Ok(_) => open_beneath(self.build, path)?,
            Err(why) => Err(Refusal::Other(format!("`{}` {why}", path.escape_debug()))),
        };
        if !matches!(opened, Err(Refusal::Missing)) {
            self.found.iter_mut().zip(&is_meant).for_each(|(found, is_meant)| *found |= is_meant);
        }
        match opened {
            Ok((_, stat)) if FileType::from_raw_mode(stat.st_mode) == FileType::Directory => {
                if depth == MAX_DEPTH {
                    self.note(format!("`{}` is more than {MAX_DEPTH} directories deep", path.escape_debug()));
                    return Ok(());
                }
                self.directory(path, at, depth + 1)
            }
            _ if !is_wanted => Ok(()),
            Ok((opened, stat)) if FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile => {
                self.file(path, opened, &stat)
            }
            Ok((_, stat)) => {
                self.note(refusal(path, FileType::from_raw_mode(stat.st_mode)));
                Ok(())
            }
            // The name that was listed, without its bytes that are no text, leads nowhere.
            Err(Refusal::Missing) if path.contains(char::REPLACEMENT_CHARACTER) => {
                self.note(format!("`{path}` is not a name that can be kept"));
                Ok(())
            }
            Err(Refusal::Missing) => Ok(()),
            Err(Refusal::Other(why)) => {
                self.note(why);
                Ok(())
            }
        }
    }

    fn file(&mut self, path: &str, opened: OwnedFd, stat: &Stat) -> Result<(), Fault> {
        self.files += 1;
        if self.files > MAX_COLLECTED_FILES {
            self.note(format!("there are more than {MAX_COLLECTED_FILES} files"));
            return Ok(());
        }
        let size = u64::try_from(stat.st_size).unwrap_or(u64::MAX);
        let Some(left) = self.left.checked_sub(size) else {
            let name = path.escape_debug();
            self.note(format!(
                "`{name}` has {size} bytes, more than the {} that are left for the job's files",
                self.left
            ));
            return Ok(());
        };
        self.left = left;
        let mode = if stat.st_mode & 0o100 != 0 { 0o755 } else { 0o644 };
        let mut header = header(tar::EntryType::Regular, mode, size);
        // A file cannot shrink now, since nothing runs; if it did, the archive's end would be missing.
        let content = File::from(opened).take(size);
        self.archive.append_data(&mut header, path, content).at(&format!("send `{path}`"))
    }
}
