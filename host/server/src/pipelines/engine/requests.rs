//! HTTP requests that are under way. They are this process's own: another one that takes the run forward sends them again,
//! with the same key.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use optimus_core::Fault;
use optimus_pipelines::Outcome;
use tokio::sync::watch;
use tokio::task::AbortHandle;

use crate::schedules::Refused;

/// Between two tries of a request that is refused for now.
const PAUSE: Duration = Duration::from_secs(1);

type Answer = watch::Receiver<Option<Outcome>>;

/// Requests by their keys, which begin with the runs' ids.
#[derive(Default)]
pub(super) struct Requests(Mutex<BTreeMap<String, Sent>>);

struct Sent {
    answer: Answer,
    task: AbortHandle,
}

/// How a request is.
pub(super) enum State {
    /// It is not one of this process.
    Unknown,
    Open,
    Over(Outcome),
}

impl Requests {
    /// Sends a request, unless it was sent; `send` is one try.
    pub(super) fn send<F>(&self, key: &str, send: impl Fn() -> F + Send + Sync + 'static)
    where
        F: Future<Output = Result<Outcome, Refused>> + Send + 'static,
    {
        let mut all = self.all();
        if all.contains_key(key) {
            return;
        }
        let (over, answer) = watch::channel(None);
        let trying = async move {
            let outcome = loop {
                match send().await {
                    Ok(outcome) => break outcome,
                    Err(Refused::Owner(fault) | Refused::Job(fault)) => break Outcome::failed(&fault),
                    // The step's `timeout_s` ends this.
                    Err(Refused::ForNow(_)) => tokio::time::sleep(PAUSE).await,
                }
            };
            over.send_replace(Some(outcome));
        };
        let task = tokio::spawn(trying).abort_handle();
        all.insert(key.to_owned(), Sent { answer, task });
    }

    /// How a request is.
    pub(super) fn state(&self, key: &str) -> State {
        let Some(answer) = self.answer(key) else { return State::Unknown };
        // A sender that is gone is looked at before what it left.
        let is_gone = answer.has_changed().is_err();
        let outcome = answer.borrow().clone();
        match outcome {
            Some(outcome) => State::Over(outcome),
            None if is_gone => State::Over(Outcome::failed(&Fault::new("bug", "the request was not sent to its end"))),
            None => State::Open,
        }
    }

    /// Returns when a request is over; at once, if it is none of this process.
    pub(super) async fn over(&self, key: &str) {
        if let Some(mut answer) = self.answer(key) {
            // A sender that is gone ends it, too.
            let _ = answer.wait_for(Option::is_some).await;
        }
    }

    /// Ends and forgets a run's requests, but for the `wanted`.
    pub(super) fn keep(&self, run: &str, wanted: &BTreeSet<&str>) {
        self.all().retain(|key, sent| {
            let is_kept = !key.starts_with(run) || wanted.contains(key.as_str());
            if !is_kept {
                sent.task.abort();
            }
            is_kept
        });
    }

    fn answer(&self, key: &str) -> Option<Answer> {
        self.all().get(key).map(|sent| sent.answer.clone())
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<String, Sent>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A process that does not lead any more leaves its requests to the one that does.
impl Drop for Requests {
    fn drop(&mut self) {
        self.all().values().for_each(|sent| sent.task.abort());
    }
}
