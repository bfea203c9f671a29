//! Runs a process's background tasks, and notices when one of them ends before the process does.
//!
//! A server whose worker or key reader has panicked would otherwise go on answering 202 and judge nothing, or accept
//! revoked keys for ever. Here the end of a task makes `/readyz` fail with the task's name, is logged and counted, and
//! the owner of the process learns of it through [`Supervisor::failed`].

use std::sync::{Arc, OnceLock};

use optimus_queue::background::{Ended, run_to_end};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::metrics::Metrics;
use crate::readiness::Readiness;

/// Cloning is cheap; clones supervise together.
#[derive(Clone)]
pub struct Supervisor {
    shared: Arc<Shared>,
}

struct Shared {
    tasks: TaskTracker,
    shutdown: CancellationToken,
    readiness: Arc<Readiness>,
    metrics: Arc<Metrics>,
    first: OnceLock<Ended>,
    failed: CancellationToken,
}

impl Supervisor {
    /// Supervises nothing yet.
    pub fn new(readiness: Arc<Readiness>, metrics: Arc<Metrics>) -> Self {
        let (shutdown, failed) = (CancellationToken::new(), CancellationToken::new());
        let (tasks, first) = (TaskTracker::new(), OnceLock::new());
        Self { shared: Arc::new(Shared { tasks, shutdown, readiness, metrics, first, failed }) }
    }

    /// Cancelled when the tasks shall end; each task that is spawned gets it from here.
    pub fn shutdown(&self) -> CancellationToken {
        self.shared.shutdown.clone()
    }

    /// Runs a task until the shutdown. If it ends earlier, or panics at any time, that is a failure.
    pub fn spawn(&self, task: &'static str, work: impl Future<Output = ()> + Send + 'static) {
        let supervisor = self.clone();
        self.shared.tasks.spawn(async move {
            let mut returned = false;
            let work = async {
                work.await;
                returned = true;
            };
            let reason = run_to_end(task, work).await;
            if !(returned && supervisor.shared.shutdown.is_cancelled()) {
                supervisor.report(Ended { task, reason });
            }
        });
    }

    /// Reports the end of tasks that others run, such as a queue's, from now on.
    pub fn watch(&self, mut ended: watch::Receiver<Option<Ended>>) {
        let supervisor = self.clone();
        self.shared.tasks.spawn(async move {
            let shutdown = supervisor.shutdown();
            let first = tokio::select! {
                () = shutdown.cancelled() => return,
                first = ended.wait_for(Option::is_some) => first.ok().and_then(|first| first.clone()),
            };
            if let Some(first) = first {
                supervisor.report(first);
            }
        });
    }

    fn report(&self, ended: Ended) {
        let Ended { task, reason } = &ended;
        tracing::error!(task, reason, "a background task ended; this process is not ready any more and will stop");
        self.shared.metrics.task_ended(task);
        self.shared.readiness.set(task, Some(reason));
        // The first is the one to look at; the others may follow from it.
        let _ = self.shared.first.set(ended);
        self.shared.failed.cancel();
    }

    /// Waits for the first task that fails.
    pub async fn failed(&self) -> &'static str {
        self.shared.failed.cancelled().await;
        self.shared.first.get().map_or("", |ended| ended.task)
    }

    /// Returns true if a task has failed.
    pub fn has_failed(&self) -> bool {
        self.shared.failed.is_cancelled()
    }

    /// Tells all tasks to end, and returns when they have.
    pub async fn stop(&self) {
        self.shared.shutdown.cancel();
        self.shared.tasks.close();
        self.shared.tasks.wait().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn supervisor() -> (Supervisor, Arc<Readiness>, Arc<Metrics>) {
        let (readiness, metrics) = (Arc::<Readiness>::default(), Arc::<Metrics>::default());
        (Supervisor::new(Arc::clone(&readiness), Arc::clone(&metrics)), readiness, metrics)
    }

    #[tokio::test]
    async fn a_task_that_panics_or_returns_early_is_reported_by_name() {
        let (supervisor, readiness, metrics) = supervisor();
        supervisor.spawn("one", async { panic!("out of cheese") });
        assert_eq!(supervisor.failed().await, "one");
        supervisor.spawn("two", async {});
        while !readiness.troubles().contains_key("two") {
            tokio::task::yield_now().await;
        }
        supervisor.stop().await;
        let troubles = readiness.troubles();
        assert_eq!(troubles["one"], "the task panicked: out of cheese");
        assert_eq!(troubles["two"], "the task returned");
        let text = metrics.write(None, std::iter::empty());
        assert!(text.contains("optimus_background_tasks_ended_total{task=\"one\"} 1"), "{text}");
    }

    #[tokio::test]
    async fn a_task_that_ends_with_the_shutdown_is_no_failure() {
        let (supervisor, readiness, _) = supervisor();
        let shutdown = supervisor.shutdown();
        supervisor.spawn("one", async move { shutdown.cancelled().await });
        supervisor.stop().await;
        assert!(!supervisor.has_failed() && readiness.troubles().is_empty());
    }

    #[tokio::test]
    async fn what_a_queue_reports_is_reported() {
        let (supervisor, readiness, _) = supervisor();
        let (sender, receiver) = watch::channel(None);
        supervisor.watch(receiver);
        sender.send_replace(Some(Ended { task: "queue-writer", reason: "planted".to_owned() }));
        assert_eq!(supervisor.failed().await, "queue-writer");
        assert_eq!(readiness.troubles()["queue-writer"], "planted");
        supervisor.stop().await;
    }
}
