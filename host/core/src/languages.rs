//! What can be judged here: shared by everybody, refreshed by the composition root.

use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::language::{Availability, LanguageInfo};

/// The languages that this server knows. Readers never wait; a refresh replaces the whole list.
#[derive(Debug, Default)]
pub struct LanguageBook {
    list: ArcSwap<Vec<LanguageInfo>>,
}

impl LanguageBook {
    /// Puts a new list in place of the old one.
    pub fn replace(&self, mut list: Vec<LanguageInfo>) {
        list.sort_by(|a, b| a.descriptor.id.cmp(&b.descriptor.id));
        self.list.store(Arc::new(list));
    }

    /// Every language, by id.
    pub fn all(&self) -> Arc<Vec<LanguageInfo>> {
        self.list.load_full()
    }

    /// The language of this id or alias.
    pub fn find(&self, name: &str) -> Option<LanguageInfo> {
        let list = self.list.load();
        let by_id = list.iter().find(|l| l.descriptor.id == name);
        by_id.or_else(|| list.iter().find(|l| l.descriptor.is_called(name))).cloned()
    }

    /// What its toolchain says of itself, once it has been asked.
    pub fn toolchain(&self, id: &str) -> Option<String> {
        match &self.list.load().iter().find(|l| l.descriptor.id == id)?.availability {
            Availability::Available { version } => Some(version.clone()),
            Availability::Unknown | Availability::Unavailable { .. } => None,
        }
    }

    /// The language whose files end like this (without the dot).
    pub fn by_extension(&self, extension: &str) -> Option<LanguageInfo> {
        let rank = |l: &LanguageInfo| l.descriptor.extensions.iter().position(|e| e == extension);
        self.list
            .load()
            .iter()
            .filter_map(|l| Some((rank(l)?, l)))
            .min_by_key(|(rank, _)| *rank)
            .map(|(_, l)| l.clone())
    }

    /// The known name nearest to a mistyped one.
    pub fn suggest(&self, name: &str) -> Option<String> {
        let list = self.list.load();
        let names = list.iter().flat_map(|l| std::iter::once(&l.descriptor.id).chain(&l.descriptor.aliases));
        let near = names.map(|known| (strsim::damerau_levenshtein(name, known), known));
        near.filter(|(distance, _)| *distance <= 2).min().map(|(_, known)| known.clone())
    }
}
