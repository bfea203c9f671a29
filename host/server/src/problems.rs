//! Problems that are stored, so that jobs name them instead of carrying their tests.
//!
//! In: packages. Out: problems, by the SHA-256 of the package that they came from. One process keeps them as files of its
//! state directory; processes that share a queue keep them beside it, since that is the one thing that every
//! worker reaches, wherever it is. What was read lately stays in memory.

mod owners;
mod resolver;
mod store;

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use moka::sync::Cache;
use optimus_core::job::Policy;
use optimus_core::problem::Labelled;
use optimus_core::{Descriptor, Digest, Invalid, Job, JobRequest, Problem};
use optimus_package::{Caps, PackageError, Tree};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tokio::sync::{Mutex, Semaphore};

use crate::flights::Flights;
use owners::Owners;
pub use resolver::{LanguageSource, ProblemResolver};
pub use store::ProblemStore;

/// Bytes of problems that stay in memory.
const KEPT: u64 = 256 << 20;
/// For how long one stays there: another process may have removed it.
const KEPT_FOR: Duration = Duration::from_secs(600);

/// Maximum number of packages that are unpacked, and of stored problems that are parsed, at the same time: each may need some hundred MiB.
const AT_ONCE: usize = 2;

/// Stored problems.
pub struct Problems {
    store: ProblemStore,
    /// Maximum bytes that one tenant may store.
    tenant_bytes: u64,
    kept: Cache<Digest, Kept>,
    /// One upload or load of a problem at a time; those that come meanwhile find what it left.
    flights: Flights<Digest>,
    /// One package of a tenant is unpacked at a time.
    turns: Flights<Option<String>>,
    unpacking: Semaphore,
    loading: Semaphore,
    /// Held while a tenant's sum is looked at and added to.
    owners: Mutex<()>,
}

/// A problem in memory.
#[derive(Clone)]
struct Kept {
    problem: Arc<Problem>,
    /// As long as it is stored.
    bytes: u64,
}

/// Limits beside a package, for formats that leave them to the judge; they belong to the problem's name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// CPU time of a test.
    pub cpu_ms: Option<u64>,
    /// Wall time of a test.
    pub wall_ms: Option<u64>,
    /// Memory of a test.
    pub memory_bytes: Option<u64>,
}

/// Neither the package nor the request has a time limit.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the package has no time limit")]
pub struct NoTimeLimit;

impl Limits {
    /// Those that are given, by their names.
    pub fn given(self) -> impl Iterator<Item = (&'static str, u64)> {
        let Self { cpu_ms, wall_ms, memory_bytes } = self;
        let all = [("cpu_ms", cpu_ms), ("wall_ms", wall_ms), ("memory_bytes", memory_bytes)];
        all.into_iter().filter_map(|(name, limit)| Some((name, limit?)))
    }

    /// Puts what is given in place of what the package says.
    ///
    /// # Errors
    /// No time limit is given, and the package has none.
    pub fn apply(self, problem: &mut Problem) -> Result<(), NoTimeLimit> {
        let Self { cpu_ms, wall_ms, memory_bytes } = self;
        let limits = &mut problem.limits;
        let given =
            [(&mut limits.cpu_ms, cpu_ms), (&mut limits.wall_ms, wall_ms), (&mut limits.memory_bytes, memory_bytes)];
        for (limit, given) in given {
            *limit = given.map(Into::into).or(limit.take());
        }
        problem.limits.cpu_ms.is_some().then_some(()).ok_or(NoTimeLimit)
    }
}

/// An error of adding a problem.
#[derive(Debug, thiserror::Error)]
pub enum AddError {
    /// The package is not one, or not one that can be honoured.
    #[error(transparent)]
    Package(PackageError),
    /// It leaves the time limit to the judge, who does not say one.
    #[error(transparent)]
    NoTimeLimit(#[from] NoTimeLimit),
    /// Its tenant has stored as much as it may.
    #[error("tenant `{tenant}` stores {used} bytes of problems; with {more} more it would be above its quota of {cap}")]
    Quota {
        /// The tenant.
        tenant: String,
        /// The bytes that it stores.
        used: u64,
        /// The bytes that this problem would add.
        more: u64,
        /// The bytes that it may store.
        cap: u64,
    },
    /// It cannot be written.
    #[error("{0:#}")]
    Store(anyhow::Error),
}

impl Problems {
    /// The problems of a store, with the maximum bytes of one tenant.
    pub fn new(store: ProblemStore, tenant_bytes: u64) -> Self {
        let weigher = |_: &Digest, kept: &Kept| u32::try_from(kept.bytes).unwrap_or(u32::MAX);
        Self {
            store,
            tenant_bytes,
            kept: Cache::builder().max_capacity(KEPT).weigher(weigher).time_to_live(KEPT_FOR).build(),
            flights: Flights::default(),
            turns: Flights::default(),
            unpacking: Semaphore::new(AT_ONCE),
            loading: Semaphore::new(AT_ONCE),
            owners: Mutex::default(),
        }
    }

    /// Reads a package and stores the problem for a tenant; returns its name. `limits` are for what the package leaves to
    /// the judge. A package that is stored already is not read again, and counts for this tenant as well.
    ///
    /// # Errors
    /// The package is refused, the tenant's quota is used up, or the problem cannot be written.
    pub async fn add(
        &self,
        package: Bytes,
        limits: Limits,
        tenant: Option<&str>,
    ) -> Result<(Digest, Arc<Problem>), AddError> {
        let hashed = package.clone();
        let digest = blocking(move || Ok(digest(&hashed, limits))).await.map_err(AddError::Store)?;
        let flight = self.flights.of(digest);
        let _only = flight.lock().await;
        // Of what earlier versions stored there are no submissions: it is read again.
        if let Some(kept) = self.load(&digest).await.map_err(AddError::Store)?
            && let Some(submissions) = self.store.submissions(digest).await.map_err(AddError::Store)?
        {
            self.own(digest, kept.bytes + submissions.len() as u64, tenant).await?;
            return Ok((digest, kept.problem));
        }
        let turn = self.turns.of(tenant.map(str::to_owned));
        let _turn = turn.lock().await;
        let permit = self.unpacking.acquire().await.map_err(|error| AddError::Store(error.into()))?;
        // Unpacking takes its time, and strangers' archives may take long.
        let read = blocking(move || Ok(unpack(&package, limits))).await.map_err(AddError::Store)?;
        drop(permit);
        let Unpacked { problem, json, submissions } = read?;
        let kept = Kept { problem: Arc::new(problem), bytes: json.len() as u64 };
        self.own(digest, kept.bytes + submissions.len() as u64, tenant).await?;
        let written = async {
            self.store.put_submissions(digest, submissions).await?;
            self.store.put(digest, json).await
        };
        if let Err(error) = written.await {
            self.disown(digest, tenant).await.map_err(AddError::Store)?;
            return Err(AddError::Store(error));
        }
        self.kept.insert(digest, kept.clone());
        Ok((digest, kept.problem))
    }

    /// The problem of this name, if it is stored.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn find(&self, digest: &Digest) -> anyhow::Result<Option<Arc<Problem>>> {
        if let Some(kept) = self.kept.get(digest) {
            return Ok(Some(kept.problem));
        }
        let flight = self.flights.of(*digest);
        let _only = flight.lock().await;
        Ok(self.load(digest).await?.map(|kept| kept.problem))
    }

    /// The submissions to a stored problem whose verdicts its author knows. `None`: an earlier version stored it, and kept
    /// none.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn submissions(&self, digest: &Digest) -> anyhow::Result<Option<Vec<Labelled>>> {
        let unread = || format!("cannot read the submissions of problem `{digest}`");
        let Some(json) = self.store.submissions(*digest).await.with_context(unread)? else { return Ok(None) };
        blocking(move || Ok(serde_json::from_slice(&json)?)).await.with_context(unread).map(Some)
    }

    /// Returns true if this tenant has stored the package of a problem.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn is_owner(&self, digest: &Digest, tenant: &str) -> anyhow::Result<bool> {
        let owners = self.store.owners_of(*digest).await;
        Ok(owners.with_context(|| format!("cannot read who stored problem `{digest}`"))?.tenants.contains(tenant))
    }

    /// From memory or from the store. The caller holds the problem's flight.
    async fn load(&self, digest: &Digest) -> anyhow::Result<Option<Kept>> {
        if let Some(kept) = self.kept.get(digest) {
            return Ok(Some(kept));
        }
        let _permit = self.loading.acquire().await?;
        let unread = || format!("cannot read problem `{digest}`");
        let Some(json) = self.store.get(*digest).await.with_context(unread)? else { return Ok(None) };
        let bytes = json.len() as u64;
        let parsed = blocking(move || Ok(serde_json::from_slice(&json)?)).await.with_context(unread)?;
        let kept = Kept { problem: Arc::new(parsed), bytes };
        self.kept.insert(*digest, kept.clone());
        Ok(Some(kept))
    }

    /// Counts a problem for a tenant, unless that is too much.
    async fn own(&self, digest: Digest, bytes: u64, tenant: Option<&str>) -> Result<(), AddError> {
        let Some(tenant) = tenant else { return Ok(()) };
        let _sum = self.owners.lock().await;
        let mut all = self.store.owners().await.map_err(AddError::Store)?;
        let own = all.remove(&digest).unwrap_or_default();
        if own.tenants.contains(tenant) {
            return Ok(());
        }
        let used: u64 = all.values().filter(|other| other.tenants.contains(tenant)).map(|other| other.bytes).sum();
        if used.saturating_add(bytes) > self.tenant_bytes {
            let (tenant, cap) = (tenant.to_owned(), self.tenant_bytes);
            return Err(AddError::Quota { tenant, used, more: bytes, cap });
        }
        let mut tenants = own.tenants;
        tenants.insert(tenant.to_owned());
        self.store.put_owners(digest, &Owners { bytes, tenants }).await.map_err(AddError::Store)
    }

    /// Takes that back.
    async fn disown(&self, digest: Digest, tenant: Option<&str>) -> anyhow::Result<()> {
        let Some(tenant) = tenant else { return Ok(()) };
        let _sum = self.owners.lock().await;
        let mut own = self.store.owners().await?.remove(&digest).unwrap_or_default();
        own.tenants.remove(tenant);
        self.store.put_owners(digest, &own).await
    }

    /// The names of all that are stored, in order.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn names(&self) -> anyhow::Result<Vec<Digest>> {
        self.store.names().await.context("cannot list the problems")
    }

    /// Forgets a problem. Jobs that name it are refused from now on; of those that were taken, whoever has it in memory
    /// still judges some, and the others end as `unknown_problem`.
    ///
    /// # Errors
    /// The store cannot be written.
    pub async fn remove(&self, digest: &Digest) -> anyhow::Result<()> {
        self.store.remove(*digest).await.with_context(|| format!("cannot remove problem `{digest}`"))?;
        self.kept.invalidate(digest);
        Ok(())
    }
}

/// A job that names a problem, with all that the problem says in it.
///
/// # Errors
/// The problem does not take it.
pub fn fill(problem: &Problem, job: &Job, language: &Descriptor, policy: &Policy) -> Result<Job, Invalid> {
    let request = JobRequest {
        language: job.language.clone(),
        files: job.files.iter().map(Into::into).collect(),
        entry: job.entry.as_ref().map(|entry| entry.as_str().to_owned()),
        args: job.args.clone(),
        env: job.env.clone(),
        options: job.options.clone(),
        rerun_on_time_limit: job.rerun_on_time_limit,
        stop_at_first_failure: job.stop_at_first_failure,
        hide_feedback: job.hide_feedback,
        collect: job.collect.iter().map(|pattern| pattern.as_str().to_owned()).collect(),
        capture_bytes: Some(job.capture_bytes),
        labels: job.labels.clone(),
        ..JobRequest::default()
    };
    let extension = language.extension();
    let full = problem.job(request, language)?.into_job(&job.language, extension, policy)?;
    Ok(Job { id: job.id, tenant: job.tenant.clone(), trace: job.trace.clone(), ..full })
}

/// Runs long computations and disk access on a thread that may block.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> anyhow::Result<T> + Send + 'static) -> anyhow::Result<T> {
    tokio::task::spawn_blocking(work).await.context("the work did not end")?
}

/// A package as a problem, and as what is stored of it.
struct Unpacked {
    problem: Problem,
    json: Vec<u8>,
    submissions: Vec<u8>,
}

fn unpack(package: &[u8], limits: Limits) -> Result<Unpacked, AddError> {
    let tree = Tree::of_file(package, Caps::default()).map_err(AddError::Package)?;
    let mut problem = optimus_package::import(tree).map_err(AddError::Package)?;
    if !problem.generated.is_empty() {
        let feature = "`generator`: tests that are made before judging, which only `optimus judge` and `verify` do,";
        let (file, feature) = ("init.yml".to_owned(), feature.to_owned());
        return Err(AddError::Package(PackageError::Unsupported { file, feature }));
    }
    limits.apply(&mut problem)?;
    // The authors' solutions are for verifying the package, and are no part of what jobs are judged by.
    let submissions = std::mem::take(&mut problem.submissions);
    let unwritten = |error: serde_json::Error| AddError::Store(error.into());
    let submissions = serde_json::to_vec(&submissions).map_err(unwritten)?;
    let json = serde_json::to_vec(&problem).map_err(unwritten)?;
    Ok(Unpacked { problem, json, submissions })
}

/// The package's hash; where limits are given, a hash of that and of them, which no package's own hash can be.
fn digest(package: &[u8], limits: Limits) -> Digest {
    let own = Sha256::digest(package);
    let given: String = limits.given().map(|(name, limit)| format!(" {name}={limit}")).collect();
    if given.is_empty() {
        return Digest::Sha256(own.into());
    }
    let hash = Sha256::new_with_prefix(b"optimus problem with limits: ").chain_update(own).chain_update(given);
    Digest::Sha256(hash.finalize().into())
}
