//! HTTP: takes jobs, and answers questions about them.
//!
//! In: requests. Out: jobs into the queue, reports out of it. This room checks what can be checked without a plugin, and
//! never judges: it sees no plugin and no sandbox, only what the composition root tells of them. Every answer that is
//! not what was asked for is `{"error": {"code", "message", "hint"}}`.

mod admin;
mod batch;
mod body;
mod caller;
mod cors;
mod docs;
mod error;
mod events;
mod health;
mod jobs;
mod observe;
mod problems;
mod query;
mod webhooks;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::routing::{MethodRouter, delete, get, post, put};
use axum::serve::ListenerExt as _;
use optimus_core::Fault;
use optimus_core::job::Policy;
use optimus_queue::Backend;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tower_http::catch_panic::CatchPanicLayer;

pub use self::cors::{Origin, Origins};
use self::error::ApiError;
pub use self::health::{PluginStatus, Readiness};
use crate::keys::KeyRing;
use crate::languages::LanguageBook;
use crate::metrics::Metrics;
use crate::problems::Problems;
use crate::tokens::Tokens;
use crate::webhooks::{Gate, Secrets};

/// What the server will hold on behalf of its clients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiLimits {
    /// The largest body; beyond, 413.
    pub body_bytes: usize,
    /// Bytes of bodies being read at once; beyond, 503.
    pub held_bytes: usize,
    /// How long a body may take to arrive; beyond, 408.
    pub body_time: Duration,
    /// The longest `?wait=`; a longer one is cut to it.
    pub wait: Duration,
    /// Clients that listen to events at once; beyond, 503.
    pub listeners: usize,
}

impl Default for ApiLimits {
    fn default() -> Self {
        Self {
            body_bytes: 64 << 20,
            held_bytes: 256 << 20,
            body_time: Duration::from_secs(60),
            wait: Duration::from_secs(120),
            listeners: 20_000,
        }
    }
}

/// Takes a plugin for the language of this id, or says why not.
pub type Offer = dyn Fn(&str, &[u8]) -> Result<PluginStatus, Fault> + Send + Sync;

/// What the handlers need of the rest.
pub struct Parts {
    /// Where jobs go.
    pub queue: Arc<dyn Backend>,
    /// What can be judged.
    pub languages: Arc<LanguageBook>,
    /// What a job may ask for.
    pub policy: Policy,
    /// What is held for clients.
    pub limits: ApiLimits,
    /// What keeps the server from being ready.
    pub readiness: Arc<Readiness>,
    /// The plugins as they are now.
    pub plugins: Arc<dyn Fn() -> Vec<PluginStatus> + Send + Sync>,
    /// Looks at the plugins now, and says whether anything changed. Blocks.
    pub reload: Arc<dyn Fn() -> Result<bool, Fault> + Send + Sync>,
    /// Takes a language's plugin, if the load gate does. Blocks.
    pub offer: Arc<Offer>,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// Who may come in.
    pub keys: Arc<KeyRing>,
    /// Who may come in with a token of an identity provider.
    pub tokens: Option<Arc<Tokens>>,
    /// Problems that jobs may name.
    pub problems: Arc<Problems>,
    /// Whose pages may call.
    pub origins: Origins,
    /// Where webhooks may go.
    pub gate: Arc<Gate>,
    /// What they are signed with.
    pub secrets: Arc<Secrets>,
}

/// What the handlers share; cloning is cheap.
#[derive(Clone)]
pub struct ApiState {
    parts: Arc<Parts>,
    held: Arc<Semaphore>,
    listeners: Arc<Semaphore>,
    stopping: CancellationToken,
}

impl ApiState {
    /// Nothing is served yet.
    pub fn new(parts: Parts) -> Self {
        let held = Arc::new(Semaphore::new(body::units(parts.limits.held_bytes.max(parts.limits.body_bytes)) as usize));
        let listeners = Arc::new(Semaphore::new(parts.limits.listeners));
        Self { parts: Arc::new(parts), held, listeners, stopping: CancellationToken::new() }
    }
}

/// Every path, its methods, and who answers.
fn routes() -> Vec<(&'static str, &'static [&'static str], MethodRouter<ApiState>)> {
    vec![
        ("/v1/jobs", &["post", "get"], post(jobs::submit).get(jobs::list)),
        ("/v1/jobs/batch", &["post"], post(batch::submit)),
        ("/v1/jobs/{id}", &["get", "delete"], get(jobs::status).delete(jobs::cancel)),
        ("/v1/jobs/{id}/events", &["get"], get(events::events)),
        ("/v1/problems", &["post", "get"], post(problems::add).get(problems::list)),
        ("/v1/problems/{id}", &["get", "delete"], get(problems::show).delete(problems::remove)),
        ("/v1/languages", &["get"], get(health::languages)),
        ("/v1/plugins", &["get"], get(health::plugins)),
        ("/v1/plugins/{id}", &["put"], put(admin::put)),
        ("/v1/plugins/reload", &["post"], post(admin::reload)),
        ("/v1/dead", &["get"], get(admin::dead)),
        ("/v1/dead/{id}", &["delete"], delete(admin::discard)),
        ("/v1/dead/{id}/requeue", &["post"], post(admin::requeue)),
        ("/v1/webhooks/secret", &["get"], get(webhooks::secret)),
        ("/submit", &["post"], post(jobs::submit)),
        ("/status/{id}", &["get"], get(jobs::status)),
        ("/healthz", &["get"], get(health::healthz)),
        ("/readyz", &["get"], get(health::readyz)),
        ("/metrics", &["get"], get(health::metrics)),
        ("/openapi.json", &["get"], get(docs::openapi)),
        ("/docs", &["get"], get(docs::page)),
    ]
}

/// Every path with each of its methods.
pub fn paths() -> Vec<(&'static str, &'static str)> {
    routes().iter().flat_map(|(path, methods, _)| methods.iter().map(|method| (*path, *method))).collect()
}

/// All of it.
pub fn router(state: ApiState) -> Router {
    let routes = routes().into_iter().fold(Router::new(), |router, (path, _, answer)| router.route(path, answer));
    routes
        .fallback(|request: Request| async move { ApiError::no_such_path(request.uri().path()) })
        .method_not_allowed_fallback(|request: Request| async move {
            ApiError::wrong_method(request.method(), request.uri().path())
        })
        .layer(CatchPanicLayer::custom(error::panicked))
        .layer(cors::layer(&state.parts.origins))
        .layer(axum::middleware::from_fn_with_state(state.clone(), observe::observe))
        .with_state(state)
}

/// After the shutdown signal, answers that are under way get this long.
const LAST_ANSWERS: Duration = Duration::from_secs(10);

/// Serves until `shutdown`; then waits a little for what is under way. Whoever waits for a report is told where to ask.
///
/// # Errors
/// The listener failed.
pub async fn serve(listener: TcpListener, mut state: ApiState, shutdown: CancellationToken) -> std::io::Result<()> {
    state.stopping = shutdown.clone();
    let listener = listener.tap_io(|tcp| {
        // Answers are small and somebody waits for them.
        let _ = tcp.set_nodelay(true);
    });
    let serving = axum::serve(listener, router(state)).with_graceful_shutdown(shutdown.clone().cancelled_owned());
    let too_long = async {
        shutdown.cancelled().await;
        tokio::time::sleep(LAST_ANSWERS).await;
    };
    tokio::select! {
        served = serving => served,
        () = too_long => Ok(()),
    }
}

/// Answers only whether the process lives, whether it is ready, and what it counted.
///
/// # Errors
/// The listener failed.
pub async fn serve_probes(
    listener: TcpListener,
    mut state: ApiState,
    shutdown: CancellationToken,
) -> std::io::Result<()> {
    state.stopping = shutdown.clone();
    let routes = routes().into_iter().filter(|(path, ..)| ["/healthz", "/readyz", "/metrics"].contains(path));
    let router = routes.fold(Router::new(), |router, (path, _, answer)| router.route(path, answer));
    axum::serve(listener, router.with_state(state)).with_graceful_shutdown(shutdown.cancelled_owned()).await
}

/// Without API keys, whoever reaches the port can run programs: only this machine may.
///
/// # Errors
/// `address` can be reached from elsewhere.
pub fn refuse_public(address: SocketAddr) -> Result<(), Exposed> {
    if address.ip().to_canonical().is_loopback() { Ok(()) } else { Err(Exposed(address)) }
}

/// The server would have been open to everybody.
#[derive(Debug, thiserror::Error)]
#[error("will not listen on `{0}`: others could reach it, and there are no API keys to tell them apart")]
pub struct Exposed(SocketAddr);

impl Exposed {
    /// What the operator does about it.
    pub fn hint(&self) -> String {
        let port = self.0.port();
        format!(
            "make a key with `optimus keys create`, or listen on 127.0.0.1:{port} behind a proxy that knows who may come in"
        )
    }
}
