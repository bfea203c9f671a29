//! The console: the page that people work with, at the same address as the API. It uses that API, and nothing else.

use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{MethodRouter, get};
use optimus_console::{Asset, Coding};

use super::{ApiError, ApiState};

/// Scripts, styles and answers of this server only, no HTML out of text (`require-trusted-types-for`, so that what a
/// program prints stays text), no forms. `frame-ancestors` follows.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src \
                      'self'; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types \
                      'none'; frame-ancestors";

/// A name changes with the content, so what is kept never has to be asked for again.
const FOREVER: &str = "public, max-age=31536000, immutable";

/// Its places and files, each with `get`; where it is turned off, `/` leads to the reference.
pub(super) fn pages(is_on: bool) -> Vec<(&'static str, MethodRouter<ApiState>)> {
    if !is_on {
        return vec![("/", get(reference))];
    }
    let places = optimus_console::PLACES.into_iter().map(|place| (place, get(page)));
    places.chain([("/console/{file}", get(file))]).collect()
}

async fn reference() -> Redirect {
    Redirect::temporary("/docs")
}

async fn page(State(state): State<ApiState>, request: Request) -> Result<Response, ApiError> {
    let page = optimus_console::page().ok_or_else(|| ApiError::bug("the bundle holds no page"))?;
    let is_embedded = request.uri().query().is_some_and(|query| query.split('&').any(|name| name == "embed"));
    let framed_by = if is_embedded { state.parts.origins.framing() } else { "'none'".to_owned() };
    let policy = HeaderValue::from_str(&format!("{POLICY} {framed_by}")).map_err(|_| ApiError::bug("an origin"))?;
    let mut response = answer(&page, request.headers(), "no-cache");
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(OPENER_POLICY, HeaderValue::from_static("same-origin"));
    Ok(response)
}

const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");

async fn file(Path(file): Path<String>, headers: HeaderMap) -> Result<Response, ApiError> {
    match optimus_console::asset(&file) {
        Some(asset) => Ok(answer(&asset, &headers, FOREVER)),
        None => Err(ApiError::no_such_path(&format!("/console/{file}"))),
    }
}

fn answer(asset: &Asset, asked: &HeaderMap, cache: &'static str) -> Response {
    let coding = coding(asked);
    let name = match coding {
        Coding::Brotli => "br",
        Coding::Deflate => "deflate",
        Coding::Identity => "identity",
    };
    let tag = format!("\"{}-{name}\"", asset.tag());
    let kept = [
        (header::CACHE_CONTROL, cache.to_owned()),
        (header::ETAG, tag.clone()),
        (header::VARY, "accept-encoding".to_owned()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
    ];
    if asked.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes()) {
        return (StatusCode::NOT_MODIFIED, kept).into_response();
    }
    let kind = [(header::CONTENT_TYPE, asset.media_type())];
    let mut response = (kept, kind, asset.bytes(coding)).into_response();
    if coding != Coding::Identity {
        response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static(name));
    }
    response
}

/// The smallest that the client takes. A weight of 0 refuses a coding (RFC 9110, 12.4.2).
fn coding(headers: &HeaderMap) -> Coding {
    let values = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    let taken: Vec<&str> = values.flat_map(|value| value.split(',')).filter_map(taken).collect();
    match () {
        () if taken.contains(&"br") => Coding::Brotli,
        () if taken.contains(&"deflate") => Coding::Deflate,
        () => Coding::Identity,
    }
}

fn taken(entry: &str) -> Option<&str> {
    let (name, weight) = entry.split_once(';').unwrap_or((entry, ""));
    let is_refused = weight.trim().strip_prefix("q=").and_then(|q| q.trim().parse::<f32>().ok()) == Some(0.0);
    (!is_refused).then(|| name.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_coding_that_is_taken_is_sent() {
        let coding = |value: &'static str| {
            coding(&HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static(value))]))
        };
        assert_eq!(coding("gzip, deflate, br, zstd"), Coding::Brotli);
        assert_eq!(coding("gzip, deflate"), Coding::Deflate);
        assert_eq!(coding("br;q=0, deflate;q=0.5"), Coding::Deflate);
        assert_eq!(coding("identity"), Coding::Identity);
        assert_eq!(super::coding(&HeaderMap::new()), Coding::Identity);
    }
}
