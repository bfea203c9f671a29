//! Which jobs may use the machine now: each reserves what it needs in one go before it opens its first box, so that no
//! job waits for another while it holds something, and takes its turn where tenants do not share the machine.

mod turns;

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::SandboxError;
use turns::{Turn, Turns};

/// How far jobs and tenants are kept apart.
///
/// Whatever is chosen, a box serves one tenant, and nothing that a program leaves outlives its step. What two programs
/// on one machine still share is time: of processors, and of the page cache, which tells which files of a toolchain
/// were read lately.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Isolation {
    /// Jobs of all tenants run at the same time, and use boxes of their tenant again.
    #[default]
    None,
    /// Jobs of one tenant at a time; before another's turn all boxes go, and so does the page cache.
    PerTenant,
    /// The same for each job.
    PerJob,
}

/// What a job needs at once, and whose it is.
#[derive(Debug, Clone, Default)]
pub struct Demand {
    /// Nobody's, without keys.
    pub tenant: Option<String>,
    /// The memory limits of all programs that run at the same time in a test.
    pub memory_bytes: u64,
    /// The memory limit of its compiler, which runs before. A machine that has less gives it all that it has.
    pub compile_bytes: u64,
}

/// What is between jobs of different tenants.
pub(crate) type Clear = Arc<dyn Fn() -> futures::future::BoxFuture<'static, ()> + Send + Sync>;

/// The machine's memory for programs, and the turns of tenants.
pub(crate) struct Admission {
    memory: Option<Memory>,
    turns: Option<Arc<Turns>>,
}

struct Memory {
    free: Arc<Semaphore>,
    mib: u32,
}

/// A job that was admitted. What it reserved is free again once this is dropped.
pub struct Admitted {
    tenant: Option<String>,
    _turn: Option<Turn>,
    _memory: Option<OwnedSemaphorePermit>,
}

tokio::task_local! {
    static TENANT: Option<String>;
}

/// Whose boxes are opened here.
pub(crate) fn tenant() -> Option<String> {
    TENANT.try_with(Clone::clone).ok().flatten()
}

impl Admitted {
    /// Reserves nothing: for backends that run nothing.
    pub fn freely(demand: &Demand) -> Self {
        Self { tenant: demand.tenant.clone(), _turn: None, _memory: None }
    }

    /// Does the job's work: every box that `work` opens, in the same task, is its tenant's.
    pub async fn run<T>(&self, work: impl Future<Output = T>) -> T {
        TENANT.scope(self.tenant.clone(), work).await
    }
}

impl Admission {
    /// Jobs reserve from `budget` bytes; none: without bound.
    pub(crate) fn new(isolation: Isolation, budget: Option<u64>, clear: Clear) -> Self {
        let memory = budget.map(|bytes| {
            let mib = mib(bytes);
            Memory { free: Arc::new(Semaphore::new(mib as usize)), mib }
        });
        let turns = (isolation != Isolation::None).then(|| Turns::new(isolation, clear));
        Self { memory, turns }
    }

    /// Waits until the job may use the machine. Jobs are admitted in the order in which they come.
    pub(crate) async fn admit(&self, demand: &Demand) -> Result<Admitted, SandboxError> {
        let turn = match &self.turns {
            Some(turns) => Some(turns.take(demand.tenant.clone()).await),
            None => None,
        };
        let memory = match &self.memory {
            Some(memory) => Some(memory.reserve(demand).await?),
            None => None,
        };
        Ok(Admitted { tenant: demand.tenant.clone(), _turn: turn, _memory: memory })
    }
}

impl Memory {
    async fn reserve(&self, demand: &Demand) -> Result<OwnedSemaphorePermit, SandboxError> {
        let wanted = mib(demand.memory_bytes);
        if wanted > self.mib {
            return Err(SandboxError::TooLarge {
                message: format!(
                    "its programs need {wanted} MiB at once, and this machine has {} MiB for them",
                    self.mib
                ),
            });
        }
        let wanted = wanted.max(mib(demand.compile_bytes).min(self.mib));
        let closed = |_| SandboxError::Lost("the sandbox was closed".to_owned());
        Arc::clone(&self.free).acquire_many_owned(wanted).await.map_err(closed)
    }
}

fn mib(bytes: u64) -> u32 {
    u32::try_from(bytes.div_ceil(1 << 20))
        .unwrap_or(u32::MAX)
        .min(Semaphore::MAX_PERMITS.try_into().unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    fn demand(mib: u64) -> Demand {
        Demand { memory_bytes: mib << 20, ..Demand::default() }
    }

    fn admission(budget_mib: u64) -> Admission {
        Admission::new(Isolation::None, Some(budget_mib << 20), Arc::new(|| Box::pin(async {})))
    }

    #[tokio::test]
    async fn what_does_not_fit_now_waits_and_what_never_fits_is_refused() {
        let admission = admission(100);
        let first = admission.admit(&demand(60)).await.unwrap();
        let large = demand(60);
        let mut second = std::pin::pin!(admission.admit(&large));
        assert!(timeout(Duration::from_millis(20), &mut second).await.is_err(), "60 + 60 > 100");
        drop(first);
        assert!(second.await.is_ok());
        let refused = admission.admit(&demand(101)).await.err().unwrap();
        assert_eq!(refused.to_string(), "its programs need 101 MiB at once, and this machine has 100 MiB for them");
    }

    #[tokio::test]
    async fn a_compiler_gets_what_there_is() {
        let admission = admission(100);
        let both = Demand { compile_bytes: 1 << 30, ..demand(10) };
        let first = admission.admit(&both).await.unwrap();
        let one = demand(1);
        let mut second = std::pin::pin!(admission.admit(&one));
        assert!(timeout(Duration::from_millis(20), &mut second).await.is_err());
        drop(first);
        assert!(second.await.is_ok());
    }

    #[tokio::test]
    async fn a_small_job_does_not_overtake_a_large_one_for_ever() {
        let admission = admission(100);
        let first = admission.admit(&demand(60)).await.unwrap();
        let (large, small) = (demand(90), demand(30));
        let mut large = std::pin::pin!(admission.admit(&large));
        assert!(timeout(Duration::from_millis(5), &mut large).await.is_err());
        let mut small = std::pin::pin!(admission.admit(&small));
        assert!(timeout(Duration::from_millis(20), &mut small).await.is_err(), "it would fit, but came later");
        drop(first);
        drop(large.await.unwrap());
        assert!(small.await.is_ok());
    }

    #[tokio::test]
    async fn boxes_are_the_tenants_of_the_job_that_opens_them() {
        let admitted = Admitted::freely(&Demand { tenant: Some("school".to_owned()), ..Demand::default() });
        assert_eq!(admitted.run(async { tenant() }).await.as_deref(), Some("school"));
        assert_eq!(tenant(), None);
    }
}
