//! A tenant's feed as it grows (server-sent events): what happens to its jobs, schedules and runs.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, Method};
use axum::response::sse;
use axum::response::{Response, Sse};
use futures::{Stream, StreamExt as _, stream};
use optimus_core::Timestamp;
use optimus_queue::{EventId, FeedEvent, LOST};
use serde::Deserialize;
use tokio::time::{Instant, timeout_at};

use super::caller::Caller;
use super::events::{bad_mark, listener, respond};
use super::query::{self, Params};
use super::{ApiError, ApiState};
use crate::feed::{Follower, Start, TYPES};
use crate::keys::Scope;

/// Between two looks at whether the caller may still listen.
const CHECK: Duration = Duration::from_secs(15);
/// Between two tries to read a feed.
const PAUSE: Duration = Duration::from_secs(1);

/// The query of `GET /v1/events`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FeedParams {
    types: Option<String>,
    since: Option<String>,
}

/// `GET /v1/events`: of the caller's own tenant.
pub(super) async fn feed(
    State(state): State<ApiState>,
    caller: Caller,
    Params(params): Params<FeedParams>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let kinds = params.types.as_deref().map(kinds).transpose()?;
    let start = start(params.since.as_deref(), &headers)?;
    let share = listener(&state, &caller)?;
    let tenant = caller.tenant.clone();
    let tail = state.tails.of(tenant.as_deref());
    let follower = Follower::new(Arc::clone(&state.parts.queue), tenant, tail, start).await?;
    let stopping = state.stopping.clone().cancelled_owned();
    let listening = Listening { state, caller, headers, follower, kinds, checked: Instant::now() };
    let events = listening.events().take_until(stopping).map(move |event| {
        let _ = &share;
        Ok::<_, Infallible>(event)
    });
    Ok(respond(Sse::new(events)))
}

/// One who listens.
struct Listening {
    state: ApiState,
    caller: Caller,
    headers: HeaderMap,
    follower: Follower,
    /// Absent: all.
    kinds: Option<BTreeSet<&'static str>>,
    checked: Instant,
}

impl Listening {
    /// Until the caller may not listen any more: its key was revoked, or its token has expired.
    fn events(self) -> impl Stream<Item = sse::Event> {
        let rounds = stream::unfold(self, |mut listening| async move {
            let events = listening.round().await?;
            Some((stream::iter(events), listening))
        });
        rounds.flatten()
    }

    /// What is sent next; `None` ends the stream.
    async fn round(&mut self) -> Option<Vec<sse::Event>> {
        loop {
            if self.checked.elapsed() >= CHECK {
                if !self.may_go_on().await {
                    return None;
                }
                self.checked = Instant::now();
            }
            match timeout_at(self.checked + CHECK, self.follower.next()).await {
                Ok(Ok(events)) => {
                    let events = self.encode(&events);
                    if !events.is_empty() {
                        return Some(events);
                    }
                }
                Ok(Err(error)) => {
                    tracing::warn!(%error, "a feed cannot be read; its listener waits");
                    tokio::time::sleep(PAUSE).await;
                }
                Err(_) => {}
            }
        }
    }

    /// A queue that is away ends nothing.
    async fn may_go_on(&self) -> bool {
        match Caller::of(&Method::GET, &self.headers, &self.state).await {
            Ok(caller) => caller.tenant == self.caller.tenant && caller.may(Scope::Read).is_ok(),
            Err(error) => !error.status().is_client_error(),
        }
    }

    /// Where the last events are not wanted, an id without an event follows: a client that comes again then goes on from
    /// there.
    fn encode(&self, events: &[(EventId, FeedEvent)]) -> Vec<sse::Event> {
        let is_wanted = |event: &FeedEvent| {
            event.kind == LOST || self.kinds.as_ref().is_none_or(|kinds| kinds.contains(&*event.kind))
        };
        let wanted = events.iter().filter(|(_, event)| is_wanted(event));
        let mut encoded: Vec<_> = wanted.map(|(id, event)| encode(*id, event)).collect();
        if !events.last().is_some_and(|(id, event)| is_wanted(event) && *id == self.follower.place()) {
            encoded.push(sse::Event::default().id(self.follower.place().to_string()));
        }
        encoded
    }
}

fn encode(id: EventId, event: &FeedEvent) -> sse::Event {
    let named = sse::Event::default().id(id.to_string()).event(&event.kind);
    match serde_json::to_string(event) {
        Ok(json) => named.data(json),
        Err(error) => sse::Event::default().comment(format!("{} cannot be written: {error}", event.kind)),
    }
}

/// `?types=`: types, or all of a group by its first word.
fn kinds(text: &str) -> Result<BTreeSet<&'static str>, ApiError> {
    let mut wanted = BTreeSet::new();
    for name in text.split(',').map(str::trim) {
        let is_named = |kind: &&str| *kind == name || kind.split_once('.').is_some_and(|(group, _)| group == name);
        let named: Vec<_> = TYPES.into_iter().filter(is_named).collect();
        if named.is_empty() {
            let message = format!("`types` names `{}`, which is no type of event", name.escape_debug());
            return Err(query::bad(message, &format!("`job`, `schedule`, `run`, or of these: {}", TYPES.join(", "))));
        }
        wanted.extend(named);
    }
    Ok(wanted)
}

/// A client that comes again says what it has; that counts before what its URL says.
fn start(since: Option<&str>, headers: &HeaderMap) -> Result<Start, ApiError> {
    match headers.get("last-event-id").map(|last| last.to_str().unwrap_or_default()) {
        None | Some("") => {}
        Some(mark) => return mark.parse().map(Start::After).map_err(|_| bad_mark(mark)),
    }
    let Some(text) = since else { return Ok(Start::Now) };
    let time: Result<Timestamp, _> = serde_json::from_value(text.into());
    let wrong = || format!("`since` is `{}`, which is no time", text.escape_debug());
    time.map(Start::Since).map_err(|_| query::bad(wrong(), "write it like 2026-12-24T18:00:00Z"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_named_alone_or_by_group() {
        assert_eq!(kinds("job.done").unwrap(), ["job.done"].into());
        assert_eq!(kinds("run, job.done").unwrap(), ["job.done", "run.done", "run.started", "run.step_ended"].into());
        assert!(kinds("jobs").is_err() && kinds("").is_err() && kinds("job.").is_err());
    }
}
