//! The doors of `optimus-doors`, wired: what they ask for is done as the native handlers do it, in the caller's name.

use std::sync::Arc;

use async_trait::async_trait;
use axum::body::Body;
use axum::extract::{FromRequest as _, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::any;
use axum::{Extension, Router};
use futures::StreamExt as _;
use futures::stream::BoxStream;
use hyper::upgrade::OnUpgrade;
use optimus_core::{Event, JobId, JobRequest};
use optimus_doors::{Admitted, Door, Doors, Engine, Follow, Listed, Load, Progress, Refusal, Service, Shared};
use optimus_queue::{EventId, Filter};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinError;
use tokio::time::{Duration, Instant};

use super::body::ByteBody;
use super::caller::Caller;
use super::submission::{Asked, Submission};
use super::{ApiError, ApiState, audit, jobs, stdin};
use crate::keys::Scope;

/// Answers are written before the connection's own deadline.
const MARGIN: Duration = Duration::from_secs(5);
/// Between two tries to submit a job for which there is no room; it doubles up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// All doors below `/doors/NAME`, and MCP where its clients look for it.
pub(super) fn below(state: &ApiState) -> Router<ApiState> {
    let mcp = any(by_address).layer(Extension(Door::Mcp));
    Router::new().route("/doors/{*path}", any(by_path)).route("/mcp", mcp).layer(Extension(doors(state)))
}

/// One door, at every path of a separate address.
pub(super) fn at_root(door: Door, state: &ApiState) -> Router<ApiState> {
    Router::new().fallback(by_address).layer(Extension(door)).layer(Extension(doors(state)))
}

/// Serves MCP on a pipe to the user who started this process, until `reader` ends.
///
/// # Errors
/// The task that serves has panicked.
pub async fn serve_mcp<R, W>(state: &ApiState, reader: R, writer: W) -> Result<(), JoinError>
where
    R: AsyncRead + Send + Unpin + 'static,
    W: AsyncWrite + Send + Unpin + 'static,
{
    let engine = Arc::new(Guest { state: state.clone(), caller: Caller::default() });
    let admitted = Admitted { engine, is_operator: true, may_command: true, owner: None };
    optimus_doors::mcp_on(shared(state), admitted, reader, writer).await
}

fn doors(state: &ApiState) -> Doors {
    Doors::new(&shared(state), &state.door_memory, &state.door_files)
}

fn shared(state: &ApiState) -> Shared {
    let parts = &state.parts;
    Shared {
        languages: Arc::clone(&parts.languages),
        policy: parts.policy.clone(),
        deadline: parts.limits.connections.request.saturating_sub(MARGIN),
        origins: parts.origins.names(),
        service: Arc::new(Server(state.clone())),
    }
}

async fn by_path(State(state): State<ApiState>, Extension(doors): Extension<Doors>, request: Request) -> Response {
    match Doors::of_path(request.uri().path()) {
        Ok(door) => enter(&state, &doors, door, request).await,
        Err(message) => {
            let error = ApiError::new(StatusCode::NOT_FOUND, "no_such_door", message);
            error.hint("see docs/doors.md").into_response()
        }
    }
}

async fn by_address(
    State(state): State<ApiState>,
    Extension(doors): Extension<Doors>,
    Extension(door): Extension<Door>,
    request: Request,
) -> Response {
    enter(&state, &doors, door, request).await
}

/// Reads the body as every body is read: within its cap, the memory of all bodies, and its time.
async fn enter(state: &ApiState, doors: &Doors, door: Door, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let head = parts.clone();
    let body = match ByteBody::from_request(Request::from_parts(parts, body), state).await {
        Ok(body) => body,
        Err(error) => return door.error(error.status(), &error.into_fault().message),
    };
    let mut request = Request::from_parts(head, Body::from(body.bytes.clone()));
    // The outer route's parameters would be read as the door's.
    let upgrade = request.extensions_mut().remove::<OnUpgrade>();
    request.extensions_mut().clear();
    if let Some(upgrade) = upgrade {
        request.extensions_mut().insert(upgrade);
    }
    // The body's memory counts until a handler has taken the request apart.
    request.extensions_mut().insert(Arc::new(body));
    doors.answer(door, request).await
}

/// The server, as doors see it.
struct Server(ApiState);

#[async_trait]
impl Service for Server {
    async fn admit(&self, secret: Option<&str>) -> Result<Admitted, Refusal> {
        let caller = Caller::with(secret, &self.0).await?;
        let is_operator = caller.key.as_ref().is_none_or(|key| key.may(Scope::Admin));
        let (may_command, owner) = (caller.may(Scope::Commands).is_ok(), caller.tenant.clone());
        let engine = Arc::new(Guest { state: self.0.clone(), caller });
        Ok(Admitted { engine, is_operator, may_command, owner })
    }

    async fn load(&self) -> Result<Load, Refusal> {
        let stats = self.0.parts.queue.stats().await.map_err(ApiError::from)?;
        let sum = |of: fn(&optimus_queue::LanguageStats) -> u64| stats.languages.iter().map(of).sum();
        Ok(Load { queued: sum(|language| language.queued), running: sum(|language| language.running) })
    }
}

/// A caller that came through a door.
struct Guest {
    state: ApiState,
    caller: Caller,
}

#[async_trait]
impl Engine for Guest {
    async fn submit(&self, request: JobRequest, waits: bool, until: Instant) -> Result<JobId, Refusal> {
        self.caller.may(Scope::Submit)?;
        let submission = Submission::check(&self.state, &self.caller, request).await?;
        let asked = Asked { may_delay_commit: waits, ..Asked::default() };
        let mut pause = FIRST_PAUSE;
        // Its clients take a refusal for the end: the request is held until there is room.
        loop {
            let tried = match self.caller.spend(&self.state, 1).await {
                Ok(()) => submission.clone().push(&self.state, asked.clone()).await,
                Err(error) => Err(error),
            };
            match tried {
                Ok(pushed) => return Ok(pushed.id),
                Err(error) if error.is_for_now() && Instant::now() + pause < until => {
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    async fn wait(&self, id: JobId, until: Instant) -> Result<Progress, Refusal> {
        self.caller.may(Scope::Read).or_else(|error| match until > Instant::now() {
            // Who submits a job may wait for it.
            true => self.caller.may(Scope::Submit),
            false => Err(error),
        })?;
        self.caller.owns(&self.state, id).await?;
        let wait = until.saturating_duration_since(Instant::now());
        let view = match wait.is_zero() {
            true => jobs::look(&self.state, id).await?,
            false => jobs::await_report(&self.state, id, wait).await?,
        };
        Ok(match view.report {
            Some(report) => Progress::Done(report),
            None if view.is_running() => Progress::Running,
            None => Progress::Queued,
        })
    }

    async fn cancel(&self, id: JobId) -> Result<(), Refusal> {
        self.caller.may(Scope::Submit)?;
        self.caller.owns(&self.state, id).await?;
        audit::cancelled(&self.state, &self.caller, id, async {
            self.state.parts.queue.cancel(id).await.map_err(ApiError::from)
        })
        .await?;
        Ok(())
    }

    async fn list(&self, before: Option<JobId>, limit: usize) -> Result<Vec<Listed>, Refusal> {
        /// One read of the queue.
        const PAGE: usize = 1_000;
        self.caller.may(Scope::Read)?;
        let filter = Filter { tenant: self.caller.sees(), ..Filter::default() };
        let (mut before, mut listed) = (before, Vec::new());
        while listed.len() < limit {
            let wanted = PAGE.min(limit - listed.len());
            let page = self.state.parts.queue.list(&filter, before, wanted).await.map_err(ApiError::from)?;
            before = page.last().map(|job| job.id);
            let is_last = page.len() < wanted;
            let row = |job: optimus_queue::Summary| Listed {
                id: job.id,
                language: job.language,
                verdict: job.verdict,
                created_at: job.created_at,
            };
            listed.extend(page.into_iter().map(row));
            if is_last {
                break;
            }
        }
        Ok(listed)
    }
}

#[async_trait]
impl Follow for Guest {
    async fn follow(&self, id: JobId) -> Result<BoxStream<'static, Event>, Refusal> {
        self.caller.may(Scope::Submit)?;
        self.caller.owns(&self.state, id).await?;
        // The job may have begun since it was submitted.
        let events = self.state.parts.queue.follow(id, Some(EventId::BEGINNING)).await.map_err(ApiError::from)?;
        let events = events.ok_or(Refusal::NoSuchJob)?.map(|numbered| numbered.event);
        Ok(events.take_until(self.state.stopping.clone().cancelled_owned()).boxed())
    }

    async fn write_stdin(&self, id: JobId, bytes: &[u8]) -> Result<(), Refusal> {
        self.caller.may(Scope::Submit)?;
        self.caller.owns(&self.state, id).await?;
        Ok(stdin::send(&self.state, id, bytes, false).await?)
    }
}

impl From<ApiError> for Refusal {
    fn from(error: ApiError) -> Self {
        let status = error.status();
        let fault = error.into_fault();
        match status {
            StatusCode::UNAUTHORIZED => Self::Unauthorized,
            StatusCode::FORBIDDEN => Self::Forbidden,
            StatusCode::NOT_FOUND => Self::NoSuchJob,
            StatusCode::TOO_MANY_REQUESTS => Self::Busy(fault.message),
            StatusCode::SERVICE_UNAVAILABLE if fault.code == "queue_full" => Self::Busy(fault.message),
            status if status.is_client_error() => {
                // Its message begins with the field: "`limits.cpu_ms`: …".
                let field = fault.message.strip_prefix('`').and_then(|rest| rest.split_once("`: "));
                let field = field.map(|(field, _)| field.to_owned()).unwrap_or_default();
                Self::Invalid { field, message: fault.message }
            }
            _ => Self::Failed(fault.message),
        }
    }
}
