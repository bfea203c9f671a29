//! Builds what travels inside the binary: the agent, and plugins.
//!
//! In: a checkout. Out: programs for other targets, built by a cargo within a cargo. Build scripts embed them, and
//! `cargo xtask reproducible` compares them: the same sources give the same bytes, wherever they lie. The digest of the
//! agent is part of the names of prepared images, and those of plugins are what operators pin.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Plugins are built for this.
pub const WASM: &str = "wasm32-unknown-unknown";

/// Why nothing was built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// What is needed to build for a target is not here.
    #[error("the target {0} is not installed, which plugins are made for\n\nhint: `cargo xtask setup` installs it")]
    NoTarget(&'static str),
    /// Cargo cannot be started.
    #[error("cannot start cargo: {0}")]
    Start(#[from] std::io::Error),
    /// The compiler has said why.
    #[error("{what} does not build for {target}")]
    Failed {
        /// What.
        what: &'static str,
        /// For which target.
        target: String,
    },
}

/// The target directory for what a build script builds: one for all profiles and features of the outer build.
pub fn beside(out_dir: &Path, what: &str) -> PathBuf {
    // target/debug/build/PACKAGE-HASH/out
    out_dir.ancestors().nth(4).unwrap_or(out_dir).join("prebuilt").join(what)
}

/// The agent of a checkout, as a static program for this architecture (`x86_64`); below `target_dir`.
///
/// # Errors
/// It does not build.
pub fn agent(root: &Path, target_dir: &Path, arch: &str) -> Result<PathBuf, BuildError> {
    let musl = format!("{arch}-unknown-linux-musl");
    let target = if is_installed(&musl) { musl } else { format!("{arch}-unknown-linux-gnu") };
    let mut build = cargo(root, &["-Ctarget-feature=+crt-static", "-Crelocation-model=static"]);
    build.args(["build", "--quiet", "--profile", "agent", "-p", "optimus-agent", "--bin", "optimus-agent"]);
    finish(build.args(["--target", &target]), target_dir, "the agent (host/agent)", &target)?;
    Ok(target_dir.join(target).join("agent").join("optimus-agent"))
}

/// Packages of a checkout as core modules of WebAssembly; the folder below `target_dir` that they are in.
///
/// # Errors
/// They do not build, or the target is missing.
pub fn plugins(root: &Path, target_dir: &Path, packages: &[String]) -> Result<PathBuf, BuildError> {
    if !is_installed(WASM) {
        return Err(BuildError::NoTarget(WASM));
    }
    let mut build = cargo(root, &[]);
    build.args(["build", "--quiet", "--lib", "--profile", "plugin", "--target", WASM]);
    build.args(packages.iter().flat_map(|package| ["-p", package])).env("CARGO_PROFILE_PLUGIN_OPT_LEVEL", "z");
    finish(&mut build, target_dir, "a plugin", WASM)?;
    Ok(target_dir.join(WASM).join("plugin"))
}

/// A cargo with a target directory of its own, since the outer one holds the lock of its own.
fn finish(build: &mut Command, target_dir: &Path, what: &'static str, target: &str) -> Result<(), BuildError> {
    let status = build.env("CARGO_TARGET_DIR", target_dir).status()?;
    if status.success() { Ok(()) } else { Err(BuildError::Failed { what, target: target.to_owned() }) }
}

/// What an outer cargo says to its compilers and build scripts is not meant for this one's; and no path of this machine
/// gets into what it builds.
fn cargo(root: &Path, flags: &[&str]) -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    for (name, _) in env::vars_os().filter(|(name, _)| is_the_outer_ones(name)) {
        cargo.env_remove(name);
    }
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cargo"))).unwrap_or_default();
    let remap = |from: &Path, to: &str| format!("--remap-path-prefix={}={to}", from.display());
    let mut flags: Vec<String> = flags.iter().map(|&flag| flag.to_owned()).collect();
    flags.extend([remap(root, "optimus"), remap(&home, "cargo")]);
    cargo.current_dir(root).env("CARGO_ENCODED_RUSTFLAGS", flags.join("\x1f")).env("CARGO_INCREMENTAL", "0");
    cargo
}

fn is_the_outer_ones(name: &OsStr) -> bool {
    const NAMES: [&str; 5] =
        ["RUSTFLAGS", "RUSTC_WRAPPER", "RUSTC_WORKSPACE_WRAPPER", "CARGO_BUILD_TARGET", "CLIPPY_ARGS"];
    const PREFIXES: [&str; 4] = ["CARGO_FEATURE_", "CARGO_CFG_", "CARGO_PKG_", "CARGO_MANIFEST_"];
    name.to_str().is_some_and(|name| NAMES.contains(&name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix)))
}

fn is_installed(target: &str) -> bool {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).args(["--print", "target-libdir", "--target", target]).output();
    output.is_ok_and(|output| {
        let libdir = String::from_utf8_lossy(&output.stdout);
        fs::read_dir(libdir.trim()).is_ok_and(|mut files| files.next().is_some())
    })
}
