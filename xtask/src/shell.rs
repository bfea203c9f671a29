//! Runs other programs, shows what is run, and fails with their name.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};

/// The root of the checkout.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_owned).unwrap_or_default()
}

/// The cargo that runs us.
pub(crate) fn cargo(root: &Path) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root);
    // `cargo run` tells us about ourselves; a build script that watches these would run, and rebuild, for nothing.
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| OURS.iter().any(|prefix| name.starts_with(prefix))) {
            command.env_remove(name);
        }
    }
    command
}

const OURS: [&str; 3] = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_"];

/// Runs it with its output shown.
pub(crate) fn run(command: &mut Command) -> anyhow::Result<()> {
    let shown = show(command);
    say(&format!("$ {shown}"));
    let status = command.status().with_context(|| format!("cannot start `{shown}`"))?;
    if !status.success() {
        bail!("`{shown}` ended with {status}");
    }
    Ok(())
}

/// Builds a program of the workspace as `cargo test --workspace` does. On its own it has fewer features, and most of its
/// dependencies would be built a second time.
pub(crate) fn build_program(root: &Path, program: &str) -> anyhow::Result<()> {
    run(cargo(root).args(["build", "--workspace", "--bin", program]))
}

/// Runs it and returns what it prints.
pub(crate) fn read(command: &mut Command) -> anyhow::Result<String> {
    let shown = show(command);
    let output = command.output().with_context(|| format!("cannot start `{shown}`"))?;
    if !output.status.success() {
        // Many a tool tells what failed in the table that it prints.
        let told = [output.stdout, output.stderr].concat();
        bail!("`{shown}` ended with {}: {}", output.status, String::from_utf8_lossy(&told).trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Returns true if `program` is in PATH.
pub(crate) fn has(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|dir| dir.join(program).is_file())
}

/// Returns true if a skip is a failure.
pub(crate) fn is_strict() -> bool {
    std::env::var_os("OPTIMUS_TEST_STRICT").is_some_and(|value| value == "1")
}

/// A line for the person who runs us.
#[expect(clippy::print_stdout, reason = "an xtask talks to the person who runs it")]
pub(crate) fn say(line: &str) {
    println!("{line}");
}

/// A command as one would type it.
pub(crate) fn show(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or_default().to_string_lossy().into_owned();
    command.get_args().fold(program, |line, arg| line + " " + &arg.to_string_lossy())
}
