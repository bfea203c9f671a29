//! `cargo xtask reproducible`: what travels inside the binary, built here and from a copy elsewhere; the bytes must be
//! the same.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use sha2::{Digest as _, Sha256};

use crate::shell::say;
use crate::{checkout, setup};

/// The two artefacts, as messages name them.
const THINGS: [&str; 2] = ["agent", "declarative plugin"];

/// Builds twice and compares.
pub(crate) fn reproducible(root: &Path) -> anyhow::Result<()> {
    setup::targets()?;
    let copy = tempfile::Builder::new().prefix("optimus-in-quite-another-place-").tempdir()?;
    checkout::copy(root, copy.path())?;
    let (here, elsewhere) = (build(root)?, build(copy.path())?);
    let mut differ = Vec::new();
    for ((name, here), elsewhere) in THINGS.into_iter().zip(here).zip(elsewhere) {
        let (here, elsewhere) = (read_file(&here)?, read_file(&elsewhere)?);
        let same = here == elsewhere;
        say(&format!(
            "{name:<20} {:>7} bytes  sha256:{}  {}",
            here.len(),
            digest(&here),
            if same { "same" } else { "DIFFERS" }
        ));
        if !same {
            differ.push(name);
        }
    }
    ensure!(differ.is_empty(), "built elsewhere, these are not the same: {}", differ.join(", "));
    Ok(())
}

/// Builds where build scripts build, so that little is left to do.
fn build(root: &Path) -> anyhow::Result<[PathBuf; 2]> {
    say(&format!("building in {}", root.display()));
    let target = root.join("target/prebuilt");
    let agent = optimus_prebuilt::agent(root, &target.join("agent"), std::env::consts::ARCH)?;
    let plugins = optimus_prebuilt::plugins(root, &target.join("plugins"), &["optimus-declarative".to_owned()])?;
    Ok([agent, plugins.join("optimus_declarative.wasm")])
}

fn read_file(path: &Path) -> anyhow::Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("cannot read `{}`", path.display()))
}

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
