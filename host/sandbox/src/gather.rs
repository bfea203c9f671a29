//! What a run left of the files that a job asks for.

use std::io::Read as _;

use async_trait::async_trait;
use optimus_core::collect::{MAX_COLLECTED_FILES, Pattern};
use optimus_core::plan::PlacedFile;
use optimus_core::{BoxPath, Content};

use crate::SandboxError;

/// A search of the build area.
#[derive(Debug, Clone, Copy)]
pub struct Gather<'a> {
    /// Which files.
    pub patterns: &'a [Pattern],
    /// The most bytes of all of them.
    pub cap_bytes: u64,
    /// Whether the build area ends: the next step that works in one starts with a copy of the stage.
    pub drop_build: bool,
}

impl Gather<'_> {
    /// The most that an archive of the files takes.
    pub fn archive_bytes(&self) -> u64 {
        /// The headers of one file at most, with those of a long name and padding.
        const HEADERS: u64 = 4 << 10;
        self.cap_bytes.saturating_add((MAX_COLLECTED_FILES as u64 + 2) * HEADERS)
    }
}

/// The files that were found.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Gathered {
    /// Regular files, in the order of their paths.
    pub files: Vec<PlacedFile>,
    /// Why others are missing: `` `out` is a symlink, not a file ``.
    pub notes: Vec<String>,
}

impl Gathered {
    /// For backends: the files of an archive that came out of a program's own area. Paths and kinds are checked again.
    ///
    /// # Errors
    /// It is no archive of files that were asked for, in words.
    pub fn from_archive(archive: &[u8], notes: Vec<String>) -> Result<Self, String> {
        let mut files = unpack(archive)?;
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(Self { files, notes })
    }
}

/// A box out of which single files can be read.
#[async_trait]
pub trait GatherFiles {
    /// Reads the matching files of the build area. What matches and is not a regular file, or is too large, is left out
    /// with a note. The stage stays as it is.
    async fn gather(&mut self, search: Gather<'_>) -> Result<Gathered, SandboxError>;
}

fn unpack(archive: &[u8]) -> Result<Vec<PlacedFile>, String> {
    let mut files = Vec::new();
    for entry in tar::Archive::new(archive).entries().map_err(|error| error.to_string())? {
        let mut entry = entry.map_err(|error| error.to_string())?;
        let path = String::from_utf8(entry.path_bytes().into_owned()).map_err(|error| error.to_string())?;
        let path = BoxPath::new(path).map_err(|why| format!("a path {why}"))?;
        if !entry.header().entry_type().is_file() || files.len() == MAX_COLLECTED_FILES {
            return Err(format!("`{path}` is not a file, or one too many"));
        }
        let executable = entry.header().mode().map_err(|error| error.to_string())? & 0o100 != 0;
        let mut content = Vec::new();
        entry.read_to_end(&mut content).map_err(|error| error.to_string())?;
        files.push(PlacedFile { path, executable, content: Content::from(content) });
    }
    Ok(files)
}
