//! The programs of PostgreSQL, for servers that tests start.

use std::path::PathBuf;
use std::process::Command;

/// The user that Debian's package makes.
pub const USER: &str = "postgres";

/// The directory of `initdb` and `postgres`, of the newest version that is here: Debian keeps each in one of its own, and
/// out of the path.
pub fn programs() -> Option<PathBuf> {
    let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = debian.map(|version| version.path().join("bin")).collect();
    found.sort();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = found.into_iter().rev().chain(std::env::split_paths(&path).collect::<Vec<_>>());
    found.into_iter().find(|dir| dir.join("initdb").is_file() && dir.join("postgres").is_file())
}

/// A command of one of these programs. PostgreSQL refuses to run as root: [`USER`] runs it then.
pub fn command(program: PathBuf) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args([format!("--reuid={USER}"), format!("--regid={USER}"), "--clear-groups".to_owned()]).arg(program);
    command
}

/// Returns true if this process runs as root.
pub fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0)
}
