//! Writes the generated files of a plugin's folder.

use std::path::Path;

use anyhow::Context as _;
use optimus_declarative::author::Planted;

/// Writes each file below `folder`, with its directories.
pub(super) fn write(folder: &Path, files: &[Planted]) -> anyhow::Result<()> {
    for (path, text) in files {
        let path = folder.join(path);
        let written = || {
            std::fs::create_dir_all(path.parent().unwrap_or(folder))?;
            std::fs::write(&path, text)
        };
        written().with_context(|| format!("cannot write `{}`", path.display()))?;
    }
    Ok(())
}
