//! Wakes who waits for a job: blocks on the streams while somebody does, and only then.
//!
//! Each entry of a stream wakes one reader, somewhere. Reading one is no promise: who takes the job is decided by the
//! script `take`, so a reader that dies costs nothing but the moment until the next one looks by itself.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use redis::{RedisError, RedisResult, Value};
use tokio::sync::Notify;

use super::connection::Connection;
use super::script::{Args, ROUSE};
use super::{Shared, lock};

/// Maximum time that a read blocks in Redis.
const BLOCK: Duration = Duration::from_secs(1);
/// Timeout for its answer: an answer must never be given up while Redis could still deliver to it.
const ANSWER: Duration = Duration::from_secs(6);
/// Between two tries to reach Redis.
const PAUSE: Duration = Duration::from_millis(500);

#[derive(Default)]
pub(super) struct Wakes {
    state: Mutex<State>,
    /// Somebody begins to wait.
    wanted: Notify,
    /// An entry was read.
    woken: Notify,
}

#[derive(Default)]
struct State {
    /// Number of waiting takers for each language.
    waiting: BTreeMap<String, usize>,
    last: Option<String>,
    /// Which languages have a reader, in a cluster.
    readers: BTreeSet<String>,
}

/// Waits, until dropped.
struct Waiting<'a> {
    wakes: &'a Wakes,
    languages: &'a BTreeSet<String>,
}

impl Wakes {
    /// Returns when there may be a job in one of `languages`, or after `most`.
    pub(super) async fn wait(&self, languages: &BTreeSet<String>, most: Duration) {
        let woken = self.woken.notified();
        tokio::pin!(woken);
        woken.as_mut().enable();
        let _waiting = Waiting::new(self, languages);
        let _ = tokio::time::timeout(most, woken).await;
    }

    /// The language of the entry that was read last, once.
    pub(super) fn last_woken(&self) -> Option<String> {
        lock(&self.state).last.take()
    }

    /// Returns true if this is the first taker that needs a reader for `language`.
    pub(super) fn needs_reader(&self, language: &str) -> bool {
        lock(&self.state).readers.insert(language.to_owned())
    }

    /// The languages, of `only` or of all, that somebody waits for; returns when there are any.
    async fn wanted(&self, only: Option<&str>) -> Vec<String> {
        loop {
            let change = self.wanted.notified();
            tokio::pin!(change);
            change.as_mut().enable();
            let mine = |language: &&String| only.is_none_or(|only| only == language.as_str());
            let wanted: Vec<_> = lock(&self.state).waiting.keys().filter(mine).cloned().collect();
            if !wanted.is_empty() {
                return wanted;
            }
            change.await;
        }
    }

    /// Wakes the takers of a language; `false`, if there is none.
    fn wake(&self, language: &str) -> bool {
        let mut state = lock(&self.state);
        let waits = state.waiting.contains_key(language);
        if waits {
            state.last = Some(language.to_owned());
            drop(state);
            self.woken.notify_waiters();
        }
        waits
    }
}

impl<'a> Waiting<'a> {
    fn new(wakes: &'a Wakes, languages: &'a BTreeSet<String>) -> Self {
        let mut state = lock(&wakes.state);
        for language in languages {
            *state.waiting.entry(language.clone()).or_default() += 1;
        }
        drop(state);
        wakes.wanted.notify_waiters();
        Self { wakes, languages }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut state = lock(&self.wakes.state);
        for language in self.languages {
            if let Some(count) = state.waiting.get_mut(language) {
                *count -= 1;
                if *count == 0 {
                    state.waiting.remove(language);
                }
            }
        }
    }
}

/// Reads entries for waiting takers; of one language, or of all. On a separate connection, since it blocks.
pub(super) async fn read(shared: Arc<Shared>, only: Option<String>) {
    let mut connection = None;
    loop {
        let languages = shared.wakes.wanted(only.as_deref()).await;
        let read = async {
            let open = match connection.take() {
                Some(open) => open,
                None => shared.connection.address().connect(ANSWER).await?,
            };
            let open = connection.insert(open);
            read_once(&shared, open, &languages).await
        };
        match read.await {
            Ok(entries) => give(&shared, entries).await,
            Err(error) if error.code() == Some("NOGROUP") => {
                if let Some(open) = &mut connection {
                    make_groups(&shared, open, &languages).await;
                }
            }
            Err(error) => {
                tracing::warn!(%error, "cannot wait at redis; looking every second");
                connection = None;
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// Language and job of each entry.
async fn read_once(
    shared: &Shared,
    connection: &mut Connection,
    languages: &[String],
) -> RedisResult<Vec<(String, String)>> {
    let mut command = redis::cmd("XREADGROUP");
    // Without acknowledgement: an entry stays until its job is over.
    command.arg("GROUP").arg("workers").arg("any").arg("COUNT").arg(1);
    command.arg("BLOCK").arg(super::ms(BLOCK)).arg("NOACK").arg("STREAMS");
    for language in languages {
        command.arg(shared.stream(language));
    }
    for _ in languages {
        command.arg(">");
    }
    type Entries = Vec<(String, Vec<(String, Vec<String>)>)>;
    let answer: Value = command.query_async(connection).await?;
    let streams: Option<Entries> = redis::from_redis_value(answer).map_err(RedisError::from)?;
    let of = |stream: &str| languages.iter().find(|language| shared.stream(language) == stream).cloned();
    let mut found = Vec::new();
    for (stream, entries) in streams.unwrap_or_default() {
        let Some(language) = of(&stream) else { continue };
        let ids = entries.into_iter().filter_map(|(_, fields)| fields.into_iter().nth(1));
        found.extend(ids.map(|id| (language.clone(), id)));
    }
    Ok(found)
}

/// One entry for those who wait here; the others are for somebody else.
async fn give(shared: &Shared, entries: Vec<(String, String)>) {
    let mut given = false;
    for (language, id) in entries {
        if !given && shared.wakes.wake(&language) {
            given = true;
        } else if let Err(error) = shared.run::<()>("rouse", &ROUSE, &language, &Args::default().with(id)).await {
            tracing::debug!(%error, "nobody was woken; they will look by themselves");
        }
    }
}

async fn make_groups(shared: &Shared, connection: &mut Connection, languages: &[String]) {
    for language in languages {
        let mut command = redis::cmd("XGROUP");
        // From the beginning: what waits already has to wake somebody too.
        command.arg("CREATE").arg(shared.stream(language)).arg("workers").arg("0").arg("MKSTREAM");
        match command.query_async::<()>(connection).await {
            Err(error) if error.code() != Some("BUSYGROUP") => {
                tracing::warn!(language, %error, "cannot make the consumer group");
                tokio::time::sleep(PAUSE).await;
            }
            _ => {}
        }
    }
}
