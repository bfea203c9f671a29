//! A PostgreSQL server for a demonstration: with files of its own, as another user where we are root, since it refuses to
//! run as root.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use optimus_testing::postgres::{self, USER, is_root};

use crate::process::{Process, port, until};
use crate::shell::run;

pub(crate) struct Postgres {
    programs: PathBuf,
    dir: PathBuf,
    port: u16,
}

impl Postgres {
    /// Makes the files of a server in `dir`.
    pub(crate) fn init(dir: &Path) -> anyhow::Result<Self> {
        let server = Self { programs: programs()?, dir: dir.join("postgres"), port: port()? };
        std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o755))?;
        std::fs::create_dir(&server.dir)?;
        if is_root() {
            run(Command::new("chown").arg(format!("{USER}:")).arg(&server.dir))?;
        }
        let mut init = server.command("initdb");
        init.args(["--auth=trust", "--username=optimus", "--encoding=UTF8", "--locale=C", "-D"]).arg(server.data());
        run(init.stdout(Stdio::null()))?;
        Ok(server)
    }

    /// Starts it, also after a `kill -9`; returns once it answers.
    pub(crate) fn start(&self) -> anyhow::Result<Process> {
        loop {
            let mut command = self.command("postgres");
            command.arg("-D").arg(self.data()).arg("-k").arg(&self.dir).args(["-p", &self.port.to_string()]);
            let mut process = Process::spawn(command.stdout(Stdio::null()).stderr(Stdio::null()))?;
            let mut is_over = false;
            until("postgres answers", || {
                is_over = process.0.try_wait().ok().flatten().is_some();
                (is_over || self.ask("SELECT 1").is_some()).then_some(())
            })?;
            if !is_over {
                return Ok(process);
            }
            // While a backend of the one that was killed lives, a new server refuses to start.
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("postgres://optimus@127.0.0.1:{}/postgres", self.port)
    }

    /// Runs psql, and returns its answer.
    pub(crate) fn ask(&self, sql: &str) -> Option<String> {
        let mut command = Command::new(self.programs.join("psql"));
        command.args(["--no-psqlrc", "--tuples-only", "--no-align", "--field-separator= ", "--dbname", &self.url()]);
        let output = command.args(["--command", sql]).stderr(Stdio::null()).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    fn data(&self) -> PathBuf {
        self.dir.join("data")
    }

    fn command(&self, program: &str) -> Command {
        let mut command = postgres::command(self.programs.join(program));
        command.current_dir("/");
        command
    }
}

fn programs() -> anyhow::Result<PathBuf> {
    let found = postgres::programs().context("there is no PostgreSQL: `apt install postgresql`")?;
    ensure!(found.join("psql").is_file(), "there is no `psql` in `{}`", found.display());
    Ok(found)
}
