//! The languages at one moment: those that are loaded, and those that are known to be there and wait to be loaded.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use super::expected::Expected;
use super::scan::PluginFile;
use super::status::{PluginState, PluginStatus};
use crate::error::LoadError;
use crate::names::Names;
use crate::plugin::Plugin;

/// The languages at one moment.
#[derive(Default)]
pub struct Languages {
    pub(super) generation: u64,
    /// By id and alias.
    names: HashMap<String, Arc<Plugin>>,
    /// By id.
    plugins: Vec<Arc<Plugin>>,
    /// Files that are not loaded yet, in the order in which they claim names.
    expected: Vec<Expected>,
    pub(super) statuses: Vec<PluginStatus>,
}

impl Languages {
    /// The plugin of a language, by its id or one of its aliases, if it is loaded.
    pub fn get(&self, id_or_alias: &str) -> Option<Arc<Plugin>> {
        self.names.get(id_or_alias).cloned()
    }

    /// Every language that is loaded once, by id.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Arc<Plugin>> {
        self.plugins.iter()
    }

    /// Number of loaded languages.
    pub fn len(&self) -> usize {
        self.plugins.len()
    }

    /// Returns true if no language is loaded.
    pub fn is_empty(&self) -> bool {
        self.plugins.is_empty()
    }

    /// The files that are not loaded yet.
    pub fn expected(&self) -> &[Expected] {
        &self.expected
    }

    /// The name nearest to one that is unknown, for advice.
    pub fn nearest(&self, name: &str) -> Option<&str> {
        let near = |known: &&String| strsim::damerau_levenshtein(known, name);
        self.names
            .keys()
            .min_by_key(|known| (near(known), known.len(), known.as_str()))
            .filter(|known| {
                let typos = name.len().max(known.len()) / 3;
                near(known) <= typos.max(1)
            })
            .map(String::as_str)
    }

    /// The loaded languages of a file extension (without the dot), by id.
    pub fn by_extension(&self, extension: &str) -> Vec<Arc<Plugin>> {
        let has = |plugin: &&Arc<Plugin>| plugin.descriptor().extensions.iter().any(|known| known == extension);
        self.plugins.iter().filter(has).cloned().collect()
    }

    /// The file to load next, before it is certain which plugin a name stands for: an id counts for more than an alias,
    /// and a file that says nothing of itself may have either.
    pub(super) fn next_for(&self, name: &str) -> Option<&str> {
        if self.names.get(name).is_some_and(|plugin| plugin.descriptor().id == name) {
            return None;
        }
        let expected = self.expected.iter().find(|file| file.is(name)).or_else(|| self.unknown());
        if let Some(file) = expected {
            return Some(&file.file);
        }
        if self.names.contains_key(name) {
            return None;
        }
        self.expected.iter().find(|file| file.is_called(name)).map(|file| file.file.as_str())
    }

    /// A file of which nothing is known but that it is there.
    pub(super) fn unknown(&self) -> Option<&Expected> {
        self.expected.iter().find(|file| file.names.is_none())
    }

    /// The languages whose files end like this, loaded or not: those first for which the extension comes first.
    pub(super) fn ids_of_extension(&self, extension: &str) -> Vec<String> {
        let loaded = self.plugins.iter().map(|plugin| Names::from_descriptor(plugin.descriptor()));
        let expected = self.expected.iter().filter_map(|file| file.names.clone());
        let ranked: BTreeSet<_> =
            loaded.chain(expected).filter_map(|names| Some((names.rank(extension)?, names.id))).collect();
        ranked.into_iter().map(|(_, id)| id).collect()
    }

    /// The list that readers get, of everything that is known of the files.
    pub(super) fn from_files<'a>(generation: u64, files: impl Iterator<Item = (&'a String, &'a PluginFile)>) -> Self {
        let mut files: Vec<_> = files.collect();
        // What is built in yields to a file, and a file that may be on its way out to one that is there.
        files.sort_by_key(|(_, plugin_file)| (plugin_file.is_built_in, plugin_file.missing, plugin_file.since));
        let mut next = Self { generation, ..Self::default() };
        let mut owners: HashMap<String, &str> = HashMap::new();
        let taken: HashSet<&str> =
            files.iter().filter(|(_, plugin_file)| !plugin_file.is_built_in).filter_map(|(_, s)| s.id()).collect();
        for (file, plugin_file) in files {
            if plugin_file.is_built_in && plugin_file.id().is_some_and(|id| taken.contains(id)) {
                continue;
            }
            next.add(file, plugin_file, &mut owners);
        }
        next.add_aliases();
        next.plugins.sort_by(|a, b| a.descriptor().id.cmp(&b.descriptor().id));
        next.statuses.sort_by(|a, b| a.file.cmp(&b.file));
        next
    }

    fn add<'a>(&mut self, file: &'a str, plugin_file: &PluginFile, owners: &mut HashMap<String, &'a str>) {
        if let Some(expected) = plugin_file.expected(file) {
            self.statuses.push(PluginStatus::loading(&expected));
            self.expected.push(expected);
            return;
        }
        let mut status = plugin_file.status(file);
        if let Some(plugin) = plugin_file.plugin() {
            let id = plugin.descriptor().id.as_str();
            if let Some(by) = owners.get(id) {
                let duplicate = LoadError::Duplicate { id: id.to_owned(), by: (*by).to_owned() };
                status.error.get_or_insert_with(|| duplicate.in_file(file).fault());
                status.state = PluginState::Rejected;
            } else {
                owners.insert(id.to_owned(), file);
                self.names.insert(id.to_owned(), Arc::clone(plugin));
                self.plugins.push(Arc::clone(plugin));
            }
        }
        self.statuses.push(status);
    }

    /// After all ids: an id counts for more than an alias.
    fn add_aliases(&mut self) {
        for plugin in &self.plugins {
            let id = &plugin.descriptor().id;
            for alias in &plugin.descriptor().aliases {
                let owner = self.names.entry(alias.clone()).or_insert_with(|| Arc::clone(plugin));
                if owner.descriptor().id != *id {
                    let note = format!("alias `{alias}` belongs to language `{}`", owner.descriptor().id);
                    let statuses = self.statuses.iter_mut();
                    statuses.filter(|status| status.serves(id)).for_each(|status| status.notes.push(note.clone()));
                }
            }
        }
    }
}
