//! A command that runs beside what we do meanwhile. Its output is shown in one piece, when it is waited for.

use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, ensure};

use crate::parts;
use crate::shell::{say, show};

/// A command that has been started. Wait for it also where something else has failed: what it has started ends with it.
pub(crate) struct Beside {
    shown: String,
    child: Child,
    /// A file, not a pipe: nobody reads while it writes.
    output: tempfile::NamedTempFile,
}

impl Beside {
    pub(crate) fn start(command: &mut Command) -> anyhow::Result<Self> {
        let shown = show(command);
        let output = tempfile::NamedTempFile::new()?;
        // One opening of it, so that both streams write at one position.
        let written = output.reopen()?;
        command.stdin(Stdio::null()).stdout(written.try_clone()?).stderr(written);
        let child = command.spawn().with_context(|| format!("cannot start `{shown}`"))?;
        Ok(Self { shown, child, output })
    }

    /// Waits until it ends, shows what it wrote, and fails if it did.
    pub(crate) fn finish(mut self) -> anyhow::Result<()> {
        let status = self.child.wait().with_context(|| format!("cannot wait for `{}`", self.shown))?;
        let written = std::fs::read(self.output.path())?;
        for line in String::from_utf8_lossy(&written).lines() {
            parts::note(line);
            say(line);
        }
        ensure!(status.success(), "`{}` ended with {status}", self.shown);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_that_fails_is_named() {
        let finish = |script| Beside::start(Command::new("sh").args(["-c", script])).unwrap().finish();
        assert!(finish("echo one; echo two >&2").is_ok());
        let error = finish("exit 3").unwrap_err().to_string();
        assert!(error.contains("sh -c exit 3") && error.contains("exit status: 3"), "{error}");
    }
}
