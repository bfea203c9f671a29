//! `cargo xtask api`: compares the public API of the plugins' SDK with `sdk/rust/api.txt`. Authors of plugins build against
//! it, so each change of it is seen in a diff, and decided.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context as _, ensure};
use public_api::Builder;

use crate::plugins::target_dir;
use crate::shell::{cargo, run, say};

const PACKAGE: &str = "optimus-sdk";
const LISTING: &str = "sdk/rust/api.txt";

/// What to do with the listing.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Args {
    /// Write the listing instead of comparing it
    #[arg(long)]
    write: bool,
}

/// # Errors
/// An API that differs from the listing, with the lines that are gone and those that are new.
pub(crate) fn api(root: &Path, args: &Args) -> anyhow::Result<()> {
    let now = listing(root)?;
    let path = root.join(LISTING);
    if args.write {
        return std::fs::write(&path, now).with_context(|| format!("`{}`", path.display()));
    }
    let before = std::fs::read_to_string(&path).with_context(|| format!("`{}`", path.display()))?;
    let changes = changes(&before, &now);
    changes.iter().for_each(|line| say(line));
    ensure!(
        changes.is_empty(),
        "the public API of {PACKAGE} differs from {LISTING} in {} lines; if that is intended, `cargo xtask api --write`, and \
         a line that is gone needs a new minor version while the version is 0.x, then a new major one",
        changes.len()
    );
    Ok(())
}

/// Each public item on a line, sorted.
fn listing(root: &Path) -> anyhow::Result<String> {
    let mut rustdoc = cargo(root);
    rustdoc.env("RUSTDOC", root.join("xtask/src/api/rustdoc"));
    run(rustdoc
        .args(["rustdoc", "--quiet", "--package", PACKAGE, "--lib", "--", "-Zunstable-options"])
        .args(["--output-format", "json"]))?;
    let json = target_dir(root)?.join("doc").join(PACKAGE.replace('-', "_") + ".json");
    let api = Builder::from_rustdoc_json(&json)
        .omit_blanket_impls(true)
        .omit_auto_trait_impls(true)
        .build()
        .with_context(|| format!("`{}`", json.display()))?;
    let mut lines: Vec<String> = api.items().map(ToString::to_string).collect();
    lines.sort();
    lines.dedup();
    Ok(lines.join("\n") + "\n")
}

/// Lines that are gone, with a `-`, and lines that are new, with a `+`.
fn changes(before: &str, now: &str) -> Vec<String> {
    let [before, now] = [before, now].map(|text| text.lines().collect::<BTreeSet<_>>());
    let gone = before.difference(&now).map(|line| format!("- {line}"));
    gone.chain(now.difference(&before).map(|line| format!("+ {line}"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_are_gone_or_new_are_changes() {
        let before = "pub fn a::one()\npub fn a::two()\n";
        assert!(changes(before, before).is_empty());
        assert_eq!(
            changes(before, "pub fn a::two()\npub fn a::three()\n"),
            ["- pub fn a::one()", "+ pub fn a::three()"]
        );
    }
}
