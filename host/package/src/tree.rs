//! A package's files in memory, read within bounds: from an archive, whose headers are not trusted, or from a directory,
//! through a handle that nothing leads out of. Links are resolved, as long as they stay inside.

mod dir;
mod links;
mod litter;
mod zip;

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use optimus_core::BoxPath;

use crate::PackageError;

/// What a package may hold.
#[derive(Debug, Clone, Copy)]
pub struct Caps {
    /// Files and directories.
    pub entries: usize,
    /// Bytes of all files together, unpacked.
    pub bytes: u64,
    /// Directories inside each other.
    pub depth: usize,
}

impl Default for Caps {
    fn default() -> Self {
        Self { entries: 20_000, bytes: 1 << 30, depth: 12 }
    }
}

/// What a problem set in XML is called that comes as a file of its own.
pub(crate) const PROBLEM_SET: &str = "fps.xml";

/// Files by their paths, with `/` between the parts.
#[derive(Debug, Clone, Default)]
pub struct Tree {
    files: BTreeMap<String, Bytes>,
    remarks: Vec<String>,
}

/// What was read before links are resolved.
#[derive(Debug, Default)]
struct Raw {
    files: BTreeMap<String, Bytes>,
    /// Each link with its target, as it is written.
    links: BTreeMap<String, String>,
}

impl Tree {
    /// What came as one file: an archive, or a problem set in XML.
    ///
    /// # Errors
    /// As [`Tree::of_zip`].
    pub fn of_file(bytes: &[u8], caps: Caps) -> Result<Self, PackageError> {
        let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        if text.trim_ascii_start().starts_with(b"<") {
            return Ok(Self::of_problem_set(Bytes::copy_from_slice(bytes)));
        }
        Self::of_zip(bytes, caps)
    }

    /// A problem set in XML.
    pub(crate) fn of_problem_set(text: Bytes) -> Self {
        Self { files: BTreeMap::from([(PROBLEM_SET.to_owned(), text)]), remarks: Vec::new() }
    }

    /// All files by their paths.
    pub fn into_files(self) -> BTreeMap<String, Bytes> {
        self.files
    }

    pub(crate) fn has(&self, path: &str) -> bool {
        self.files.contains_key(path)
    }

    pub(crate) fn get(&self, path: &str) -> Option<Bytes> {
        self.files.get(path).cloned()
    }

    /// A file that another one names.
    pub(crate) fn need(&self, path: &str, named_in: &str) -> Result<Bytes, PackageError> {
        self.get(path)
            .ok_or_else(|| PackageError::bad(named_in, format!("names `{path}`, which is not in the package")))
    }

    pub(crate) fn text(&self, path: &str) -> Result<String, PackageError> {
        let bytes = self.get(path).ok_or_else(|| PackageError::bad(path, "is missing"))?;
        let text = String::from_utf8(bytes.to_vec()).map_err(|_| PackageError::bad(path, "is not UTF-8"))?;
        Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
    }

    /// The same, each file as `change` leaves it; files that it drops are gone.
    pub(crate) fn map(&self, change: impl Fn(&str, &Bytes) -> Option<Bytes>) -> Self {
        let changed = |(path, bytes): (&String, &Bytes)| Some((path.clone(), change(path, bytes)?));
        Self { files: self.files.iter().filter_map(changed).collect(), remarks: self.remarks.clone() }
    }

    /// What was left out, for people.
    pub(crate) fn remarks(&self) -> &[String] {
        &self.remarks
    }

    pub(crate) fn files(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.files.iter().map(|(path, content)| (path.as_str(), &content[..]))
    }

    pub(crate) fn paths(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    /// All files below a directory, by their paths from there.
    pub(crate) fn under<'a>(&'a self, dir: &str) -> impl Iterator<Item = (&'a str, &'a Bytes)> + use<'a> {
        let prefix = format!("{dir}/");
        let from = prefix.clone();
        self.files.range(from..).map_while(move |(path, bytes)| Some((path.strip_prefix(&prefix)?, bytes)))
    }

    pub(crate) fn has_dir(&self, dir: &str) -> bool {
        self.under(dir).next().is_some()
    }

    /// The names right below a directory: of files, and of directories.
    pub(crate) fn children(&self, dir: &str) -> BTreeSet<String> {
        self.under(dir).map(|(path, _)| path.split('/').next().unwrap_or(path).to_owned()).collect()
    }

    /// The files of a part of the tree.
    pub(crate) fn subtree(&self, dir: &str) -> Self {
        let files = self.under(dir).map(|(path, bytes)| (path.to_owned(), bytes.clone())).collect();
        Self { files, remarks: Vec::new() }
    }

    /// The same with what was left out of the whole that it is a part of.
    pub(crate) fn with_remarks(self, remarks: Vec<String>) -> Self {
        Self { remarks, ..self }
    }

    /// The same with more files, which take the place of those of the same path.
    pub(crate) fn with(&self, more: Self) -> Self {
        let mut files = self.files.clone();
        files.extend(more.files);
        Self { files, remarks: Vec::new() }
    }

    /// What is in the one directory that holds everything.
    pub(crate) fn without_top(&self) -> Self {
        let top = |path: &str| path.split_once('/').map(|(top, _)| top.to_owned());
        let tops: BTreeSet<Option<String>> = self.files.keys().map(|path| top(path)).collect();
        match (tops.first(), tops.len()) {
            (Some(Some(only)), 1) => self.subtree(only).with_remarks(self.remarks.clone()),
            _ => Self::default(),
        }
    }
}

/// Said of a file that is a pointer.
pub(crate) const POINTER: &str = "is a pointer of Git LFS and not the file itself, which `git lfs pull` fetches";

/// Whether a file only says where Git LFS keeps it: <https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md>
pub(crate) fn is_pointer(bytes: &[u8]) -> bool {
    bytes.len() < 1_024 && bytes.starts_with(b"version https://git-lfs.github.com/spec/")
}

fn refused(entry: &str, why: String) -> PackageError {
    PackageError::Archive { entry: entry.escape_debug().to_string(), why }
}

/// The path that an entry's name stands for: inside, and with `/` only.
fn entry_path(name: &str, depth: usize) -> Result<String, PackageError> {
    let path = name.strip_prefix("./").unwrap_or(name);
    let path = path.strip_suffix('/').unwrap_or(path);
    BoxPath::new(path).map_err(|why| refused(name, why.to_owned()))?;
    if path.split('/').count() > depth {
        return Err(refused(name, format!("is more than {depth} directories deep")));
    }
    Ok(path.to_owned())
}
