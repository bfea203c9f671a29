//! The API's description, for programs (`/openapi.json`) and for people (`/docs`); nothing is fetched from elsewhere.
//!
//! The page is RapiDoc (MIT, `docs/rapidoc.LICENSE.txt`) over the document, with snippets that `docs/page.js` adds.

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};

const OPENAPI: &str = include_str!("openapi.json");
const PAGE: &str = include_str!("docs/page.html");
const SCRIPT: &str = include_str!("docs/page.js");
/// `gzip -n -9` of the bundle that RapiDoc's package has as `dist/rapidoc-min.js`.
const RAPIDOC: &[u8] = include_bytes!("docs/rapidoc-9.3.8.min.js.gz");

/// RapiDoc styles its elements inline; nothing else is let in from anywhere but this server.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; img-src 'self' data:; \
                      connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const SCRIPT_TYPE: &str = "text/javascript; charset=utf-8";

/// `GET /openapi.json`.
pub(super) async fn openapi() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], OPENAPI).into_response()
}

/// `GET /docs`.
pub(super) async fn page() -> Response {
    let headers = [(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::CONTENT_SECURITY_POLICY, POLICY)];
    (headers, PAGE).into_response()
}

/// `GET /docs/page.js`.
pub(super) async fn script() -> Response {
    ([(header::CONTENT_TYPE, SCRIPT_TYPE)], SCRIPT).into_response()
}

/// `GET /docs/rapidoc.js`, as it is kept: compressed. Every browser takes it so.
pub(super) async fn rapidoc(headers: HeaderMap) -> Response {
    let takes_gzip = headers.get_all(header::ACCEPT_ENCODING).iter().any(names_gzip);
    let kind = (header::CONTENT_TYPE, SCRIPT_TYPE);
    match takes_gzip {
        true => {
            ([kind, (header::CONTENT_ENCODING, "gzip"), (header::VARY, "accept-encoding")], RAPIDOC).into_response()
        }
        false => ([kind, (header::VARY, "accept-encoding")], unpacked()).into_response(),
    }
}

fn names_gzip(value: &HeaderValue) -> bool {
    let codings = value.to_str().unwrap_or_default().split(',');
    codings.map(|coding| coding.split(';').next().unwrap_or_default().trim()).any(|coding| coding == "gzip")
}

/// RFC 1952: without a name, a member has ten bytes of header and eight of trailer.
fn unpacked() -> Vec<u8> {
    let deflated = RAPIDOC.get(10..RAPIDOC.len() - 8).unwrap_or_default();
    miniz_oxide::inflate::decompress_to_vec(deflated).expect("a test unpacks it")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bundle_is_whole() {
        let script = String::from_utf8(unpacked()).unwrap();
        assert!(script.contains("RapiDoc 9.3.8") && script.len() > 800_000);
    }

    #[test]
    fn a_client_says_what_it_takes() {
        let names = |text: &str| names_gzip(&HeaderValue::from_str(text).unwrap());
        assert!(names("gzip, deflate, br") && names("br;q=1.0, gzip;q=0.8"));
        assert!(!names("identity") && !names(""));
    }
}
