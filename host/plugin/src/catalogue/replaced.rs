//! Versions of plugins that were replaced, in `.before/ID` of the plugins' directory: all processes that share the directory
//! have the same, also after a restart. No scan reads them, so none is loaded before it is put back.

use std::io;
use std::path::{Path, PathBuf};

use cap_std::fs::Dir;
use optimus_core::Timestamp;
use serde::{Deserialize, Serialize};

use super::files::{self, Found};
use crate::config::Config;
use crate::hex;
use crate::signature::signature_file;

/// Versions that are kept of a language.
const MOST: usize = 5;
/// Bytes that are kept of a language, besides its latest version.
const MOST_BYTES: u64 = 128 << 20;
/// The folder, which the command line's own copies share.
const FOLDER: &str = ".before";

/// A version that was replaced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replaced {
    /// SHA-256 of its bytes, in hex.
    pub digest: String,
    /// The plugin's version.
    pub version: String,
    /// Its size.
    pub bytes: u64,
    /// When it was replaced, in milliseconds since 1970.
    pub replaced_at_ms: u64,
    /// The id of the trusted key that had signed it, where signatures were looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed_by: Option<String>,
}

impl Replaced {
    /// Replaced now.
    pub(super) fn now(digest: &str, version: &str, bytes: usize, signed_by: Option<String>) -> Self {
        let (digest, version) = (digest.to_owned(), version.to_owned());
        Self { digest, version, bytes: bytes as u64, replaced_at_ms: Timestamp::now().0, signed_by }
    }
}

/// The kept versions of a language, the latest first.
pub(super) fn list(config: &Config, id: &str) -> io::Result<Vec<Replaced>> {
    let Some(folder) = open(config, id)? else { return Ok(Vec::new()) };
    entries(&folder)
}

/// A kept version, if it is as it was.
pub(super) fn get(config: &Config, id: &str, digest: &str) -> io::Result<Option<Found>> {
    let Some(folder) = open(config, id)?.filter(|_| is_digest(digest)) else { return Ok(None) };
    let name = file(digest);
    if folder.metadata(record(digest)).is_err() {
        return Ok(None);
    }
    let Ok(found) = files::read(&folder, &name, config) else { return Ok(None) };
    if hex::sha256(&found.wasm) != digest {
        tracing::warn!(plugin.file = name, "a replaced version is damaged, and is not put back");
        return Ok(None);
    }
    Ok(Some(Found { signature: files::signature(&folder, &name), ..found }))
}

/// Keeps a version, and forgets the oldest where there are too many.
pub(super) fn put(config: &Config, id: &str, version: &Replaced, found: &Found) -> io::Result<()> {
    let path = path(id).ok_or_else(|| io::Error::other("it is not a language's id"))?;
    let dir = files::open(config)?;
    dir.create_dir_all(&path)?;
    let folder = dir.open_dir(&path)?;
    let name = file(&version.digest);
    match &found.signature {
        Some(signature) => files::put(&folder, &signature_file(&name), signature)?,
        None => files::remove(&folder, &signature_file(&name))?,
    }
    files::put(&folder, &name, &found.wasm)?;
    // Last: what has a record is whole.
    files::put(&folder, &record(&version.digest), &serde_json::to_vec(version)?)?;
    let mut bytes = 0;
    for (at, kept) in entries(&folder)?.iter().enumerate() {
        bytes += if at == 0 { 0 } else { kept.bytes };
        if at >= MOST || bytes > MOST_BYTES {
            discard(&folder, &kept.digest)?;
        }
    }
    Ok(())
}

/// Forgets a version, which serves again.
pub(super) fn forget(config: &Config, id: &str, digest: &str) -> io::Result<()> {
    open(config, id)?.map_or(Ok(()), |folder| discard(&folder, digest))
}

fn open(config: &Config, id: &str) -> io::Result<Option<Dir>> {
    let Some(path) = path(id) else { return Ok(None) };
    match files::open(config).and_then(|dir| dir.open_dir(path)) {
        Ok(folder) => Ok(Some(folder)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// The folder of a language. What cannot be an id has none, so that no id leads elsewhere.
fn path(id: &str) -> Option<PathBuf> {
    let is_id = |byte: u8| byte.is_ascii_alphanumeric() || b"+-_.#".contains(&byte);
    (!id.is_empty() && !id.starts_with('.') && id.bytes().all(is_id)).then(|| Path::new(FOLDER).join(id))
}

fn entries(folder: &Dir) -> io::Result<Vec<Replaced>> {
    let mut found = Vec::new();
    for entry in folder.entries()? {
        let Ok(name) = entry?.file_name().into_string() else { continue };
        let Some(digest) = name.strip_suffix(".json").filter(|digest| is_digest(digest)) else { continue };
        // Another process may have discarded it since.
        let Ok(json) = folder.read(&name) else { continue };
        match serde_json::from_slice::<Replaced>(&json) {
            Ok(version) if version.digest == digest => found.push(version),
            _ => tracing::warn!(plugin.file = name, "the record of a replaced version is malformed"),
        }
    }
    found.sort_by(|a, b| b.replaced_at_ms.cmp(&a.replaced_at_ms).then_with(|| a.digest.cmp(&b.digest)));
    Ok(found)
}

fn discard(folder: &Dir, digest: &str) -> io::Result<()> {
    let name = file(digest);
    // The record first: what has none is not there.
    [record(digest), signature_file(&name), name].iter().try_for_each(|name| files::remove(folder, name))
}

fn file(digest: &str) -> String {
    format!("{digest}.wasm")
}

fn record(digest: &str) -> String {
    format!("{digest}.json")
}

fn is_digest(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}
