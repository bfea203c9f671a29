//! Storage of the audit log.

use std::cmp::Reverse;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use futures::{StreamExt as _, TryStreamExt as _};
use optimus_core::Timestamp;
use optimus_queue::SharedStore;

use super::entry::{Entry, day_at, day_of, mark_of};
use crate::key_value::{Directory, InMemory, KeyValueStore, SharedHash, json};

/// What is stored, in messages.
const KIND: &str = "entry of the audit log";
/// Entries that one page looks at; where few of them are wanted, it is short.
const LOOKS: usize = 5_000;
/// Entries that are read at the same time.
const AT_ONCE: usize = 16;
/// Characters of an id; those of a name that follow are the mark.
const ID: usize = 32;

/// Storage of the audit log.
pub struct AuditLog {
    place: Place,
    /// The days that have entries, or had some.
    days: Box<dyn KeyValueStore>,
    /// The newest day that this process knows to be among them.
    noted: Mutex<Option<u64>>,
}

enum Place {
    Files(PathBuf),
    Shared(Arc<dyn SharedStore>),
    Memory(InMemory),
}

/// Which entries are wanted.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wanted {
    /// Only of this tenant.
    pub(crate) tenant: Option<String>,
    /// Only with this key.
    pub(crate) key: Option<String>,
    /// Only this action.
    pub(crate) action: Option<String>,
    /// Only from this time on.
    pub(crate) since: Option<Timestamp>,
}

/// A page, the newest entry first.
#[derive(Debug, Default)]
pub(crate) struct Page {
    pub(crate) entries: Vec<Entry>,
    /// The id before which the next page begins; none after the last page.
    pub(crate) next: Option<String>,
}

impl AuditLog {
    /// Files of a server in one process. A command line may write beside it.
    pub fn files(dir: &Path) -> Self {
        let days = Directory::new(dir.join("days"), "", ".json");
        Self::new(Place::Files(dir.to_owned()), Box::new(days))
    }

    /// For all processes that share the queue.
    pub fn shared(store: &Arc<dyn SharedStore>) -> Self {
        let days = SharedHash::new(Arc::clone(store), "audit-days");
        Self::new(Place::Shared(Arc::clone(store)), Box::new(days))
    }

    /// Of a process that keeps nothing.
    pub fn in_memory() -> Self {
        Self::new(Place::Memory(InMemory::default()), Box::<InMemory>::default())
    }

    fn new(place: Place, days: Box<dyn KeyValueStore>) -> Self {
        Self { place, days, noted: Mutex::default() }
    }

    /// Adds an entry, or how it ended. Returns once it is stored.
    ///
    /// # Errors
    /// It cannot be written.
    pub async fn write(&self, entry: &Entry) -> anyhow::Result<()> {
        let day = entry.day().unwrap_or_else(|| day_at(entry.at));
        let is_noted = || self.noted.lock().unwrap_or_else(PoisonError::into_inner).is_some_and(|noted| noted == day);
        if !is_noted() {
            self.days.put(&day.to_string(), Some(b"{}".to_vec())).await?;
            *self.noted.lock().unwrap_or_else(PoisonError::into_inner) = Some(day);
        }
        json::write(self.of_day(day).as_ref(), &entry.name(), entry).await
    }

    /// Entries that are wanted, older than `before`. A page may be short, and yet not the last.
    pub(crate) async fn page(&self, wanted: &Wanted, before: Option<&str>, limit: usize) -> anyhow::Result<Page> {
        let (mut page, mut looks) = (Page::default(), 0);
        let oldest = wanted.since.map_or(0, day_at);
        let newest = before.and_then(day_of).unwrap_or(u64::MAX);
        let mut days = self.days().await?;
        days.retain(|day| (oldest..=newest).contains(day));
        days.sort_unstable_by_key(|day| Reverse(*day));
        let mark = wanted.tenant.as_deref().map(|tenant| mark_of(Some(tenant)));
        for day in days {
            let mut names = self.names(day).await?;
            names.retain(|name| {
                before.is_none_or(|before| &name[..ID] < before) && mark.as_ref().is_none_or(|mark| name[ID..] == *mark)
            });
            names.sort_unstable_by(|one, other| other.cmp(one));
            let of_day = self.of_day(day);
            let read = |name: String| {
                let of_day = of_day.as_ref();
                async move { anyhow::Ok((json::read::<Entry>(of_day, KIND, &name).await?, name)) }
            };
            let mut entries = futures::stream::iter(names).map(read).buffered(AT_ONCE);
            while let Some((entry, name)) = entries.try_next().await? {
                looks += 1;
                page.entries.extend(entry.filter(|entry| wanted.has(entry)));
                if page.entries.len() == limit || looks == LOOKS {
                    return Ok(Page { next: Some(name[..ID].to_owned()), ..page });
                }
            }
        }
        Ok(page)
    }

    /// The days that have entries, or had some.
    pub(super) async fn days(&self) -> anyhow::Result<Vec<u64>> {
        Ok(self.days.names().await?.into_iter().filter_map(|day| day.parse().ok()).collect())
    }

    /// The names of a day's entries.
    pub(super) async fn names(&self, day: u64) -> anyhow::Result<Vec<String>> {
        let mut names = self.of_day(day).names().await?;
        names.retain(|name| name.len() > ID && name.is_ascii() && day_of(name) == Some(day));
        Ok(names)
    }

    /// Removes an entry whose time is over.
    pub(super) async fn remove(&self, day: u64, name: &str) -> anyhow::Result<()> {
        self.of_day(day).put(name, None).await
    }

    /// Removes a day that has no entries any more, and will have none.
    pub(super) async fn remove_day(&self, day: u64) -> anyhow::Result<()> {
        if let Place::Files(dir) = &self.place {
            match tokio::fs::remove_dir(dir.join(day.to_string())).await {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
                _ => {}
            }
        }
        self.days.put(&day.to_string(), None).await
    }

    fn of_day(&self, day: u64) -> Box<dyn KeyValueStore> {
        match &self.place {
            Place::Files(dir) => Box::new(Directory::new(dir.join(day.to_string()), "", ".json")),
            Place::Shared(store) => Box::new(SharedHash::new(Arc::clone(store), format!("audit-{day}"))),
            Place::Memory(values) => Box::new(values.clone()),
        }
    }
}

impl Wanted {
    fn has(&self, entry: &Entry) -> bool {
        let is = |wanted: &Option<String>, found: Option<&str>| wanted.is_none() || wanted.as_deref() == found;
        is(&self.tenant, entry.tenant.as_deref())
            && is(&self.key, entry.key.as_deref())
            && is(&self.action, Some(&entry.action))
            && self.since.is_none_or(|since| entry.at >= since)
    }
}
