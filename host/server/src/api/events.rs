//! A job's events as they happen (server-sent events), the last of them `done`.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse;
use axum::response::{IntoResponse, Response, Sse};
use futures::{Stream, StreamExt as _};
use optimus_queue::{EventId, NumberedEvent};

use super::caller::Caller;
use super::pool::{Exhausted, Share};
use super::query::job_id;
use super::{ApiError, ApiState};

/// A comment is sent after this much silence, so that no proxy closes the connection.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// The id of the last event.
const OVER: &str = "done";

/// `GET /v1/jobs/{id}/events`.
pub(super) async fn events(
    State(state): State<ApiState>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let id = job_id(&id)?;
    caller.owns(&state, id).await?;
    let after = match headers.get("last-event-id").map(|last| last.to_str().unwrap_or_default()) {
        None | Some("") => None,
        // It has heard everything: this tells browsers to stop asking.
        Some(OVER) => return Ok(StatusCode::NO_CONTENT.into_response()),
        Some(mark) => Some(mark.parse::<EventId>().map_err(|_| bad_mark(mark))?),
    };
    let listener = listener(&state, &caller)?;
    let events = state.parts.queue.follow(id, after).await?.ok_or_else(|| ApiError::no_such_job(id))?;
    let events = events.take_until(state.stopping.clone().cancelled_owned()).map(move |event| {
        let _ = &listener;
        Ok::<_, Infallible>(encode(&event))
    });
    Ok(respond(Sse::new(events)))
}

/// A place among those that listen to events.
pub(super) fn listener(state: &ApiState, caller: &Caller) -> Result<Share, ApiError> {
    state.listeners.take(caller.tenant.as_deref(), 1).map_err(|exhausted| match exhausted {
        Exhausted::All => ApiError::busy("too_many_listeners", "too many clients listen to events"),
        Exhausted::Tenant => ApiError::too_many("too_many_listeners", "this tenant listens to too many events at once"),
    })
}

/// Sends events, and comments while there are none.
pub(super) fn respond<S>(events: Sse<S>) -> Response
where
    S: Stream<Item = Result<sse::Event, Infallible>> + Send + 'static,
{
    let keep_alive = sse::KeepAlive::new().interval(KEEP_ALIVE).text("still here");
    // Some proxies buffer a response, unless this header forbids it.
    ([("x-accel-buffering", "no")], events.keep_alive(keep_alive)).into_response()
}

pub(super) fn bad_mark(mark: &str) -> ApiError {
    let message = format!("`last-event-id` is `{}`, which no event of ours has", mark.escape_debug());
    ApiError::new(StatusCode::BAD_REQUEST, "bad_event_id", message)
        .hint("send the `id` of the last event that was received")
}

fn encode(NumberedEvent { id, event }: &NumberedEvent) -> sse::Event {
    let id = id.map_or_else(|| OVER.to_owned(), |id| id.to_string());
    let named = sse::Event::default().id(id).event(event.name());
    match serde_json::to_string(event) {
        Ok(json) => named.data(json),
        Err(error) => sse::Event::default().comment(format!("{} cannot be written: {error}", event.name())),
    }
}
