//! `optimus plugin eject`: a `language.toml` becomes a crate that plans the same. It never overwrites.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use optimus_declarative::author::{Planted, crates};
use serde_json::json;

use super::build;
use super::folder::write;
use crate::cli::Folder;
use crate::output::{Advised, Output};

/// The new name of the description, under which it is no longer built.
pub(super) const AS_IT_WAS: &str = "language.toml.ejected";

pub(super) fn eject(args: &Folder, output: Output) -> anyhow::Result<ExitCode> {
    let paths = write_out(&args.path)?;
    output.print(&json!({"folder": args.path, "files": paths}), |_| {
        let shown = args.path.display();
        let list: String = paths.iter().map(|path| format!("{shown}/{path}\n")).collect();
        format!("{list}language.toml is {AS_IT_WAS} now\nnext: optimus plugin build {shown}\n")
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Writes the crate beside the description, and puts that aside.
pub(super) fn write_out(folder: &Path) -> anyhow::Result<Vec<String>> {
    let toml = folder.join("language.toml");
    let text = std::fs::read_to_string(&toml).with_context(|| format!("cannot read `{}`", toml.display()))?;
    if let Some(taken) = ["Cargo.toml", "src", "sdk", AS_IT_WAS].into_iter().find(|name| folder.join(name).exists()) {
        let hint = "it never overwrites: move that away first".to_owned();
        let message = format!("`{}` exists already", folder.join(taken).display());
        return Err(Advised::new("exists", message, Some(hint)).into());
    }
    let manifest = build::manifest(&text, folder, &toml.display().to_string())?;
    let files = crates::ejected(&manifest, &samples(folder)?);
    write(folder, &files)?;
    std::fs::rename(&toml, folder.join(AS_IT_WAS))?;
    Ok(files.into_iter().map(|(path, _)| path).filter(|path| !path.starts_with("sdk/")).collect())
}

/// Writes the files that `new` made, once it is a crate.
pub(super) fn planted(folder: &Path, files: Vec<Planted>) -> anyhow::Result<Vec<Planted>> {
    let text = files.iter().find(|(path, _)| path == "language.toml").map_or("", |(_, text)| text);
    let manifest = build::manifest(text, folder, "language.toml")?;
    write(folder, &crates::pages(&manifest))?;
    let mut all: Vec<Planted> = files.into_iter().filter(|(path, _)| path != "language.toml").collect();
    all.extend(crates::ejected(&manifest, &[]));
    Ok(all)
}

/// The samples' files: paths below `samples/`, and texts.
fn samples(folder: &Path) -> anyhow::Result<Vec<Planted>> {
    let mut files = Vec::new();
    let mut ways = vec![(folder.join("samples"), String::new())];
    while let Some((way, prefix)) = ways.pop() {
        let Ok(entries) = way.read_dir() else { continue };
        for entry in entries {
            let entry = entry?;
            let inner = format!("{prefix}{}", entry.file_name().to_string_lossy());
            match entry.path().is_dir() {
                true => ways.push((entry.path(), format!("{inner}/"))),
                false => files.push((inner, std::fs::read_to_string(entry.path()).unwrap_or_default())),
            }
        }
    }
    Ok(files)
}
