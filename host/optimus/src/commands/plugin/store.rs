//! `optimus plugin add`, `install`, `remove`, `rollback`: the plugins directory, kept by hand. A running server sees
//! each change within a second.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use optimus_declarative::author::Known;
use optimus_plugin::{Loaded, Signatures, Trust};
use serde_json::json;

use super::lock::{Entry, Lock};
use super::source::{Source, beside, hex};
use super::{build, load_trusting, put};
use crate::cli::{Add, Dir, Install, Named};
use crate::engine;
use crate::output::{self, Advised, Output};

pub(super) fn add(args: &Add, output: Output) -> anyhow::Result<ExitCode> {
    let dir = directory(&args.dir)?;
    let trust = engine::trust(&args.dir.engine.trust)?;
    if trust.signatures == Signatures::Require {
        let message = "what is built in is signed by nobody, and only what is signed may serve";
        let hint = "add it with `--plugin-signatures off`, then sign its file: `optimus plugin sign FILE --secret KEY`";
        return Err(Advised::new("unsigned", message, Some(hint.to_owned())).into());
    }
    let mut added = Vec::new();
    for name in &args.names {
        let known = Known::find(name).ok_or_else(|| {
            let near = Known::nearest(name).map(|near| format!("did you mean `{near}`? ")).unwrap_or_default();
            let hint = format!("{near}`optimus plugin known` lists them");
            Advised::new("unknown_language", format!("`{name}` is not a known language"), Some(hint))
        })?;
        let wasm = known.wasm().map_err(|error| build::refused(&error, known.id))?;
        let source = Source { name: format!("{}.wasm", known.id), said: "built in".to_owned(), wasm, signature: None };
        added.push(put_in(&dir, &source, &trust, true)?);
    }
    output.print(&added, |added| added.iter().map(|file| format!("{}\n", file.display())).collect())?;
    Ok(ExitCode::SUCCESS)
}

pub(super) fn install(args: &Install, output: Output) -> anyhow::Result<ExitCode> {
    let dir = directory(&args.dir)?;
    let trust = engine::trust(&args.dir.engine.trust)?;
    let file = put_in(&dir, &Source::open(&args.source)?, &trust, args.yes)?;
    output.print(&json!({"file": file}), |_| format!("{}\n", file.display()))?;
    Ok(ExitCode::SUCCESS)
}

pub(super) fn remove(args: &Named, output: Output) -> anyhow::Result<ExitCode> {
    let dir = directory(&args.dir)?;
    let mut lock = Lock::read(&dir)?;
    let file = place(&dir, &args.id)?;
    std::fs::remove_file(&file).map_err(|error| absent(&args.id, &error.to_string()))?;
    drop(std::fs::remove_file(beside(&file)));
    lock.plugins.remove(&args.id);
    lock.write(&dir)?;
    output.print(&json!({"removed": file}), |_| format!("removed {}\n", file.display()))?;
    Ok(ExitCode::SUCCESS)
}

pub(super) fn rollback(args: &Named, output: Output) -> anyhow::Result<ExitCode> {
    let dir = directory(&args.dir)?;
    let before = Lock::read(&dir)?.plugins.get(&args.id).and_then(|entry| entry.before.clone());
    let before = before.ok_or_else(|| absent(&args.id, "nothing was replaced"))?;
    let kept = kept(&dir, &before);
    let source = Source { said: "rolled back".to_owned(), ..Source::file(&kept)? };
    let file = put_in(&dir, &source, &engine::trust(&args.dir.engine.trust)?, true)?;
    output.print(&json!({"file": file, "sha256": before}), |_| format!("{} is {before} again\n", file.display()))?;
    Ok(ExitCode::SUCCESS)
}

pub(super) fn directory(args: &Dir) -> anyhow::Result<PathBuf> {
    if let Some(dir) = &args.engine.plugins {
        std::fs::create_dir_all(dir).with_context(|| format!("cannot create `{}`", dir.display()))?;
    }
    engine::plugins_dir(args.engine.plugins.as_deref())
}

fn absent(id: &str, why: &str) -> Advised {
    let hint = "`optimus plugin list` shows what is there".to_owned();
    Advised::new("not_installed", format!("`{id}`: {why}"), Some(hint))
}

/// A language's file. The id comes from a person or from a plugin that passed the gate; neither leaves the directory.
fn place(dir: &Path, id: &str) -> anyhow::Result<PathBuf> {
    match id.contains(['/', '\\']) || id.starts_with('.') {
        true => Err(absent(&id.escape_debug().to_string(), "is not a language's id").into()),
        false => Ok(dir.join(format!("{id}.wasm"))),
    }
}

/// Where replaced versions wait; the server does not look there.
fn kept(dir: &Path, digest: &str) -> PathBuf {
    dir.join(".before").join(format!("{digest}.wasm"))
}

/// Past the load gate, past whoever has to agree, into the directory and the lock.
fn put_in(dir: &Path, source: &Source, trust: &Trust, agreed: bool) -> anyhow::Result<PathBuf> {
    // Under its own name, which is what is said of it.
    let gate = tempfile::tempdir()?;
    let part = gate.path().join(&source.name);
    std::fs::write(&part, &source.wasm)?;
    if let Some(signature) = &source.signature {
        std::fs::write(beside(&part), signature)?;
    }
    let Loaded { plugin, signer, unsigned } = load_trusting(&part, trust.clone())?;
    if let Some(why) = unsigned {
        output::note(&format!("installed all the same: {why}"));
    }
    let wasm = &source.wasm;
    let id = plugin.descriptor().id.clone();
    let mut lock = Lock::read(dir)?;
    let mut entry = Entry::of(&plugin, &source.said, signer.map(|signer| signer.key));
    let file = place(dir, &id)?;
    if let Some(old) = lock.plugins.get(&id) {
        let beyond = entry.beyond(old);
        if !agreed && !beyond.is_empty() {
            let hint = "if that is what you want, `--yes` agrees".to_owned();
            let message = format!("the new `{id}` asks for more than the one that is there: {}", beyond.join("; "));
            return Err(Advised::new("asks_for_more", message, Some(hint)).into());
        }
    }
    if let Ok(old) = std::fs::read(&file) {
        let digest = hex(&old);
        if digest != entry.sha256 {
            std::fs::create_dir_all(dir.join(".before"))?;
            put(&kept(dir, &digest), &old)?;
            put_signature(&kept(dir, &digest), std::fs::read(beside(&file)).ok().as_deref())?;
            entry.before = Some(digest);
        } else {
            entry.before = lock.plugins.get(&id).and_then(|old| old.before.clone());
        }
    }
    // First: what serves now is kept by the server, and what comes is signed when it is there.
    put_signature(&file, source.signature.as_deref())?;
    put(&file, wasm)?;
    lock.plugins.insert(id, entry);
    lock.write(dir)?;
    Ok(file)
}

/// Leaves no signature of other bytes behind.
fn put_signature(file: &Path, signature: Option<&[u8]>) -> anyhow::Result<()> {
    match signature {
        Some(bytes) => put(&beside(file), bytes),
        None => {
            drop(std::fs::remove_file(beside(file)));
            Ok(())
        }
    }
}
