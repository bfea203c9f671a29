//! Origins whose pages may call from a browser: none, unless the operator names them.

use std::str::FromStr;
use std::time::Duration;

use axum::http::{HeaderName, HeaderValue, Method, header};
use tower_http::cors::{AllowOrigin, CorsLayer};

/// Origins whose pages may call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origins(Vec<Origin>);

/// `https://example.org`, or `*`: everybody's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin(HeaderValue);

impl FromStr for Origin {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let fine = text == "*"
            || url::Url::parse(text).is_ok_and(|url| {
                url.origin().ascii_serialization() == text && matches!(url.scheme(), "http" | "https")
            });
        let origin = HeaderValue::from_str(text).ok().filter(|_| fine);
        origin.map(Self).ok_or_else(|| format!("`{text}` is no origin, like `https://example.org`"))
    }
}

impl Origins {
    /// These, and no others.
    pub fn new(origins: Vec<Origin>) -> Self {
        Self(origins)
    }

    /// Origins whose pages may show ours in a frame, for `frame-ancestors`: ours, and those that may call.
    pub(super) fn framing(&self) -> String {
        std::iter::once("'self'").chain(self.texts()).collect::<Vec<_>>().join(" ")
    }

    /// As they were given.
    pub(super) fn names(&self) -> Vec<String> {
        self.texts().map(str::to_owned).collect()
    }

    fn texts(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|origin| origin.0.to_str().ok())
    }

    /// Returns true if pages of this origin may call.
    pub(super) fn admits(&self, origin: Option<&HeaderValue>) -> bool {
        self.0.iter().any(|allowed| allowed.0 == "*" || Some(&allowed.0) == origin)
    }
}

pub(super) fn layer(origins: &Origins) -> CorsLayer {
    let origin = match origins.0.iter().any(|origin| origin.0 == "*") {
        true => AllowOrigin::any(),
        false => AllowOrigin::list(origins.0.iter().map(|origin| origin.0.clone())),
    };
    let own = ["idempotency-key", "last-event-id", "x-api-key", "x-request-id"];
    let sent = own.into_iter().chain(optimus_doors::MCP_HEADERS).map(HeaderName::from_static);
    let seen = ["idempotent-replayed", "x-request-id"].map(HeaderName::from_static);
    CorsLayer::new()
        .allow_origin(origin)
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
        .allow_headers(sent.chain([header::AUTHORIZATION, header::CONTENT_TYPE]).collect::<Vec<_>>())
        .expose_headers(seen.into_iter().chain([header::LOCATION, header::RETRY_AFTER]).collect::<Vec<_>>())
        .max_age(Duration::from_secs(60 * 60))
}
