//! The cookie of a session: no script can read it, and only this server's own page can use it.

use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::Response;

use super::{ApiError, ApiState};

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The value of the session's cookie in the head of a request.
pub(super) async fn value_of(headers: &HeaderMap, state: &ApiState) -> Result<Option<String>, ApiError> {
    if !headers.contains_key(header::COOKIE) {
        return Ok(None);
    }
    let name = state.sessions.cookie_name().await.map_err(|error| unreadable(&error))?;
    Ok(named(headers, &name))
}

/// The value of the cookie of this name.
pub(super) fn named(headers: &HeaderMap, name: &str) -> Option<String> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut pairs = cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(known, _)| *known == name).map(|(_, value)| value.to_owned())
}

/// Refuses a request that the browser sent for another page than ours. `SameSite=Strict` keeps the cookie from other sites;
/// pages at other ports and subdomains are the same site. Browsers that send no `sec-fetch-site` (it is for HTTPS and
/// loopback) send `origin` with everything but reads.
pub(super) fn check_page(method: &Method, headers: &HeaderMap) -> Result<(), ApiError> {
    let text = |name: &HeaderName| headers.get(name).map(HeaderValue::as_bytes);
    let is_own = match (text(&FETCH_SITE), text(&header::ORIGIN)) {
        (Some(b"same-origin"), _) => true,
        // An address that the user typed, or a bookmark.
        (Some(b"none"), _) => method.is_safe(),
        (Some(_), _) => false,
        (None, None) => method.is_safe(),
        (None, Some(origin)) => {
            let host = text(&header::HOST).unwrap_or_default();
            [&b"http://"[..], b"https://"].into_iter().any(|scheme| origin.strip_prefix(scheme) == Some(host))
        }
    };
    match is_own {
        true => Ok(()),
        false => {
            let error = ApiError::new(StatusCode::FORBIDDEN, "foreign_page", "another page may not use this session");
            Err(error.hint("send `authorization: Bearer KEY`"))
        }
    }
}

/// Makes the browser forget a session that is none any more.
pub(super) async fn forget(mut response: Response, state: &ApiState, asked: &HeaderMap) -> Response {
    if let Ok(cookie) = cookie(state, "", 0, asked).await {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

pub(super) fn unreadable(error: &anyhow::Error) -> ApiError {
    tracing::error!(error = format!("{error:#}"), "cannot read the secret of sessions");
    ApiError::busy("queue_failed", "the secret of sessions cannot be read at the moment")
}

/// What a browser is told to keep for so long; `asked` is the head of its request.
pub(super) async fn cookie(
    state: &ApiState,
    value: &str,
    seconds: u64,
    asked: &HeaderMap,
) -> Result<HeaderValue, ApiError> {
    let name = state.sessions.cookie_name().await.map_err(|error| unreadable(&error))?;
    Cookie { name: &name, value, path: "/", seconds, same_site: "Strict" }.header(state, asked)
}

/// A cookie that no script can read.
pub(super) struct Cookie<'a> {
    pub(super) name: &'a str,
    pub(super) value: &'a str,
    pub(super) path: &'a str,
    pub(super) seconds: u64,
    pub(super) same_site: &'static str,
}

impl Cookie<'_> {
    /// The header that sets it, in the answer to a request with the head `asked`.
    pub(super) fn header(&self, state: &ApiState, asked: &HeaderMap) -> Result<HeaderValue, ApiError> {
        let Self { name, value, path, seconds, same_site } = self;
        let secure = if is_encrypted(state, asked) { "; Secure" } else { "" };
        let text = format!("{name}={value}; Path={path}; Max-Age={seconds}; HttpOnly; SameSite={same_site}{secure}");
        HeaderValue::from_str(&text).map_err(|_| ApiError::bug("a cookie's value is no header"))
    }
}

/// Returns true if the page came over TLS. TLS ends in front of this server, so the operator's `--console-url`, the browser's
/// `origin` or the proxy's header tells.
pub(super) fn is_encrypted(state: &ApiState, headers: &HeaderMap) -> bool {
    let console = state.parts.login.as_ref().and_then(|login| login.console_url());
    let begins = |name: &str, text: &[u8]| headers.get(name).is_some_and(|value| value.as_bytes().starts_with(text));
    let is_said = console.is_some_and(|url| url.scheme() == "https");
    is_said || begins("origin", b"https://") || begins("x-forwarded-proto", b"https")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_own_page_uses_a_session() {
        let check = |method: Method, pairs: &[(&'static str, &'static str)]| {
            let pairs = pairs.iter().map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value)));
            check_page(&method, &pairs.collect::<HeaderMap>()).is_ok()
        };
        let (own, host) = (("sec-fetch-site", "same-origin"), ("host", "judge.example:8080"));
        assert!(check(Method::POST, &[own]) && check(Method::GET, &[own]));
        assert!(
            check(Method::GET, &[("sec-fetch-site", "none")]) && !check(Method::POST, &[("sec-fetch-site", "none")])
        );
        for other in ["same-site", "cross-site", ""] {
            assert!(!check(Method::GET, &[("sec-fetch-site", other)]), "{other}");
            assert!(!check(Method::POST, &[("sec-fetch-site", other), ("origin", "http://judge.example:8080"), host]));
        }
        assert!(check(Method::GET, &[host]) && !check(Method::POST, &[host]));
        assert!(check(Method::POST, &[host, ("origin", "http://judge.example:8080")]));
        for other in ["http://judge.example:8081", "http://judge.example", "null", "judge.example:8080"] {
            assert!(!check(Method::POST, &[host, ("origin", other)]), "{other}");
        }
    }
}
