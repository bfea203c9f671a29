//! Background tasks: the first that ends while its queue lives is reported, so that a server does not go on without it.

use std::any::Any;
use std::fmt::Display;
use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use futures::FutureExt as _;
use tokio::sync::watch;

/// A background task that ended although it should run as long as the process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// Its name, such as `queue-writer`.
    pub task: &'static str,
    /// A panic's message, or that it returned.
    pub reason: String,
}

/// Receives the names of a queue's background tasks that ended.
#[derive(Debug, Clone)]
pub(crate) struct Ends(watch::Sender<Option<Ended>>);

impl Ends {
    pub(crate) fn new() -> (Self, watch::Receiver<Option<Ended>>) {
        let (sender, receiver) = watch::channel(None);
        (Self(sender), receiver)
    }

    /// Runs a task that should never end. A task that is dropped with its queue reports nothing.
    pub(crate) async fn run(self, task: &'static str, work: impl Future<Output = ()>) {
        let reason = run_to_end(task, work).await;
        self.report(task, reason);
    }

    /// The same for a thread, which may return once its queue is closed.
    pub(crate) fn run_thread(self, task: &'static str, work: impl FnOnce()) {
        let work = AssertUnwindSafe(|| {
            planted_panic(task);
            work();
        });
        if let Err(panic) = std::panic::catch_unwind(work) {
            self.report(task, panic_message(&*panic));
        }
    }

    fn report(&self, task: &'static str, reason: String) {
        // The first end is the one to look at; the others may follow from it.
        self.0.send_if_modified(|first| {
            let is_first = first.is_none();
            first.get_or_insert(Ended { task, reason });
            is_first
        });
    }
}

/// Runs a task until it returns or panics, and says which.
pub async fn run_to_end(task: &str, work: impl Future<Output = ()>) -> String {
    let work = async {
        planted_panic(task);
        work.await;
    };
    match AssertUnwindSafe(work).catch_unwind().await {
        Ok(()) => "the task returned".to_owned(),
        Err(panic) => format!("the task panicked: {}", panic_message(&*panic)),
    }
}

/// The message of a panic.
pub fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message").to_owned()
}

/// Panics in a debug build if `OPTIMUS_TEST_PANIC` names this task: tests look at what follows.
fn planted_panic(task: &str) {
    let named = |name: std::ffi::OsString| name == task;
    assert!(!cfg!(debug_assertions) || !std::env::var_os("OPTIMUS_TEST_PANIC").is_some_and(named), "planted");
}

/// Logs an outage when it begins, once a minute while it lasts, and when it is over: at `warn`, so that it is seen, and
/// not at each try, so that it does not bury everything else.
#[derive(Debug)]
pub struct Outage {
    /// The operation that fails, such as `read the keys`.
    doing: &'static str,
    since: Option<Instant>,
    logged: Option<Instant>,
}

impl Outage {
    const AGAIN: Duration = Duration::from_secs(60);

    /// No outage of `doing` yet.
    pub const fn of(doing: &'static str) -> Self {
        Self { doing, since: None, logged: None }
    }

    /// Notes how one try went.
    pub fn note<T, E: Display>(&mut self, result: &Result<T, E>) {
        match (result, self.since) {
            (Ok(_), None) => {}
            (Ok(_), Some(since)) => {
                (self.since, self.logged) = (None, None);
                tracing::info!(outage_s = since.elapsed().as_secs(), "can {} again", self.doing);
            }
            (Err(error), since) => {
                let since = *self.since.get_or_insert(since.unwrap_or_else(Instant::now));
                if self.logged.is_none_or(|at| at.elapsed() >= Self::AGAIN) {
                    self.logged = Some(Instant::now());
                    tracing::warn!(outage_s = since.elapsed().as_secs(), %error, "cannot {}", self.doing);
                }
            }
        }
    }
}
