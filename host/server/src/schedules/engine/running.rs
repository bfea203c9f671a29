//! The leader's view of all schedules, and its rounds over those that are due.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use optimus_core::Timestamp;
use tokio::time::Instant;

use super::entry::Entry;
use super::{LOOK, Seams};
use crate::schedules::definition::Request;

/// Schedules that are dealt with at the same time.
const AT_ONCE: usize = 64;

/// What an engine knows while it leads.
pub(super) struct Running {
    seams: Seams,
    /// That of the requests that were read.
    generation: Option<Option<Vec<u8>>>,
    is_loaded: bool,
    entries: HashMap<String, Entry>,
    /// The next firing of each schedule that has one.
    due: BTreeSet<(Timestamp, String)>,
    /// Schedules with jobs that run, or firings that wait.
    busy: BTreeSet<String>,
    looked: Option<Instant>,
}

impl Running {
    pub(super) fn new(seams: Seams) -> Self {
        let (entries, due, busy) = (HashMap::new(), BTreeSet::new(), BTreeSet::new());
        Self { seams, generation: None, is_loaded: false, entries, due, busy, looked: None }
    }

    /// Until the next firing, but not long: the machine's clock may be set meanwhile.
    pub(super) fn wait(&self) -> Duration {
        let now = (self.seams.now)();
        let next = self.due.first().map_or(LOOK, |(at, _)| Duration::from_millis(at.0.saturating_sub(now.0)));
        let look = self.looked.map_or(Duration::ZERO, |looked| LOOK.saturating_sub(looked.elapsed()));
        next.min(look)
    }

    /// Looks at what clients have written with the next round.
    pub(super) fn look_soon(&mut self) {
        self.looked = None;
    }

    /// One round.
    pub(super) async fn tick(&mut self) -> anyhow::Result<()> {
        let now = (self.seams.now)();
        let mut wanted = BTreeSet::<String>::new();
        let mut requests = BTreeMap::<String, Vec<Request>>::new();
        if self.looked.is_none_or(|looked| looked.elapsed() >= LOOK) {
            for request in self.reload().await? {
                wanted.insert(request.schedule.clone());
                requests.entry(request.schedule.clone()).or_default().push(request);
            }
            wanted.extend(self.busy.iter().cloned());
            self.looked = Some(Instant::now());
        }
        wanted.extend(self.due.iter().take_while(|(at, _)| *at <= now).map(|(_, id)| id.clone()));
        let entries: Vec<(Entry, Vec<Request>)> =
            wanted.iter().filter_map(|id| Some((self.take(id)?, requests.remove(id).unwrap_or_default()))).collect();
        let seams = &self.seams;
        let worked: Vec<(Entry, anyhow::Result<()>)> = futures::stream::iter(entries)
            .map(|(mut entry, requests)| async move {
                let worked = entry.work(seams, requests, now).await;
                (entry, worked)
            })
            .buffer_unordered(AT_ONCE)
            .collect()
            .await;
        let mut result = Ok(());
        for (entry, worked) in worked {
            self.put(entry);
            result = result.and(worked);
        }
        // Of a schedule that was removed, nothing is left to ask for.
        for request in requests.into_values().flatten() {
            self.seams.store.remove_request(&request.id).await?;
        }
        if result.is_err() {
            self.generation = None;
        }
        result
    }

    /// Takes an entry out, to work on it.
    fn take(&mut self, id: &str) -> Option<Entry> {
        let entry = self.entries.remove(id)?;
        self.busy.remove(id);
        if let Some(due) = entry.due() {
            self.due.remove(&(due, id.to_owned()));
        }
        Some(entry)
    }

    fn put(&mut self, entry: Entry) {
        let id = entry.definition.id.clone();
        if let Some(due) = entry.due() {
            self.due.insert((due, id.clone()));
        }
        if entry.is_busy {
            self.busy.insert(id.clone());
        }
        self.entries.insert(id, entry);
    }

    /// Reads what clients have written since the last time, and returns what they ask for.
    async fn reload(&mut self) -> anyhow::Result<Vec<Request>> {
        let store = Arc::clone(&self.seams.store);
        let generation = store.generation().await?;
        if self.generation.as_ref() == Some(&generation) {
            return Ok(Vec::new());
        }
        let definitions = store.all().await?;
        let gone: Vec<String> = self.entries.keys().filter(|id| !definitions.contains_key(*id)).cloned().collect();
        for id in gone {
            self.take(&id);
            store.put_progress(&id, None).await?;
        }
        let mut known = if self.is_loaded { BTreeMap::new() } else { store.all_progress().await? };
        for (id, definition) in definitions.iter() {
            if self.entries.get(id).is_some_and(|entry| Arc::ptr_eq(&entry.definition, definition)) {
                continue;
            }
            let progress = match self.is_loaded {
                true => store.progress(id).await?,
                false => known.remove(id).unwrap_or_default(),
            };
            self.take(id);
            let mut entry = Entry::new(Arc::clone(definition));
            entry.follow(&progress);
            self.put(entry);
        }
        // The engine of another process wrote these after their schedules were removed.
        for id in known.keys() {
            store.put_progress(id, None).await?;
        }
        self.is_loaded = true;
        let requests = store.requests().await?;
        self.generation = Some(generation);
        Ok(requests)
    }
}
