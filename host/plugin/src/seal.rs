//! Compiled code on disk, and how it is known to be ours.
//!
//! The engine keeps machine code under `code/` and would run whatever stands there. So each file gets a seal, its
//! SHA-256, when it is written; and before the engine may look, files whose seal is missing or broken are deleted, and
//! compiled again. The directory is ours alone (mode 0700): it is trusted like the binary, and a seal guards against
//! bad disks and cut writes, not against a user who may write here.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use cap_std::ambient_authority;
use cap_std::fs::{Dir, MetadataExt as _, Permissions, PermissionsExt as _};

use crate::error::PluginError;
use crate::hex;

const CODE: &str = "code";
const SEALS: &str = "seals";
/// Which machine code was made of which bytes.
const ADOPTED: &str = "adopted";

/// The directory of compiled code.
pub(crate) struct CodeCache {
    code_dir: PathBuf,
    root: Dir,
}

impl CodeCache {
    /// Makes the directory, if it is not there, and makes it ours.
    pub(crate) fn open(path: &Path) -> Result<Self, PluginError> {
        let failed = |error: io::Error| PluginError::Directory {
            what: "cache",
            path: path.to_owned(),
            message: error.to_string(),
        };
        let root = open_own(path).map_err(failed)?;
        for name in [CODE, SEALS, ADOPTED] {
            root.create_dir_all(name).map_err(failed)?;
        }
        let code_dir = path.canonicalize().map_err(failed)?.join(CODE);
        Ok(Self { code_dir, root })
    }

    /// Where the engine is to keep its code.
    pub(crate) fn dir(&self) -> &Path {
        &self.code_dir
    }

    /// The directory around it, for what else is ours.
    pub(crate) fn root(&self) -> &Dir {
        &self.root
    }

    /// Deletes files that changed since they were written. Call it before the engine loads anything.
    pub(crate) fn delete_damaged(&self) -> io::Result<()> {
        self.files()?.iter().try_for_each(|file| self.verify(file).map(drop))
    }

    /// Seals what the engine wrote since [`Self::delete_damaged`].
    pub(crate) fn seal(&self) -> io::Result<()> {
        for file in self.files()? {
            if !self.root.exists(&file.seal) {
                write(&self.root, &file.seal, hex::sha256(&self.root.read(&file.path)?).as_bytes())?;
            }
        }
        Ok(())
    }

    /// Whether there is machine code under this key, as it was adopted; what is not as it was written is deleted.
    pub(crate) fn has(&self, key: &str) -> bool {
        let Ok(path) = self.root.read_to_string(Path::new(ADOPTED).join(key)) else { return false };
        let path = PathBuf::from(path);
        let Some(name) = path.file_name() else { return false };
        let file = CodeFile { seal: Path::new(SEALS).join(name), path };
        match self.root.exists(&file.path) {
            true => self.verify(&file).is_ok_and(|whole| whole),
            false => false,
        }
    }

    /// Whether a file is as it was written. If it is not, it is gone afterwards.
    fn verify(&self, file: &CodeFile) -> io::Result<bool> {
        let sealed = self.root.read_to_string(&file.seal).unwrap_or_default();
        if sealed == hex::sha256(&self.root.read(&file.path)?) {
            return Ok(true);
        }
        tracing::warn!("compiled code `{}` is not as it was written and is compiled again", file.path.display());
        self.root.remove_file(&file.path)?;
        Ok(false)
    }

    /// An empty directory for a compiler, outside of what is run from.
    pub(crate) fn scratch_dir(&self) -> io::Result<PathBuf> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let name = format!("scratch/{}-{}", process_name(), NEXT.fetch_add(1, Ordering::Relaxed));
        drop(self.root.remove_dir_all(&name));
        self.root.create_dir_all(&name)?;
        Ok(self.code_dir.with_file_name("").join(name))
    }

    /// Moves what a compiler wrote to its scratch directory into the cache, with a seal, under a key.
    pub(crate) fn adopt(&self, made: &Path, key: &str) -> io::Result<()> {
        let made = made.strip_prefix(self.code_dir.with_file_name("")).map_err(io::Error::other)?;
        let modules = made.join("modules");
        for engine in names(&self.root, &modules)? {
            let (from, to) = (modules.join(&engine), Path::new(CODE).join("modules").join(&engine));
            self.root.create_dir_all(&to)?;
            for name in names(&self.root, &from)?.into_iter().filter(|name| !name.contains('.')) {
                let (from, to) = (from.join(&name), to.join(&name));
                let seal = hex::sha256(&self.root.read(&from)?);
                // First: another process that starts now deletes code that has no seal.
                write(&self.root, &Path::new(SEALS).join(&name), seal.as_bytes())?;
                self.root.rename(&from, &self.root, &to)?;
                write(&self.root, &Path::new(ADOPTED).join(key), to.as_os_str().as_encoded_bytes())?;
            }
        }
        Ok(())
    }

    /// What the engine wrote: `code/modules/<engine>/<name>`, where a dot in the name marks its book-keeping.
    fn files(&self) -> io::Result<Vec<CodeFile>> {
        let modules = Path::new(CODE).join("modules");
        let mut files = Vec::new();
        for engine in names(&self.root, &modules)? {
            let dir = modules.join(engine);
            for name in names(&self.root, &dir)?.into_iter().filter(|name| !name.contains('.')) {
                files.push(CodeFile { seal: Path::new(SEALS).join(&name), path: dir.join(name) });
            }
        }
        Ok(files)
    }
}

struct CodeFile {
    path: PathBuf,
    seal: PathBuf,
}

fn names(root: &Dir, path: &Path) -> io::Result<Vec<String>> {
    let entries = match root.read_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    entries.filter_map(|entry| entry.map(|entry| entry.file_name().into_string().ok()).transpose()).collect()
}

/// Whole or not at all, also when several processes write the same file.
pub(crate) fn write(dir: &Dir, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}.tmp", process_name()));
    dir.write(&name, bytes)?;
    dir.rename(&name, dir, path)
}

/// A name that no other process has, also not in another container over the same volume.
pub(crate) fn process_name() -> &'static str {
    static NAME: OnceLock<String> = OnceLock::new();
    NAME.get_or_init(|| {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        format!("{}-{:x}", std::process::id(), since.as_nanos())
    })
}

fn open_own(path: &Path) -> io::Result<Dir> {
    Dir::create_ambient_dir_all(path, ambient_authority())?;
    let dir = Dir::open_ambient_dir(path, ambient_authority())?;
    let metadata = dir.dir_metadata()?;
    if metadata.uid() != rustix::process::geteuid().as_raw() {
        return Err(io::Error::other("belongs to another user"));
    }
    if metadata.mode() & 0o077 != 0 {
        dir.set_permissions(".", Permissions::from_mode(0o700))?;
    }
    Ok(dir)
}
