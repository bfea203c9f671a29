//! Announcements of languages between processes that share a queue: workers write theirs, API processes read them. They
//! stay when no worker is left, so that jobs can still be checked, and wake the next worker.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use optimus_core::language::{Availability, LanguageInfo};
use optimus_core::languages::LanguageBook;
use optimus_queue::background::Outage;
use optimus_queue::{QueueError, SharedStore};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use crate::readiness::Readiness;

/// The hash of announcements, next to the queue.
const HASH: &str = "languages";
/// Time between two reads of the announcements, and between two looks for changes of one's own.
const LOOK: Duration = Duration::from_secs(1);
/// A language that was not announced for this long is no longer offered.
const FORGET: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// A worker repeats its announcements after this long.
const ANNOUNCE_AGAIN: Duration = Duration::from_secs(60);

#[derive(Serialize, Deserialize)]
struct Announcement {
    language: LanguageInfo,
    /// Seconds since 1970.
    at: u64,
}

fn now() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs()
}

/// The ids of the languages of `book` whose toolchains are available, of `only` (empty: of all).
pub fn available(book: &LanguageBook, only: &BTreeSet<String>) -> BTreeSet<String> {
    let all = book.all();
    let can = |language: &&LanguageInfo| matches!(language.availability, Availability::Available { .. });
    let ids = all.iter().filter(can).map(|language| language.descriptor.id.clone());
    ids.filter(|id| only.is_empty() || only.contains(id)).collect()
}

/// A worker's side: announces the languages of `book` that it can judge, when they change and once a minute.
pub async fn announce(
    book: Arc<LanguageBook>,
    store: Arc<dyn SharedStore>,
    only: BTreeSet<String>,
    readiness: Arc<Readiness>,
    shutdown: CancellationToken,
) {
    let mut announced: Vec<LanguageInfo> = Vec::new();
    let mut since = tokio::time::Instant::now();
    let mut outage = Outage::of("announce the languages");
    loop {
        let all = book.all();
        let mine = |language: &&LanguageInfo| {
            language.availability != Availability::Unknown
                && (only.is_empty() || only.contains(&language.descriptor.id))
        };
        let list: Vec<LanguageInfo> = all.iter().filter(mine).cloned().collect();
        if list != announced || since.elapsed() >= ANNOUNCE_AGAIN {
            let result = announce_once(&*store, &list).await;
            outage.note(&result);
            readiness.remark("queue", result.as_ref().err().map(ToString::to_string).as_deref());
            if result.is_ok() {
                (announced, since) = (list, tokio::time::Instant::now());
            }
        }
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}

async fn announce_once(store: &dyn SharedStore, list: &[LanguageInfo]) -> Result<(), QueueError> {
    for language in list {
        // A worker without the toolchain does not overwrite the announcement of one that has it.
        if matches!(language.availability, Availability::Unavailable { .. })
            && read(store).await?.0.iter().any(|other| is_elsewhere(other, language))
        {
            continue;
        }
        let announcement = Announcement { language: language.clone(), at: now() };
        let json = serde_json::to_vec(&announcement).map_err(|source| QueueError::Store {
            doing: format!("announce language `{}`", language.descriptor.id),
            source: source.into(),
        })?;
        store.put(HASH, &language.descriptor.id, Some(&json)).await?;
    }
    Ok(())
}

fn is_elsewhere(other: &Announcement, language: &LanguageInfo) -> bool {
    other.language.descriptor.id == language.descriptor.id
        && matches!(other.language.availability, Availability::Available { .. })
        && other.is_alive()
}

impl Announcement {
    /// A worker has repeated it lately.
    fn is_alive(&self) -> bool {
        now().saturating_sub(self.at) < 3 * ANNOUNCE_AGAIN.as_secs()
    }
}

/// The announcements, and the ids of those that this version cannot read.
async fn read(store: &dyn SharedStore) -> Result<(Vec<Announcement>, BTreeSet<String>), QueueError> {
    Ok(parse(store.get_all(HASH).await?))
}

fn parse(stored: BTreeMap<String, Vec<u8>>) -> (Vec<Announcement>, BTreeSet<String>) {
    let (mut announced, mut unreadable) = (Vec::new(), BTreeSet::new());
    for (id, json) in stored {
        match serde_json::from_slice(&json) {
            Ok(announcement) => announced.push(announcement),
            Err(_) => drop(unreadable.insert(id)),
        }
    }
    (announced, unreadable)
}

/// The languages that an API process offers.
pub struct Offer {
    /// Languages of this process's plugins, until a worker has announced them.
    pub own: Box<dyn Fn() -> Vec<LanguageInfo> + Send + Sync>,
    /// Only these ids (empty: all).
    pub only: BTreeSet<String>,
}

impl Offer {
    fn own(&self) -> Vec<LanguageInfo> {
        (self.own)().into_iter().filter(|language| self.includes(language)).collect()
    }

    fn includes(&self, language: &LanguageInfo) -> bool {
        self.only.is_empty() || self.only.contains(&language.descriptor.id)
    }
}

/// The languages of `list` whose jobs wait until a worker comes, as a remark for operators. Where workers are scaled to zero, that
/// is as it should be.
fn without_workers(list: &[LanguageInfo], alive: &BTreeSet<String>) -> Option<String> {
    let ids = list.iter().map(|language| language.descriptor.id.as_str()).filter(|id| !alive.contains(*id));
    let ids: Vec<&str> = ids.collect::<BTreeSet<_>>().into_iter().collect();
    (!ids.is_empty())
        .then(|| format!("no worker has announced these lately, so their jobs wait for one: {}", ids.join(", ")))
}

/// An API's side: keeps `book` as workers announce it, and as its own plugins say where none has.
pub async fn learn(
    book: Arc<LanguageBook>,
    offer: Offer,
    store: Arc<dyn SharedStore>,
    readiness: Arc<Readiness>,
    shutdown: CancellationToken,
) {
    let mut outage = Outage::of("read which languages workers announce");
    let mut known_unreadable = BTreeSet::new();
    loop {
        let announced = read(&*store).await;
        outage.note(&announced);
        readiness.remark("queue", announced.as_ref().err().map(ToString::to_string).as_deref());
        match announced {
            Ok((announced, unreadable)) => {
                if unreadable != known_unreadable {
                    tracing::warn!(languages = ?unreadable, "announced by another version, and cannot be read here");
                    known_unreadable = unreadable;
                }
                let can = |one: &&Announcement| matches!(one.language.availability, Availability::Available { .. });
                let alive = announced.iter().filter(|one| one.is_alive()).filter(can);
                let alive: BTreeSet<String> = alive.map(|one| one.language.descriptor.id.clone()).collect();
                let fresh = announced.into_iter().filter(|one| now().saturating_sub(one.at) < FORGET.as_secs());
                let fresh = fresh.map(|announcement| announcement.language);
                let mut list: Vec<LanguageInfo> = fresh.filter(|language| offer.includes(language)).collect();
                for language in offer.own() {
                    if list.iter().all(|known| known.descriptor.id != language.descriptor.id) {
                        list.push(language);
                    }
                }
                readiness.remark("workers", without_workers(&list, &alive).as_deref());
                book.replace(list);
            }
            // What was known stays known.
            Err(_) if book.all().is_empty() => book.replace(offer.own()),
            Err(_) => {}
        }
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_announcement_that_cannot_be_read_is_named() {
        let json = br#"{"language": {"descriptor": "of another version"}, "at": 1}"#.to_vec();
        let (announced, unreadable) = parse(BTreeMap::from([("toy".to_owned(), json)]));
        assert!(announced.is_empty() && unreadable.contains("toy"));
    }
}
