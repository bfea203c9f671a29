//! The caller of a request: the owner of its key or token; anyone, where neither is required.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode};
use optimus_core::JobId;
use optimus_queue::Quota;

use super::{ApiError, ApiState, cookie};
use crate::keys::{DailyQuotaError, Key, Scope};
use crate::tokens::Refused;

/// The caller of a request.
#[derive(Debug, Clone, Default)]
pub(super) struct Caller {
    /// The tenant of its jobs; none, when absent.
    pub(super) tenant: Option<String>,
    /// `None`: there are no keys, and everybody may do everything.
    pub(super) key: Option<Arc<Key>>,
}

impl Caller {
    /// Refuses a caller without the permission.
    pub(super) fn may(&self, scope: Scope) -> Result<(), ApiError> {
        match &self.key {
            Some(key) if !key.may(scope) => {
                let name = serde_json::to_value(scope).unwrap_or_default();
                let (what, hint) = match key.is_ours() {
                    true => ("key", "have the operator make one with `optimus keys create --scope …`"),
                    false => ("token", "have whoever issues it grant that scope"),
                };
                let error =
                    ApiError::new(StatusCode::FORBIDDEN, "forbidden", format!("this {what} lacks the scope {name}"));
                Err(error.hint(hint))
            }
            _ => Ok(()),
        }
    }

    /// The name for our log.
    pub(super) fn name(&self) -> &str {
        self.key.as_ref().map_or("anyone", |key| &key.id)
    }

    /// Counts submissions against the key's allowance.
    pub(super) async fn spend(&self, state: &ApiState, jobs: usize) -> Result<(), ApiError> {
        let Some(key) = &self.key else { return Ok(()) };
        let jobs = u32::try_from(jobs).unwrap_or(u32::MAX);
        for (most, time) in [(key.per_minute, "minute"), (key.per_day, "day")] {
            if let Some(most) = most.filter(|most| (1..jobs).contains(most)) {
                let message = format!("{jobs} jobs are more than the {most} that key `{}` submits a {time}", key.id);
                let error = ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", message);
                return Err(error.hint("submit fewer jobs at a time"));
            }
        }
        let too_many = |wait: Duration, most: Option<u32>, time: &str| {
            let message = format!("key `{}` submits more than {} jobs a {time}", key.id, most.unwrap_or(0));
            ApiError::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", message).hint("try again later").after(wait)
        };
        state.parts.keys.spend(key, jobs).map_err(|wait| too_many(wait, key.per_minute, "minute"))?;
        match state.parts.keys.spend_day(key, jobs).await {
            Ok(()) => Ok(()),
            Err(DailyQuotaError::Spent { wait }) => Err(too_many(wait, key.per_day, "day")),
            Err(DailyQuotaError::Queue(error)) => Err(error.into()),
        }
    }

    /// The quota of this key: jobs that may wait or run.
    pub(super) fn quota(&self) -> Option<Quota> {
        let key = self.key.as_ref()?;
        Some(Quota { key: key.id.clone(), most: key.outstanding? })
    }

    /// The tenant whose jobs are listed: the caller's own; all for an administrator.
    pub(super) fn sees(&self) -> Option<String> {
        if self.key.as_ref().is_some_and(|key| key.may(Scope::Admin)) { None } else { self.tenant.clone() }
    }

    /// Another tenant's job is as good as none.
    pub(super) async fn owns(&self, state: &ApiState, id: JobId) -> Result<(), ApiError> {
        let Some(tenant) = self.sees() else { return Ok(()) };
        match state.parts.queue.owner(id).await? {
            Some(owner) if owner.as_deref() == Some(tenant.as_str()) => Ok(()),
            _ => Err(ApiError::no_such_job(id)),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = ApiError;

    /// The caller that `routes` authenticated. A handler that asks for a caller on a route without authentication gets
    /// no request.
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let unguarded = || ApiError::bug("this route authenticates no caller");
        parts.extensions.get().cloned().ok_or_else(unguarded)
    }
}

impl Caller {
    /// Authenticates by the head of a request: a key or a token; without either, the session of our own page.
    pub(super) async fn of(method: &Method, headers: &HeaderMap, state: &ApiState) -> Result<Self, ApiError> {
        let secret = secret_of(headers);
        if secret.is_some() || !state.parts.keys.is_required() {
            return Self::with(secret, state).await;
        }
        match cookie::value_of(headers, state).await? {
            Some(value) => {
                cookie::check_page(method, headers)?;
                Self::in_session(&value, state).await
            }
            None => Self::with(None, state).await,
        }
    }

    async fn in_session(value: &str, state: &ApiState) -> Result<Self, ApiError> {
        if is_token(value) {
            return Self::with(Some(value), state).await;
        }
        let ring = &state.parts.keys;
        match state.sessions.key(value, ring).await.map_err(|error| cookie::unreadable(&error))? {
            Some(key) => Ok(Self { tenant: Some(key.tenant.clone()), key: Some(key) }),
            None if ring.is_waiting() => Err(keys_unread()),
            None => Err(ApiError::unauthorized("this session has ended, or its key was revoked")),
        }
    }

    /// Authenticates by a key or token, however it came.
    pub(super) async fn with(secret: Option<&str>, state: &ApiState) -> Result<Self, ApiError> {
        let ring = &state.parts.keys;
        if !ring.is_required() {
            return Ok(Self::default());
        }
        let Some(secret) = secret else {
            return Err(if ring.is_waiting() {
                keys_unread()
            } else {
                ApiError::unauthorized("this needs an API key")
            });
        };
        if let Some(tokens) = state.parts.tokens.as_ref().filter(|_| is_token(secret)) {
            let key = tokens.read(secret).await?;
            return Ok(Self { tenant: Some(key.tenant.clone()), key: Some(Arc::new(key)) });
        }
        let Some(key) = ring.find(secret) else {
            let revoked = || ApiError::unauthorized("this API key is not known, or was revoked");
            return Err(if ring.is_waiting() { keys_unread() } else { revoked() });
        };
        Ok(Self { tenant: Some(key.tenant.clone()), key: Some(key) })
    }
}

/// The key or token in the head of a request.
pub(super) fn secret_of(headers: &HeaderMap) -> Option<&str> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let bearer = header(AUTHORIZATION.as_str()).and_then(|value| {
        let (scheme, secret) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| secret.trim())
    });
    bearer.or_else(|| header("x-api-key"))
}

/// A key has no dots, a token two.
fn is_token(secret: &str) -> bool {
    secret.matches('.').count() == 2
}

fn keys_unread() -> ApiError {
    let error = ApiError::busy("queue_failed", "the keys cannot be read at the moment");
    error.after(Duration::from_secs(5))
}

impl From<Refused> for ApiError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Bad(_) => Self::bad_token(refused.to_string()),
            Refused::NoKeys => Self::busy("issuer_down", refused.to_string()).after(Duration::from_secs(5)),
        }
    }
}
