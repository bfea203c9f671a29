//! Storage of schedules: with a shared queue, or in files of the state directory.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use optimus_queue::SharedStore;
use tokio::sync::{Mutex, Notify};

use super::book::{Book, Definitions};
use super::definition::{Definition, Request, new_id};
use super::leader::Leader;
use super::progress::Progress;
use crate::key_value::{Directory, InMemory, KeyValueStore, SharedHash, json};

/// What is stored, in messages.
const KIND: &str = "schedule";

/// Changes each time a client has written. No schedule has this id.
const GENERATION: &str = "generation";

/// Storage of schedules.
pub struct ScheduleStore {
    definitions: Box<dyn KeyValueStore>,
    progress: Box<dyn KeyValueStore>,
    requests: Box<dyn KeyValueStore>,
    versions: Box<dyn KeyValueStore>,
    shared: Option<Arc<dyn SharedStore>>,
    book: Mutex<Book>,
    /// A client of this process has written.
    changed: Notify,
}

impl ScheduleStore {
    /// Files of a server in one process.
    pub fn files(dir: &Path) -> Self {
        let files = |name: &str| Box::new(Directory::new(dir.join(name), "", ".json")) as Box<dyn KeyValueStore>;
        Self::new([files("definitions"), files("progress"), files("requests"), Box::<InMemory>::default()], None)
    }

    /// For all processes that share the queue.
    pub fn shared(store: &Arc<dyn SharedStore>) -> Self {
        let hash = |name| Box::new(SharedHash::new(Arc::clone(store), name)) as Box<dyn KeyValueStore>;
        let hashes = ["schedules", "schedule-progress", "schedule-requests", "schedule-versions"].map(hash);
        Self::new(hashes, Some(Arc::clone(store)))
    }

    fn new(
        [definitions, progress, requests, versions]: [Box<dyn KeyValueStore>; 4],
        shared: Option<Arc<dyn SharedStore>>,
    ) -> Self {
        let (book, changed) = (Mutex::default(), Notify::new());
        Self { definitions, progress, requests, versions, shared, book, changed }
    }

    /// One more process that wants to fire them.
    pub(super) fn leader(&self) -> Leader {
        Leader::new("schedule-leader", self.shared.clone())
    }

    /// Every schedule; one that cannot be read is logged, and does not keep the others.
    pub(crate) async fn all(&self) -> anyhow::Result<Arc<Definitions>> {
        let mut book = self.book.lock().await;
        let generation = self.versions.get(GENERATION).await?;
        if book.generation.as_ref() == Some(&generation) {
            return Ok(Arc::clone(&book.definitions));
        }
        if book.generation.is_none() && self.shared.is_none() {
            self.give_versions().await?;
        }
        let mut versions = self.versions.get_all().await?;
        versions.remove(GENERATION);
        let mut read = Vec::new();
        if book.generation.is_none() {
            read.extend(
                json::all(self.definitions.as_ref(), KIND).await?.into_iter().map(|(id, found)| (id, Some(found))),
            );
        } else {
            for id in book.changed(&versions) {
                let definition = self.definition(&id).await?;
                read.push((id, definition));
            }
        }
        book.note(generation, versions, read);
        Ok(Arc::clone(&book.definitions))
    }

    /// The versions of one process' schedules end with it. Those that an earlier one left get theirs before they are read,
    /// so that their removal is a change.
    async fn give_versions(&self) -> anyhow::Result<()> {
        for id in self.definitions.names().await? {
            self.versions.put(&id, Some(new_id().into_bytes())).await?;
        }
        Ok(())
    }

    /// One schedule.
    pub(crate) async fn definition(&self, id: &str) -> anyhow::Result<Option<Definition>> {
        json::read(self.definitions.as_ref(), KIND, id).await
    }

    pub(crate) async fn put_definition(&self, definition: &Definition) -> anyhow::Result<()> {
        json::write(self.definitions.as_ref(), &definition.id, definition).await?;
        self.versions.put(&definition.id, Some(new_id().into_bytes())).await?;
        self.announce().await
    }

    /// Removes a schedule and what belongs to it. Its jobs go on.
    pub(crate) async fn remove(&self, id: &str) -> anyhow::Result<()> {
        self.definitions.put(id, None).await?;
        self.progress.put(id, None).await?;
        self.versions.put(id, None).await?;
        self.announce().await
    }

    /// How far each has come.
    pub(super) async fn all_progress(&self) -> anyhow::Result<BTreeMap<String, Progress>> {
        json::all(self.progress.as_ref(), KIND).await
    }

    pub(crate) async fn progress(&self, id: &str) -> anyhow::Result<Progress> {
        Ok(json::read(self.progress.as_ref(), KIND, id).await?.unwrap_or_default())
    }

    /// Writes how far a schedule has come; `None` removes what is left of one that is gone.
    pub(super) async fn put_progress(&self, id: &str, progress: Option<&Progress>) -> anyhow::Result<()> {
        match progress {
            Some(progress) => json::write(self.progress.as_ref(), id, progress).await,
            None => self.progress.put(id, None).await,
        }
    }

    /// Requests that are not yet removed.
    pub(crate) async fn requests(&self) -> anyhow::Result<Vec<Request>> {
        Ok(json::all(self.requests.as_ref(), KIND).await?.into_values().collect())
    }

    pub(crate) async fn put_request(&self, request: &Request) -> anyhow::Result<()> {
        json::write(self.requests.as_ref(), &request.id, request).await?;
        self.announce().await
    }

    pub(super) async fn remove_request(&self, id: &str) -> anyhow::Result<()> {
        self.requests.put(id, None).await
    }

    /// Another value each time a client of any process has written.
    pub(super) async fn generation(&self) -> anyhow::Result<Option<Vec<u8>>> {
        self.versions.get(GENERATION).await
    }

    /// Returns when a client of this process has written.
    pub(super) async fn changed(&self) {
        self.changed.notified().await;
    }

    async fn announce(&self) -> anyhow::Result<()> {
        self.versions.put(GENERATION, Some(new_id().into_bytes())).await?;
        self.changed.notify_one();
        Ok(())
    }
}
