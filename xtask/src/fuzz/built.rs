//! The targets' programs, as cargo builds them.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};

use super::ROOM;
use crate::built::programs;
use crate::shell::{cargo, say, show};

/// Every target, in the manifest's order.
pub(super) fn targets(root: &Path) -> anyhow::Result<Vec<String>> {
    let path = root.join(ROOM).join("Cargo.toml");
    let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let manifest: toml::Table = toml::from_str(&text).with_context(|| path.display().to_string())?;
    let bins = manifest.get("bin").and_then(toml::Value::as_array).context("fuzz/Cargo.toml names no targets")?;
    Ok(bins.iter().filter_map(|bin| bin.get("name")?.as_str().map(str::to_owned)).collect())
}

/// Builds them. `cargo test` for the whole workspace, because that is what the dependencies were built for.
pub(super) fn build(root: &Path, targets: &[String]) -> anyhow::Result<HashMap<String, PathBuf>> {
    let mut build = cargo(root);
    build.args(["test", "--workspace", "--no-run", "--quiet"]);
    build.args(targets.iter().flat_map(|target| ["--bin", target]));
    build.env("RUSTC_WORKSPACE_WRAPPER", root.join(ROOM).join("rustc"));
    say(&format!("$ RUSTC_WORKSPACE_WRAPPER={ROOM}/rustc {}", show(&build)));
    let built = programs(&mut build)?.into_iter().filter(|built| targets.contains(&built.name));
    let found: HashMap<String, PathBuf> = built.map(|built| (built.name, built.program)).collect();
    let missing: Vec<&str> = targets.iter().filter(|name| !found.contains_key(*name)).map(String::as_str).collect();
    ensure!(missing.is_empty(), "cargo named no program for {}", missing.join(", "));
    Ok(found)
}
