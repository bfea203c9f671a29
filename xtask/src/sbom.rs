//! `cargo xtask sbom`: what the binary is made of, in the words of CycloneDX.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, ensure};
use serde_json::Value;

use crate::shell::{read, run, say};
use crate::tools;

const TOOL: &str = "cargo-cyclonedx@0.5.9";
const NAME: &str = "optimus.cdx";

/// Writes `target/sbom/optimus.cdx.json`: every package that is linked into the binary, with version, licence and origin.
pub(crate) fn sbom(root: &Path) -> anyhow::Result<()> {
    let (tool, to) = (root.join("target/tools/cyclonedx"), root.join("target/sbom"));
    tools::from_crates(root, &tool, &[TOOL])?;
    let room = root.join("host/optimus");
    let mut describe = Command::new(tool.join("bin/cargo-cyclonedx"));
    describe.args(["cyclonedx", "--format", "json", "--spec-version", "1.5", "--no-build-deps", "--quiet"]);
    describe.args(["--override-filename", NAME, "--manifest-path"]).arg(room.join("Cargo.toml"));
    run(describe.current_dir(root))?;
    // It writes beside each package's manifest, also those of the workspace that we do not ship.
    let (written, file) = (format!("{NAME}.json"), to.join(format!("{NAME}.json")));
    std::fs::create_dir_all(&to)?;
    std::fs::copy(room.join(&written), &file).context("the tool wrote nothing")?;
    let manifests = read(Command::new("git").current_dir(root).args(["ls-files", "*Cargo.toml"]))?;
    for manifest in manifests.lines() {
        drop(std::fs::remove_file(root.join(manifest).with_file_name(&written)));
    }
    let said: Value = serde_json::from_slice(&std::fs::read(&file)?)?;
    let components = said["components"].as_array().map_or(0, Vec::len);
    ensure!(components > 100, "{} names {components} packages only", file.display());
    say(&format!("{}: {components} packages", file.display()));
    Ok(())
}
