//! Signing in to the console through the identity provider: the browser's request that goes there, and the one that comes back.

use std::time::Duration;

use axum::extract::{Query, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use url::{Position, Url};

use super::cookie::Cookie;
use super::query::{Params, bad};
use super::session::LONGEST;
use super::{ApiError, ApiState, audit, cookie};
use crate::login::{Answer, Flow, LIFETIME, Login, LoginError, SignedIn, now, remaining};
use crate::sessions;

/// The path where a sign-in begins. Each answer of 401 names it to the console.
pub(super) const LOGIN: &str = "/v1/session/login";
/// Where the provider sends the browser back to.
pub(super) const CALLBACK: &str = "/v1/session/callback";

/// Bytes of a path that a flow leads to: it travels in a cookie.
const LONGEST_PATH: usize = 1_000;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    to: Option<String>,
}

/// `GET /v1/session/login?to=/jobs`: sends the browser to the provider.
pub(super) async fn begin(
    State(state): State<ApiState>,
    Params(asked): Params<Asked>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let login = provider(&state)?;
    // A sign-in that another page begins would put another session in place of the person's.
    cookie::check_page(&Method::GET, &headers).map_err(|_| {
        let error = ApiError::new(StatusCode::FORBIDDEN, "foreign_page", "another page may not sign anybody in here");
        error.hint("open the console, and sign in there")
    })?;
    let to = destination(asked.to.as_deref().unwrap_or("/"))?;
    let redirect = redirect_uri(login, &state, &headers)?;
    let flow = Flow::begin(to).ok_or_else(|| ApiError::bug("this machine has no randomness"))?;
    match login.begin(&flow, &redirect).await {
        Ok((url, mark)) => Ok(leave(&url, &[flow_cookie(&state, &mark, Some(&flow), &headers)?])),
        Err(error) => Ok(back(&flow.to, error, &[])),
    }
}

/// `GET /v1/session/callback`: the provider's answer becomes a session, or the sign-in page says why not.
pub(super) async fn end(State(state): State<ApiState>, request: Request) -> Result<Response, ApiError> {
    let login = provider(&state)?;
    let (parts, _) = request.into_parts();
    // RFC 6749, 3.1: no parameter comes twice. What cannot be read belongs to no flow.
    let answer = Query::<Answer>::try_from_uri(&parts.uri).map(|Query(answer)| answer).unwrap_or_default();
    let mark = answer.state.as_deref().unwrap_or_default();
    let flow = cookie::named(&parts.headers, &cookie_name(mark)).and_then(|value| Flow::of_cookie(&value));
    let redirect = redirect_uri(login, &state, &parts.headers)?;
    let to = flow.as_ref().map_or("/", |flow| &flow.to);
    let forgotten =
        flow.iter().map(|_| flow_cookie(&state, mark, None, &parts.headers)).collect::<Result<Vec<_>, _>>()?;
    let begun = match login.end(flow.as_ref(), &answer, &redirect).await {
        Ok(signed_in) => lifetime(&signed_in).map(|seconds| (signed_in, seconds)),
        Err(error) => Err(error),
    };
    match begun {
        Ok((signed_in, seconds)) => {
            let session = session(&state, &signed_in, seconds, &parts).await?;
            Ok(leave(to, &[forgotten, vec![session]].concat()))
        }
        Err(error) => Ok(back(to, error, &forgotten)),
    }
}

/// The session's cookie. That somebody signs in is noted before.
async fn session(state: &ApiState, signed_in: &SignedIn, seconds: u64, parts: &Parts) -> Result<HeaderValue, ApiError> {
    audit::signed_in(state, &signed_in.key, parts).await?;
    cookie::cookie(state, &signed_in.token, seconds, &parts.headers).await
}

fn provider(state: &ApiState) -> Result<&Login, ApiError> {
    state.parts.login.as_deref().ok_or_else(|| {
        let message = "this server has no sign-in through an identity provider";
        let error = ApiError::new(StatusCode::NOT_FOUND, "no_login", message);
        error.hint("sign in with a key, or have the operator give `--oidc-client-id`")
    })
}

/// Seconds that the session holds, if it holds at all.
fn lifetime(signed_in: &SignedIn) -> Result<u64, LoginError> {
    let length = signed_in.token.len();
    if length > LONGEST {
        return Err(LoginError::Refused(format!("the token has {length} bytes, and a cookie holds {LONGEST}")));
    }
    match remaining(signed_in.end, now(), sessions::LIFETIME).as_secs() {
        0 => Err(LoginError::Refused("the token has expired".to_owned())),
        seconds => Ok(seconds),
    }
}

/// A path of the console as it was given; anything that a browser would read as another one, or as another server, is refused.
fn destination(to: &str) -> Result<String, ApiError> {
    let hint = "a path of the console, like `/jobs`";
    let refused = || bad(format!("`to` is `{}`", to.escape_debug()), hint);
    let url = Url::parse(&format!("http://console{to}")).map_err(|_| refused())?;
    let is_same = to.starts_with('/') && url[Position::BeforePath..] == *to && url.fragment().is_none();
    let segments = |path: &str| path.split('/').map(str::to_owned).collect::<Vec<_>>();
    let path = segments(url.path());
    let is_place = optimus_console::PLACES.into_iter().map(segments).any(|place| {
        let fits = |(part, given): (&String, &String)| part == given || part.starts_with('{') && !given.is_empty();
        place.len() == path.len() && place.iter().zip(&path).all(fits)
    });
    if is_same && is_place && to.len() <= LONGEST_PATH { Ok(to.to_owned()) } else { Err(refused()) }
}

/// What the provider knows as the console's address: the operator's word, or the browser's.
fn redirect_uri(login: &Login, state: &ApiState, headers: &HeaderMap) -> Result<String, ApiError> {
    let base = match login.console_url() {
        Some(url) => Some(url.clone()),
        None => {
            let scheme = if cookie::is_encrypted(state, headers) { "https" } else { "http" };
            let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
            let url = Url::parse(&format!("{scheme}://{host}")).ok();
            // Nothing but a host and a port.
            url.filter(|url| url.origin().ascii_serialization() == url[..Position::BeforePath] && url.path() == "/")
        }
    };
    base.and_then(|base| base.join(CALLBACK).ok()).map(String::from).ok_or_else(|| {
        let error = ApiError::new(StatusCode::BAD_REQUEST, "bad_host", "the header `host` is no host");
        error.hint("have the operator give `--console-url`")
    })
}

/// Several sign-ins may be under way in one browser, each with a cookie of its own.
fn cookie_name(mark: &str) -> String {
    format!("optimus_login_{}", mark.get(..8).unwrap_or_default())
}

/// The cookie of a flow; without one, what makes the browser forget it. `Lax`: it comes with the way back from another site.
fn flow_cookie(state: &ApiState, mark: &str, flow: Option<&Flow>, asked: &HeaderMap) -> Result<HeaderValue, ApiError> {
    let (name, value) = (cookie_name(mark), flow.map(Flow::cookie).unwrap_or_default());
    let seconds = flow.map_or(Duration::ZERO, |_| LIFETIME).as_secs();
    Cookie { name: &name, value: &value, path: CALLBACK, seconds, same_site: "Lax" }.header(state, asked)
}

/// Leads back to the console, whose sign-in page says why the sign-in failed. The address has one of a few codes and no text,
/// so that no link can make the page say something else.
fn back(to: &str, error: LoginError, cookies: &[HeaderValue]) -> Response {
    let code = error.code();
    tracing::warn!(
        error = format!("{:#}", anyhow::Error::new(error)),
        "nobody was signed in through the identity provider"
    );
    let (path, query) = to.split_once('?').unwrap_or((to, ""));
    let separator = if query.is_empty() { "" } else { "&" };
    leave(&format!("{path}?{query}{separator}signin={code}"), cookies)
}

fn leave(to: &str, cookies: &[HeaderValue]) -> Response {
    let mut response = Redirect::to(to).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    for cookie in cookies {
        headers.append(header::SET_COOKIE, cookie.clone());
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sign_in_leads_to_a_path_of_the_console_and_nowhere_else() {
        for good in ["/", "/jobs", "/jobs?state=done&verdict=accepted", "/?lang=c", "/jobs/0197b5c2-7d1e"] {
            assert_eq!(destination(good).ok().as_deref(), Some(good));
        }
        for bad in [
            "",
            "jobs",
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "https:",
            "https://evil.example",
            "https:evil.example",
            "@evil.example",
            ":80@evil.example",
            "/\t/evil.example",
            "\t//evil.example",
            "/\n/evil.example",
            "/jobs/../..//evil.example",
            "/./jobs",
            "/%2e%2e/jobs",
            "/jobs/",
            "/jobs/a/b",
            "/v1/jobs",
            "/docs",
            "/jobs\r\nset-cookie: a=b",
            "javascript:alert(1)",
            "/jobs?a b",
            "/é",
            " /jobs",
            "/#jobs",
        ] {
            assert!(destination(bad).is_err(), "{bad:?}");
        }
        assert!(destination(&format!("/?{}", "x".repeat(LONGEST_PATH))).is_err());
    }
}
