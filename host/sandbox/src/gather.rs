//! What a run left of the files that a job asks for.

use async_trait::async_trait;
use optimus_core::collect::Pattern;
use optimus_core::plan::PlacedFile;

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

/// The files that were found.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Gathered {
    /// Regular files, in the order of their paths.
    pub files: Vec<PlacedFile>,
    /// Why others are missing: `` `out` is a symlink, not a file ``.
    pub notes: Vec<String>,
}

/// A box out of which single files can be read.
#[async_trait]
pub trait GatherFiles {
    /// Reads the matching files of the build area. What matches and is not a regular file, or is too large, is left out
    /// with a note. The stage stays as it is.
    async fn gather(&mut self, search: Gather<'_>) -> Result<Gathered, SandboxError>;
}
