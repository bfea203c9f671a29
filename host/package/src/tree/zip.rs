//! Reads a package from a zip archive.

use miniz_oxide::inflate::{TINFLStatus, decompress_to_vec_with_limit};
use rawzip::{CompressionMethod, ZipArchive, ZipFileHeaderRecord, ZipSliceArchive, ZipVerification};

use super::{Caps, Raw, Tree, entry_path, links, litter, refused};
use crate::PackageError;

/// The type bits of a symbolic link in an entry's mode.
const LINK: u32 = 0o120_000;

impl Tree {
    /// Unpacks an archive.
    ///
    /// # Errors
    /// An entry that leads out, is no file, or makes the whole too large; by its name.
    pub fn of_zip(bytes: &[u8], caps: Caps) -> Result<Self, PackageError> {
        let broken = |_: rawzip::Error| PackageError::NoArchive(describe(bytes));
        let archive = ZipArchive::from_slice(bytes).map_err(broken)?;
        let mut raw = Raw::default();
        let (mut left, mut count) = (caps.bytes, 0);
        for entry in archive.entries() {
            let entry = entry.map_err(broken)?;
            let name = String::from_utf8_lossy(entry.file_path().as_bytes()).into_owned();
            let path = entry_path(&name, caps.depth)?;
            if litter::is_in(&path) {
                continue;
            }
            if count >= caps.entries {
                return Err(refused(&name, format!("is one too many: an archive may have {} entries", caps.entries)));
            }
            count += 1;
            // Type bits that say neither file, directory nor link: a device, a FIFO.
            let kind = entry.mode().value() & 0o170_000;
            match kind {
                0 | 0o100_000 | 0o040_000 | LINK => {}
                _ => return Err(refused(&name, "is neither a file nor a directory".to_owned())),
            }
            if entry.is_dir() {
                continue;
            }
            let content = unpacked(&archive, &entry, left).map_err(|why| refused(&name, why.describe(&caps)))?;
            left -= content.len() as u64;
            let is_new = if kind == LINK {
                raw.links.insert(path, links::target(&name, content)?).is_none()
            } else {
                raw.files.insert(path, content.into()).is_none()
            };
            if !is_new {
                return Err(refused(&name, "stands there twice".to_owned()));
            }
        }
        raw.resolve(&caps)
    }
}

/// What something is that is no archive.
fn describe(bytes: &[u8]) -> String {
    match bytes {
        [] => "the file is empty".to_owned(),
        bytes if super::is_pointer(bytes) => format!("it {}", super::POINTER),
        [b'P', b'K', ..] => "its directory of entries is damaged or cut off".to_owned(),
        [0x1f, 0x8b, ..] => "it is compressed with gzip; pack a zip".to_owned(),
        [b'R', b'a', b'r', b'!', ..] => "it is a RAR archive; pack a zip".to_owned(),
        [b'7', b'z', ..] => "it is a 7z archive; pack a zip".to_owned(),
        _ => "it does not begin as a zip archive does".to_owned(),
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
