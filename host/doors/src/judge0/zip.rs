//! `additional_files`: a ZIP that is unpacked around the source, which it does not replace.

use bytes::Bytes;
use optimus_core::job::FileRequest;
use optimus_package::{Caps, Tree};

/// Unpacks an archive. It is read here and not in the box, within these bounds, so that no archive is larger unpacked
/// than `bytes`, whatever its headers say.
///
/// # Errors
/// Why it is not unpacked.
pub(super) fn unpack(archive: &[u8], bytes: u64, files: usize, source: &str) -> Result<Vec<FileRequest>, String> {
    let caps = Caps { entries: files, bytes, depth: 12 };
    let tree = Tree::of_zip(archive, caps).map_err(|error| error.to_string())?;
    let file = |(path, content): (String, Bytes)| FileRequest { path, content: content.into() };
    Ok(tree.into_files().into_iter().filter(|(path, _)| path != source).map(file).collect())
}
