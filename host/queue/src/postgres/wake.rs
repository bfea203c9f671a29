//! Wakes who waits for a job. A notification wakes one waiting `take` of this process; if that finds a job, it wakes the
//! next, since there may be more. A job whose caller went away is offered to another that waits here.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use optimus_core::Fault;
use tokio::sync::oneshot;

use super::{Shared, lock};
use crate::Delivery;

/// What one that waits is given.
pub(super) enum Offer {
    /// There may be a job.
    Look,
    Job(Box<Delivery>),
}

#[derive(Default)]
pub(super) struct Wakes(Mutex<State>);

#[derive(Default)]
struct State {
    next: u64,
    waiting: HashMap<u64, Waiter>,
}

struct Waiter {
    /// Empty: any.
    languages: BTreeSet<String>,
    offer: oneshot::Sender<Offer>,
}

impl Wakes {
    fn enter(&self, languages: &BTreeSet<String>) -> (u64, oneshot::Receiver<Offer>) {
        let (offer, offered) = oneshot::channel();
        let mut state = lock(&self.0);
        state.next += 1;
        let id = state.next;
        state.waiting.insert(id, Waiter { languages: languages.clone(), offer });
        (id, offered)
    }

    fn leave(&self, id: u64) {
        lock(&self.0).waiting.remove(&id);
    }

    /// Wakes one that waits for this language.
    pub(super) fn wake(&self, language: &str) {
        // Without one, there is nobody to wake.
        let _ = self.offer(language, Offer::Look);
    }

    /// Wakes all: notifications may have been missed.
    pub(super) fn wake_all(&self) {
        for (_, waiter) in lock(&self.0).waiting.drain() {
            // One that is gone needs no look.
            let _ = waiter.offer.send(Offer::Look);
        }
    }

    /// Gives it to one that waits for this language, or back to the caller.
    fn offer(&self, language: &str, mut offer: Offer) -> Result<(), Offer> {
        let mut state = lock(&self.0);
        let wants = |waiter: &Waiter| waiter.languages.is_empty() || waiter.languages.contains(language);
        let ids: Vec<u64> = state.waiting.iter().filter(|(_, waiter)| wants(waiter)).map(|(id, _)| *id).collect();
        for id in ids {
            let Some(waiter) = state.waiting.remove(&id) else { continue };
            match waiter.offer.send(offer) {
                Ok(()) => return Ok(()),
                Err(refused) => offer = refused,
            }
        }
        Err(offer)
    }
}

/// One that waits, until dropped. What it was given and did not use goes to another.
pub(super) struct Waiting {
    shared: Arc<Shared>,
    id: u64,
    offered: oneshot::Receiver<Offer>,
    /// It was told to look.
    pub(super) is_woken: bool,
}

impl Waiting {
    /// Begins to wait; what happens from now on is not missed.
    pub(super) fn new(shared: &Arc<Shared>, languages: &BTreeSet<String>) -> Self {
        let (id, offered) = shared.wakes.enter(languages);
        Self { shared: Arc::clone(shared), id, offered, is_woken: false }
    }

    /// Returns after `most`, or as soon as it is woken or offered a job.
    pub(super) async fn sleep(&mut self, most: Duration) -> Option<Box<Delivery>> {
        match tokio::time::timeout(most, &mut self.offered).await {
            Ok(Ok(Offer::Job(delivery))) => Some(delivery),
            _ => None,
        }
    }

    /// The result of `work`, unless a job is offered before.
    pub(super) async fn unless_offered<T>(&mut self, work: impl Future<Output = T>) -> Result<T, Box<Delivery>> {
        tokio::pin!(work);
        if !self.is_woken {
            tokio::select! {
                biased;
                offer = &mut self.offered => match offer {
                    Ok(Offer::Job(delivery)) => return Err(delivery),
                    Ok(Offer::Look) | Err(_) => self.is_woken = true,
                },
                done = &mut work => return Ok(done),
            }
        }
        Ok(work.await)
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.shared.wakes.leave(self.id);
        if let Ok(Offer::Job(delivery)) = self.offered.try_recv() {
            self.shared.pass_on(delivery);
        }
    }
}

impl Shared {
    /// A job that was taken for a caller that is gone: another one here gets it, or it goes back, and the attempt does not
    /// count.
    pub(super) fn pass_on(self: &Arc<Self>, delivery: Box<Delivery>) {
        let language = delivery.job.language.clone();
        let Err(Offer::Job(delivery)) = self.wakes.offer(&language, Offer::Job(delivery)) else { return };
        let shared = Arc::clone(self);
        tokio::spawn(async move {
            let reason = Fault::new("worker_stopped", "the caller is gone");
            if let Err(error) = shared.release(&delivery.lease, &reason, false).await {
                tracing::warn!(job = %delivery.lease.id, %error, "a job was not given back; its lease runs out");
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(language: &str) -> BTreeSet<String> {
        BTreeSet::from([language.to_owned()])
    }

    #[test]
    fn a_notification_wakes_one_of_its_language() {
        let wakes = Wakes::default();
        let (first, second) = (wakes.enter(&of("a")), wakes.enter(&BTreeSet::new()));
        let mut other = wakes.enter(&of("b")).1;
        wakes.wake("a");
        let woken = [first, second].map(|(_, mut offered)| offered.try_recv().is_ok());
        assert_eq!(woken.iter().filter(|woken| **woken).count(), 1);
        assert!(other.try_recv().is_err());
        wakes.wake_all();
        assert!(other.try_recv().is_ok());
    }

    #[test]
    fn one_that_is_gone_is_passed_over() {
        let wakes = Wakes::default();
        drop(wakes.enter(&of("a")));
        let (id, mut offered) = wakes.enter(&of("a"));
        wakes.wake("a");
        assert!(offered.try_recv().is_ok());
        wakes.leave(id);
        assert!(wakes.offer("a", Offer::Look).is_err(), "nobody waits");
    }
}
