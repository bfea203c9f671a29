//! Holds the dependencies to `deny.toml`: licences, banned crates, wildcards, sources.
//!
//! cargo-deny does the same and more, and takes some six minutes to build, since no registry that is open to CI has it
//! built. What needs no network is done here from `cargo metadata`; advisories are cargo-deny's, where it is installed.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context as _, ensure};
use serde::Deserialize;

use crate::shell::{cargo, read, say};

const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

#[derive(Deserialize)]
struct Deny {
    licenses: Licenses,
    bans: Bans,
}

#[derive(Deserialize)]
struct Licenses {
    allow: BTreeSet<String>,
    exceptions: Vec<Exception>,
}

#[derive(Deserialize)]
struct Exception {
    #[serde(rename = "crate")]
    name: String,
    allow: BTreeSet<String>,
}

#[derive(Deserialize)]
struct Bans {
    deny: Vec<Banned>,
}

#[derive(Deserialize)]
struct Banned {
    #[serde(rename = "crate")]
    name: String,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    license: Option<String>,
    source: Option<String>,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    req: String,
    path: Option<String>,
}

/// Checks every package that is built on Linux.
pub(crate) fn dependencies(root: &Path) -> anyhow::Result<()> {
    let deny = std::fs::read_to_string(root.join("deny.toml"))?;
    let deny: Deny = toml::from_str(&deny).context("deny.toml")?;
    let mut metadata = cargo(root);
    metadata.args(["metadata", "--format-version", "1", "--locked", "--filter-platform", "x86_64-unknown-linux-gnu"]);
    let metadata: Metadata = serde_json::from_str(&read(&mut metadata)?)?;
    let wrong: Vec<String> = metadata.packages.iter().flat_map(|package| faults(package, &deny)).collect();
    ensure!(wrong.is_empty(), "against deny.toml:\n{}", wrong.join("\n"));
    say(&format!("{} packages hold to deny.toml", metadata.packages.len()));
    Ok(())
}

fn faults(package: &Package, deny: &Deny) -> Vec<String> {
    let mut wrong = Vec::new();
    let name = format!("{} {}", package.name, package.version);
    if deny.bans.deny.iter().any(|banned| banned.name == package.name) {
        wrong.push(format!("{name} is banned"));
    }
    let Some(source) = &package.source else {
        // Ours: only what it asks for is looked at.
        let wildcards = package.dependencies.iter().filter(|one| one.req == "*" && one.path.is_none());
        wrong.extend(wildcards.map(|one| format!("{name} depends on any version of {}", one.name)));
        return wrong;
    };
    if source != REGISTRY {
        wrong.push(format!("{name} comes from {source}"));
    }
    if !is_allowed(package, &deny.licenses) {
        wrong.push(format!("{name} has the licence {}", package.license.as_deref().unwrap_or("(none)")));
    }
    wrong
}

fn is_allowed(package: &Package, licenses: &Licenses) -> bool {
    let exception = licenses.exceptions.iter().find(|exception| exception.name == package.name);
    let more = exception.map(|exception| &exception.allow);
    let allowed = |name: &str| licenses.allow.contains(name) || more.is_some_and(|more| more.contains(name));
    let Some(license) = &package.license else { return false };
    // Older crates write `MIT/Apache-2.0`.
    let parsed = spdx::Expression::parse_mode(license, spdx::ParseMode::LAX);
    parsed.is_ok_and(|expression| expression.evaluate(|required| allowed(&required.to_string())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, license: Option<&str>, source: &str) -> Package {
        let (name, version, source) = (name.to_owned(), "1.0.0".to_owned(), Some(source.to_owned()));
        Package { name, version, license: license.map(str::to_owned), source, dependencies: Vec::new() }
    }

    #[test]
    fn licences_bans_and_sources_are_looked_at() {
        let text = std::fs::read_to_string(crate::shell::root().join("deny.toml")).unwrap();
        let deny: Deny = toml::from_str(&text).unwrap();
        let found = |name, license, source| faults(&package(name, license, source), &deny).len();
        assert_eq!(found("a", Some("MIT OR GPL-3.0-only"), REGISTRY), 0);
        assert_eq!(found("a", Some("MIT/Apache-2.0"), REGISTRY), 0);
        assert_eq!(found("a", Some("Apache-2.0 WITH LLVM-exception"), REGISTRY), 0);
        assert_eq!(found("a", Some("MIT AND GPL-3.0-only"), REGISTRY), 1);
        assert_eq!(found("a", None, REGISTRY), 1);
        assert_eq!(found("a", Some("NCSA"), REGISTRY), 1);
        assert_eq!(found("libfuzzer-sys", Some("(MIT OR Apache-2.0) AND NCSA"), REGISTRY), 0);
        assert_eq!(found("openssl-sys", Some("MIT"), "git+https://example.org/x"), 2);
    }
}
