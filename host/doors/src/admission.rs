//! Who sends a request: by the token as the door's clients send it, by an API key as Optimus' own clients do, or by the
//! key in the path.

use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::middleware::Next;
use axum::response::Response;

use crate::engine::Refusal;
use crate::shared::Shared;

/// The key that stood in the path.
#[derive(Clone)]
pub(crate) struct PathKey(pub(crate) Option<String>);

/// What a caller sent to be admitted by: a connection that stays asks again for each request.
#[derive(Clone)]
pub(crate) struct Secret(pub(crate) Option<String>);

/// How a door's clients send tokens, and how the door refuses.
#[derive(Clone, Copy)]
pub(crate) struct Manners {
    /// The client's token, where the protocol has one.
    pub(crate) token: fn(&Request) -> Option<String>,
    /// The answer to a caller that does not come in.
    pub(crate) refuse: fn(Refusal) -> Response,
}

/// Admits the caller: handlers find an [`Admitted`](crate::Admitted) in the request's extensions.
pub(crate) async fn admit(
    State((shared, manners)): State<(Shared, Manners)>,
    mut request: Request,
    next: Next,
) -> Response {
    let in_path = request.extensions().get::<PathKey>().and_then(|key| key.0.clone());
    let secret = (manners.token)(&request).or_else(|| own(request.headers())).or(in_path);
    match shared.service.admit(secret.as_deref()).await {
        Ok(admitted) => {
            request.extensions_mut().insert(admitted);
            request.extensions_mut().insert(Secret(secret));
            next.run(request).await
        }
        Err(refusal) => (manners.refuse)(refusal),
    }
}

/// A key as Optimus' own clients send it.
fn own(headers: &HeaderMap) -> Option<String> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let bearer = header(AUTHORIZATION.as_str()).and_then(|value| {
        let (scheme, secret) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| secret.trim())
    });
    bearer.or_else(|| header("x-api-key")).map(str::to_owned)
}
