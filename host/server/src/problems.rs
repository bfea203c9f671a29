//! Problems that are stored, so that jobs name them instead of carrying their tests.
//!
//! In: packages. Out: problems, by the SHA-256 of the package that they came from. One process keeps them as files of its
//! state directory; processes that share a queue in Redis keep them beside it, since that is the one thing that every
//! worker reaches, wherever it is. What was read lately stays in memory.

mod resolver;
mod store;

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use moka::sync::Cache;
use optimus_core::job::Policy;
use optimus_core::{Descriptor, Invalid, Job, JobRequest, Problem};
use optimus_package::{Caps, PackageError, Tree};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

pub use resolver::{LanguageSource, ProblemResolver};
pub use store::ProblemStore;

/// Bytes of problems that stay in memory.
const KEPT: u64 = 256 << 20;
/// For how long one stays there: another process may have removed it.
const KEPT_FOR: Duration = Duration::from_secs(600);

/// Stored problems.
pub struct Problems {
    store: ProblemStore,
    kept: Cache<String, Arc<Problem>>,
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

/// Neither the package nor whoever brings it says how long a test may take.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the package says no time limit")]
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

/// What can go wrong when a problem is added.
#[derive(Debug, thiserror::Error)]
pub enum AddError {
    /// The package is not one, or not one that can be honoured.
    #[error(transparent)]
    Package(PackageError),
    /// It leaves the time limit to the judge, who does not say one.
    #[error(transparent)]
    NoTimeLimit(#[from] NoTimeLimit),
    /// It cannot be written.
    #[error("{0:#}")]
    Store(anyhow::Error),
}

impl Problems {
    /// Those of a store.
    pub fn new(store: ProblemStore) -> Self {
        let weigher = |_: &String, problem: &Arc<Problem>| u32::try_from(weight(problem)).unwrap_or(u32::MAX);
        Self { store, kept: Cache::builder().max_capacity(KEPT).weigher(weigher).time_to_live(KEPT_FOR).build() }
    }

    /// Reads a package and stores the problem; returns its name. `limits` are for what the package leaves to the judge.
    ///
    /// # Errors
    /// The package is refused, or the problem cannot be written.
    pub async fn add(&self, package: Bytes, limits: Limits) -> Result<(String, Arc<Problem>), AddError> {
        let digest = digest(&package, limits);
        // Unpacking takes its time, and strangers' archives may take long.
        let import = move || optimus_package::import(Tree::of_file(&package, Caps::default())?);
        let imported = tokio::task::spawn_blocking(import).await.map_err(|error| AddError::Store(error.into()))?;
        let mut problem = imported.map_err(AddError::Package)?;
        if !problem.generated.is_empty() {
            let feature =
                "`generator`: tests that are made before judging, which only `optimus judge` and `verify` do,";
            let (file, feature) = ("init.yml".to_owned(), feature.to_owned());
            return Err(AddError::Package(PackageError::Unsupported { file, feature }));
        }
        limits.apply(&mut problem)?;
        // The authors' solutions are for whoever verifies the package, and nobody's to read here.
        problem.submissions.clear();
        self.store.put(&digest, &problem).await.map_err(AddError::Store)?;
        let problem = Arc::new(problem);
        self.kept.insert(digest.clone(), Arc::clone(&problem));
        Ok((digest, problem))
    }

    /// The problem of this name, if it is stored.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn find(&self, digest: &str) -> anyhow::Result<Option<Arc<Problem>>> {
        if let Some(problem) = self.kept.get(digest) {
            return Ok(Some(problem));
        }
        let found = self.store.get(digest).await.with_context(|| format!("cannot read problem `{digest}`"))?;
        let Some(problem) = found.map(Arc::new) else { return Ok(None) };
        self.kept.insert(digest.to_owned(), Arc::clone(&problem));
        Ok(Some(problem))
    }

    /// The names of all that are stored, in order.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn names(&self) -> anyhow::Result<Vec<String>> {
        self.store.names().await.context("cannot list the problems")
    }

    /// Forgets a problem. Jobs that name it are refused from now on; of those that were taken, whoever has it in memory
    /// still judges some, and the others end as `unknown_problem`.
    ///
    /// # Errors
    /// The store cannot be written.
    pub async fn remove(&self, digest: &str) -> anyhow::Result<()> {
        self.store.remove(digest).await.with_context(|| format!("cannot remove problem `{digest}`"))?;
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
        options: job.options.clone(),
        rerun_on_time_limit: job.rerun_on_time_limit,
        stop_at_first_failure: job.stop_at_first_failure,
        hide_feedback: job.hide_feedback,
        capture_bytes: Some(job.capture_bytes),
        labels: job.labels.clone(),
        ..JobRequest::default()
    };
    let extension = language.extension();
    let full = problem.job(request, language)?.into_job(&job.language, extension, policy)?;
    Ok(Job { id: job.id, tenant: job.tenant.clone(), trace: job.trace.clone(), ..full })
}

fn digest(package: &[u8], limits: Limits) -> String {
    let mut hash = Sha256::new_with_prefix(package);
    for (name, limit) in limits.given() {
        hash.update(format!(" {name}={limit}"));
    }
    let hex: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

fn weight(problem: &Problem) -> usize {
    let test =
        |test: &optimus_core::Test| test.stdin.len() + test.expect.as_ref().map_or(0, optimus_core::Content::len);
    1_024 + problem.tests.iter().map(test).sum::<usize>()
}
