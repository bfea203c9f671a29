//! HTTP: takes jobs, and answers questions about them.
//!
//! In: requests. Out: jobs into the queue, reports out of it. This room checks what can be checked without a plugin, and
//! never judges: it sees no plugin and no sandbox, only what the composition root tells of them. Every answer that is
//! not what was asked for is `{"error": {"code", "message", "hint"}}`.

mod admin;
mod audit;
mod batch;
mod blobs;
mod body;
mod caller;
mod connections;
mod console;
mod cookie;
mod cors;
mod docs;
mod doctor;
mod doors;
mod error;
mod events;
mod feed;
mod files;
mod foreign_bytes;
mod health;
mod history;
mod identity;
mod interpreters;
mod jobs;
mod json;
mod keys;
mod limits;
mod login;
mod observe;
mod on_behalf;
mod pipelines;
mod plugins;
mod pool;
mod problems;
mod query;
mod reuse;
mod routes;
mod schedules;
mod session;
mod stdin;
mod submission;
mod verify;
mod webhooks;
mod workers;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use optimus_core::Fault;
use optimus_core::job::Policy;
use optimus_core::languages::LanguageBook;
pub use optimus_doors::Door;
use optimus_doors::{FileStore, Memory};
use optimus_queue::Backend;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower_http::catch_panic::CatchPanicLayer;

use self::body::Bodies;
pub use self::connections::ConnectionLimits;
pub use self::cors::{Origin, Origins};
use self::doctor::Doctor;
pub use self::doctor::{Examine, Finding};
pub use self::doors::serve_mcp;
use self::error::ApiError;
pub use self::health::PluginStatus;
pub use self::plugins::{PluginConsent, PluginInstaller, PluginReview, PluginVersion, ReplacedPlugin, ReviewedField};
use self::pool::Pool;
pub use self::routes::paths;
use crate::audit::AuditLog;
use crate::blobs::Blobs;
use crate::feed::{Announce, Tails};
use crate::interpreters::Interpreters;
use crate::keys::{KeyRing, KeyStore};
use crate::live_input::LiveInputs;
use crate::login::Login;
use crate::metrics::Metrics;
use crate::pipelines::PipelineStore;
use crate::problems::Problems;
pub use crate::readiness::Readiness;
use crate::schedules::ScheduleStore;
use crate::sessions::Sessions;
use crate::tokens::Tokens;
use crate::webhooks::{Fetcher, Gate, Secrets};
use crate::workers::Workers;

/// A body up to this size is small.
pub const SMALL_BODY: usize = 64 << 10;

/// Bounds of what the server holds for its clients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiLimits {
    /// The largest body; beyond, 413.
    pub body_bytes: usize,
    /// Bytes of large bodies held at once, counted as they arrive; beyond, 503. One tenant holds at most half of them
    /// (or one body of the largest size); beyond, 429.
    pub held_bytes: usize,
    /// The same for small bodies ([`SMALL_BODY`]), which large ones never keep out.
    pub small_held_bytes: usize,
    /// Maximum time in which a body has to arrive; beyond, 408.
    pub body_time: Duration,
    /// After this time a body has to arrive at the minimum rate.
    pub body_grace: Duration,
    /// The minimum rate, in bytes per second.
    pub body_rate: u64,
    /// The longest `?wait=`; a longer one is cut to it.
    pub wait: Duration,
    /// Maximum number of clients that listen to events, and never more than half of the connections; beyond, 503.
    pub listeners: usize,
    /// Bounds of connections.
    pub connections: ConnectionLimits,
}

impl Default for ApiLimits {
    fn default() -> Self {
        Self {
            body_bytes: 64 << 20,
            held_bytes: 256 << 20,
            small_held_bytes: 64 << 20,
            body_time: Duration::from_secs(60),
            body_grace: Duration::from_secs(10),
            body_rate: 16 << 10,
            wait: Duration::from_secs(120),
            listeners: 20_000,
            connections: ConnectionLimits::default(),
        }
    }
}

/// The parts of the server that the handlers use.
pub struct Parts {
    /// The queue.
    pub queue: Arc<dyn Backend>,
    /// The languages that can be judged.
    pub languages: Arc<LanguageBook>,
    /// Caps of a job's request.
    pub policy: Policy,
    /// Bounds of what the server holds for clients.
    pub limits: ApiLimits,
    /// The readiness of the server's parts.
    pub readiness: Arc<Readiness>,
    /// The plugins as they are now.
    pub plugins: Arc<dyn Fn() -> Vec<PluginStatus> + Send + Sync>,
    /// Looks at the plugins now, and says whether anything changed. Blocks.
    pub reload: Arc<dyn Fn() -> Result<bool, Fault> + Send + Sync>,
    /// Puts plugins in, if the load gate takes them.
    pub installer: Arc<dyn PluginInstaller>,
    /// The metrics.
    pub metrics: Arc<Metrics>,
    /// The API keys.
    pub keys: Arc<KeyRing>,
    /// Where the API keys are stored.
    pub key_store: Arc<KeyStore>,
    /// Looks at this machine, as `optimus doctor` does.
    pub examine: Arc<Examine>,
    /// The identity provider whose tokens are accepted.
    pub tokens: Option<Arc<Tokens>>,
    /// Signs people in to the console through that provider.
    pub login: Option<Arc<Login>>,
    /// Problems that jobs may name.
    pub problems: Arc<Problems>,
    /// Files that jobs may name.
    pub blobs: Arc<Blobs>,
    /// Input of running programs.
    pub inputs: Arc<LiveInputs>,
    /// Where schedules are stored.
    pub schedules: Arc<ScheduleStore>,
    /// Where pipelines and their runs are stored.
    pub pipelines: Arc<PipelineStore>,
    /// Where changes are noted.
    pub audit: Arc<AuditLog>,
    /// Sessions of cells.
    pub interpreters: Arc<Interpreters>,
    /// The workers of the queue.
    pub workers: Arc<Workers>,
    /// Origins whose pages may call.
    pub origins: Origins,
    /// True if the console is served.
    pub console: bool,
    /// Addresses that webhooks may reach.
    pub gate: Arc<Gate>,
    /// Sends the requests of pipelines' steps.
    pub fetcher: Arc<Fetcher>,
    /// Secrets that sign webhooks.
    pub secrets: Arc<Secrets>,
}

/// State that the handlers share; cloning is cheap.
#[derive(Clone)]
pub struct ApiState {
    parts: Arc<Parts>,
    bodies: Arc<Bodies>,
    requests: Arc<Pool>,
    listeners: Arc<Pool>,
    tails: Tails,
    door_memory: Memory,
    door_files: FileStore,
    sessions: Arc<Sessions>,
    doctor: Arc<Doctor>,
    stopping: CancellationToken,
}

/// Memory of the doors for submissions, and its lifetime.
const DOOR_MEMORY: u64 = 64 << 20;
const DOOR_MEMORY_TIME: Duration = Duration::from_secs(24 * 60 * 60);

impl ApiState {
    /// Nothing is served yet.
    pub fn new(parts: Parts) -> Self {
        let bodies = Arc::new(Bodies::new(&parts.limits));
        let half = (parts.limits.connections.most / 2).max(1);
        // Waiting requests hold connections, so that each tenant gets a share only.
        let requests = Pool::new(usize::MAX, half);
        let listeners = parts.limits.listeners.min(half);
        let listeners = Pool::new(listeners, listeners.div_ceil(2));
        let door_memory = Memory::new(DOOR_MEMORY, DOOR_MEMORY_TIME);
        let door_files = FileStore::default();
        let tails = Tails::new(Arc::clone(&parts.queue));
        let (sessions, doctor) = (Arc::new(Sessions::new(Arc::clone(&parts.secrets))), Arc::default());
        let (parts, stopping) = (Arc::new(parts), CancellationToken::new());
        Self { parts, bodies, requests, listeners, tails, door_memory, door_files, sessions, doctor, stopping }
    }

    /// Adds events to the feeds of tenants.
    pub fn announce(&self) -> Announce {
        let queue = Arc::clone(&self.parts.queue);
        Arc::new(move |tenant, event| queue.announce(tenant, event))
    }
}

/// All of it.
pub fn router(state: ApiState) -> Router {
    let router = routes::all(&state)
        .merge(doors::below(&state))
        .fallback(|request: Request| async move { ApiError::no_such_path(request.uri().path()) })
        .method_not_allowed_fallback(|request: Request| async move {
            ApiError::wrong_method(request.method(), request.uri().path())
        });
    around(router, &state).with_state(state)
}

/// Wraps the layers of every request around the router.
fn around(router: Router<ApiState>, state: &ApiState) -> Router<ApiState> {
    router
        .layer(CatchPanicLayer::custom(error::panicked))
        .layer(cors::layer(&state.parts.origins))
        .layer(axum::middleware::from_fn_with_state(state.clone(), observe::observe))
}

/// After the shutdown signal, answers that are under way get this long.
const LAST_ANSWERS: Duration = Duration::from_secs(10);

/// Serves until `shutdown`, then waits a little for the answers that are under way. A client that waits for a report is
/// told where to ask.
pub async fn serve(listener: TcpListener, mut state: ApiState, shutdown: CancellationToken) {
    state.stopping = shutdown.clone();
    let limits = state.parts.limits.connections.clone();
    connections::serve(listener, router(state), &limits, shutdown, LAST_ANSWERS).await;
}

/// Serves one door at a separate address, until `shutdown`.
pub async fn serve_door(listener: TcpListener, door: Door, mut state: ApiState, shutdown: CancellationToken) {
    state.stopping = shutdown.clone();
    let limits = state.parts.limits.connections.clone();
    let router = around(doors::at_root(door, &state), &state).with_state(state);
    connections::serve(listener, router, &limits, shutdown, LAST_ANSWERS).await;
}

/// Answers only whether the process lives, whether it is ready, and what it counted.
pub async fn serve_probes(listener: TcpListener, mut state: ApiState, shutdown: CancellationToken) {
    state.stopping = shutdown.clone();
    let limits = state.parts.limits.connections.clone();
    let router = routes::probes(&state).with_state(state);
    connections::serve(listener, router, &limits, shutdown, LAST_ANSWERS).await;
}

/// Without API keys, every client that reaches the port can run programs: only this machine may.
///
/// # Errors
/// `address` can be reached from elsewhere.
pub fn refuse_public(address: SocketAddr) -> Result<(), Exposed> {
    if address.ip().to_canonical().is_loopback() { Ok(()) } else { Err(Exposed(address)) }
}

/// The server would have been open to everybody.
#[derive(Debug, thiserror::Error)]
#[error("will not listen on `{0}` without API keys: other machines could reach it")]
pub struct Exposed(SocketAddr);

impl Exposed {
    /// The remedy for the operator.
    pub fn hint(&self) -> String {
        let port = self.0.port();
        format!(
            "make a key with `optimus keys create`, or listen on 127.0.0.1:{port} behind a proxy that knows who may come in"
        )
    }
}
