//! Files as an archive, for the way into a box.

use std::io;

use bytes::Bytes;
use optimus_core::plan::PlacedFile;

use crate::SandboxError;

/// Packs files.
pub(super) fn pack(files: &[PlacedFile]) -> Result<Bytes, SandboxError> {
    let failed = |source: io::Error| SandboxError::SetUp { stage: "pack the files".to_owned(), source };
    let size: usize = files.iter().map(|file| file.content.len() + 1024).sum();
    let mut archive = tar::Builder::new(Vec::with_capacity(size + 1024));
    for file in files {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(tar::EntryType::Regular);
        header.set_mode(if file.executable { 0o755 } else { 0o644 });
        header.set_size(file.content.len() as u64);
        archive.append_data(&mut header, file.path.as_str(), file.content.as_bytes()).map_err(failed)?;
    }
    archive.into_inner().map(Bytes::from).map_err(failed)
}
