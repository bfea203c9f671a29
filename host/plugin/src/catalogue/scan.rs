//! One look at the directory: what is new goes through the load gate, what is gone is forgotten, the rest costs a
//! `stat`.

mod slot;

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::time::Instant;

use cap_std::fs::Dir;

use super::files::{self, Found, Print};
use super::index::Index;
use super::kept::Kept;
use super::languages::Languages;
use super::{Loaded, Trusted, gate, trusted};
use crate::compile::Compiling;
use crate::error::{LoadError, PluginError};
use crate::hex;
use crate::plugin::{Plugin, Shared};
use crate::seal::CodeCache;
use crate::sections;
pub(super) use slot::Slot;

/// What is known of each file.
pub(super) struct Scanner {
    shared: Arc<Shared>,
    code: Arc<CodeCache>,
    compiling: Compiling,
    index: Index,
    kept: Kept,
    slots: BTreeMap<String, Slot>,
    seen: u64,
    /// Looks that have begun and not ended: the compiler is kept for them.
    looks: usize,
}

/// What a look found, before anything was loaded.
pub(super) struct Look {
    pub(super) dir: Option<Dir>,
    /// Files that are new, or other than they were.
    pub(super) news: Vec<String>,
    /// Files that are no longer there.
    gone: Vec<String>,
}

impl Scanner {
    pub(super) fn new(shared: Arc<Shared>, code: CodeCache) -> Result<Self, PluginError> {
        let code = Arc::new(code);
        let kept = Kept::open(&shared, Arc::clone(&code))?;
        let compiling = Compiling::new(&shared.config, Arc::clone(&code), &shared.host);
        let index = Index::open(Arc::clone(&code), &shared.config, compiling.engine());
        Ok(Self { shared, code, compiling, index, kept, slots: BTreeMap::new(), seen: 0, looks: 0 })
    }

    /// Learns which files there are and, as far as that can be said without loading them, which languages.
    pub(super) fn begin(&mut self) -> Result<(), PluginError> {
        let (dir, found) = files::list(&self.shared.config).map_err(|error| self.unusable(&error))?;
        for (name, print) in found {
            self.seen += 1;
            if self.index.get(&name, &print).is_none() {
                self.peek(dir.as_ref(), &name, &print);
            }
            let known = self.index.get(&name, &print).cloned();
            self.slots.insert(name.clone(), Slot::unread(&name, known, self.seen));
        }
        self.index.save();
        Ok(())
    }

    /// Notes what a file says of its names. Whose bytes these are comes before what they are.
    fn peek(&mut self, dir: Option<&Dir>, name: &str, print: &Print) {
        let config = &self.shared.config;
        if let Some(built_in) = files::built_in(name, config) {
            self.index.note(name, print, built_in.names.clone());
            return;
        }
        // What cannot be read, or is not trusted, is found out when it is loaded.
        let Some(Ok(found)) = dir.map(|dir| files::read(dir, name, config)) else { return };
        if trusted(config, name, &found).is_ok()
            && let Ok(sections) = sections::read(&found.wasm)
            && let Some(names) = sections.names
        {
            self.index.note(name, print, names);
        }
    }

    /// Looks what is there. Each of the news is for [`Self::refresh`]; then comes [`Self::end`].
    pub(super) fn look(&mut self, patient: bool) -> Result<Look, PluginError> {
        let (dir, found) = files::list(&self.shared.config).map_err(|error| self.unusable(&error))?;
        let gone = self.gone(&found, patient);
        let is_new =
            |name: &String, print: &Print| self.slots.get(name).is_none_or(|slot| slot.print.as_ref() != Some(print));
        let news: Vec<_> =
            found.iter().filter(|(name, print)| is_new(name, print)).map(|(name, _)| name.clone()).collect();
        if !news.is_empty() && !self.compiling.is_apart() {
            bother_not(self.code.purge());
        }
        self.looks += 1;
        Ok(Look { dir, news, gone })
    }

    /// Loads a file that is new, or other than it was, unless somebody has done so meanwhile; says whether anything changed.
    pub(super) fn refresh(&mut self, dir: Option<&Dir>, name: &str) -> bool {
        let Some(print) = files::print(dir, name, &self.shared.config) else { return false };
        if self.slots.get(name).is_some_and(|slot| slot.print.as_ref() == Some(&print)) {
            return false;
        }
        self.update(dir, name, &print)
    }

    /// After the new ones: a renamed file is found by what it held under its old name.
    pub(super) fn end(&mut self, look: &Look) -> bool {
        let gone: Vec<&String> = look.gone.iter().filter(|name| self.slots.contains_key(*name)).collect();
        gone.iter().for_each(|name| self.forget(name));
        self.looks -= 1;
        if !look.news.is_empty() || !gone.is_empty() {
            self.settle();
        }
        !gone.is_empty()
    }

    /// Loads the one file that somebody needs now.
    pub(super) fn load_one(&mut self, name: &str) {
        let dir = files::open(&self.shared.config).ok();
        if !self.compiling.is_apart() {
            bother_not(self.code.purge());
        }
        match files::print(dir.as_ref(), name, &self.shared.config) {
            Some(print) => {
                self.update(dir.as_ref(), name, &print);
                // Somebody is writing it: it counts for nothing until a look finds it whole.
                if self.slots.get(name).is_some_and(|slot| slot.print.is_none()) {
                    self.slots.remove(name);
                }
            }
            None => self.forget(name),
        }
        self.settle();
    }

    fn settle(&mut self) {
        if !self.compiling.is_apart() {
            bother_not(self.code.seal());
        }
        if self.looks == 0 {
            self.compiling.rest();
        }
        self.index.save();
    }

    /// Files that are no longer there.
    fn gone(&mut self, found: &BTreeMap<String, Print>, patient: bool) -> Vec<String> {
        let mut gone = Vec::new();
        for (name, slot) in &mut self.slots {
            if found.contains_key(name) {
                slot.missing = false;
            } else if patient && !slot.missing {
                slot.missing = true;
            } else {
                gone.push(name.clone());
            }
        }
        gone
    }

    fn forget(&mut self, name: &str) {
        tracing::info!(plugin.file = name, "plugin removed");
        self.slots.remove(name);
        self.index.forget(name);
        self.kept.forget(name);
    }

    /// Reads a file that is new or other than it was.
    fn update(&mut self, dir: Option<&Dir>, name: &str, print: &Print) -> bool {
        let read = files::found(dir, name, &self.shared.config);
        if read.is_ok() && files::print(dir, name, &self.shared.config).is_some_and(|now| now != *print) {
            // Somebody is writing it: the next look will find it changed.
            return false;
        }
        self.seen += 1;
        let began = Instant::now();
        let is_built_in = files::built_in(name, &self.shared.config).is_some();
        let result = read.and_then(|found| {
            let serving = self.load(name, &found)?;
            if !is_built_in {
                self.kept.put(name, &found);
            }
            Ok(serving)
        });
        let last_good = match &result {
            Err(_) if self.slots.get(name).is_none_or(|slot| slot.plugin().is_none()) => self.last_good(name),
            _ => None,
        };
        match &result {
            Ok(serving) => self.index.pass(name, print, &serving.plugin),
            Err(_) => self.index.forget(name),
        }
        let since = self.seen;
        let slot = self.slots.entry(name.to_owned()).or_insert_with(|| Slot::unread(name, None, since));
        slot.print = Some(print.clone());
        slot.take(name, result, last_good, began)
    }

    fn unusable(&self, error: &io::Error) -> PluginError {
        PluginError::Directory { what: "plugin", path: self.shared.config.dir.clone(), message: error.to_string() }
    }

    /// Puts bytes that pass the gate where the language's file is, or is to be; says its name.
    pub(super) fn offer(&mut self, id: &str, wasm: &[u8]) -> Result<String, PluginError> {
        let known = self.slots.iter().find(|(_, slot)| !slot.is_built_in && slot.id() == Some(id));
        let name = known.map_or_else(|| format!("{id}.wasm"), |(name, _)| name.clone());
        let found = Found { wasm: wasm.to_vec(), signature: None };
        bother_not(self.code.purge());
        let loaded = self.load(&name, &found).map_err(|error| error.of(&name));
        self.settle();
        let loaded = loaded?;
        let is = &loaded.plugin.descriptor().id;
        // Only then is it certain that the id is one, and leads nowhere else.
        if is != id {
            return Err(LoadError::OtherLanguage { id: is.clone(), wanted: id.to_owned() }.of(&name));
        }
        files::write(&self.shared.config, &name, wasm).map_err(|error| self.unusable(&error))?;
        Ok(name)
    }

    /// Whose bytes these are comes before what they are.
    fn load(&mut self, name: &str, found: &Found) -> Result<Loaded, LoadError> {
        let Trusted { signer, unsigned } = match files::built_in(name, &self.shared.config) {
            Some(_) => Trusted { signer: None, unsigned: None },
            None => trusted(&self.shared.config, name, found)?,
        };
        let digest = hex::sha256(&found.wasm);
        let plugin = match self.loaded(&digest) {
            Some(plugin) => plugin,
            None => {
                self.compiling.ahead(files::shown(name), &found.wasm)?;
                Arc::new(gate::load(&self.shared, name, &found.wasm)?)
            }
        };
        Ok(Loaded { plugin, signer, unsigned })
    }

    /// A plugin of these very bytes, perhaps under another name: renaming loads nothing.
    fn loaded(&self, digest: &str) -> Option<Arc<Plugin>> {
        let mut serving = self.slots.values().filter_map(Slot::plugin);
        serving.find(|plugin| plugin.digest() == digest).cloned()
    }

    fn last_good(&mut self, name: &str) -> Option<Loaded> {
        let kept = self.kept.get(name)?;
        self.load(name, &kept).ok()
    }

    /// The list that readers get.
    pub(super) fn languages(&self, generation: u64) -> Languages {
        Languages::of(generation, self.slots.iter())
    }
}

/// Without the cache everything still works, only slower.
fn bother_not(code: io::Result<()>) {
    code.unwrap_or_else(|error| tracing::warn!("code cache: {error}"));
}
