//! Servers: everything in one process, the API alone, or a worker alone.

mod changes;
mod doctor;
mod doors;
mod local;
mod login;
mod machine;
mod plugins;
mod queue;
mod ready;
mod sessions;
mod webhooks;

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use optimus_core::Timestamp;
use optimus_core::job::Policy;
use optimus_core::languages::LanguageBook;
use optimus_plugin::CompileListener;
use optimus_queue::Backend;
use optimus_server::api::{self, ApiLimits, ApiState, Door, Exposed, Origins, Parts};
use optimus_server::audit;
use optimus_server::auth::AuthSetup;
use optimus_server::blobs::{self, BlobResolver};
use optimus_server::keys::KeyStore;
use optimus_server::languages;
use optimus_server::live_input::LiveInputs;
use optimus_server::metrics::{Metrics, keep_history};
use optimus_server::pipelines;
use optimus_server::problems::ProblemResolver;
use optimus_server::readiness::Readiness;
use optimus_server::schedules::{Engine as Scheduler, Seams};
use optimus_server::supervisor::Supervisor;
use optimus_server::tokens;
use optimus_server::webhooks::{Fetcher, WebhookSender};
use optimus_server::worker::{Wanted, Worker};
use optimus_server::workers::{self, Beat};
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::cli::{Api, HttpArgs, Serve, WebhookArgs, Work};
use crate::engine::{self, Engine};
use crate::output::Advised;
pub use changes::Changes;
pub use local::Local;
use plugins::Plugins;
use queue::{NOWHERE, QueueHandle, Stores, not_shared};
pub use queue::{key_store, queue};
use webhooks::Hooks;

/// A server that runs.
pub struct Serving {
    address: Option<SocketAddr>,
    doors: Vec<(Door, SocketAddr)>,
    has_console: bool,
    engine: Option<Arc<Engine>>,
    supervisor: Supervisor,
    readiness: Arc<Readiness>,
    metrics: Arc<Metrics>,
    queue: Arc<dyn Backend>,
}

impl Serving {
    /// All in one process: API, queue and workers. Returns once it listens.
    ///
    /// # Errors
    /// Whatever cannot be opened, with advice.
    pub async fn start(args: &Serve) -> anyhow::Result<Self> {
        let state = engine::state_dir(args.engine.state.as_deref())?;
        let queue = QueueHandle::open(&args.queue, || Ok(state.join("queue.redb"))).await?;
        // First of all, so that an address in use is reported immediately.
        let (listener, auth) = listen(&args.http, queue.key_store(&state)).await?;
        let doors = doors::listen(&args.http).await?;
        let engine = Arc::new(Engine::begin(&args.engine, CompileListener::default())?);
        let mut serving = Self::new(Some(&engine), &queue);
        serving.metrics.set_capacity(args.queue.queue_cap);
        let plugins = Plugins::of(Some(Arc::clone(&engine.catalogue)));
        let hooks = Hooks::new(&args.http.webhooks, &queue, &state)?;
        let stores = queue.stores(&state, &args.http, args.queue.rules().result_ttl);
        let parts = serving.parts(&queue, &engine.book, plugins, (&hooks, &stores), args.http.limits());
        // With a shared queue, other machines may judge as well.
        let machine_bytes = if queue.shared.is_none() { machine::memory_bytes() } else { None };
        let policy = Policy { machine_bytes, ..engine.policy.clone() };
        let (schedules, pipelines, audit) = (queue.schedules(&state), queue.pipelines(&state), queue.audit(&state));
        let interpreters = sessions::here(args, &engine, &serving.metrics);
        serving.supervisor.spawn("sessions", Arc::clone(&interpreters).keep_time(serving.supervisor.shutdown()));
        let examine = doctor::here(&args.engine, &engine);
        let parts = Parts { policy, schedules, pipelines, audit, interpreters, examine, ..parts };
        serving.serve((listener, doors), parts, (&args.http, &auth), args.queue.rules().result_ttl)?;
        serving.send_webhooks(&queue, hooks);
        serving.follow_keys(auth);
        serving.work(&engine, &queue, &stores, &BTreeSet::new(), args.grace_s);
        serving.keep_ready(engine);
        Ok(serving)
    }

    /// The API over a shared queue. Returns once it listens.
    ///
    /// # Errors
    /// Whatever cannot be opened, with advice.
    pub async fn api(args: &Api) -> anyhow::Result<Self> {
        let queue = QueueHandle::open(&args.queue, || Err(not_shared("api"))).await?;
        let (listener, auth) = listen(&args.http, queue.key_store(NOWHERE.as_ref())).await?;
        let doors = doors::listen(&args.http).await?;
        let mut serving = Self::new(None, &queue);
        serving.metrics.set_capacity(args.queue.queue_cap);
        let book = Arc::<LanguageBook>::default();
        let cache = (&args.code, args.state.as_deref());
        let offered = |dir: &PathBuf| engine::offered(&engine::Place::alone(dir.clone()), cache, &args.trust);
        let catalogue = args.plugins.as_ref().map(offered).transpose()?;
        let plugins = Plugins::of(catalogue.clone());
        let hooks = Hooks::new(&args.http.webhooks, &queue, NOWHERE.as_ref())?;
        let stores = queue.stores(NOWHERE.as_ref(), &args.http, args.queue.rules().result_ttl);
        let parts = serving.parts(&queue, &book, plugins, (&hooks, &stores), args.http.limits());
        let parts = Parts { policy: args.caps.policy(), ..parts };
        serving.serve((listener, doors), parts, (&args.http, &auth), args.queue.rules().result_ttl)?;
        serving.send_webhooks(&queue, hooks);
        serving.follow_keys(auth);
        if let Some(shared) = queue.shared {
            if let Some(plugins) = &catalogue {
                let (plugins, shutdown) = (Arc::clone(plugins), serving.supervisor.shutdown());
                serving.supervisor.spawn("plugins", async move {
                    shutdown.run_until_cancelled(ready::load_all(plugins)).await;
                    // Where the directory cannot be watched, what was loaded goes on to be offered.
                    shutdown.cancelled().await;
                });
            }
            let only = args.languages.iter().cloned().collect();
            let own = Box::new(move || catalogue.iter().flat_map(|plugins| plugins::languages(plugins)).collect());
            let learning = {
                let (readiness, shutdown) = (Arc::clone(&serving.readiness), serving.supervisor.shutdown());
                languages::learn(book, languages::Offer { own, only }, shared, readiness, shutdown)
            };
            serving.supervisor.spawn("languages", learning);
        }
        Ok(serving)
    }

    /// A worker at a shared queue.
    ///
    /// # Errors
    /// Whatever cannot be opened, with advice.
    pub async fn worker(args: &Work) -> anyhow::Result<Self> {
        let engine = Arc::new(Engine::begin(&args.engine, CompileListener::default())?);
        let queue = QueueHandle::open(&args.queue, || Err(not_shared("worker"))).await?;
        let mut serving = Self::new(Some(&engine), &queue);
        let stores = queue.stores_to_read(NOWHERE.as_ref());
        if let Some(probes) = args.probes {
            let listener = bind(probes).await?;
            let plugins = Plugins::of(Some(Arc::clone(&engine.catalogue)));
            let hooks = Hooks::new(&WebhookArgs::default(), &queue, NOWHERE.as_ref())?;
            let parts = serving.parts(&queue, &engine.book, plugins, (&hooks, &stores), ApiLimits::default());
            serving.address = Some(listener.local_addr()?);
            let shutdown = serving.supervisor.shutdown();
            serving.supervisor.spawn("listener", api::serve_probes(listener, ApiState::new(parts), shutdown));
        }
        serving.work(&engine, &queue, &stores, &args.languages.iter().cloned().collect(), args.grace_s);
        serving.keep_ready(engine);
        Ok(serving)
    }

    fn new(engine: Option<&Arc<Engine>>, queue: &QueueHandle) -> Self {
        let (readiness, metrics) = (Arc::<Readiness>::default(), Arc::<Metrics>::default());
        if queue.shared.is_some() {
            readiness.queue_is_elsewhere();
        }
        let supervisor = Supervisor::new(Arc::clone(&readiness), Arc::clone(&metrics));
        supervisor.watch(queue.ended.clone());
        Self {
            address: None,
            doors: Vec::new(),
            has_console: false,
            engine: engine.cloned(),
            supervisor,
            readiness,
            metrics,
            queue: Arc::clone(&queue.backend),
        }
    }

    fn serve(
        &mut self,
        (listener, doors): (TcpListener, Vec<(Door, TcpListener)>),
        parts: Parts,
        (http, auth): (&HttpArgs, &AuthSetup),
        result_ttl: Duration,
    ) -> anyhow::Result<()> {
        self.address = Some(listener.local_addr()?);
        self.has_console = !http.no_console;
        let tokens = auth.tokens.as_ref().map(|(tokens, _)| Arc::clone(tokens));
        let login = login::login(http, auth, &parts.secrets)?;
        let parts = Parts {
            keys: Arc::clone(&auth.ring),
            key_store: Arc::clone(&auth.store),
            tokens,
            login,
            origins: http.origins(),
            console: !http.no_console,
            ..parts
        };
        let sampling = keep_history(Arc::clone(&parts.metrics), Arc::clone(&parts.queue), self.supervisor.shutdown());
        self.supervisor.spawn("history", sampling);
        let sweeping = audit::sweep(Arc::clone(&parts.audit), http.audit_days, self.supervisor.shutdown());
        self.supervisor.spawn("audit", sweeping);
        let sweeping = blobs::sweep(Arc::clone(&parts.blobs), Arc::clone(&parts.queue), self.supervisor.shutdown());
        self.supervisor.spawn("blobs", sweeping);
        let (store, metrics, now) =
            (Arc::clone(&parts.schedules), Arc::clone(&parts.metrics), Arc::new(Timestamp::now));
        let (pipelines, counted) = (Arc::clone(&parts.pipelines), Arc::clone(&parts.metrics));
        let state = ApiState::new(parts);
        let action = Arc::new(state.clone());
        let schedules = Scheduler(Seams {
            store,
            action: action.clone(),
            longest_catch_up: result_ttl,
            now: now.clone(),
            metrics,
            announce: state.announce(),
        });
        self.supervisor.spawn("schedules", schedules.run(self.supervisor.shutdown()));
        let pipelines = pipelines::Seams {
            store: pipelines,
            action: action.clone(),
            tools: action,
            kept: result_ttl,
            now,
            metrics: counted,
            announce: state.announce(),
        };
        let pipelines = pipelines::Engine(pipelines);
        self.supervisor.spawn("pipelines", pipelines.run(self.supervisor.shutdown()));
        for (door, listener) in doors {
            self.doors.push((door, listener.local_addr()?));
            let serving = api::serve_door(listener, door, state.clone(), self.supervisor.shutdown());
            self.supervisor.spawn("door", serving);
        }
        self.supervisor.spawn("listener", api::serve(listener, state, self.supervisor.shutdown()));
        Ok(())
    }

    fn send_webhooks(&self, queue: &QueueHandle, hooks: Hooks) {
        let (queue, metrics) = (Arc::clone(&queue.backend), Arc::clone(&self.metrics));
        let sender = WebhookSender { queue, secrets: hooks.secrets, policy: hooks.policy, metrics };
        self.supervisor.spawn("webhooks", sender.run(self.supervisor.shutdown()));
    }

    fn follow_keys(&self, mut auth: AuthSetup) {
        if let Some((tokens, source)) = auth.tokens.take() {
            self.supervisor.spawn("token-keys", tokens::follow(tokens, source, self.supervisor.shutdown()));
        }
        self.supervisor.spawn("keys", auth.follow_keys(Arc::clone(&self.metrics), self.supervisor.shutdown()));
    }

    fn work(&self, engine: &Arc<Engine>, queue: &QueueHandle, stores: &Stores, only: &BTreeSet<String>, grace_s: u64) {
        let languages = match &queue.shared {
            None => Wanted::Any,
            // Other workers may have languages that are not here.
            Some(shared) => {
                let (book, shutdown) = (Arc::clone(&engine.book), self.supervisor.shutdown());
                let readiness = Arc::clone(&self.readiness);
                let announcing =
                    languages::announce(Arc::clone(&book), Arc::clone(shared), only.clone(), readiness, shutdown);
                self.supervisor.spawn("languages", announcing);
                let only = only.clone();
                Wanted::Those(Arc::new(move || languages::available(&book, &only)))
            }
        };
        self.metrics.set_missing_limits(engine.sandbox.describe().gaps.len());
        self.metrics.ask_for_warm_starts(crate::engine::warm_starts);
        let (judge, problems, blobs) = (Arc::clone(engine), Arc::clone(&stores.problems), Arc::clone(&stores.blobs));
        let policy = engine.policy.clone();
        let complete = ProblemResolver { judge, problems, languages: Arc::clone(engine) as _, policy };
        let drains = watch::Sender::new(false);
        let worker = Worker {
            backend: Arc::clone(&queue.backend),
            judge: Arc::new(BlobResolver { judge: Arc::new(complete), blobs }),
            languages,
            slots: engine.slots,
            grace: Duration::from_secs(grace_s),
            metrics: Arc::clone(&self.metrics),
            drains: drains.subscribe(),
        };
        let (all, beat, metrics) = (Arc::clone(&queue.workers), Beat::new(engine.slots), Arc::clone(&self.metrics));
        let following = workers::follow(all, beat, metrics, drains, self.supervisor.shutdown());
        self.supervisor.spawn("wishes", following);
        self.supervisor.spawn("worker", worker.run(self.supervisor.shutdown()));
    }

    fn keep_ready(&self, engine: Arc<Engine>) {
        let keeping = ready::keep_ready(engine, Arc::clone(&self.readiness), self.supervisor.shutdown());
        self.supervisor.spawn("readiness", keeping);
    }

    /// The address that it listens on, if it does.
    pub fn address(&self) -> Option<SocketAddr> {
        self.address
    }

    /// The doors that have an address of their own.
    pub fn doors(&self) -> &[(Door, SocketAddr)] {
        &self.doors
    }

    /// Returns true if it serves the console.
    pub fn has_console(&self) -> bool {
        self.has_console
    }

    /// The engine that it judges with, if it does.
    pub fn engine(&self) -> Option<&Engine> {
        self.engine.as_deref()
    }

    /// Waits for a background task that ends although the server should run, and returns its name.
    pub async fn failed(&self) -> &'static str {
        self.supervisor.failed().await
    }

    /// Takes no new jobs, lets the running ones finish within the grace, and returns when nothing is left: whether all
    /// background tasks ran until then.
    pub async fn stop(self) -> bool {
        self.supervisor.stop().await;
        // The events that this process has announced are stored before it ends.
        self.queue.flush_feeds().await;
        !self.supervisor.has_failed()
    }

    fn parts(
        &self,
        queue: &QueueHandle,
        book: &Arc<LanguageBook>,
        plugins: Plugins,
        (hooks, stores): (&Hooks, &Stores),
        limits: ApiLimits,
    ) -> Parts {
        Parts {
            queue: Arc::clone(&queue.backend),
            languages: Arc::clone(book),
            policy: Policy::default(),
            limits,
            readiness: Arc::clone(&self.readiness),
            plugins: plugins.statuses,
            reload: plugins.reload,
            installer: plugins.installer,
            metrics: Arc::clone(&self.metrics),
            keys: Arc::default(),
            key_store: Arc::new(queue.key_store(NOWHERE.as_ref())),
            examine: doctor::elsewhere(),
            schedules: queue.schedules(NOWHERE.as_ref()),
            pipelines: queue.pipelines(NOWHERE.as_ref()),
            audit: queue.audit(NOWHERE.as_ref()),
            interpreters: sessions::elsewhere(),
            workers: Arc::clone(&queue.workers),
            tokens: None,
            login: None,
            problems: Arc::clone(&stores.problems),
            blobs: Arc::clone(&stores.blobs),
            inputs: Arc::new(LiveInputs::new(queue.shared.clone())),
            origins: Origins::default(),
            console: false,
            fetcher: Arc::new(Fetcher::new(&hooks.policy)),
            gate: Arc::clone(&hooks.policy.gate),
            secrets: Arc::clone(&hooks.secrets),
        }
    }
}

/// Without keys only this machine may call, unless the operator says that everybody may.
async fn listen(http: &HttpArgs, store: KeyStore) -> anyhow::Result<(TcpListener, AuthSetup)> {
    let tokens = http.tokens.rules()?;
    let mut addresses = std::iter::once(http.listen).chain(http.doors.iter().map(|door| door.address));
    let exposed = match http.allow_anyone || tokens.is_some() {
        true => Ok(()),
        false => addresses.try_for_each(api::refuse_public),
    };
    let advise = |error: anyhow::Error| match error.downcast::<Exposed>() {
        Ok(exposed) => Advised::new("exposed", exposed.to_string(), Some(exposed.hint())).into(),
        Err(error) => error,
    };
    let auth = AuthSetup::prepare(Arc::new(store), tokens, exposed).await.map_err(advise)?;
    Ok((bind(http.listen).await?, auth))
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
