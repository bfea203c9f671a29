//! Boxes that wait, for each image its own. How many: as many as were lately in use at once, and one more where that was
//! more than one, so that the next job need not wait until a box has been reset. Never for more than the slots, nor in
//! all more than the operator allows.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::sync::oneshot;

use super::config::DockerConfig;
use super::launch::Live;
use super::source::Source;
use super::stream::Attached;
use crate::SandboxError;
use crate::admission::tenant;
use crate::client::AgentClient;
use crate::processors::Share;

/// How often what waits is looked through.
const LOOK: Duration = Duration::from_secs(15);
/// How much of the demand of one look is still believed at the next.
const MEMORY: f64 = 0.7;

/// The pool.
#[derive(Debug)]
pub(super) struct Pool {
    shelves: Mutex<HashMap<String, Shelf>>,
    pub(super) source: Source,
    pub(super) config: DockerConfig,
}

/// Who waits for a box.
type Waiter = oneshot::Sender<Result<Live, SandboxError>>;

/// The boxes of one image.
#[derive(Debug, Default)]
struct Shelf {
    waiting: VecDeque<(Instant, Live)>,
    /// Who waits for a box; as soon as one comes that may serve its tenant, it goes to the first.
    queue: VecDeque<(Option<String>, Waiter)>,
    /// Boxes that are being started or reset.
    coming: usize,
    /// Those of them that are being started, and so are nobody's.
    fresh: usize,
    /// Boxes that are in use.
    out: usize,
    /// How many lately were in use at once.
    demand: f64,
}

impl Shelf {
    /// The best box for `tenant`: one that served it before, or else one that has served nobody.
    fn take(&mut self, tenant: &Option<String>) -> Option<Live> {
        let place = |whose: Option<&Option<String>>| self.waiting.iter().position(|(_, l)| l.tenant.as_ref() == whose);
        let place = place(Some(tenant)).or_else(|| place(None))?;
        self.waiting.remove(place).map(|(_, live)| live)
    }

    fn all(&self) -> usize {
        self.waiting.len() + self.coming + self.out
    }

    fn wanted(&self, config: &DockerConfig) -> usize {
        if self.demand < 0.5 && self.queue.is_empty() {
            return self.out;
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small number above 0")]
        let demand = (self.demand.ceil() as usize).clamp(1, config.slots.max(1));
        // Where no box comes back, those in use are no help.
        let used = if config.container_per_job { self.out } else { 0 };
        let spare = usize::from(demand > 1);
        (used + demand + spare).max(self.out + self.queue.len())
    }
}

impl Pool {
    pub(super) fn new(source: Source, config: DockerConfig) -> Arc<Self> {
        let pool = Arc::new(Self { shelves: Mutex::default(), source, config });
        tokio::spawn(look_through(Arc::downgrade(&pool)));
        pool
    }

    /// A box over `image`, from the pool or a new one, whose steps run on `share`.
    pub(super) async fn open(self: &Arc<Self>, image: &str, share: Share) -> Result<Lease, SandboxError> {
        let (sender, coming) = oneshot::channel();
        let tenant = tenant();
        let found = {
            let mut shelves = self.shelves();
            let shelf = shelves.entry(image.to_owned()).or_default();
            let mut dead = Vec::new();
            let found = loop {
                match shelf.take(&tenant) {
                    Some(mut live) => match live.is_dead() {
                        true => dead.push(live),
                        false => break Some(live),
                    },
                    None => break None,
                }
            };
            for live in dead {
                tracing::info!(container = live.container, "a box that waited has ended");
                tokio::spawn(live.destroy());
            }
            match &found {
                Some(_) => shelf.out += 1,
                None => {
                    // Its place is for a box that may serve this tenant.
                    if let Some((_, live)) = shelf.waiting.pop_front() {
                        tokio::spawn(live.destroy());
                    }
                    shelf.queue.push_back((tenant.clone(), sender));
                }
            }
            #[expect(clippy::cast_precision_loss, reason = "a few boxes")]
            let now = (shelf.out + shelf.queue.len()) as f64;
            shelf.demand = shelf.demand.max(now);
            found
        };
        self.refill(image);
        let mut live = match found {
            Some(live) => live,
            None => {
                let unanswered = |_| SandboxError::Lost("the pool was closed".to_owned());
                coming.await.map_err(unanswered)??
            }
        };
        live.tenant = Some(tenant);
        let (image, pool, processors) = (image.to_owned(), Arc::clone(self), share.processors());
        let mut lease = Lease { live: Some(live), sound: true, share, image, pool, runtime: Handle::current() };
        if let Some(live) = &mut lease.live {
            live.agent()?.run_steps_on(processors);
        }
        Ok(lease)
    }

    fn shelves(&self) -> MutexGuard<'_, HashMap<String, Shelf>> {
        // The lock is never held across anything that can panic halfway.
        self.shelves.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts boxes in the background until there are enough.
    fn refill(self: &Arc<Self>, image: &str) {
        let (missing, given_up) = {
            let mut shelves = self.shelves();
            let Some(shelf) = shelves.get_mut(image) else { return };
            let missing = shelf.wanted(&self.config).saturating_sub(shelf.all());
            // One that is being reset may be another tenant's.
            let needed = shelf.queue.len().saturating_sub(shelf.fresh);
            let missing = missing.max(needed);
            let all: usize = shelves.values().map(Shelf::all).sum();
            let given_up = make_place(&mut shelves, image, (all + missing).saturating_sub(self.config.containers));
            let place = (self.config.containers + given_up.len()).saturating_sub(all);
            // Whoever waits for a box gets one, also when all are in use: there are no more of them than slots.
            let missing = missing.min(place).max(needed);
            if let Some(shelf) = shelves.get_mut(image) {
                shelf.coming += missing;
                shelf.fresh += missing;
            }
            (missing, given_up)
        };
        for live in given_up {
            tokio::spawn(live.destroy());
        }
        for _ in 0..missing {
            let (pool, image) = (Arc::clone(self), image.to_owned());
            tokio::spawn(async move {
                let launched = pool.source.launch(&image, &pool.config).await;
                if let Some(shelf) = pool.shelves().get_mut(&image) {
                    shelf.fresh = shelf.fresh.saturating_sub(1);
                }
                let superfluous = pool.arrived(&image, launched);
                if let Some(live) = superfluous {
                    live.destroy().await;
                }
            });
        }
    }

    /// A box that was started goes to whoever waits, or onto the shelf.
    fn arrived(&self, image: &str, mut launched: Result<Live, SandboxError>) -> Option<Live> {
        let mut shelves = self.shelves();
        let shelf = shelves.entry(image.to_owned()).or_default();
        shelf.coming = shelf.coming.saturating_sub(1);
        let whose = launched.as_ref().map_or(None, |live| live.tenant.clone());
        let fits = |(tenant, _): &(Option<String>, _)| whose.as_ref().is_none_or(|whose| whose == tenant);
        while let Some(place) = shelf.queue.iter().position(fits)
            && let Some((_, first)) = shelf.queue.remove(place)
        {
            let good = launched.is_ok();
            match first.send(launched) {
                Ok(()) => {
                    shelf.out += usize::from(good);
                    return None;
                }
                // It has given up waiting.
                Err(unsent) => launched = unsent,
            }
        }
        match launched {
            Ok(live) if shelf.all() < shelf.wanted(&self.config) => {
                shelf.waiting.push_back((Instant::now(), live));
                None
            }
            Ok(live) => Some(live),
            Err(error) => {
                // Whoever opens the next box meets the same error, and reports it.
                tracing::debug!(%error, "a box ahead could not be started");
                None
            }
        }
    }

    /// Takes a box back.
    async fn take_back(self: Arc<Self>, image: String, live: Live, sound: bool) {
        {
            let mut shelves = self.shelves();
            let shelf = shelves.entry(image.clone()).or_default();
            shelf.out = shelf.out.saturating_sub(1);
            shelf.coming += 1;
        }
        let renewed = self.renew(live, sound).await;
        let superfluous = match renewed {
            Some(live) => self.arrived(&image, Ok(live)),
            None => {
                let mut shelves = self.shelves();
                let shelf = shelves.entry(image.clone()).or_default();
                shelf.coming = shelf.coming.saturating_sub(1);
                None
            }
        };
        if let Some(live) = superfluous {
            live.destroy().await;
        }
        self.refill(&image);
    }

    /// The box as new, or nothing.
    async fn renew(&self, mut live: Live, sound: bool) -> Option<Live> {
        live.jobs += 1;
        if !sound || self.config.container_per_job || live.jobs >= self.config.jobs_per_box {
            live.destroy().await;
            return None;
        }
        let reset = match live.agent() {
            Ok(agent) => agent.reset().await,
            Err(error) => Err(error),
        };
        match reset.and(live.settle().await) {
            Ok(()) => Some(live),
            Err(error) => {
                tracing::warn!(%error, "a box could not be reset and is destroyed");
                live.destroy().await;
                None
            }
        }
    }

    /// Destroys every box that waits.
    pub(super) async fn clear(&self) {
        let boxes =
            self.shelves().values_mut().flat_map(|shelf| std::mem::take(&mut shelf.waiting)).collect::<Vec<_>>();
        futures::future::join_all(boxes.into_iter().map(|(_, live)| live.destroy())).await;
    }

    /// Forgets some of the demand, and gives up boxes that nobody has wanted for long.
    fn tidy(&self) -> Vec<Live> {
        let mut given_up = Vec::new();
        for shelf in self.shelves().values_mut() {
            #[expect(clippy::cast_precision_loss, reason = "a few boxes")]
            let now = (shelf.out + shelf.queue.len()) as f64;
            shelf.demand = now.max(shelf.demand * MEMORY);
            let idle = |(since, _): &(Instant, Live)| since.elapsed() > self.config.idle;
            // The first has waited longest.
            while shelf.waiting.front().is_some_and(idle) {
                given_up.extend(shelf.waiting.pop_front().map(|(_, live)| live));
            }
        }
        given_up
    }
}

/// Up to `count` boxes of other images that wait, longest first.
fn make_place(shelves: &mut HashMap<String, Shelf>, image: &str, count: usize) -> Vec<Live> {
    let mut given_up = Vec::new();
    while given_up.len() < count {
        let others = shelves.iter_mut().filter(|(name, shelf)| *name != image && !shelf.waiting.is_empty());
        let oldest = others.min_by_key(|(_, shelf)| shelf.waiting.front().map(|(since, _)| *since));
        let Some((_, live)) = oldest.and_then(|(_, shelf)| shelf.waiting.pop_front()) else { break };
        given_up.push(live);
    }
    given_up
}

async fn look_through(pool: Weak<Pool>) {
    loop {
        tokio::time::sleep(LOOK).await;
        let Some(pool) = pool.upgrade() else { return };
        for live in pool.tidy() {
            live.destroy().await;
        }
    }
}

/// An open box. Dropping it gives the box back, or destroys it.
#[derive(Debug)]
pub(super) struct Lease {
    live: Option<Live>,
    sound: bool,
    share: Share,
    image: String,
    pool: Arc<Pool>,
    runtime: Handle,
}

impl Lease {
    pub(super) fn collect_bytes(&self) -> u64 {
        self.pool.config.collect_bytes
    }

    /// Makes room for a step of so much memory.
    pub(super) async fn make_room(&mut self, bytes: u64) -> Result<(), SandboxError> {
        match &mut self.live {
            Some(live) => live.make_room(bytes).await,
            None => Ok(()),
        }
    }

    /// One exchange with the agent. A box whose exchange failed, or was dropped halfway, is never used again.
    pub(super) async fn talk<T>(
        &mut self,
        exchange: impl AsyncFnOnce(&mut AgentClient<Attached>) -> Result<T, SandboxError>,
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
            let (pool, image) = (Arc::clone(&self.pool), std::mem::take(&mut self.image));
            // What was dropped halfway runs until its box is gone; in a sound one nothing does.
            let (sound, busy) = (self.sound, (!self.sound).then(|| std::mem::take(&mut self.share)));
            self.runtime.spawn(async move {
                pool.take_back(image, live, sound).await;
                drop(busy);
            });
        }
    }
}
