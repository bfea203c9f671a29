//! The tools that make components of other languages than Rust, in the versions that the guests were tried with.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, ensure};

use crate::shell::{cargo, has, run, show};

/// From npm, from PyPI, from crates.io.
const COMPONENTIZE_JS: &str = "@bytecodealliance/componentize-js@0.23.0";
const COMPONENTIZE_PY: &str = "componentize-py==0.25.1";
const WIT_BINDGEN: &str = "wit-bindgen-cli@0.61.1";
/// In the version that the system has. Linkers come with Rust.
const WASI_LIBC: &str = "apt-get download -qq wasi-libc && dpkg -x wasi-libc_*.deb .";

/// What has to be here already, and the Debian packages that hold it.
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
        once(&place("npm"), npm.arg(COMPONENTIZE_JS))?;
        let mut pip = Command::new("python3");
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--root-user-action=ignore"]);
        once(&place("python"), pip.args(["--upgrade", "--target", ".", COMPONENTIZE_PY]))?;
        let mut install = cargo(root);
        // It runs once a build, for a moment: optimising it would take longer than it ever saves.
        install.args(["install", "--quiet", "--locked", "--debug", "--config", "profile.dev.debug=false"]);
        install.args(["--no-default-features", "--features", "c", "--root", ".", WIT_BINDGEN]);
        once(&place("cargo"), &mut install)?;
        let mut wasi = PathBuf::from("/usr");
        if !wasi.join("lib/wasm32-wasi/libc.a").is_file() {
            wasi = place("wasi").join("usr");
            let fetched = once(&place("wasi"), Command::new("sh").args(["-c", WASI_LIBC]));
            fetched.context("there is no libc for WebAssembly; apt-get install wasi-libc")?;
        }
        Ok(Self { dir, wasi })
    }

    /// What makes a guest's component.
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

/// Installs into an empty directory, unless the same command has done so already.
fn once(place: &Path, install: &mut Command) -> anyhow::Result<()> {
    let (stamp, wanted) = (place.join("stamp"), show(install));
    if std::fs::read_to_string(&stamp).is_ok_and(|there| there == wanted) {
        return Ok(());
    }
    if place.exists() {
        std::fs::remove_dir_all(place)?;
    }
    std::fs::create_dir_all(place)?;
    run(install.current_dir(place))?;
    Ok(std::fs::write(stamp, wanted)?)
}
