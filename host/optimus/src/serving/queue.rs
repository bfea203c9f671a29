//! Opens the queue that the command line names, and the stores that lie next to it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use optimus_queue::background::Ended;
use optimus_queue::{Backend, EmbeddedConfig, EmbeddedQueue, PostgresQueue, QueueError, RedisQueue, SharedStore};
use optimus_server::audit::AuditLog;
use optimus_server::blobs::{BlobStore, Blobs, Rules as BlobRules};
use optimus_server::keys::KeyStore;
use optimus_server::pipelines::PipelineStore;
use optimus_server::problems::{ProblemStore, Problems};
use optimus_server::schedules::ScheduleStore;
use optimus_server::workers::Workers;
use tokio::sync::watch;

use super::changes::Changes;
use crate::cli::{HttpArgs, KeysPlace, QueueArgs};
use crate::engine;
use crate::output::Advised;

/// The state directory of servers whose state is all beside a shared queue.
pub(super) const NOWHERE: &str = "";

const KEYS_FILE: &str = "keys.json";
const AUDIT_DIR: &str = "audit";

/// The queue: the seam, and what processes share beside it.
pub(super) struct QueueHandle {
    pub(super) backend: Arc<dyn Backend>,
    /// Absent: the queue is this process's own.
    pub(super) shared: Option<Arc<dyn SharedStore>>,
    /// Those that judge for it.
    pub(super) workers: Arc<Workers>,
    /// The first of its background tasks that ended.
    pub(super) ended: watch::Receiver<Option<Ended>>,
}

/// What jobs may name instead of carrying it.
pub(super) struct Stores {
    pub(super) problems: Arc<Problems>,
    pub(super) blobs: Arc<Blobs>,
}

impl QueueHandle {
    pub(super) async fn open(args: &QueueArgs, file: impl FnOnce() -> anyhow::Result<PathBuf>) -> anyhow::Result<Self> {
        let advise = |e: QueueError| Advised::new("queue", engine::chain(&e), e.hint());
        if args.is_embedded() {
            let config = EmbeddedConfig { rules: args.rules(), ..EmbeddedConfig::default() };
            let queue = EmbeddedQueue::open(file()?, config).map_err(advise)?;
            let ended = queue.ended();
            let workers = Arc::new(Workers::here());
            return Ok(Self { backend: Arc::new(queue), shared: None, workers, ended });
        }
        let (queue, address) = if args.is_postgres() {
            let queue = Arc::new(PostgresQueue::connect(&args.queue, args.postgres()).await.map_err(advise)?);
            (Self::of_shared(Arc::clone(&queue) as _, Arc::clone(&queue) as _, queue.ended()), queue.address())
        } else {
            let queue = Arc::new(RedisQueue::connect(&args.queue, args.redis()).await.map_err(advise)?);
            (Self::of_shared(Arc::clone(&queue) as _, Arc::clone(&queue) as _, queue.ended()), queue.address())
        };
        tracing::info!(queue = address, "the queue is open");
        Ok(queue)
    }

    fn of_shared(
        backend: Arc<dyn Backend>,
        store: Arc<dyn SharedStore>,
        ended: watch::Receiver<Option<Ended>>,
    ) -> Self {
        let workers = Arc::new(Workers::shared(&store));
        Self { backend, shared: Some(store), workers, ended }
    }

    pub(super) fn key_store(&self, state: &Path) -> KeyStore {
        match &self.shared {
            Some(shared) => KeyStore::shared(Arc::clone(shared)),
            None => KeyStore::file(state.join(KEYS_FILE)),
        }
    }

    /// A process without a state directory of its own keeps no entries.
    pub(super) fn audit(&self, state: &Path) -> Arc<AuditLog> {
        Arc::new(match &self.shared {
            Some(shared) => AuditLog::shared(shared),
            None if state.as_os_str().is_empty() => AuditLog::in_memory(),
            None => AuditLog::files(&state.join(AUDIT_DIR)),
        })
    }

    pub(super) fn schedules(&self, state: &Path) -> Arc<ScheduleStore> {
        Arc::new(match &self.shared {
            Some(shared) => ScheduleStore::shared(shared),
            None => ScheduleStore::files(&state.join("schedules")),
        })
    }

    pub(super) fn pipelines(&self, state: &Path) -> Arc<PipelineStore> {
        Arc::new(match &self.shared {
            Some(shared) => PipelineStore::shared(shared),
            None => PipelineStore::files(&state.join("pipelines")),
        })
    }

    /// What jobs name, as an API stores it.
    pub(super) fn stores(&self, state: &Path, http: &HttpArgs, result_ttl: Duration) -> Stores {
        self.stores_of(state, http.tenant_problems_mib << 20, http.blobs.rules(result_ttl))
    }

    /// The same, for a process that stores nothing.
    pub(super) fn stores_to_read(&self, state: &Path) -> Stores {
        self.stores_of(state, 0, BlobRules::default())
    }

    fn stores_of(&self, state: &Path, problem_bytes: u64, rules: BlobRules) -> Stores {
        let (problems, blobs) = match &self.shared {
            Some(shared) => (ProblemStore::shared(shared), BlobStore::shared(shared)),
            None => (ProblemStore::files(state.join("problems")), BlobStore::files(state.join("blobs"))),
        };
        let problems = Arc::new(Problems::new(problems, problem_bytes));
        Stores { problems, blobs: Arc::new(Blobs::new(blobs, rules)) }
    }
}

/// The key store of these servers, and where changes of it are noted.
///
/// # Errors
/// The queue cannot be reached, or there is no state directory.
pub async fn key_store(place: &KeysPlace) -> anyhow::Result<(KeyStore, Changes)> {
    let state = engine::state_dir(place.state.as_deref())?;
    if place.queue.is_embedded() {
        let log = Arc::new(AuditLog::files(&state.join(AUDIT_DIR)));
        return Ok((KeyStore::file(state.join(KEYS_FILE)), Changes(log)));
    }
    let queue = QueueHandle::open(&place.queue, || Err(not_shared("keys"))).await?;
    Ok((queue.key_store(&state), Changes(queue.audit(&state))))
}

/// The queue itself, for what needs no server, and where changes of it are noted.
///
/// # Errors
/// It cannot be reached.
pub async fn queue(args: &QueueArgs) -> anyhow::Result<(Arc<dyn Backend>, Changes)> {
    let queue = QueueHandle::open(args, || Err(not_shared("dead"))).await?;
    let changes = Changes(queue.audit(NOWHERE.as_ref()));
    Ok((queue.backend, changes))
}

/// The embedded queue belongs to one process.
pub(super) fn not_shared(verb: &str) -> anyhow::Error {
    let hint = "give `--queue redis://HOST:6379` or `--queue postgres://USER@HOST/DATABASE`; one process that needs neither is `optimus serve`";
    let message = format!("`optimus {verb}` needs a queue that processes can share, and `embedded` is this one's own");
    Advised::new("queue", message, Some(hint.to_owned())).into()
}
