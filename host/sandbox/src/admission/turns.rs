//! Turns: who may use the machine when not everybody may at once.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use super::{Clear, Isolation};

/// The turns of one machine.
pub(super) struct Turns {
    isolation: Isolation,
    state: Mutex<State>,
    /// Whom the machine is clear for: held by the first job of a turn until it is.
    cleared: tokio::sync::Mutex<u64>,
    clear: Clear,
}

#[derive(Default)]
struct State {
    /// Whose turn it is, or was last.
    tenant: Option<String>,
    /// The number of the turn; a new one begins when the machine has to be cleared before.
    number: u64,
    running: usize,
    waiting: VecDeque<(Option<String>, oneshot::Sender<Turn>)>,
}

/// A job whose turn it is, until this is dropped.
pub(super) struct Turn {
    number: u64,
    of: Arc<Turns>,
}

impl Turns {
    pub(super) fn new(isolation: Isolation, clear: Clear) -> Arc<Self> {
        Arc::new(Self { isolation, state: Mutex::default(), cleared: tokio::sync::Mutex::new(0), clear })
    }

    /// Waits for the turn of a job of `tenant`; when it returns, the machine is clear of everybody else's.
    pub(super) async fn take(self: &Arc<Self>, tenant: Option<String>) -> Turn {
        let (sender, receiver) = oneshot::channel();
        self.state().waiting.push_back((tenant, sender));
        self.advance();
        let turn = match receiver.await {
            Ok(turn) => turn,
            // The queue is never dropped while somebody waits: it holds the senders, and we hold it.
            Err(_) => Turn { number: 0, of: Arc::clone(self) },
        };
        let mut cleared = self.cleared.lock().await;
        if *cleared != turn.number {
            (self.clear)().await;
            *cleared = turn.number;
        }
        drop(cleared);
        turn
    }

    /// Gives turns to those at the head of the queue, as many as may run together.
    fn advance(self: &Arc<Self>) {
        let mut given = Vec::new();
        {
            let mut state = self.state();
            while let Some((tenant, _)) = state.waiting.front() {
                let same = self.isolation == Isolation::PerTenant && *tenant == state.tenant && state.number > 0;
                if state.running > 0 && !same {
                    break;
                }
                let Some((tenant, sender)) = state.waiting.pop_front() else { break };
                if sender.is_closed() {
                    continue;
                }
                state.running += 1;
                state.number += u64::from(!same);
                state.tenant = tenant;
                given.push((state.number, sender));
            }
        }
        for (number, sender) in given {
            // One that is not taken any more ends here, and the next is called.
            drop(sender.send(Turn { number, of: Arc::clone(self) }));
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // The lock is never held across anything that can panic halfway.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        {
            let mut state = self.of.state();
            state.running = state.running.saturating_sub(1);
        }
        self.of.advance();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    fn turns(isolation: Isolation) -> (Arc<Turns>, Arc<AtomicUsize>) {
        let count = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&count);
        let clear: Clear = Arc::new(move || {
            counted.fetch_add(1, Ordering::SeqCst);
            Box::pin(async {})
        });
        (Turns::new(isolation, clear), count)
    }

    fn name(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[tokio::test]
    async fn one_tenant_at_a_time_and_the_machine_is_cleared_in_between() {
        let (turns, cleared) = turns(Isolation::PerTenant);
        let first = turns.take(name("a")).await;
        let second = turns.take(name("a")).await;
        assert_eq!(cleared.load(Ordering::SeqCst), 1);
        let mut other = std::pin::pin!(turns.take(name("b")));
        assert!(timeout(Duration::from_millis(20), &mut other).await.is_err());
        let mut third = std::pin::pin!(turns.take(name("a")));
        assert!(timeout(Duration::from_millis(20), &mut third).await.is_err(), "it came after the other tenant's");
        drop((first, second));
        drop(other.await);
        assert_eq!(cleared.load(Ordering::SeqCst), 2);
        drop(third.await);
        assert_eq!(cleared.load(Ordering::SeqCst), 3);
    }

    #[tokio::test]
    async fn one_job_at_a_time() {
        let (turns, cleared) = turns(Isolation::PerJob);
        let first = turns.take(None).await;
        let mut second = std::pin::pin!(turns.take(None));
        assert!(timeout(Duration::from_millis(20), &mut second).await.is_err());
        drop(first);
        drop(second.await);
        assert_eq!(cleared.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn who_gives_up_waiting_holds_up_nobody() {
        let (turns, _) = turns(Isolation::PerJob);
        let first = turns.take(name("a")).await;
        assert!(timeout(Duration::from_millis(5), turns.take(name("b"))).await.is_err());
        drop(first);
        assert!(timeout(Duration::from_secs(1), turns.take(name("c"))).await.is_ok());
    }
}
