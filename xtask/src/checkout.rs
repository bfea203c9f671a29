//! The sources in a place of their own.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;

use crate::shell::read;

/// Copies the sources as they are now. What is there already and has not changed keeps its time, and cargo does not build
/// it again.
pub(crate) fn copy(root: &Path, to: &Path) -> anyhow::Result<()> {
    for path in sources(root)? {
        let copied = || {
            let (content, to) = (std::fs::read(root.join(&path))?, to.join(&path));
            if std::fs::read(&to).is_ok_and(|there| there == content) {
                return Ok(());
            }
            std::fs::create_dir_all(to.parent().unwrap_or(&to))?;
            std::fs::write(&to, content)
        };
        copied().with_context(|| format!("cannot copy `{}`", path.display()))?;
    }
    Ok(())
}

/// The files that git knows; where it knows nothing of this place, all but what is built.
fn sources(root: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let listed = read(Command::new("git").current_dir(root).args(["ls-files", "-z"]));
    if let Ok(listed) = listed {
        let there = |path: &PathBuf| root.join(path).is_file();
        return Ok(listed.split_terminator('\0').map(PathBuf::from).filter(there).collect());
    }
    let (mut found, mut waiting) = (Vec::new(), vec![PathBuf::new()]);
    while let Some(dir) = waiting.pop() {
        let entries = std::fs::read_dir(root.join(&dir)).with_context(|| format!("cannot read `{}`", dir.display()))?;
        for entry in entries {
            let entry = entry?;
            let (path, kind) = (dir.join(entry.file_name()), entry.file_type()?);
            if kind.is_file() {
                found.push(path);
            } else if kind.is_dir() && entry.file_name() != "target" && entry.file_name() != ".git" {
                waiting.push(path);
            }
        }
    }
    Ok(found)
}
