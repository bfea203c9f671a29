//! Small files of the state directory, for their owner alone, whatever the umask. Disks may be slow: nothing here waits for
//! one on a thread that serves others.

use std::fs;
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

/// The bytes of a file; `None`, if there is none.
pub(crate) async fn read(path: PathBuf) -> anyhow::Result<Option<Vec<u8>>> {
    blocking(move || match fs::read(&path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read `{}`", path.display())),
    })
    .await
}

/// Writes a file in one step: a reader sees the old one or the new one. Its directory is made where it is missing.
pub(crate) async fn write(path: PathBuf, bytes: Vec<u8>) -> anyhow::Result<()> {
    blocking(move || {
        let file = prepare(&path, &bytes).with_context(|| format!("cannot write `{}`", path.display()))?;
        file.persist(&path).map(drop).with_context(|| format!("cannot write `{}`", path.display()))
    })
    .await
}

/// The same, unless there is one already; what the file holds then.
pub(crate) async fn write_first(path: PathBuf, bytes: Vec<u8>) -> anyhow::Result<Vec<u8>> {
    blocking(move || {
        let file = prepare(&path, &bytes).with_context(|| format!("cannot write `{}`", path.display()))?;
        match file.persist_noclobber(&path) {
            Ok(_) => Ok(bytes),
            Err(_) => fs::read(&path).with_context(|| format!("cannot read `{}`", path.display())),
        }
    })
    .await
}

/// Removes a file, if there is one.
pub(crate) async fn remove(path: PathBuf) -> anyhow::Result<()> {
    blocking(move || match fs::remove_file(&path) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove `{}`", path.display()))
        }
        _ => Ok(()),
    })
    .await
}

/// The names of a directory's files; none, if there is no directory.
pub(crate) async fn names(dir: PathBuf) -> anyhow::Result<Vec<String>> {
    blocking(move || match fs::read_dir(&dir) {
        Ok(entries) => Ok(entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error).with_context(|| format!("cannot list `{}`", dir.display())),
    })
    .await
}

/// tempfile creates with mode 0600.
fn prepare(path: &Path, bytes: &[u8]) -> anyhow::Result<tempfile::NamedTempFile> {
    let dir = path.parent().context("it is in no directory")?;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    let mut file = tempfile::NamedTempFile::new_in(dir)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    Ok(file)
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> anyhow::Result<T> + Send + 'static) -> anyhow::Result<T> {
    tokio::task::spawn_blocking(work).await.context("the disk's thread did not answer")?
}
