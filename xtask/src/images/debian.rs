//! The image that all others stand on: `debian:trixie-slim`, from the registry, or where none can be reached, made here.

use std::process::{Command, Stdio};

use anyhow::{Context as _, ensure};

use super::docker::docker;
use crate::setup::is_root;
use crate::shell::{has, root, say};

/// Its name.
pub(crate) const NAME: &str = "debian:trixie-slim";

/// Sees to it that the daemon has it.
///
/// # Errors
/// No registry, and no way to make it here.
pub(crate) fn ensure_there() -> anyhow::Result<()> {
    if inspect()? {
        return Ok(());
    }
    say(&format!("pulling {NAME}"));
    let pulled = docker().args(["pull", "--quiet", NAME]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    if pulled.context("cannot start `docker`; on Debian: apt-get install docker.io")?.success() {
        return Ok(());
    }
    say(&format!("no registry gives {NAME}: making it with debootstrap"));
    ensure!(has("debootstrap"), "`debootstrap` is not installed; on Debian: apt-get install debootstrap");
    ensure!(is_root(), "debootstrap needs root");
    let work = root().join("target/images");
    let script = include_str!("base.sh");
    // In a separate mount namespace, so that its mounts are gone when it ends, however it ends.
    let own_mounts = Command::new("unshare").args(["--mount", "true"]).output().is_ok_and(|it| it.status.success());
    let mut make = if own_mounts { Command::new("unshare") } else { Command::new("env") };
    make.args(own_mounts.then_some("--mount")).args(["sh", "-c", script, "make-base"]).arg(work.join("base"));
    ensure!(
        make.stdout(Stdio::null()).status().context("cannot start `sh`")?.success(),
        "debootstrap did not end well"
    );
    Ok(())
}

fn inspect() -> anyhow::Result<bool> {
    let inspected = docker().args(["image", "inspect", NAME]).output();
    Ok(inspected.context("cannot start `docker`; on Debian: apt-get install docker.io")?.status.success())
}
