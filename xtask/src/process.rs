//! Programs that run beside a command of ours, and end with it.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};

use crate::shell::show;

/// Killed when dropped.
pub(crate) struct Process(pub(crate) Child);

impl Process {
    pub(crate) fn spawn(command: &mut Command) -> anyhow::Result<Self> {
        let child = command.spawn().with_context(|| format!("cannot start `{}`", show(command)))?;
        Ok(Self(child))
    }

    /// A server of ours, and where it listens.
    pub(crate) fn listening(command: &mut Command) -> anyhow::Result<(Self, String)> {
        let mut process = Self::spawn(command.stdout(Stdio::piped()))?;
        let mut line = String::new();
        BufReader::new(process.0.stdout.take().context("it has no stdout")?).read_line(&mut line)?;
        let base = line.trim().strip_prefix("listening on ");
        let base = base.with_context(|| format!("`{}` did not start", show(command)))?.to_owned();
        Ok((process, base))
    }

    /// A Redis with its data in `dir`; returns once it answers.
    pub(crate) fn redis(port: u16, dir: &Path) -> anyhow::Result<Self> {
        let mut command = Command::new("redis-server");
        command.args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", ""]);
        command.args(["--appendonly", "yes", "--appendfsync", "always", "--dir"]).arg(dir);
        let process = Self::spawn(command.stdout(Stdio::null()))?;
        // While it reads its file, it answers that it does.
        until("redis answers", || ask_redis(port, &["PING"]).filter(|answer| answer == "PONG"))?;
        Ok(process)
    }

    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }

    /// SIGTERM: it may put its things in order first.
    pub(crate) fn terminate(&self) -> anyhow::Result<()> {
        let status = Command::new("kill").arg(self.id().to_string()).status().context("cannot start kill")?;
        ensure!(status.success(), "cannot end process {}", self.id());
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Runs redis-cli, and returns its answer.
pub(crate) fn ask_redis(port: u16, words: &[&str]) -> Option<String> {
    let output = Command::new("redis-cli").args(["-p", &port.to_string()]).args(words).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// One that is free now.
pub(crate) fn port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// Looks until there is something to see.
pub(crate) fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> anyhow::Result<T> {
    let deadline = Instant::now() + Duration::from_secs(120);
    loop {
        if let Some(found) = look() {
            return Ok(found);
        }
        ensure!(Instant::now() < deadline, "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}
