//! The tools that make components of other languages than Rust, in the versions that the guests were tried with.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, ensure};

use crate::shell::has;
use crate::tools;

/// From npm, from PyPI, from crates.io.
const COMPONENTIZE_JS: &str = "componentize-qjs@0.4.5";
const COMPONENTIZE_PY: &str = "componentize-py==0.25.1";
const WIT_BINDGEN: &str = "wit-bindgen-cli@0.61.1";
/// In the version that the system has. Linkers come with Rust.
const WASI_LIBC: &str = "apt-get download -qq wasi-libc && dpkg -x wasi-libc_*.deb .";

/// Programs that the guests' builds need, and their Debian packages.
const NEEDED: [(&str, &str); 3] = [("npm", "npm"), ("pip3", "python3-pip"), ("clang", "clang")];

pub(super) struct Tools {
    dir: PathBuf,
    wasi: PathBuf,
}

impl Tools {
    /// Installs what is missing, into a directory of our own.
    pub(super) fn ready(root: &Path) -> anyhow::Result<Self> {
        for (program, package) in NEEDED {
            ensure!(has(program), "{program} is not here\n\nhint: apt-get install {package}");
        }
        let dir = root.join("target/guests");
        let place = |tool: &str| dir.join(tool);
        let mut npm = Command::new("npm");
        npm.args(["install", "--silent", "--no-audit", "--no-fund", "--prefix", "."]);
        tools::once(&place("npm"), npm.arg(COMPONENTIZE_JS))?;
        tools::from_pypi(&place("python"), &[COMPONENTIZE_PY])?;
        tools::from_crates(root, &place("cargo"), &["--no-default-features", "--features", "c", WIT_BINDGEN])?;
        let mut wasi = PathBuf::from("/usr");
        if !wasi.join("lib/wasm32-wasi/libc.a").is_file() {
            wasi = place("wasi").join("usr");
            let fetched = tools::once(&place("wasi"), Command::new("sh").args(["-c", WASI_LIBC]));
            fetched.context("there is no libc for WebAssembly; apt-get install wasi-libc")?;
        }
        Ok(Self { dir, wasi })
    }

    /// The command that builds a guest's component.
    pub(super) fn build(&self, folder: &Path) -> Command {
        let own = ["npm/node_modules/.bin", "python/bin", "cargo/bin"].map(|bin| self.dir.join(bin));
        let path = std::env::var_os("PATH").unwrap_or_default();
        let path = std::env::join_paths(own.into_iter().chain(std::env::split_paths(&path)));
        let mut build = Command::new("sh");
        build.arg(folder.join("build.sh")).env("PATH", path.unwrap_or_else(|_| OsString::new()));
        build.env("PYTHONPATH", self.dir.join("python")).env("WASI", &self.wasi);
        build
    }
}
