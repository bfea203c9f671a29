//! A scan of the directory: a new or changed file goes through the load gate, a missing one is forgotten, and an unchanged
//! one costs a `stat`.

mod install;
mod plugin_file;

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::time::Instant;

use cap_std::fs::Dir;

use super::files::{self, Fingerprint, Found};
use super::index::Index;
use super::kept::Kept;
use super::languages::Languages;
use super::{Loaded, SignatureCheck, check_signature, gate};
use crate::compile::ChildCompiler;
use crate::error::{LoadError, PluginError};
use crate::hex;
use crate::plugin::{Plugin, Shared};
use crate::seal::CodeCache;
use crate::sections;
pub(super) use plugin_file::PluginFile;

/// The state of each file.
pub(super) struct Scanner {
    shared: Arc<Shared>,
    code: Arc<CodeCache>,
    compiler: ChildCompiler,
    index: Index,
    last_good: Kept,
    files: BTreeMap<String, PluginFile>,
    seen: u64,
    /// Scans that have begun and not ended: the compiler stays for them.
    scans: usize,
}

/// The changes that a scan found, before anything is loaded.
pub(super) struct Changes {
    pub(super) dir: Option<Dir>,
    /// Files that are new, or other than they were.
    pub(super) changed: Vec<String>,
    /// Files that are no longer there.
    gone: Vec<String>,
}

impl Scanner {
    pub(super) fn new(shared: Arc<Shared>, code: CodeCache) -> Result<Self, PluginError> {
        let code = Arc::new(code);
        let last_good = Kept::open(&shared, Arc::clone(&code))?;
        let compiler = ChildCompiler::new(&shared.config, Arc::clone(&code), &shared.host);
        let index = Index::open(Arc::clone(&code), &shared.config, compiler.engine());
        Ok(Self { shared, code, compiler, index, last_good, files: BTreeMap::new(), seen: 0, scans: 0 })
    }

    /// Learns which files there are and, as far as that can be said without loading them, which languages.
    pub(super) fn begin(&mut self) -> Result<(), PluginError> {
        let (dir, found) = files::list(&self.shared.config).map_err(|error| self.unusable(&error))?;
        for (name, fingerprint) in found {
            self.seen += 1;
            if self.index.get(&name, &fingerprint).is_none() {
                self.peek(dir.as_ref(), &name, &fingerprint);
            }
            let known = self.index.get(&name, &fingerprint).cloned();
            self.files.insert(name.clone(), PluginFile::unread(&name, known, self.seen));
        }
        self.index.save();
        Ok(())
    }

    /// Records the names in a file, once its signature is checked.
    fn peek(&mut self, dir: Option<&Dir>, name: &str, fingerprint: &Fingerprint) {
        let config = &self.shared.config;
        if let Some(built_in) = files::built_in(name, config) {
            self.index.record_names(name, fingerprint, built_in.names.clone());
            return;
        }
        // What cannot be read, or is not trusted, is found out when it is loaded.
        let Some(Ok(found)) = dir.map(|dir| files::read(dir, name, config)) else { return };
        if check_signature(config, name, &found).is_ok()
            && let Ok(sections) = sections::read(&found.wasm)
            && let Some(names) = sections.names
        {
            self.index.record_names(name, fingerprint, names);
        }
    }

    /// Lists the directory. Call [`Self::refresh`] for each changed file, then [`Self::finish_scan`].
    pub(super) fn find_changes(&mut self, keep_missing: bool) -> Result<Changes, PluginError> {
        let (dir, found) = files::list(&self.shared.config).map_err(|error| self.unusable(&error))?;
        let gone = self.gone(&found, keep_missing);
        let is_new = |name: &String, fingerprint: &Fingerprint| {
            self.files.get(name).is_none_or(|plugin_file| plugin_file.fingerprint.as_ref() != Some(fingerprint))
        };
        let changed: Vec<_> = found
            .iter()
            .filter(|(name, fingerprint)| is_new(name, fingerprint))
            .map(|(name, _)| name.clone())
            .collect();
        if !changed.is_empty() && !self.compiler.is_apart() {
            warn_if_failed(self.code.delete_damaged());
        }
        self.scans += 1;
        Ok(Changes { dir, changed, gone })
    }

    /// Loads a new or changed file, unless it has been loaded meanwhile. Returns true if anything changed.
    pub(super) fn refresh(&mut self, dir: Option<&Dir>, name: &str) -> bool {
        let Some(fingerprint) = files::fingerprint(dir, name, &self.shared.config) else { return false };
        if self.files.get(name).is_some_and(|plugin_file| plugin_file.fingerprint.as_ref() == Some(&fingerprint)) {
            return false;
        }
        self.update(dir, name, &fingerprint)
    }

    /// Forgets missing files. Comes after the new ones, so that a renamed file is found by its old content.
    pub(super) fn finish_scan(&mut self, changes: &Changes) -> bool {
        let gone: Vec<&String> = changes.gone.iter().filter(|name| self.files.contains_key(*name)).collect();
        gone.iter().for_each(|name| self.forget(name));
        self.scans -= 1;
        if !changes.changed.is_empty() || !gone.is_empty() {
            self.settle();
        }
        !gone.is_empty()
    }

    /// Loads the one file that a caller needs now.
    pub(super) fn load_one(&mut self, name: &str) {
        let dir = files::open(&self.shared.config).ok();
        if !self.compiler.is_apart() {
            warn_if_failed(self.code.delete_damaged());
        }
        match files::fingerprint(dir.as_ref(), name, &self.shared.config) {
            Some(fingerprint) => {
                self.update(dir.as_ref(), name, &fingerprint);
                // It is being written: it does not count until a scan finds it complete.
                if self.files.get(name).is_some_and(|plugin_file| plugin_file.fingerprint.is_none()) {
                    self.files.remove(name);
                }
            }
            None => self.forget(name),
        }
        self.settle();
    }

    fn settle(&mut self) {
        if !self.compiler.is_apart() {
            warn_if_failed(self.code.seal());
        }
        if self.scans == 0 {
            self.compiler.stop();
        }
        self.index.save();
    }

    /// Files that are no longer there.
    fn gone(&mut self, found: &BTreeMap<String, Fingerprint>, keep_missing: bool) -> Vec<String> {
        let mut gone = Vec::new();
        for (name, plugin_file) in &mut self.files {
            if found.contains_key(name) {
                plugin_file.missing = false;
            } else if keep_missing && !plugin_file.missing {
                plugin_file.missing = true;
            } else {
                gone.push(name.clone());
            }
        }
        gone
    }

    fn forget(&mut self, name: &str) {
        tracing::info!(plugin.file = name, "plugin removed");
        self.files.remove(name);
        self.index.forget(name);
        self.last_good.forget(name);
    }

    /// Reads a new or changed file.
    fn update(&mut self, dir: Option<&Dir>, name: &str, fingerprint: &Fingerprint) -> bool {
        let read = files::read_any(dir, name, &self.shared.config);
        if read.is_ok() && files::fingerprint(dir, name, &self.shared.config).is_some_and(|now| now != *fingerprint) {
            // It is being written: the next scan will find it changed.
            return false;
        }
        self.seen += 1;
        let began = Instant::now();
        let is_built_in = files::built_in(name, &self.shared.config).is_some();
        let result = read.and_then(|found| {
            let serving = self.load(name, &found)?;
            if !is_built_in {
                self.last_good.put(name, &found);
            }
            Ok(serving)
        });
        let last_good = match &result {
            Err(_) if self.files.get(name).is_none_or(|plugin_file| plugin_file.plugin().is_none()) => {
                self.last_good(name)
            }
            _ => None,
        };
        match &result {
            Ok(serving) => self.index.record_passed(name, fingerprint, &serving.plugin),
            Err(_) => self.index.forget(name),
        }
        let since = self.seen;
        let plugin_file = self.files.entry(name.to_owned()).or_insert_with(|| PluginFile::unread(name, None, since));
        plugin_file.fingerprint = Some(fingerprint.clone());
        plugin_file.set_result(name, result, last_good, began)
    }

    fn unusable(&self, error: &io::Error) -> PluginError {
        PluginError::Directory { what: "plugin", path: self.shared.config.dir.clone(), message: error.to_string() }
    }

    /// Checks the signature before anything in the bytes is read.
    fn load(&mut self, name: &str, found: &Found) -> Result<Loaded, LoadError> {
        let SignatureCheck { signer, unsigned } = match files::built_in(name, &self.shared.config) {
            Some(_) => SignatureCheck { signer: None, unsigned: None },
            None => check_signature(&self.shared.config, name, found)?,
        };
        let digest = hex::sha256(&found.wasm);
        let plugin = match self.loaded(&digest) {
            Some(plugin) => plugin,
            None => {
                self.compiler.precompile(files::display_name(name), &found.wasm)?;
                Arc::new(gate::load(&self.shared, name, &found.wasm)?)
            }
        };
        Ok(Loaded { plugin, signer, unsigned })
    }

    /// The loaded plugin with this digest, perhaps under another name: renaming loads nothing.
    fn loaded(&self, digest: &str) -> Option<Arc<Plugin>> {
        let mut serving = self.files.values().filter_map(PluginFile::plugin);
        serving.find(|plugin| plugin.digest() == digest).cloned()
    }

    fn last_good(&mut self, name: &str) -> Option<Loaded> {
        let last_good = self.last_good.get(name)?;
        self.load(name, &last_good).ok()
    }

    /// The list for readers.
    pub(super) fn languages(&self, generation: u64) -> Languages {
        Languages::from_files(generation, self.files.iter())
    }
}

/// Without the cache everything still works, but slower.
fn warn_if_failed(code: io::Result<()>) {
    code.unwrap_or_else(|error| tracing::warn!("code cache: {error}"));
}
