//! Files that clients keep on the server between requests.
//!
//! They are in the memory of one server process, bounded by count, size and age: the oldest go first. One that is gone is
//! unknown, as after a restart. An owner sees its own files only.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use optimus_core::Content;
use uuid::Uuid;

/// What files may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// Files of all owners, in bytes.
    total: usize,
    /// Files of one owner, in bytes.
    own: usize,
    /// Files of one owner.
    count: usize,
    /// One file, in bytes.
    file: usize,
    age: Duration,
}

const BOUNDS: Bounds =
    Bounds { total: 256 << 20, own: 64 << 20, count: 1_000, file: 16 << 20, age: Duration::from_secs(60 * 60) };
/// What a file costs beside its name and content.
const OVERHEAD: usize = 512;

/// The files of all callers.
#[derive(Clone)]
pub struct FileStore {
    bounds: Bounds,
    shelves: Arc<Mutex<Shelves>>,
}

type Shelves = HashMap<Owner, Shelf>;

/// A tenant behind one door: another engine's ids are not known there.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Owner {
    door: &'static str,
    tenant: Option<String>,
}

/// The files of one owner, by when they came: the first is the oldest.
#[derive(Default)]
struct Shelf {
    files: BTreeMap<Uuid, Kept>,
    places: HashMap<String, Uuid>,
    bytes: usize,
}

struct Kept {
    id: String,
    name: String,
    content: Bytes,
    since: Instant,
}

/// The files of one owner.
pub(crate) struct OwnFiles {
    store: FileStore,
    owner: Owner,
}

impl Default for FileStore {
    fn default() -> Self {
        Self::within(BOUNDS)
    }
}

impl FileStore {
    fn within(bounds: Bounds) -> Self {
        Self { bounds, shelves: Arc::default() }
    }

    pub(crate) fn of(&self, door: &'static str, tenant: &Option<String>) -> OwnFiles {
        OwnFiles { store: self.clone(), owner: Owner { door, tenant: tenant.clone() } }
    }

    /// All files that are not too old.
    fn shelves(&self) -> MutexGuard<'_, Shelves> {
        let mut shelves = self.shelves.lock().unwrap_or_else(PoisonError::into_inner);
        for shelf in shelves.values_mut() {
            while shelf.files.first_key_value().is_some_and(|(_, kept)| kept.since.elapsed() >= self.bounds.age) {
                shelf.drop_oldest();
            }
        }
        shelves.retain(|_, shelf| !shelf.files.is_empty());
        shelves
    }
}

impl Shelf {
    fn drop_oldest(&mut self) {
        if let Some((_, kept)) = self.files.pop_first() {
            self.places.remove(&kept.id);
            self.bytes -= kept.cost();
        }
    }

    fn remove(&mut self, id: &str) -> bool {
        let removed = self.places.remove(id).and_then(|place| self.files.remove(&place));
        self.bytes -= removed.as_ref().map_or(0, Kept::cost);
        removed.is_some()
    }
}

impl Kept {
    fn cost(&self) -> usize {
        2 * self.id.len() + self.name.len() + self.content.len() + OVERHEAD
    }
}

impl OwnFiles {
    /// Keeps a file by an id of ours, and drops older ones for which there is no room then.
    ///
    /// # Errors
    /// It is too large.
    pub(crate) fn keep(&self, name: &str, content: &[u8]) -> Result<String, String> {
        let id = Uuid::now_v7().simple().to_string();
        self.keep_as(&id, name, content)?;
        Ok(id)
    }

    /// The same by an id of the client's, in the place of what had it before.
    ///
    /// # Errors
    /// It is too large.
    pub(crate) fn keep_as(&self, id: &str, name: &str, content: &[u8]) -> Result<(), String> {
        let bounds = self.store.bounds;
        if content.len() > bounds.file {
            return Err(format!("the file has {} bytes; the maximum is {}", content.len(), bounds.file));
        }
        // A copy: a slice would keep all of what it was cut from.
        let (name, content) = (name.chars().take(255).collect(), Bytes::copy_from_slice(content));
        let kept = Kept { id: id.to_owned(), name, content, since: Instant::now() };
        let mut shelves = self.store.shelves();
        let shelf = shelves.entry(self.owner.clone()).or_default();
        shelf.remove(id);
        while shelf.files.len() >= bounds.count || (shelf.bytes + kept.cost() > bounds.own && shelf.bytes > 0) {
            shelf.drop_oldest();
        }
        shelf.bytes += kept.cost();
        let place = Uuid::now_v7();
        shelf.places.insert(id.to_owned(), place);
        shelf.files.insert(place, kept);
        while shelves.values().map(|shelf| shelf.bytes).sum::<usize>() > bounds.total {
            if let Some(shelf) = shelves.values_mut().min_by_key(|shelf| shelf.files.keys().next().copied()) {
                shelf.drop_oldest();
            }
            shelves.retain(|_, shelf| !shelf.files.is_empty());
        }
        Ok(())
    }

    pub(crate) fn content(&self, id: &str) -> Option<Content> {
        let shelves = self.store.shelves();
        let shelf = shelves.get(&self.owner)?;
        shelf.files.get(shelf.places.get(id)?).map(|kept| Content::from(kept.content.clone()))
    }

    /// Names by ids.
    pub(crate) fn names(&self) -> BTreeMap<String, String> {
        let shelves = self.store.shelves();
        let own = shelves.get(&self.owner).into_iter().flat_map(|shelf| shelf.files.values());
        own.map(|kept| (kept.id.clone(), kept.name.clone())).collect()
    }

    /// Returns whether there was such a file.
    pub(crate) fn remove(&self, id: &str) -> bool {
        self.store.shelves().get_mut(&self.owner).is_some_and(|shelf| shelf.remove(id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NARROW: Bounds = Bounds { total: 5_000, own: 3_000, count: 3, file: 1_000, age: Duration::from_secs(60) };

    fn own(store: &FileStore, owner: &str) -> OwnFiles {
        store.of("door", &Some(owner.to_owned()))
    }

    #[test]
    fn an_owners_oldest_files_make_room_and_no_others() {
        let store = FileStore::within(NARROW);
        let (one, two) = (own(&store, "one"), own(&store, "two"));
        let others = two.keep("other", b"x").unwrap();
        let ids: Vec<String> = (0..4).map(|i| one.keep(&format!("f{i}"), b"x").unwrap()).collect();
        let names: Vec<String> = one.names().into_values().collect();
        assert_eq!(names, ["f1", "f2", "f3"]);
        // By their bytes, too.
        one.keep("large", &[0; 900]).unwrap();
        one.keep("large", &[0; 900]).unwrap();
        assert_eq!(one.names().len(), 2);
        assert!(one.content(&ids[3]).is_none() && two.content(&others).is_some() && one.content(&others).is_none());
        assert!(one.keep("huge", &[0; 1_001]).unwrap_err().contains("1001 bytes"));
    }

    #[test]
    fn when_all_is_full_the_oldest_of_all_go() {
        let store = FileStore::within(NARROW);
        let (one, two) = (own(&store, "one"), own(&store, "two"));
        let first = one.keep("first", &[0; 900]).unwrap();
        let second = one.keep("second", &[0; 900]).unwrap();
        two.keep("a", &[0; 900]).unwrap();
        two.keep("b", &[0; 900]).unwrap();
        assert!(one.content(&first).is_none() && one.content(&second).is_some());
        assert_eq!(two.names().len(), 2);
    }

    #[test]
    fn a_clients_own_id_names_the_last_file_behind_that_door() {
        let store = FileStore::within(NARROW);
        let one = own(&store, "one");
        for content in [&b"first"[..], b"second"] {
            one.keep_as("0123456789abcdef", "", content).unwrap();
        }
        assert_eq!(one.content("0123456789abcdef").unwrap().as_bytes(), b"second");
        assert_eq!(one.names().len(), 1);
        assert!(store.of("other", &Some("one".to_owned())).content("0123456789abcdef").is_none());
        assert!(own(&store, "two").content("0123456789abcdef").is_none());
    }

    #[test]
    fn a_file_ends_with_its_time_or_when_it_is_removed() {
        let store = FileStore::within(NARROW);
        let one = own(&store, "one");
        let id = one.keep("a", b"x").unwrap();
        assert!(!own(&store, "two").remove(&id) && !one.remove("no id"));
        assert!(one.remove(&id) && !one.remove(&id));
        assert!(one.store.shelves().is_empty());
        let store = FileStore::within(Bounds { age: Duration::ZERO, ..NARROW });
        let id = own(&store, "one").keep("a", b"x").unwrap();
        assert!(own(&store, "one").content(&id).is_none() && store.shelves().is_empty());
    }
}
