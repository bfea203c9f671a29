//! A Docker daemon for the tests: the one that runs, or one of our own for as long as they take.

use std::fs::File;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context as _;

use crate::setup::is_root;
use crate::shell::{has, read, root, say};

/// A daemon of ours; it ends when this is dropped.
pub(crate) struct Daemon {
    child: Child,
}

/// Time that a daemon may take to answer, and to end.
const PATIENCE: Duration = Duration::from_secs(90);

/// Starts one where none answers. `None` where there is one already, or none can be had: the tests say so.
pub(crate) fn ensure() -> anyhow::Result<Option<Daemon>> {
    // The package may just have started its own.
    if answers() || (has("systemctl") && answers_within(Duration::from_secs(5), || true)) {
        return Ok(None);
    }
    if !has("dockerd") || !is_root() {
        say("no Docker daemon answers, and none can be started: the tests that need one are skipped");
        return Ok(None);
    }
    // Where the firewall is not ours to change, boxes need no network, and builds can use the host's.
    for firewall in [&[][..], &["--iptables=false", "--ip6tables=false"], &["--iptables=false", "--bridge=none"]] {
        let mut daemon = start(firewall)?;
        if answers_within(PATIENCE, || matches!(daemon.child.try_wait(), Ok(None))) {
            return Ok(Some(daemon));
        }
        drop(daemon);
    }
    say(&format!("a Docker daemon was started, and does not answer: see {}", log().display()));
    Ok(None)
}

fn log() -> std::path::PathBuf {
    root().join("target/dockerd.log")
}

fn start(options: &[&str]) -> anyhow::Result<Daemon> {
    let path = log();
    let file = File::create(&path).with_context(|| format!("`{}`", path.display()))?;
    say(&format!("$ dockerd {} &", options.join(" ")));
    let mut command = Command::new("dockerd");
    command.args(options).stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file);
    Ok(Daemon { child: command.spawn().context("cannot start `dockerd`")? })
}

/// Returns true if a daemon answers; false also when `docker` is not installed.
pub(crate) fn answers() -> bool {
    has("docker") && read(Command::new("docker").args(["version", "--format", "{{.Server.Version}}"])).is_ok()
}

fn answers_within(patience: Duration, mut lives: impl FnMut() -> bool) -> bool {
    let end = Instant::now() + patience;
    while Instant::now() < end && lives() {
        if answers() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(300));
    }
    false
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // SIGTERM, so that it ends what it started.
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end && matches!(self.child.try_wait(), Ok(None)) {
            std::thread::sleep(Duration::from_millis(100));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
