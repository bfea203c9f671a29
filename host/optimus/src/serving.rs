//! Servers: everything in one process, the API alone, or a worker alone; and what keeps the book of languages true.

mod plugins;
mod problems;
mod ready;
mod shared;
mod webhooks;

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use optimus_core::job::Policy;
use optimus_core::languages::LanguageBook;
use optimus_plugin::Notice;
use optimus_queue::{Backend, EmbeddedConfig, EmbeddedQueue, QueueError, RedisQueue};
use optimus_server::api::{self, ApiLimits, ApiState, Origins, Parts, Readiness};
use optimus_server::keys::{KeyRing, KeyStore};
use optimus_server::metrics::Metrics;
use optimus_server::problems::Problems;
use optimus_server::tokens::{self, KeySource, Tokens};
use optimus_server::webhooks::Courier;
use optimus_server::worker::{Wanted, Worker};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::cli::{Api, HttpArgs, KeysPlace, QueueArgs, Serve, WebhookArgs, Work};
use crate::engine::{self, Engine};
use crate::output::Advised;
use plugins::Plugins;
use problems::Filling;
use webhooks::Hooks;

/// A server that runs.
pub struct Serving {
    address: Option<SocketAddr>,
    engine: Option<Arc<Engine>>,
    shutdown: CancellationToken,
    tasks: TaskTracker,
}

/// Where jobs wait: the seam, and Redis itself where processes share more than jobs.
struct Place {
    backend: Arc<dyn Backend>,
    redis: Option<Arc<RedisQueue>>,
}

impl Serving {
    /// All in one process: API, queue and workers. Returns once it listens.
    ///
    /// # Errors
    /// Whatever cannot be opened, with advice.
    pub async fn start(args: &Serve) -> anyhow::Result<Self> {
        let state = engine::state_dir(args.engine.state.as_deref())?;
        let place = open_queue(&args.queue, || Ok(state.join("queue.redb"))).await?;
        let store = place.key_store(&state);
        // First of all, so that an address that is taken is said at once.
        let (listener, entrance) = listen(&args.http, &store).await?;
        let engine = Arc::new(Engine::begin(&args.engine, Notice::default())?);
        let mut serving = Self::new(Some(&engine));
        let (metrics, readiness) = (Arc::new(Metrics::default()), Arc::new(Readiness::default()));
        metrics.set_capacity(args.queue.queue_cap);
        let plugins = Plugins::of(Some(Arc::clone(&engine.catalogue)));
        let hooks = Hooks::new(&args.http.webhooks, &place, &state)?;
        let problems = place.problems(&state);
        let parts = parts(&place, &engine.book, plugins, &metrics, &readiness, (&hooks, &problems), args.http.limits());
        let parts = Parts { policy: engine.policy.clone(), ..parts };
        serving.serve(listener, parts, &args.http, &entrance)?;
        serving.tell(&place, hooks, &metrics);
        serving.tasks.spawn(follow_keys(store, entrance, serving.shutdown.clone()));
        serving.work(&engine, &place, &problems, &BTreeSet::new(), (args.grace_s, metrics));
        serving.tasks.spawn(ready::keep_ready(engine, readiness, serving.shutdown.clone()));
        serving.tasks.close();
        Ok(serving)
    }

    /// The API over a shared queue. Returns once it listens.
    ///
    /// # Errors
    /// Whatever cannot be opened, with advice.
    pub async fn api(args: &Api) -> anyhow::Result<Self> {
        let place = open_queue(&args.queue, || Err(not_shared("api"))).await?;
        let store = place.key_store(NOWHERE.as_ref());
        let (listener, entrance) = listen(&args.http, &store).await?;
        let mut serving = Self::new(None);
        let (book, metrics) = (Arc::<LanguageBook>::default(), Arc::new(Metrics::default()));
        metrics.set_capacity(args.queue.queue_cap);
        let offered = |dir: &std::path::PathBuf| {
            engine::offered(&engine::Place::alone(dir.clone()), args.state.as_deref(), &args.trust)
        };
        let catalogue = args.plugins.as_ref().map(offered).transpose()?;
        let readiness = Arc::new(Readiness::default());
        let plugins = Plugins::of(catalogue.clone());
        let hooks = Hooks::new(&args.http.webhooks, &place, NOWHERE.as_ref())?;
        let problems = place.problems(NOWHERE.as_ref());
        let parts = parts(&place, &book, plugins, &metrics, &readiness, (&hooks, &problems), args.http.limits());
        let parts = Parts { policy: args.caps.policy(), ..parts };
        serving.serve(listener, parts, &args.http, &entrance)?;
        serving.tell(&place, hooks, &metrics);
        serving.tasks.spawn(follow_keys(store, entrance, serving.shutdown.clone()));
        if let Some(redis) = place.redis {
            let offered = shared::Offered { plugins: catalogue, only: args.languages.iter().cloned().collect() };
            serving.tasks.spawn(shared::learn(book, offered, redis, serving.shutdown.clone()));
        }
        serving.tasks.close();
        Ok(serving)
    }

    /// A worker at a shared queue.
    ///
    /// # Errors
    /// Whatever cannot be opened, with advice.
    pub async fn worker(args: &Work) -> anyhow::Result<Self> {
        let engine = Arc::new(Engine::begin(&args.engine, Notice::default())?);
        let place = open_queue(&args.queue, || Err(not_shared("worker"))).await?;
        let mut serving = Self::new(Some(&engine));
        let (metrics, readiness) = (Arc::new(Metrics::default()), Arc::new(Readiness::default()));
        let problems = place.problems(NOWHERE.as_ref());
        if let Some(probes) = args.probes {
            let listener = bind(probes).await?;
            let plugins = Plugins::of(Some(Arc::clone(&engine.catalogue)));
            let hooks = Hooks::new(&WebhookArgs::default(), &place, NOWHERE.as_ref())?;
            let parts =
                parts(&place, &engine.book, plugins, &metrics, &readiness, (&hooks, &problems), ApiLimits::default());
            serving.address = Some(listener.local_addr()?);
            let answering = api::serve_probes(listener, ApiState::new(parts), serving.shutdown.clone());
            serving.tasks.spawn(answering);
        }
        serving.work(&engine, &place, &problems, &args.languages.iter().cloned().collect(), (args.grace_s, metrics));
        serving.tasks.spawn(ready::keep_ready(engine, readiness, serving.shutdown.clone()));
        serving.tasks.close();
        Ok(serving)
    }

    fn new(engine: Option<&Arc<Engine>>) -> Self {
        let (shutdown, tasks) = (CancellationToken::new(), TaskTracker::new());
        Self { address: None, engine: engine.cloned(), shutdown, tasks }
    }

    fn serve(
        &mut self,
        listener: TcpListener,
        parts: Parts,
        http: &HttpArgs,
        entrance: &Entrance,
    ) -> anyhow::Result<()> {
        self.address = Some(listener.local_addr()?);
        let tokens = entrance.tokens.as_ref().map(|(tokens, _)| Arc::clone(tokens));
        let parts = Parts { keys: Arc::clone(&entrance.ring), tokens, origins: http.origins(), ..parts };
        let serving = api::serve(listener, ApiState::new(parts), self.shutdown.clone());
        self.tasks.spawn(serving);
        Ok(())
    }

    fn tell(&self, place: &Place, hooks: Hooks, metrics: &Arc<Metrics>) {
        let (queue, metrics) = (Arc::clone(&place.backend), Arc::clone(metrics));
        let courier = Courier { queue, secrets: hooks.secrets, policy: hooks.policy, metrics };
        self.tasks.spawn(courier.run(self.shutdown.clone()));
    }

    fn work(
        &self,
        engine: &Arc<Engine>,
        place: &Place,
        problems: &Arc<Problems>,
        only: &BTreeSet<String>,
        (grace_s, metrics): (u64, Arc<Metrics>),
    ) {
        let languages = match &place.redis {
            None => Wanted::Any,
            // Others may have languages that are not here.
            Some(redis) => {
                let telling = shared::tell(Arc::clone(engine), Arc::clone(redis), only.clone(), self.shutdown.clone());
                self.tasks.spawn(telling);
                let (engine, only) = (Arc::clone(engine), only.clone());
                Wanted::Those(Arc::new(move || shared::judged_here(&engine, &only)))
            }
        };
        metrics.set_missing_limits(engine.sandbox.describe().gaps.len());
        let worker = Worker {
            backend: Arc::clone(&place.backend),
            judge: Arc::new(Filling { engine: Arc::clone(engine), problems: Arc::clone(problems) }),
            languages,
            slots: engine.slots,
            grace: Duration::from_secs(grace_s),
            metrics,
        };
        self.tasks.spawn(worker.run(self.shutdown.clone()));
    }

    /// Where it listens, if it does.
    pub fn address(&self) -> Option<SocketAddr> {
        self.address
    }

    /// What it judges with, if it does.
    pub fn engine(&self) -> Option<&Engine> {
        self.engine.as_deref()
    }

    /// Takes no new jobs, lets the running ones finish within the grace, and returns when nothing is left.
    pub async fn stop(self) {
        self.shutdown.cancel();
        self.tasks.wait().await;
    }
}

/// Without keys only this machine may come in, unless the operator says that everybody may.
async fn listen(http: &HttpArgs, store: &KeyStore) -> anyhow::Result<(TcpListener, Entrance)> {
    let (ring, mut undecided) = (Arc::<KeyRing>::default(), false);
    if let KeyStore::Redis(queue) = store {
        ring.share_days(Arc::clone(queue));
    }
    let tokens = http.tokens.rules()?.map(|(rules, source)| (Arc::new(Tokens::new(rules)), source));
    if let Some((_, source)) = &tokens {
        if matches!(source, KeySource::File(_)) {
            source.load()?;
        }
        ring.require();
    }
    let exposed = if http.allow_anyone || tokens.is_some() { Ok(()) } else { api::refuse_public(http.listen) };
    match (store.load().await, exposed) {
        (Ok(keys), Err(e)) if keys.is_empty() => {
            return Err(Advised::new("exposed", e.to_string(), Some(e.hint())).into());
        }
        (Ok(keys), _) => ring.replace(keys),
        // Whether there are keys is not known yet: nobody comes in until it is.
        (Err(error), exposed) => {
            tracing::warn!(error = format!("{error:#}"), "the keys cannot be read yet");
            ring.wait();
            undecided = exposed.is_ok() && tokens.is_none();
        }
    }
    Ok((bind(http.listen).await?, Entrance { ring, undecided, tokens }))
}

/// Who may come in.
struct Entrance {
    ring: Arc<KeyRing>,
    /// Without keys everybody may; but nobody could say yet whether there are any.
    undecided: bool,
    /// Who comes with tokens, and where the keys for those are.
    tokens: Option<(Arc<Tokens>, KeySource)>,
}

/// The state directory of servers whose state is all in Redis.
const NOWHERE: &str = "";

/// Between two looks at the keys.
const KEYS: Duration = Duration::from_secs(1);

/// Follows what is created and revoked. While the keys cannot be read, the last ones hold.
async fn follow_keys(store: KeyStore, entrance: Entrance, shutdown: CancellationToken) {
    let Entrance { ring, mut undecided, tokens } = entrance;
    if let Some((tokens, source)) = tokens {
        tokio::spawn(tokens::follow(tokens, source, shutdown.clone()));
    }
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(KEYS) => {}
        }
        match store.load().await {
            Ok(keys) => {
                if std::mem::take(&mut undecided) && keys.is_empty() {
                    ring.open();
                }
                ring.replace(keys);
            }
            Err(error) => tracing::debug!(error = format!("{error:#}"), "the keys cannot be read"),
        }
    }
}

/// Where the keys of these servers are.
///
/// # Errors
/// The queue cannot be reached, or there is no state directory.
pub async fn key_store(place: &KeysPlace) -> anyhow::Result<KeyStore> {
    let state = engine::state_dir(place.state.as_deref())?;
    if place.queue.is_embedded() {
        return Ok(KeyStore::File(state.join(KEYS_FILE)));
    }
    Ok(open_queue(&place.queue, || Err(not_shared("keys"))).await?.key_store(&state))
}

const KEYS_FILE: &str = "keys.json";

impl Place {
    fn key_store(&self, state: &std::path::Path) -> KeyStore {
        match &self.redis {
            Some(redis) => KeyStore::Redis(Arc::clone(redis)),
            None => KeyStore::File(state.join(KEYS_FILE)),
        }
    }
}

async fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| match error.kind() {
        std::io::ErrorKind::AddrInUse => {
            let hint = "stop the program that listens there, or choose another address with `--listen`";
            Advised::new("address_in_use", format!("`{address}` is in use"), Some(hint.to_owned())).into()
        }
        _ => anyhow::Error::new(error).context(format!("cannot listen on `{address}`")),
    })
}

fn not_shared(verb: &str) -> anyhow::Error {
    let hint = "give `--queue redis://HOST:6379`; one process that needs no Redis is `optimus serve`";
    let message = format!("`optimus {verb}` needs a queue that processes can share, and `embedded` is this one's own");
    Advised::new("queue", message, Some(hint.to_owned())).into()
}

async fn open_queue(
    args: &QueueArgs,
    file: impl FnOnce() -> anyhow::Result<std::path::PathBuf>,
) -> anyhow::Result<Place> {
    let advise = |e: QueueError| Advised::new("queue", engine::chain(&e), e.hint());
    if args.is_embedded() {
        let config = EmbeddedConfig { rules: args.rules(), ..EmbeddedConfig::default() };
        let queue = EmbeddedQueue::open(file()?, config).map_err(advise)?;
        return Ok(Place { backend: Arc::new(queue), redis: None });
    }
    let queue = Arc::new(RedisQueue::connect(&args.queue, args.redis()).await.map_err(advise)?);
    tracing::info!(queue = queue.address(), "the queue is open");
    Ok(Place { backend: Arc::clone(&queue) as _, redis: Some(queue) })
}

fn parts(
    place: &Place,
    book: &Arc<LanguageBook>,
    plugins: Plugins,
    metrics: &Arc<Metrics>,
    readiness: &Arc<Readiness>,
    (hooks, problems): (&Hooks, &Arc<Problems>),
    limits: ApiLimits,
) -> Parts {
    if place.redis.is_some() {
        readiness.queue_is_elsewhere();
    }
    Parts {
        queue: Arc::clone(&place.backend),
        languages: Arc::clone(book),
        policy: Policy::default(),
        limits,
        readiness: Arc::clone(readiness),
        plugins: plugins.statuses,
        reload: plugins.reload,
        offer: plugins.offer,
        metrics: Arc::clone(metrics),
        keys: Arc::default(),
        tokens: None,
        problems: Arc::clone(problems),
        origins: Origins::default(),
        gate: Arc::clone(&hooks.policy.gate),
        secrets: Arc::clone(&hooks.secrets),
    }
}
