//! A plugin file, with the signature next to it.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use optimus_plugin::signature_file;

/// The bytes of a plugin, and of its signature if there is one.
pub(super) struct SignedFile {
    pub(super) wasm: Vec<u8>,
    pub(super) signature: Option<Vec<u8>>,
}

impl SignedFile {
    /// Reads a plugin file and its signature.
    pub(super) fn read(path: &Path) -> anyhow::Result<Self> {
        let wasm = std::fs::read(path).with_context(|| format!("cannot read `{}`", path.display()))?;
        Ok(Self { wasm, signature: std::fs::read(signature_path(path)).ok() })
    }
}

/// The path of a plugin file's signature.
pub(super) fn signature_path(file: &Path) -> PathBuf {
    file.with_file_name(signature_file(&file.file_name().unwrap_or_default().to_string_lossy()))
}
