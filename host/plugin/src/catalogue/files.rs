//! What stands in the directory: each plugin's file with the signature beside it, and whether they are as they were.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::path::Path;

use cap_std::ambient_authority;
use cap_std::fs::{Dir, Metadata, MetadataExt as _, Permissions, PermissionsExt as _};
use serde::{Deserialize, Serialize};

use super::gate;
use crate::config::{BuiltInLanguage, Config};
use crate::error::LoadError;
use crate::seal::process_name;
use crate::signature::{SIGNATURE_BYTES, Signatures, signature_file};

/// Tells an unchanged file, and an unchanged signature, without reading them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Fingerprint {
    file: Stamp,
    /// A signature that arrives, changes or goes is a change of the plugin.
    signature: Option<Stamp>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Stamp {
    place: (u64, u64),
    bytes: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        Self {
            place: (metadata.dev(), metadata.ino()),
            bytes: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }
}

/// A file as it was read.
pub(super) struct Found {
    pub(super) wasm: Vec<u8>,
    pub(super) signature: Option<Vec<u8>>,
}

impl Found {
    /// Bytes that came without a signature.
    pub(super) fn unsigned(wasm: &[u8]) -> Self {
        Self { wasm: wasm.to_vec(), signature: None }
    }
}

/// Before the names of what is built in, which no file of a directory can have.
const BUILT_IN: &str = "built-in/";

/// Whether a name is that of something built in.
pub(super) fn is_built_in(name: &str) -> bool {
    name.starts_with(BUILT_IN)
}

/// A name for people.
pub(super) fn display_name(name: &str) -> &str {
    name.strip_prefix(BUILT_IN).unwrap_or(name)
}

/// The language that is built in under this name.
pub(super) fn built_in<'a>(name: &str, config: &'a Config) -> Option<&'a BuiltInLanguage> {
    let id = name.strip_prefix(BUILT_IN)?;
    config.built_in.iter().find(|built_in| built_in.names.id == id)
}

/// The directory, opened each time, since it may have been replaced.
pub(super) fn open(config: &Config) -> io::Result<Dir> {
    Dir::open_ambient_dir(&config.dir, ambient_authority())
}

/// The directory at one moment, and what in it is to be a plugin.
pub(super) fn list(config: &Config) -> io::Result<(Option<Dir>, BTreeMap<String, Fingerprint>)> {
    let mut found = BTreeMap::new();
    for built_in in &config.built_in {
        found.insert(format!("{BUILT_IN}{}", built_in.names.id), Fingerprint::default());
    }
    let dir = match open(config) {
        Err(error) if error.kind() == io::ErrorKind::NotFound && config.dir_may_be_missing => {
            return Ok((None, found));
        }
        dir => dir?,
    };
    for entry in dir.entries()? {
        let Ok(name) = entry?.file_name().into_string() else { continue };
        if gate::is_candidate(&name)
            && let Some(fingerprint) = fingerprint(Some(&dir), &name, config)
        {
            found.insert(name, fingerprint);
        }
    }
    Ok((Some(dir), found))
}

/// As a file is now; nothing when it is gone.
pub(super) fn fingerprint(dir: Option<&Dir>, name: &str, config: &Config) -> Option<Fingerprint> {
    if is_built_in(name) {
        return built_in(name, config).map(|_| Fingerprint::default());
    }
    let dir = dir?;
    // Gone since, or a link to nowhere: a look at it will say which.
    let metadata = dir.metadata(name).or_else(|_| dir.symlink_metadata(name)).ok()?;
    let is_read = config.trust.signatures != Signatures::Off;
    let signature = is_read.then(|| dir.metadata(signature_file(name)).ok()).flatten();
    Some(Fingerprint { file: Stamp::of(&metadata), signature: signature.as_ref().map(Stamp::of) })
}

/// What there is under a name, built in or in the directory.
pub(super) fn read_any(dir: Option<&Dir>, name: &str, config: &Config) -> Result<Found, LoadError> {
    if let Some(built_in) = built_in(name, config) {
        let wasm = (built_in.wasm)().map_err(LoadError::Malformed)?;
        return Ok(Found { wasm, signature: None });
    }
    let gone = || LoadError::Read(io::ErrorKind::NotFound.into());
    dir.ok_or_else(gone).and_then(|dir| read(dir, name, config))
}

/// The bytes of a file, and of its signature where those count.
pub(super) fn read(dir: &Dir, name: &str, config: &Config) -> Result<Found, LoadError> {
    let open = |name: &str| -> io::Result<File> {
        let file = dir.open(name)?.into_std();
        match file.metadata()?.is_file() {
            true => Ok(file),
            false => Err(io::Error::other("it is not a regular file")),
        }
    };
    of_files(open(name), || open(&signature_file(name)), config)
}

/// The same for one file by its path, as `check` and `inspect` are given it: whoever names a file may name a link that
/// leads anywhere.
pub(super) fn read_path(path: &Path, config: &Config) -> Result<Found, LoadError> {
    let name = path.file_name().ok_or_else(|| LoadError::Read(io::Error::other("it is not a file's name")))?;
    let beside = path.with_file_name(signature_file(&name.to_string_lossy()));
    of_files(File::open(path), || File::open(beside), config)
}

fn of_files(
    wasm: io::Result<File>,
    signature: impl FnOnce() -> io::Result<File>,
    config: &Config,
) -> Result<Found, LoadError> {
    let max = config.max_wasm_bytes;
    let wasm = wasm.and_then(|file| bytes(file, max)).map_err(LoadError::Read)?;
    let wasm = wasm.map_err(|bytes| LoadError::TooBig { bytes, max })?;
    let signature = match config.trust.signatures {
        Signatures::Off => None,
        // One that cannot be read is as good as none; one that is too long makes no sense.
        Signatures::Warn | Signatures::Require => {
            signature().and_then(|file| bytes(file, SIGNATURE_BYTES)).ok().map(Result::unwrap_or_default)
        }
    };
    Ok(Found { wasm, signature })
}

/// The signature beside a file, whether or not it counts.
pub(super) fn signature(dir: &Dir, name: &str) -> Option<Vec<u8>> {
    let file = dir.open(signature_file(name)).ok()?.into_std();
    bytes(file, SIGNATURE_BYTES).ok()?.ok()
}

/// The directory, made where it may be missing.
pub(super) fn create(config: &Config) -> io::Result<()> {
    if !config.built_in.is_empty() {
        Dir::create_ambient_dir_all(&config.dir, ambient_authority())?;
    }
    Ok(())
}

/// Puts a plugin there, with the signature that is its own. Bytes that are there already keep the signature that they have.
pub(super) fn write(config: &Config, name: &str, found: &Found) -> io::Result<()> {
    let dir = open(config)?;
    match &found.signature {
        // First: what comes is signed when it is there.
        Some(signature) => put(&dir, &signature_file(name), signature)?,
        None if dir.read(name).is_ok_and(|there| there == found.wasm) => return Ok(()),
        None => {}
    }
    put(&dir, name, &found.wasm)?;
    match found.signature {
        Some(_) => Ok(()),
        // A signature of other bytes says nothing of these.
        None => remove(&dir, &signature_file(name)),
    }
}

/// Puts a file there: whole, or not at all. A plugin is no secret: workers and copies of the directory that belong to
/// another user read it, whatever the umask of the process that received it.
pub(super) fn put(dir: &Dir, name: &str, bytes: &[u8]) -> io::Result<()> {
    let part = format!(".{name}.{}.part", process_name());
    let mut file = dir.create(&part)?;
    file.write_all(bytes)?;
    file.set_permissions(Permissions::from_mode(0o644))?;
    file.sync_all()?;
    dir.rename(&part, dir, name)
}

/// Removes a file, if it is there.
pub(super) fn remove(dir: &Dir, name: &str) -> io::Result<()> {
    match dir.remove_file(name) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

/// The bytes, or how many they would be where they are too many.
fn bytes(file: File, max: u64) -> io::Result<Result<Vec<u8>, u64>> {
    let size = file.metadata()?.len();
    if size > max {
        return Ok(Err(size));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or_default());
    file.take(max + 1).read_to_end(&mut bytes)?;
    Ok(Ok(bytes))
}
