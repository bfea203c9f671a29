//! How processes that share a queue know each other's languages: workers tell of theirs, API processes read what was
//! told. It stays when no worker is left, so that jobs can still be checked, and wake the next one.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use optimus_core::language::{Availability, LanguageInfo};
use optimus_core::languages::LanguageBook;
use optimus_plugin::Catalogue;
use optimus_queue::{QueueError, RedisQueue};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use crate::engine::Engine;

/// Where languages are kept beside the queue.
const SHELF: &str = "languages";
/// Between two looks at what others have told.
const LOOK: Duration = Duration::from_secs(1);
/// What nobody has told of for this long is no language any more.
const FORGET: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// A worker tells again after this long.
const TELL_AGAIN: Duration = Duration::from_secs(60);

#[derive(Serialize, Deserialize)]
struct Told {
    language: LanguageInfo,
    /// Seconds since 1970.
    at: u64,
}

fn now() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs()
}

/// What `engine` can judge now, of `only` (empty: of all).
pub(super) fn judged_here(engine: &Engine, only: &BTreeSet<String>) -> BTreeSet<String> {
    let all = engine.book.all();
    let can = |language: &&LanguageInfo| matches!(language.availability, Availability::Available { .. });
    let ids = all.iter().filter(can).map(|language| language.descriptor.id.clone());
    ids.filter(|id| only.is_empty() || only.contains(id)).collect()
}

/// A worker's side: tells of what it can judge, whenever that changes, and now and then.
pub(super) async fn tell(
    engine: Arc<Engine>,
    queue: Arc<RedisQueue>,
    only: BTreeSet<String>,
    shutdown: CancellationToken,
) {
    let mut told: Vec<LanguageInfo> = Vec::new();
    let mut since = tokio::time::Instant::now();
    loop {
        let all = engine.book.all();
        let mine = |language: &&LanguageInfo| {
            language.availability != Availability::Unknown
                && (only.is_empty() || only.contains(&language.descriptor.id))
        };
        let list: Vec<LanguageInfo> = all.iter().filter(mine).cloned().collect();
        if list != told || since.elapsed() >= TELL_AGAIN {
            match tell_once(&queue, &list).await {
                Ok(()) => (told, since) = (list, tokio::time::Instant::now()),
                Err(error) => tracing::warn!(%error, "could not tell of the languages"),
            }
        }
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}

async fn tell_once(queue: &RedisQueue, list: &[LanguageInfo]) -> Result<(), QueueError> {
    for language in list {
        // A worker without the toolchain does not take the word from those that have it.
        if matches!(language.availability, Availability::Unavailable { .. })
            && read(queue).await?.iter().any(|told| is_elsewhere(told, language))
        {
            continue;
        }
        let told = Told { language: language.clone(), at: now() };
        let json = serde_json::to_vec(&told).unwrap_or_default();
        queue.keep(SHELF, &language.descriptor.id, Some(&json)).await?;
    }
    Ok(())
}

fn is_elsewhere(told: &Told, language: &LanguageInfo) -> bool {
    told.language.descriptor.id == language.descriptor.id
        && matches!(told.language.availability, Availability::Available { .. })
        && now().saturating_sub(told.at) < 3 * TELL_AGAIN.as_secs()
}

async fn read(queue: &RedisQueue) -> Result<Vec<Told>, QueueError> {
    let kept = queue.kept(SHELF).await?;
    Ok(kept.into_values().filter_map(|json| serde_json::from_slice(&json).ok()).collect())
}

/// An API's side: keeps the book as it was told, and as its own plugins say where nobody has told yet.
pub(super) async fn learn(
    book: Arc<LanguageBook>,
    offered: Offered,
    queue: Arc<RedisQueue>,
    shutdown: CancellationToken,
) {
    if let Some(plugins) = &offered.plugins {
        tokio::spawn(shutdown.clone().run_until_cancelled_owned(super::ready::load_all(Arc::clone(plugins))));
    }
    loop {
        match read(&queue).await {
            Ok(told) => {
                let fresh = told.into_iter().filter(|told| now().saturating_sub(told.at) < FORGET.as_secs());
                let told = fresh.map(|told| told.language);
                let mut list: Vec<LanguageInfo> = told.filter(|language| offered.wants(language)).collect();
                for language in offered.languages() {
                    if list.iter().all(|known| known.descriptor.id != language.descriptor.id) {
                        list.push(language);
                    }
                }
                book.replace(list);
            }
            // What was known stays known.
            Err(error) => {
                tracing::debug!(%error, "could not read the languages");
                if book.all().is_empty() {
                    book.replace(offered.languages());
                }
            }
        }
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}

/// What an API offers: of its plugins, before any worker has told of them, and of what workers tell.
pub(super) struct Offered {
    pub(super) plugins: Option<Arc<Catalogue>>,
    /// Only these ids (empty: all).
    pub(super) only: BTreeSet<String>,
}

impl Offered {
    fn languages(&self) -> Vec<LanguageInfo> {
        let Some(plugins) = &self.plugins else { return Vec::new() };
        let current = plugins.current();
        let loaded = current.iter().map(|plugin| (plugin.descriptor().clone(), plugin.digest().to_owned()));
        let passed = current.expected().iter().filter_map(|file| file.passed.clone());
        let info = |(descriptor, plugin_digest)| LanguageInfo {
            descriptor,
            plugin_digest,
            availability: Availability::Unknown,
        };
        loaded.chain(passed).map(info).filter(|language| self.wants(language)).collect()
    }

    fn wants(&self, language: &LanguageInfo) -> bool {
        self.only.is_empty() || self.only.contains(&language.descriptor.id)
    }
}
