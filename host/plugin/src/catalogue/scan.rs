//! One look at the directory: what is new goes through the load gate, what is gone is forgotten, the rest costs a
//! `stat`.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::sync::Arc;
use std::time::Instant;

use cap_std::fs::Dir;

use super::files::{self, Found, Print};
use super::kept::Kept;
use super::status::{PluginState, PluginStatus};
use super::{Languages, Loaded, Trusted, gate, trusted};
use crate::compile::Compiling;
use crate::error::{LoadError, PluginError};
use crate::hex;
use crate::plugin::{Plugin, Shared};
use crate::seal::CodeCache;

/// What is known of each file.
pub(super) struct Scanner {
    shared: Arc<Shared>,
    code: Arc<CodeCache>,
    kept: Kept,
    slots: BTreeMap<String, Slot>,
    seen: u64,
}

/// A file, and what came of it.
#[derive(Default)]
struct Slot {
    /// As it was when it was read; `None` asks for another look.
    print: Option<Print>,
    serves: Option<Loaded>,
    error: Option<PluginError>,
    missing: bool,
    /// Who came first keeps a contested name.
    since: u64,
}

impl Loaded {
    /// Changes when what serves does, or what is said of it.
    fn mark(&self) -> (String, Option<String>, Option<String>) {
        let signer = self.signer.as_ref().map(|signer| signer.key.clone());
        (self.plugin.digest().to_owned(), signer, self.unsigned.clone())
    }
}

impl Scanner {
    pub(super) fn new(shared: Arc<Shared>, code: CodeCache) -> Result<Self, PluginError> {
        let code = Arc::new(code);
        let kept = Kept::open(&shared, Arc::clone(&code))?;
        Ok(Self { shared, code, kept, slots: BTreeMap::new(), seen: 0 })
    }

    /// Says whether anything changed.
    pub(super) fn scan(&mut self, patient: bool) -> Result<bool, PluginError> {
        let (dir, found) = files::list(&self.shared.config).map_err(|error| self.unusable(&error))?;
        let gone = self.gone(&found, patient);
        let is_new =
            |name: &String, print: &Print| self.slots.get(name).is_none_or(|slot| slot.print.as_ref() != Some(print));
        let news: Vec<_> = found.into_iter().filter(|(name, print)| is_new(name, print)).collect();
        let mut changed = false;
        if !news.is_empty() {
            bother_not(self.code.purge());
            let (shared, cache) = (self.shared.clone(), Arc::clone(&self.code));
            let mut compiling = Compiling::new(shared.config.compiler.as_ref(), &cache, &shared.host);
            for (name, print) in news {
                changed |= self.update(&dir, &name, &print, &mut compiling);
            }
            bother_not(self.code.seal());
        }
        // After the new ones: a renamed file is found by what it held under its old name.
        changed |= !gone.is_empty();
        gone.iter().for_each(|name| self.forget(name));
        Ok(changed)
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
        self.kept.forget(name);
    }

    /// Reads a file that is new or other than it was.
    fn update(&mut self, dir: &Dir, name: &str, print: &Print, compiling: &mut Compiling<'_>) -> bool {
        self.seen += 1;
        let since = self.seen;
        let read = files::read(dir, name, &self.shared.config);
        if read.is_ok() && files::print(dir, name, &self.shared.config).is_some_and(|now| now != *print) {
            // Somebody is writing it: the next look will find it changed.
            return false;
        }
        let began = Instant::now();
        let result = read.and_then(|found| {
            let serving = self.load(name, &found, compiling)?;
            self.kept.put(name, &found);
            Ok(serving)
        });
        let last_good = match &result {
            Err(_) if self.slots.get(name).is_none_or(|slot| slot.serves.is_none()) => self.last_good(name, compiling),
            _ => None,
        };
        let slot = self.slots.entry(name.to_owned()).or_insert_with(|| Slot { since, ..Slot::default() });
        slot.print = Some(print.clone());
        let before = (slot.serves.as_ref().map(Loaded::mark), slot.error.is_some());
        match result {
            Ok(serving) => {
                let ms = began.elapsed().as_secs_f64() * 1e3;
                tracing::info!(plugin.file = name, plugin.load_ms = ms, "{:?} is there", serving.plugin);
                if let Some(why) = &serving.unsigned {
                    tracing::warn!(plugin.file = name, "it is loaded all the same: {why}");
                }
                slot.serves = Some(serving);
                slot.error = None;
            }
            Err(error) => {
                let error = error.of(name);
                tracing::warn!(plugin.file = name, "plugin rejected: {error}");
                slot.serves = slot.serves.take().or(last_good);
                slot.error = Some(error);
            }
        }
        slot.error.is_some() || before != (slot.serves.as_ref().map(Loaded::mark), false)
    }

    fn unusable(&self, error: &io::Error) -> PluginError {
        PluginError::Directory { what: "plugin", path: self.shared.config.dir.clone(), message: error.to_string() }
    }

    /// Puts bytes that pass the gate where the language's file is, or is to be; says its name.
    pub(super) fn offer(&mut self, id: &str, wasm: &[u8]) -> Result<String, PluginError> {
        let serves = |slot: &Slot| slot.serves.as_ref().is_some_and(|serving| serving.plugin.descriptor().id == id);
        let known = self.slots.iter().find(|(_, slot)| serves(slot)).map(|(name, _)| name.clone());
        let name = known.unwrap_or_else(|| format!("{id}.wasm"));
        let (shared, cache) = (self.shared.clone(), Arc::clone(&self.code));
        let mut compiling = Compiling::new(shared.config.compiler.as_ref(), &cache, &shared.host);
        let found = Found { wasm: wasm.to_vec(), signature: None };
        bother_not(self.code.purge());
        let loaded = self.load(&name, &found, &mut compiling).map_err(|error| error.of(&name))?;
        bother_not(self.code.seal());
        let is = &loaded.plugin.descriptor().id;
        // Only then is it certain that the id is one, and leads nowhere else.
        if is != id {
            return Err(LoadError::OtherLanguage { id: is.clone(), wanted: id.to_owned() }.of(&name));
        }
        files::write(&self.shared.config, &name, wasm).map_err(|error| self.unusable(&error))?;
        Ok(name)
    }

    /// Whose bytes these are comes before what they are.
    fn load(&self, name: &str, found: &Found, compiling: &mut Compiling<'_>) -> Result<Loaded, LoadError> {
        let Trusted { signer, unsigned } = trusted(&self.shared.config, name, found)?;
        let digest = hex::sha256(&found.wasm);
        let plugin = match self.loaded(&digest) {
            Some(plugin) => plugin,
            None => {
                compiling.ahead(&found.wasm)?;
                Arc::new(gate::load(&self.shared, name, &found.wasm)?)
            }
        };
        Ok(Loaded { plugin, signer, unsigned })
    }

    /// A plugin of these very bytes, perhaps under another name: renaming loads nothing.
    fn loaded(&self, digest: &str) -> Option<Arc<Plugin>> {
        let mut serving = self.slots.values().filter_map(|slot| slot.serves.as_ref().map(|serving| &serving.plugin));
        serving.find(|plugin| plugin.digest() == digest).cloned()
    }

    fn last_good(&self, name: &str, compiling: &mut Compiling<'_>) -> Option<Loaded> {
        self.load(name, &self.kept.get(name)?, compiling).ok()
    }

    /// The list that readers get.
    pub(super) fn languages(&self, generation: u64) -> Languages {
        let mut slots: Vec<_> = self.slots.iter().collect();
        // A file that may be on its way out yields to one that is there.
        slots.sort_by_key(|(_, slot)| (slot.missing, slot.since));
        let mut next = Languages { generation, ..Languages::default() };
        let mut owners: HashMap<&str, &str> = HashMap::new();
        for (file, slot) in &slots {
            let mut status = status(file, slot);
            if let Some(Loaded { plugin, .. }) = &slot.serves {
                let id = plugin.descriptor().id.as_str();
                if let Some(by) = owners.get(id) {
                    let duplicate = LoadError::Duplicate { id: id.to_owned(), by: (*by).to_owned() };
                    status.error.get_or_insert_with(|| duplicate.of(file).fault());
                    status.state = PluginState::Rejected;
                } else {
                    owners.insert(id, file);
                    next.names.insert(id.to_owned(), plugin.clone());
                    next.plugins.push(plugin.clone());
                }
            }
            next.statuses.push(status);
        }
        // After all ids: an id counts for more than an alias.
        for plugin in next.plugins.clone() {
            let id = &plugin.descriptor().id;
            for alias in &plugin.descriptor().aliases {
                let owner = next.names.entry(alias.clone()).or_insert_with(|| plugin.clone());
                if owner.descriptor().id != *id {
                    let note = format!("alias `{alias}` belongs to language `{}`", owner.descriptor().id);
                    let statuses = next.statuses.iter_mut();
                    statuses.filter(|status| status.serves(id)).for_each(|status| status.notes.push(note.clone()));
                }
            }
        }
        next.plugins.sort_by(|a, b| a.descriptor().id.cmp(&b.descriptor().id));
        next.statuses.sort_by(|a, b| a.file.cmp(&b.file));
        next
    }
}

/// Without the cache everything still works, only slower.
fn bother_not(code: io::Result<()>) {
    code.unwrap_or_else(|error| tracing::warn!("code cache: {error}"));
}

fn status(file: &str, slot: &Slot) -> PluginStatus {
    let serving = slot.serves.as_ref();
    let plugin = serving.map(|serving| &serving.plugin);
    let unstamped = plugin.filter(|plugin| plugin.sdk().is_none()).map(|plugin| plugin.unstamped_note());
    PluginStatus {
        file: file.to_owned(),
        state: match (plugin, &slot.error) {
            (Some(_), None) => PluginState::Active,
            (Some(_), Some(_)) => PluginState::Degraded,
            (None, _) => PluginState::Rejected,
        },
        id: plugin.map(|plugin| plugin.descriptor().id.clone()),
        version: plugin.map(|plugin| plugin.descriptor().version.clone()),
        digest: plugin.map(|plugin| plugin.digest().to_owned()),
        api: plugin.map(|plugin| plugin.api().to_owned()),
        signed_by: serving.and_then(|serving| serving.signer.as_ref()).map(|signer| signer.key.clone()),
        error: slot.error.as_ref().map(PluginError::fault),
        notes: serving.and_then(|serving| serving.unsigned.clone()).into_iter().chain(unstamped).collect(),
    }
}
