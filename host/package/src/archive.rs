//! A package on its way to somebody else: one archive.

use std::io::Write as _;
use std::path::Path;

use rawzip::ZipArchiveWriter;

use crate::several::{self, Place};
use crate::{PackageError, Tree};

/// What may be posted for a package: an archive as it is, and a directory as an archive that is not compressed. Of
/// `FILE#PROBLEM` it is an archive of that problem.
///
/// # Errors
/// It cannot be read; a directory also if [`Tree::of_dir`] refuses it. There is no such problem in it.
pub fn archive(path: &Path) -> Result<Vec<u8>, PackageError> {
    let place = Place::of(path);
    if place.problem.is_some() {
        return several::only(place.read()?, place.problem)?.to_zip();
    }
    if place.path.is_dir() {
        return place.read()?.to_zip();
    }
    std::fs::read(path).map_err(|source| PackageError::Read { path: path.display().to_string(), source })
}

impl Tree {
    /// The same as an archive, which [`Tree::of_zip`] reads.
    fn to_zip(&self) -> Result<Vec<u8>, PackageError> {
        let mut bytes = Vec::new();
        let mut archive = ZipArchiveWriter::new(&mut bytes);
        for (path, content) in self.files() {
            put(&mut archive, path, content).map_err(|error| refused(path, &error))?;
        }
        archive.finish().map_err(|error| refused("", &error))?;
        Ok(bytes)
    }
}

fn put(archive: &mut ZipArchiveWriter<&mut Vec<u8>>, path: &str, content: &[u8]) -> Result<(), rawzip::Error> {
    let (mut entry, config) = archive.new_file(path).start()?;
    let mut data = config.wrap(&mut entry);
    data.write_all(content)?;
    let (_, sums) = data.finish()?;
    entry.finish(sums)?;
    Ok(())
}

fn refused(entry: &str, error: &rawzip::Error) -> PackageError {
    PackageError::Archive { entry: entry.escape_debug().to_string(), why: format!("cannot be written: {error}") }
}
