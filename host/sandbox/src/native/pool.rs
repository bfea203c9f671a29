//! Boxes that wait, and boxes that come back. A box returns only after its agent has forgotten everything, and never
//! when anything about it was odd.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::net::UnixStream;
use tokio::runtime::Handle;

use super::config::NativeConfig;
use super::launch::{Launcher, Live};
use crate::admission::tenant;
use crate::client::AgentClient;
use crate::processors::Share;
use crate::{Isolation, SandboxError};

/// The pool.
#[derive(Debug)]
pub(super) struct Pool {
    /// Dropped first: the launcher takes the cgroups of all boxes with it.
    waiting: Mutex<Waiting>,
    pub(super) launcher: Launcher,
    config: NativeConfig,
}

#[derive(Debug, Default)]
struct Waiting {
    /// The one that was used last comes last, and goes first: its memory is in the caches.
    boxes: Vec<Live>,
    /// Boxes that are being started or reset.
    coming: usize,
    /// Those of them that are being started, and so are nobody's.
    fresh: usize,
    /// Boxes that are open, and will come back.
    lent: usize,
}

impl Waiting {
    fn all(&self) -> usize {
        self.boxes.len() + self.coming + self.lent
    }

    /// The best box for `tenant`: one that served it before, or else one that has served nobody. What a box keeps from
    /// one job to the next (namespaces, accounts of the kernel, caches of names) is of one tenant's making only.
    fn take(&mut self, tenant: &Option<String>) -> Option<Live> {
        let known = self.boxes.iter().rposition(|live| live.tenant.as_ref() == Some(tenant));
        let place = known.or_else(|| self.boxes.iter().rposition(|live| live.tenant.is_none()))?;
        Some(self.boxes.remove(place))
    }

    /// The box of somebody else's that has waited longest, where those leave no room for a fresh one.
    fn make_room(&mut self, pool: usize) -> Option<Live> {
        let has_fresh = self.fresh > 0 || self.boxes.iter().any(|live| live.tenant.is_none());
        let is_full = self.all() >= pool && self.boxes.len() > 1;
        (is_full && !has_fresh).then(|| self.boxes.remove(0))
    }
}

impl Pool {
    /// An empty pool.
    pub(super) fn new(launcher: Launcher, config: NativeConfig) -> Arc<Self> {
        Arc::new(Self { waiting: Mutex::default(), launcher, config })
    }

    /// A box of the current tenant's, from the pool or a new one, whose steps run on `share`.
    pub(super) async fn open(self: &Arc<Self>, share: Share) -> Result<Lease, SandboxError> {
        let tenant = tenant();
        let mut live = loop {
            let waiting = self.waiting().take(&tenant);
            let Some(mut live) = waiting else { break self.launcher.launch().await? };
            if !live.is_dead() {
                break live;
            }
            live.destroy().await;
        };
        live.tenant = Some(tenant);
        let superfluous = {
            let mut waiting = self.waiting();
            waiting.lent += 1;
            waiting.make_room(self.config.pool)
        };
        if let Some(live) = superfluous {
            tokio::spawn(live.destroy());
        }
        self.refill();
        let (pool, processors) = (Arc::clone(self), share.processors());
        let mut lease = Lease { live: Some(live), sound: true, share, pool, runtime: Handle::current() };
        if let Some(live) = &mut lease.live {
            live.agent()?.run_steps_on(processors);
        }
        Ok(lease)
    }

    /// Destroys every box that waits.
    pub(super) async fn clear(self: &Arc<Self>) {
        let boxes = std::mem::take(&mut self.waiting().boxes);
        futures::future::join_all(boxes.into_iter().map(Live::destroy)).await;
        self.refill();
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, Waiting> {
        // The lock is never held across anything that can panic halfway.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts boxes in the background until there are enough.
    fn refill(self: &Arc<Self>) {
        let missing = {
            let mut waiting = self.waiting();
            let missing = self.config.pool.saturating_sub(waiting.all());
            waiting.coming += missing;
            waiting.fresh += missing;
            missing
        };
        for _ in 0..missing {
            let pool = Arc::clone(self);
            tokio::spawn(async move {
                let launched = pool.launcher.launch().await;
                pool.waiting().fresh -= 1;
                match launched {
                    Ok(live) => pool.keep(live).await,
                    // Whoever opens the next box meets the same error, and reports it.
                    Err(error) => {
                        pool.waiting().coming -= 1;
                        tracing::debug!(%error, "a box ahead could not be built");
                    }
                }
            });
        }
    }

    /// A box that was coming is there.
    async fn keep(&self, live: Live) {
        let superfluous = {
            let mut waiting = self.waiting();
            waiting.coming -= 1;
            if waiting.all() < self.config.pool.max(1) {
                waiting.boxes.push(live);
                None
            } else {
                Some(live)
            }
        };
        if let Some(live) = superfluous {
            live.destroy().await;
        }
    }

    /// Takes a box back that is coming: resets it, or replaces it.
    async fn take_back(self: Arc<Self>, mut live: Live, sound: bool) {
        live.jobs += 1;
        if sound && live.jobs < self.config.jobs_per_box && self.config.isolation != Isolation::PerJob {
            let reset = match live.agent() {
                Ok(agent) => agent.reset().await,
                Err(error) => Err(error),
            };
            match reset {
                Ok(()) => return self.keep(live).await,
                Err(error) => tracing::warn!(%error, "a box could not be reset and is destroyed"),
            }
        }
        self.waiting().coming -= 1;
        live.destroy().await;
        // Unless we were the last who needed the pool.
        if Arc::strong_count(&self) > 1 {
            self.refill();
        }
    }
}

/// An open box. Dropping it gives the box back, or destroys it.
#[derive(Debug)]
pub(super) struct Lease {
    live: Option<Live>,
    sound: bool,
    share: Share,
    pool: Arc<Pool>,
    runtime: Handle,
}

impl Lease {
    pub(super) fn collect_bytes(&self) -> u64 {
        self.pool.config.collect_bytes
    }

    /// One exchange with the agent. A box whose exchange failed, or was dropped halfway, is never used again.
    pub(super) async fn talk<T>(
        &mut self,
        exchange: impl AsyncFnOnce(&mut AgentClient<UnixStream>) -> Result<T, SandboxError>,
    ) -> Result<T, SandboxError> {
        let live = match &mut self.live {
            Some(live) if self.sound => live,
            _ => return Err(SandboxError::Lost("this box failed before".to_owned())),
        };
        self.sound = false;
        let result = exchange(live.agent()?).await;
        self.sound = matches!(result, Ok(_) | Err(SandboxError::Refused(_)));
        result
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(live) = self.live.take() {
            {
                let mut waiting = self.pool.waiting();
                waiting.lent -= 1;
                waiting.coming += 1;
            }
            let (pool, sound) = (Arc::clone(&self.pool), self.sound);
            // What was dropped halfway runs until its box is gone; in a sound one nothing does.
            let busy = (!sound).then(|| std::mem::take(&mut self.share));
            self.runtime.spawn(async move {
                pool.take_back(live, sound).await;
                drop(busy);
            });
        }
    }
}
