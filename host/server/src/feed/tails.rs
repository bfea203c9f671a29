//! The newest event of each feed that somebody follows here: one look for all followers of a tenant.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use optimus_queue::{Backend, EventId};
use tokio::sync::watch;

/// Between two looks at a feed.
const LOOK: Duration = Duration::from_millis(250);
/// Between two looks at a feed that cannot be read.
const PAUSE: Duration = Duration::from_secs(1);

/// The newest event of a feed, if it has any.
pub(crate) type Tail = watch::Receiver<Option<EventId>>;

/// By tenant; `None` where clients need no key.
type Senders = HashMap<Option<String>, watch::Sender<Option<EventId>>>;

/// The feeds that are looked at.
#[derive(Clone)]
pub(crate) struct Tails {
    queue: Arc<dyn Backend>,
    of_tenants: Arc<Mutex<Senders>>,
}

impl Tails {
    /// Nothing is looked at yet.
    pub(crate) fn new(queue: Arc<dyn Backend>) -> Self {
        Self { queue, of_tenants: Arc::default() }
    }

    /// The newest event of a tenant's feed. It is looked at for as long as anybody has it from here.
    pub(crate) fn of(&self, tenant: Option<&str>) -> Tail {
        let mut all = self.lock();
        if let Some(sender) = all.get(&tenant.map(str::to_owned)) {
            return sender.subscribe();
        }
        let (sender, tail) = watch::channel(None);
        all.insert(tenant.map(str::to_owned), sender);
        tokio::spawn(self.clone().look(tenant.map(str::to_owned)));
        tail
    }

    /// Looks until nobody follows the feed any more.
    async fn look(self, tenant: Option<String>) {
        loop {
            let page = self.queue.feed(tenant.as_deref(), None, 0).await;
            {
                let mut all = self.lock();
                // Under the lock, so that nobody comes in between.
                let Some(sender) = all.get(&tenant).filter(|sender| sender.receiver_count() > 0) else {
                    all.remove(&tenant);
                    return;
                };
                if let Ok(page) = &page {
                    sender.send_if_modified(|last| std::mem::replace(last, page.last) != page.last);
                }
            }
            tokio::time::sleep(if page.is_ok() { LOOK } else { PAUSE }).await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Senders> {
        self.of_tenants.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
