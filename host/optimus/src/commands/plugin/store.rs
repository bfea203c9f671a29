//! `optimus plugin add`, `install`, `update`, `remove`, `rollback`: the plugins directory, kept by hand. A running server sees
//! each change within a second.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use optimus_plugin::{Loaded, Plugin, Signatures, Trust, sha256};
use serde_json::json;

use super::change::Change;
use super::lock::{Entry, Lock};
use super::signed_file::signature_path;
use super::source::Source;
use super::{load, load_trusting, put};
use crate::cli::{Add, Dir, Install, Named, Update};
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
        added.push(Candidate::of(Source::built_in(name)?, &trust)?.put_in(&dir)?);
    }
    output.print(&added, |added| added.iter().map(|file| format!("{}\n", file.display())).collect())?;
    Ok(ExitCode::SUCCESS)
}

pub(super) fn install(args: &Install, output: Output) -> anyhow::Result<ExitCode> {
    let dir = directory(&args.dir)?;
    let trust = engine::trust(&args.dir.engine.trust)?;
    let candidate = Candidate::of(Source::open(&args.source)?, &trust)?;
    if let Some(change) = candidate.change(&dir)? {
        change.agree(args.accept, output)?;
    }
    let file = candidate.put_in(&dir)?;
    output.print(&json!({"file": file}), |_| format!("{}\n", file.display()))?;
    Ok(ExitCode::SUCCESS)
}

pub(super) fn update(args: &Update, output: Output) -> anyhow::Result<ExitCode> {
    let dir = directory(&args.dir)?;
    let trust = engine::trust(&args.dir.engine.trust)?;
    let lock = Lock::read(&dir)?;
    let ids: Vec<&String> = match &args.id {
        Some(id) => vec![id],
        None => {
            lock.plugins.iter().filter(|(_, entry)| Source::may_have_changed(&entry.source)).map(|(id, _)| id).collect()
        }
    };
    let mut changes = Vec::new();
    for id in ids {
        let entry = lock.plugins.get(id).ok_or_else(|| absent(id, "`optimus.lock` does not say where it came from"))?;
        let source = args.source.as_deref().map_or_else(|| Source::again(id, &entry.source), Source::open)?;
        let candidate = Candidate::of(source, &trust)?;
        let other = &candidate.plugin.descriptor().id;
        if other != id {
            return Err(absent(id, &format!("what is there now is `{other}`")).into());
        }
        let Some(change) = candidate.change(&dir)?.filter(|change| !change.is_none()) else { continue };
        if !args.dry_run {
            change.agree(args.accept, output)?;
            candidate.put_in(&dir)?;
        }
        changes.push(change);
    }
    output.print(&json!({"changes": changes, "updated": !args.dry_run}), |_| match changes.is_empty() {
        true => "nothing is new\n".to_owned(),
        false => changes.iter().map(Change::words).collect(),
    })?;
    Ok(ExitCode::SUCCESS)
}

pub(super) fn remove(args: &Named, output: Output) -> anyhow::Result<ExitCode> {
    let dir = directory(&args.dir)?;
    let mut lock = Lock::read(&dir)?;
    let file = place(&dir, &args.id)?;
    std::fs::remove_file(&file).map_err(|error| absent(&args.id, &error.to_string()))?;
    drop(std::fs::remove_file(signature_path(&file)));
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
    let file = Candidate::of(source, &engine::trust(&args.dir.engine.trust)?)?.put_in(&dir)?;
    output.print(&json!({"file": file, "sha256": before}), |_| format!("{} is {before} again\n", file.display()))?;
    Ok(ExitCode::SUCCESS)
}

pub(super) fn directory(args: &Dir) -> anyhow::Result<PathBuf> {
    let dir = engine::Place::find(args.engine.plugins.as_deref())?.dir;
    std::fs::create_dir_all(&dir).with_context(|| format!("cannot create `{}`", dir.display()))?;
    Ok(dir)
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

/// The path of a replaced version, which the server does not read.
fn kept(dir: &Path, digest: &str) -> PathBuf {
    dir.join(".before").join(format!("{digest}.wasm"))
}

/// A plugin that passed the load gate.
struct Candidate {
    source: Source,
    plugin: Arc<Plugin>,
    entry: Entry,
}

impl Candidate {
    fn of(source: Source, trust: &Trust) -> anyhow::Result<Self> {
        // Under its own name, which is what is said of it.
        let gate = tempfile::tempdir()?;
        let part = gate.path().join(&source.name);
        std::fs::write(&part, &source.wasm)?;
        put_signature(&part, source.signature.as_deref())?;
        let Loaded { plugin, signer, unsigned } = load_trusting(&part, trust.clone())?;
        if let Some(why) = unsigned {
            output::note(&format!("installed without a valid signature: {why}"));
        }
        let entry = Entry::of(&plugin, &source.said, signer.map(|signer| signer.key));
        Ok(Self { source, plugin, entry })
    }

    fn id(&self) -> &str {
        &self.plugin.descriptor().id
    }

    /// The change against the installed version, if there is one.
    fn change(&self, dir: &Path) -> anyhow::Result<Option<Change>> {
        let file = place(dir, self.id())?;
        let Ok(wasm) = std::fs::read(&file) else { return Ok(None) };
        let locked = Lock::read(dir)?.plugins.remove(self.id()).filter(|entry| entry.sha256 == sha256(&wasm));
        // A file that was dropped by hand is in no lock; one that does not load asks for nothing.
        let old = locked.or_else(|| load(&file).ok().map(|plugin| Entry::of(&plugin, "", None)));
        Ok(old.map(|old| Change::of(self.id(), &old, &self.entry)))
    }

    /// Into the directory and the lock; what it replaces is kept.
    fn put_in(self, dir: &Path) -> anyhow::Result<PathBuf> {
        let Self { source, plugin, mut entry } = self;
        let id = plugin.descriptor().id.clone();
        let mut lock = Lock::read(dir)?;
        let file = place(dir, &id)?;
        if let Ok(old) = std::fs::read(&file) {
            let digest = sha256(&old);
            if digest != entry.sha256 {
                std::fs::create_dir_all(dir.join(".before"))?;
                put(&kept(dir, &digest), &old)?;
                put_signature(&kept(dir, &digest), std::fs::read(signature_path(&file)).ok().as_deref())?;
                entry.before = Some(digest);
            } else {
                entry.before = lock.plugins.get(&id).and_then(|old| old.before.clone());
            }
        }
        // First: what serves now is kept by the server, and what comes is signed when it is there.
        put_signature(&file, source.signature.as_deref())?;
        put(&file, &source.wasm)?;
        lock.plugins.insert(id, entry);
        lock.write(dir)?;
        Ok(file)
    }
}

/// Leaves no signature of other bytes behind.
fn put_signature(file: &Path, signature: Option<&[u8]>) -> anyhow::Result<()> {
    match signature {
        Some(bytes) => put(&signature_path(file), bytes),
        None => {
            drop(std::fs::remove_file(signature_path(file)));
            Ok(())
        }
    }
}
