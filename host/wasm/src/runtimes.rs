//! Runtimes: modules that programs are started with, such as an interpreter. Each has a name, and its bytes' digest: a
//! plan names both, and gets exactly that one.

mod error;

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use optimus_core::Digest;
use sha2::{Digest as _, Sha256};

pub use error::RuntimeError;

/// How an image's name begins that is a runtime: `wasm:NAME@sha256:DIGEST`.
pub const IMAGE_PREFIX: &str = "wasm:";
const LARGEST: u64 = 256 << 20;
const NAME_BYTES: usize = 64;
const MAGIC: &[u8] = b"\0asm\x01\0\0\0";

/// A runtime that is installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Runtime {
    /// Its name: `quickjs`.
    pub name: String,
    /// SHA-256 of its bytes.
    pub digest: Digest,
    /// Its size.
    pub bytes: u64,
}

impl Runtime {
    /// What plans call it.
    pub fn image(&self) -> String {
        format!("{IMAGE_PREFIX}{}@{}", self.name, self.digest)
    }
}

/// The directory of installed runtimes.
#[derive(Debug, Clone)]
pub struct Runtimes {
    dir: PathBuf,
}

impl Runtimes {
    /// Those in `dir`, which need not exist yet.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into() }
    }

    /// Where their compiled code is kept.
    pub(crate) fn code(&self) -> PathBuf {
        self.dir.join("code")
    }

    /// Installs a module under `name`, once `check` has compiled it (the path of the module, the directory of compiled
    /// code). Installing the same twice changes nothing.
    ///
    /// # Errors
    /// It is no module, `check` refuses it, or it cannot be stored.
    pub fn install(
        &self,
        name: &str,
        module: &[u8],
        check: impl FnOnce(&Path, &Path) -> Result<(), String>,
    ) -> Result<Runtime, RuntimeError> {
        let unusable = |why: String| RuntimeError::Unusable { name: name.to_owned(), why };
        is_name(name).map_err(unusable)?;
        if !module.starts_with(MAGIC) {
            return Err(unusable("it does not begin as a WebAssembly module does".to_owned()));
        }
        let runtime = Runtime { name: name.to_owned(), digest: digest(module), bytes: module.len() as u64 };
        let path = self.path(&runtime);
        private_directory(&self.dir)?;
        private_directory(&self.code())?;
        // Under its own name only when it is whole and has passed.
        let draft = self.dir.join(format!(".{}.{}", runtime.digest.hex(), std::process::id()));
        let stored = write(&draft, module).and_then(|()| check(&draft, &self.code()).map_err(unusable));
        let moved =
            stored.and_then(|()| fs::rename(&draft, &path).map_err(|source| RuntimeError::File { path, source }));
        if moved.is_err() {
            // It may not be there.
            drop(fs::remove_file(&draft));
        }
        moved.map(|()| runtime)
    }

    /// All of them, by name.
    ///
    /// # Errors
    /// The directory cannot be read.
    pub fn list(&self) -> Result<Vec<Runtime>, RuntimeError> {
        let failed = |source| RuntimeError::File { path: self.dir.clone(), source };
        let entries = match fs::read_dir(&self.dir) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            other => other.map_err(failed)?,
        };
        let mut found = Vec::new();
        for entry in entries {
            let entry = entry.map_err(failed)?;
            let file = entry.file_name().to_string_lossy().into_owned();
            let Some((name, digest)) = file.strip_suffix(".wasm").and_then(|stem| stem.rsplit_once('-')) else {
                continue;
            };
            if let (Ok(()), Ok(digest)) = (is_name(name), format!("sha256:{digest}").parse()) {
                let bytes = entry.metadata().map_err(failed)?.len();
                found.push(Runtime { name: name.to_owned(), digest, bytes });
            }
        }
        found.sort_by(|one, other| (&one.name, &one.digest).cmp(&(&other.name, &other.digest)));
        Ok(found)
    }

    /// Removes a runtime, by its name (all versions of it) or its image; returns what is gone.
    ///
    /// # Errors
    /// There is none of this name, or it cannot be removed.
    pub fn remove(&self, name: &str) -> Result<Vec<Runtime>, RuntimeError> {
        let all = self.list()?;
        let gone: Vec<_> = all.into_iter().filter(|one| one.name == name || one.image() == name).collect();
        if gone.is_empty() {
            return Err(RuntimeError::Missing { name: name.to_owned() });
        }
        for runtime in &gone {
            let path = self.path(runtime);
            fs::remove_file(&path).map_err(|source| RuntimeError::File { path, source })?;
        }
        Ok(gone)
    }

    /// The module of an image. Its bytes are compared with the digest: a file that was changed is refused.
    ///
    /// # Errors
    /// The image names no runtime, or one that is not installed or not whole.
    pub(crate) fn find(&self, image: &str) -> Result<PathBuf, RuntimeError> {
        let missing = || RuntimeError::Missing { name: image.to_owned() };
        let Some(named) = image.strip_prefix(IMAGE_PREFIX) else {
            return Err(RuntimeError::OtherImage { image: image.to_owned() });
        };
        let (name, expected) = named.split_once('@').filter(|(name, _)| is_name(name).is_ok()).ok_or_else(missing)?;
        let expected = expected.parse().map_err(|_| missing())?;
        let runtime = Runtime { name: name.to_owned(), digest: expected, bytes: 0 };
        let path = self.path(&runtime);
        let module = match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(missing()),
            other => other.map_err(|source| RuntimeError::File { path: path.clone(), source })?,
        };
        if digest(&module) != runtime.digest {
            let why = "its bytes are not those that were installed; remove it and install it again".to_owned();
            return Err(RuntimeError::Unusable { name: path.display().to_string(), why });
        }
        Ok(path)
    }

    fn path(&self, runtime: &Runtime) -> PathBuf {
        self.dir.join(format!("{}-{}.wasm", runtime.name, runtime.digest.hex()))
    }
}

/// Compiles the runtime in a file, in a process that is there for this: what a compiler makes of a stranger's module stays
/// in it. Prints what is wrong to stderr.
#[expect(clippy::print_stderr, reason = "a process of its own, whose stderr another of us reads")]
pub fn compile_process(runtime: &Path, code: &Path) -> ExitCode {
    match fs::metadata(runtime) {
        Ok(about) if about.len() > LARGEST => {
            eprintln!("it is larger than {} MiB", LARGEST >> 20);
            return ExitCode::FAILURE;
        }
        _ => {}
    }
    match crate::engine::compile(runtime, code) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

fn private_directory(path: &Path) -> Result<(), RuntimeError> {
    use std::os::unix::fs::DirBuilderExt as _;
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|source| RuntimeError::File { path: path.to_owned(), source })
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), RuntimeError> {
    let written = fs::File::create(path).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    written.map_err(|source| RuntimeError::File { path: path.to_owned(), source })
}

fn is_name(name: &str) -> Result<(), String> {
    let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || ".-_".contains(c);
    match name.len() <= NAME_BYTES && name.starts_with(|c: char| c.is_ascii_lowercase()) && name.chars().all(good) {
        true => Ok(()),
        false => Err("a name is a lower-case letter, then letters, digits, `.`, `-` and `_`, at most 64".to_owned()),
    }
}

fn digest(module: &[u8]) -> Digest {
    Digest::Sha256(Sha256::digest(module).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn empty() -> Vec<u8> {
        MAGIC.to_vec()
    }

    #[test]
    fn a_runtime_is_installed_listed_found_and_removed() {
        let dir = tempfile::tempdir().unwrap();
        let runtimes = Runtimes::new(dir.path().join("runtimes"));
        assert_eq!(runtimes.list().unwrap(), []);
        let runtime = runtimes.install("quick-js", &empty(), |_, _| Ok(())).unwrap();
        assert_eq!(runtimes.list().unwrap(), std::slice::from_ref(&runtime));
        assert_eq!(fs::read(runtimes.find(&runtime.image()).unwrap()).unwrap(), empty());
        let other = runtime.image().replace("quick-js", "other");
        for image in ["wasm:", "wasm:quick-js", "wasm:../x@sha256:00", &other] {
            assert!(matches!(runtimes.find(image), Err(RuntimeError::Missing { .. })), "{image}");
        }
        assert!(matches!(runtimes.find("python:3"), Err(RuntimeError::OtherImage { .. })));
        assert_eq!(runtimes.remove("quick-js").unwrap(), [runtime]);
        assert!(matches!(runtimes.remove("quick-js"), Err(RuntimeError::Missing { .. })));
    }

    #[test]
    fn what_is_no_module_or_does_not_pass_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let runtimes = Runtimes::new(dir.path());
        let bad = [("Name", empty()), ("../up", empty()), ("text", b"#!/bin/sh".to_vec())];
        for (name, module) in bad {
            assert!(matches!(runtimes.install(name, &module, |_, _| Ok(())), Err(RuntimeError::Unusable { .. })));
        }
        let refused = runtimes.install("refused", &empty(), |_, _| Err("no".to_owned())).unwrap_err();
        assert_eq!(refused.to_string(), "`refused` is no runtime: no");
        assert_eq!(runtimes.list().unwrap(), []);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "only the directory of code is left");
    }

    #[test]
    fn a_changed_file_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let runtimes = Runtimes::new(dir.path());
        let runtime = runtimes.install("a", &empty(), |_, _| Ok(())).unwrap();
        fs::write(runtimes.path(&runtime), b"\0asm\x01\0\0\0changed").unwrap();
        assert!(matches!(runtimes.find(&runtime.image()), Err(RuntimeError::Unusable { .. })));
    }
}
