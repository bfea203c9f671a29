//! The sources in a place of their own.

use std::path::Path;
use std::process::Command;

use anyhow::Context as _;

use crate::shell::read;

/// Copies the files that git knows, as they are now. What is there already and has not changed keeps its time, and cargo
/// does not build it again.
pub(crate) fn copy(root: &Path, to: &Path) -> anyhow::Result<()> {
    let tracked = read(Command::new("git").current_dir(root).args(["ls-files", "-z"]))?;
    for path in tracked.split_terminator('\0').filter(|path| root.join(path).is_file()) {
        let copied = || {
            let (content, to) = (std::fs::read(root.join(path))?, to.join(path));
            if std::fs::read(&to).is_ok_and(|there| there == content) {
                return Ok(());
            }
            std::fs::create_dir_all(to.parent().unwrap_or(&to))?;
            std::fs::write(&to, content)
        };
        copied().with_context(|| format!("cannot copy `{path}`"))?;
    }
    Ok(())
}
