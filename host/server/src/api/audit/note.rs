//! Notes changes: before they are made, and how they ended. Where the beginning cannot be noted, the change is refused.

use std::net::IpAddr;
use std::panic::resume_unwind;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use optimus_core::JobId;
use tracing::Instrument as _;

use super::unreadable;
use crate::api::caller::Caller;
use crate::api::connections::Peer;
use crate::api::observe::REQUEST_ID;
use crate::api::{ApiError, ApiState};
use crate::audit::Entry;
use crate::keys::Key;
use crate::webhooks::Network;

/// Requests that are no changes although their methods say so. A job is its own entry: it is stored with its tenant and its
/// time, and there are thousands a second; so there are of the cells of a session, whose beginning and end are noted. A dry
/// run changes nothing.
const NO_CHANGES: [(&str, &str); 7] = [
    ("/v1/jobs", "post"),
    ("/v1/jobs/batch", "post"),
    ("/submit", "post"),
    ("/v1/pipelines/{id}/dry-run", "post"),
    ("/v1/plugins/{id}/dry-run", "post"),
    ("/v1/problems/{id}/submissions/{number}/jobs", "post"),
    ("/v1/sessions/{id}/cells", "post"),
];

/// Returns true if the requests of a route are noted.
pub(in crate::api) fn is_noted(path: &str, method: &str) -> bool {
    !matches!(method, "get" | "head") && !NO_CHANGES.contains(&(path, method))
}

/// Notes a request before and after it is answered. In a task of its own: a client that goes away leaves no change without
/// its end.
pub(in crate::api) async fn note(
    State((state, action)): State<(ApiState, Arc<str>)>,
    request: Request,
    next: Next,
) -> Response {
    let entry = entry(&state, &action, request.uri().path(), (request.extensions(), request.headers()));
    if let Err(error) = state.parts.audit.write(&entry).await {
        return unreadable(&error).into_response();
    }
    let answering = async move {
        let response = next.run(request).await;
        let created = response.headers().get(header::LOCATION).and_then(|path| path.to_str().ok());
        let entry = entry.ended(response.status().as_u16(), created);
        // The entry stays, and says that it began.
        if let Err(error) = state.parts.audit.write(&entry).await {
            drop(unreadable(&error));
        }
        response
    };
    match tokio::spawn(answering.in_current_span()).await.map_err(tokio::task::JoinError::try_into_panic) {
        Ok(response) => response,
        Err(Ok(panic)) => resume_unwind(panic),
        Err(Err(_)) => ApiError::busy("stopping", "the server stops").into_response(),
    }
}

/// Notes that a client of a door cancels a job, and how that ended. Of the connection the door knows nothing.
pub(in crate::api) async fn cancelled<T>(
    state: &ApiState,
    caller: &Caller,
    id: JobId,
    cancelling: impl Future<Output = Result<T, ApiError>>,
) -> Result<T, ApiError> {
    let log = &state.parts.audit;
    let entry = by(caller, Entry::new("cancel through a door", &format!("/v1/jobs/{id}")));
    log.write(&entry).await.map_err(|error| unreadable(&error))?;
    let cancelled = cancelling.await;
    let status = cancelled.as_ref().map_or_else(|error| error.status().as_u16(), |_| 200);
    log.write(&entry.ended(status, None)).await.map_err(|error| unreadable(&error))?;
    cancelled
}

/// Notes that somebody signs in through the identity provider.
pub(in crate::api) async fn signed_in(state: &ApiState, key: &Key, parts: &Parts) -> Result<(), ApiError> {
    let caller = Caller { tenant: Some(key.tenant.clone()), key: Some(Arc::new(key.clone())) };
    let path = parts.uri.path();
    let entry = entry(state, &format!("GET {path}"), path, (&parts.extensions, &parts.headers));
    let entry = by(&caller, entry).ended(StatusCode::SEE_OTHER.as_u16(), None);
    state.parts.audit.write(&entry).await.map_err(|error| unreadable(&error))
}

fn entry(state: &ApiState, action: &str, path: &str, (extensions, headers): (&Extensions, &HeaderMap)) -> Entry {
    let entry = Entry::new(action, path);
    let entry = match extensions.get::<Caller>() {
        Some(caller) => by(caller, entry),
        None => entry,
    };
    let trusted = &state.parts.limits.connections.trusted;
    let from = extensions.get::<Peer>().map(|peer| client(peer.0, headers, trusted).to_string());
    let id = headers.get(REQUEST_ID).and_then(|id| id.to_str().ok()).map(str::to_owned);
    Entry { from, request: id, ..entry }
}

fn by(caller: &Caller, entry: Entry) -> Entry {
    Entry { tenant: caller.tenant.clone(), key: caller.key.as_ref().map(|key| key.id.clone()), ..entry }
}

/// The client's address: of those that proxies passed on, the last one that no proxy of ours has.
fn client(peer: IpAddr, headers: &HeaderMap, trusted: &[Network]) -> IpAddr {
    let is_ours = |address: IpAddr| trusted.iter().any(|network| network.contains(address));
    let passed = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
    let passed: Vec<&str> = passed.flat_map(|list| list.split(',')).map(str::trim).collect();
    let mut client = peer.to_canonical();
    for address in passed.into_iter().rev() {
        match address.parse::<IpAddr>() {
            Ok(address) if is_ours(client) => client = address.to_canonical(),
            _ => break,
        }
    }
    client
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_proxies_say_whose_request_it_is() {
        let trusted = ["10.0.0.0/8".parse().unwrap()];
        let client = |peer: &str, passed: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for value in passed {
                headers.append("x-forwarded-for", value.parse().unwrap());
            }
            super::client(peer.parse().unwrap(), &headers, &trusted).to_string()
        };
        assert_eq!(client("192.0.2.7", &["198.51.100.1"]), "192.0.2.7");
        assert_eq!(client("10.1.1.1", &["6.6.6.6, 198.51.100.1"]), "198.51.100.1");
        assert_eq!(client("10.1.1.1", &["6.6.6.6", "198.51.100.1, 10.2.2.2"]), "198.51.100.1");
        assert_eq!(client("::ffff:10.1.1.1", &["unknown"]), "10.1.1.1");
    }
}
