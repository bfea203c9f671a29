//! A package's files in memory, read within bounds: from an archive, whose heads are not believed, or from a directory,
//! through a handle that nothing leads out of.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::path::Path;

use bytes::Bytes;
use cap_std::ambient_authority;
use cap_std::fs::Dir;
use miniz_oxide::inflate::{TINFLStatus, decompress_to_vec_with_limit};
use optimus_core::BoxPath;
use rawzip::{CompressionMethod, ZipArchive, ZipFileHeaderRecord, ZipSliceArchive, ZipVerification};

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

/// Files by their paths, with `/` between the parts.
#[derive(Debug, Clone, Default)]
pub struct Tree {
    files: BTreeMap<String, Bytes>,
}

impl Tree {
    /// Unpacks an archive.
    ///
    /// # Errors
    /// An entry that leads out, is no file, or makes the whole too large; by its name.
    pub fn of_zip(bytes: &[u8], caps: Caps) -> Result<Self, PackageError> {
        let broken = |error: rawzip::Error| PackageError::NoArchive(error.to_string());
        let archive = ZipArchive::from_slice(bytes).map_err(broken)?;
        let mut files = BTreeMap::new();
        let mut left = caps.bytes;
        for (number, entry) in archive.entries().enumerate() {
            let entry = entry.map_err(broken)?;
            let name = String::from_utf8_lossy(entry.file_path().as_bytes()).into_owned();
            if number >= caps.entries {
                return Err(refused(&name, format!("is one too many: an archive may have {} entries", caps.entries)));
            }
            let path = entry_path(&name, caps.depth)?;
            // Type bits that say neither file nor directory: a link, a device, a FIFO.
            match entry.mode().value() & 0o170_000 {
                0 | 0o100_000 | 0o040_000 => {}
                0o120_000 => return Err(refused(&name, "is a symbolic link".to_owned())),
                _ => return Err(refused(&name, "is neither a file nor a directory".to_owned())),
            }
            if entry.is_dir() {
                continue;
            }
            let content = unpacked(&archive, &entry, left).map_err(|why| refused(&name, why.describe(&caps)))?;
            left -= content.len() as u64;
            if files.insert(path, content.into()).is_some() {
                return Err(refused(&name, "stands there twice".to_owned()));
            }
        }
        Ok(Self { files })
    }

    /// Reads a directory.
    ///
    /// # Errors
    /// What cannot be read, leads out, or makes the whole too large.
    pub fn of_dir(path: &Path, caps: Caps) -> Result<Self, PackageError> {
        let dir = Dir::open_ambient_dir(path, ambient_authority());
        let dir = dir.map_err(|source| PackageError::Read { path: path.display().to_string(), source })?;
        let mut tree = Self::default();
        let mut left = (caps.entries, caps.bytes);
        tree.read_dir(&dir, "", &mut left, &caps)?;
        Ok(tree)
    }

    fn read_dir(&mut self, dir: &Dir, at: &str, left: &mut (usize, u64), caps: &Caps) -> Result<(), PackageError> {
        let failed = |path: &str| {
            let path = path.to_owned();
            move |source| PackageError::Read { path, source }
        };
        for entry in dir.entries().map_err(failed(at))? {
            let entry = entry.map_err(failed(at))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = if at.is_empty() { name.clone() } else { format!("{at}/{name}") };
            // What editors and version control keep beside a package is none of it.
            if name.starts_with('.') && name != ".timelimit" {
                continue;
            }
            entry_path(&path, caps.depth)?;
            left.0 = left
                .0
                .checked_sub(1)
                .ok_or_else(|| refused(&path, format!("is one too many: a package may have {} files", caps.entries)))?;
            let kind = entry.file_type().map_err(failed(&path))?;
            if kind.is_dir() {
                self.read_dir(&entry.open_dir().map_err(failed(&path))?, &path, left, caps)?;
            } else if kind.is_file() {
                let mut content = Vec::new();
                let file = entry.open().map_err(failed(&path))?;
                file.take(left.1 + 1).read_to_end(&mut content).map_err(failed(&path))?;
                left.1 = left
                    .1
                    .checked_sub(content.len() as u64)
                    .ok_or_else(|| refused(&path, format!("makes the package larger than {} MiB", caps.bytes >> 20)))?;
                self.files.insert(path, content.into());
            } else {
                return Err(refused(&path, "is neither a file nor a directory (a symbolic link?)".to_owned()));
            }
        }
        Ok(())
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
        Self { files: self.under(dir).map(|(path, bytes)| (path.to_owned(), bytes.clone())).collect() }
    }

    /// The same with more files, which take the place of those of the same path.
    pub(crate) fn with(&self, more: Self) -> Self {
        let mut files = self.files.clone();
        files.extend(more.files);
        Self { files }
    }

    /// What is in the one directory that holds everything.
    pub(crate) fn without_top(&self) -> Self {
        let top = |path: &str| path.split_once('/').map(|(top, _)| top.to_owned());
        let real = || self.files.keys().filter(|path| !path.starts_with("__MACOSX/"));
        let tops: BTreeSet<Option<String>> = real().map(|path| top(path)).collect();
        match (tops.first(), tops.len()) {
            (Some(Some(only)), 1) => self.subtree(only),
            _ => Self::default(),
        }
    }
}

/// Why an entry is not unpacked.
enum Unpack {
    TooLarge,
    Broken(String),
}

impl Unpack {
    fn describe(self, caps: &Caps) -> String {
        match self {
            Self::TooLarge => format!("makes the package larger than {} MiB", caps.bytes >> 20),
            Self::Broken(why) => format!("cannot be unpacked: {why}"),
        }
    }
}

/// An entry's bytes, at most so many, and those that its checksum is of.
fn unpacked(archive: &ZipSliceArchive<&[u8]>, entry: &ZipFileHeaderRecord<'_>, most: u64) -> Result<Vec<u8>, Unpack> {
    let broken = |error: rawzip::Error| Unpack::Broken(error.to_string());
    let packed = archive.get_entry(entry.wayfinder()).map_err(broken)?;
    let room = usize::try_from(most).unwrap_or(usize::MAX);
    let content = match entry.compression_method() {
        CompressionMethod::STORE if packed.data().len() > room => return Err(Unpack::TooLarge),
        CompressionMethod::STORE => packed.data().to_vec(),
        CompressionMethod::DEFLATE => {
            decompress_to_vec_with_limit(packed.data(), room).map_err(|error| match error.status {
                TINFLStatus::HasMoreOutput => Unpack::TooLarge,
                _ => Unpack::Broken(error.to_string()),
            })?
        }
        other => return Err(Unpack::Broken(format!("its method of compression, {other:?}, is none of ours"))),
    };
    let found = ZipVerification { crc: rawzip::crc32(&content), uncompressed_size: content.len() as u64 };
    packed.claim_verifier().valid(found).map_err(broken)?;
    Ok(content)
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
