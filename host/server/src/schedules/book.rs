//! Every definition in memory. Each change has a version, stored with the queue, so that a process reads what is new to it only.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::definition::Definition;

/// Every schedule by id.
pub(crate) type Definitions = BTreeMap<String, Arc<Definition>>;

/// What a process has read.
#[derive(Debug, Default)]
pub(super) struct Book {
    /// Absent until the first reading.
    pub(super) generation: Option<Option<Vec<u8>>>,
    versions: BTreeMap<String, Vec<u8>>,
    pub(super) definitions: Arc<Definitions>,
}

impl Book {
    /// The schedules whose version is another one now: created, changed, or removed.
    pub(super) fn changed(&self, versions: &BTreeMap<String, Vec<u8>>) -> BTreeSet<String> {
        let ids = self.versions.keys().chain(versions.keys());
        ids.filter(|id| self.versions.get(*id) != versions.get(*id)).cloned().collect()
    }

    /// Notes what was read.
    pub(super) fn note(
        &mut self,
        generation: Option<Vec<u8>>,
        versions: BTreeMap<String, Vec<u8>>,
        read: Vec<(String, Option<Definition>)>,
    ) {
        let definitions = Arc::make_mut(&mut self.definitions);
        for (id, definition) in read {
            match definition {
                Some(definition) => drop(definitions.insert(id, Arc::new(definition))),
                None => drop(definitions.remove(&id)),
            }
        }
        (self.generation, self.versions) = (Some(generation), versions);
    }
}
