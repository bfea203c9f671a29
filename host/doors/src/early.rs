//! An answer that ends a request before its handler is through.

use axum::response::{IntoResponse, Response};

/// Boxed: a `Response` is large, and every function on the way would return that much.
pub(crate) struct Early(Box<Response>);

impl From<Response> for Early {
    fn from(response: Response) -> Self {
        Self(Box::new(response))
    }
}

impl IntoResponse for Early {
    fn into_response(self) -> Response {
        *self.0
    }
}
