//! The cluster's processes: started, killed, and started again. All of them end when it is dropped.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::ensure;
use serde_json::Value;

use super::store::{Kind, Store};
use crate::process::Process;

/// Languages of the submissions, short programs each, if they are available.
const WANTED: [&str; 3] = ["c", "python", "bash"];

/// The processes of a cluster.
pub(super) struct Shape {
    /// Where the queue is.
    pub(super) queue: Kind,
    /// The backend that programs run in.
    pub(super) sandbox: String,
    /// Slots of each worker.
    pub(super) slots: usize,
    /// Workers at the start.
    pub(super) workers: usize,
    /// Workers at most.
    pub(super) most: usize,
    /// True if API processes have plugins, and so offer languages before any worker announces them.
    pub(super) offered: bool,
}

pub(super) struct Cluster {
    root: PathBuf,
    sandbox: String,
    slots: usize,
    offered: bool,
    workers: Vec<Mutex<Option<Process>>>,
    /// Told to end, and not yet gone.
    leaving: Mutex<Vec<Process>>,
    apis: Vec<Mutex<Option<(Process, String)>>>,
    store: Store,
    /// Their files; gone after all of them.
    dir: tempfile::TempDir,
    submitted: AtomicBool,
    over: AtomicBool,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Cluster {
    pub(super) fn start(root: &Path, shape: &Shape) -> anyhow::Result<Self> {
        let dir = tempfile::tempdir()?;
        let cluster = Self {
            root: root.to_owned(),
            sandbox: shape.sandbox.clone(),
            slots: shape.slots,
            offered: shape.offered,
            workers: (0..shape.most).map(|_| Mutex::default()).collect(),
            leaving: Mutex::default(),
            apis: (0..2).map(|_| Mutex::default()).collect(),
            store: Store::start(shape.queue, dir.path())?,
            dir,
            submitted: AtomicBool::new(false),
            over: AtomicBool::new(false),
        };
        (0..2).try_for_each(|n| cluster.start_api(n))?;
        cluster.store.watch()?;
        (0..shape.workers).try_for_each(|n| cluster.start_worker(n))?;
        Ok(cluster)
    }

    fn optimus(&self, verb: &str, state: &str) -> Command {
        let mut command = Command::new(self.root.join("target/debug/optimus"));
        // Many attempts: here it is we who kill the workers, not the jobs.
        command.args([verb, "--attempts", "50", "--lease-s", "2", "--tenant-cap", "1000000", "--log", "error"]);
        command.args(["--queue", &self.store.url()]);
        command.arg("--state").arg(self.dir.path().join(state)).stdin(Stdio::null()).stdout(Stdio::null());
        command
    }

    fn start_api(&self, n: usize) -> anyhow::Result<()> {
        let mut command = self.optimus("api", &format!("api{n}"));
        if self.offered {
            command.arg("--plugins").arg(self.root.join("plugins"));
        }
        // A delivery that a killed process had leased goes to another process after two such times and some seconds.
        command.args(["--webhook-allow", "127.0.0.1", "--webhook-timeout-s", "2"]);
        let api = Process::listening(command.args(["--listen", "127.0.0.1:0"]))?;
        lock(&self.apis[n]).replace(api);
        Ok(())
    }

    fn start_worker(&self, n: usize) -> anyhow::Result<()> {
        let mut command = self.optimus("worker", &format!("worker{n}"));
        command.args([
            "--sandbox",
            &self.sandbox,
            "--slots",
            &self.slots.to_string(),
            "--languages",
            &WANTED.join(","),
        ]);
        let worker = Process::spawn(command.arg("--plugins").arg(self.root.join("plugins")))?;
        lock(&self.workers[n]).replace(worker);
        Ok(())
    }

    pub(super) fn kill_worker(&self, n: usize) -> anyhow::Result<()> {
        // Dropping is `kill -9`.
        drop(lock(&self.workers[n]).take());
        self.start_worker(n)
    }

    /// Sets the number of workers: missing ones are started, surplus ones are stopped.
    pub(super) fn scale(&self, replicas: usize) -> anyhow::Result<()> {
        for (n, worker) in self.workers.iter().enumerate() {
            let there = lock(worker).is_some();
            if n < replicas && !there {
                self.start_worker(n)?;
            } else if n >= replicas
                && let Some(worker) = lock(worker).take()
            {
                worker.terminate()?;
                lock(&self.leaving).push(worker);
            }
        }
        Ok(())
    }

    /// Waits for those that were told to end; each has to end well.
    pub(super) fn all_left(&self, deadline: Instant) -> anyhow::Result<()> {
        for worker in lock(&self.leaving).iter_mut() {
            let status = loop {
                match worker.0.try_wait()? {
                    Some(status) => break status,
                    None => ensure!(Instant::now() < deadline, "a worker does not end"),
                }
                std::thread::sleep(Duration::from_millis(20));
            };
            ensure!(status.success(), "a worker ended with {status}");
        }
        Ok(())
    }

    pub(super) fn kill_api(&self, n: usize) -> anyhow::Result<()> {
        drop(lock(&self.apis[n]).take());
        self.start_api(n)
    }

    /// The server of the queue.
    pub(super) fn kill_store(&self) -> anyhow::Result<()> {
        self.store.kill()
    }

    /// Address of one of the API processes; `None` while there is none.
    pub(super) fn api(&self, n: usize) -> Option<String> {
        lock(&self.apis[n % self.apis.len()]).as_ref().map(|(_, base)| base.clone())
    }

    /// The languages of the jobs, once a worker has told of them.
    pub(super) fn languages(&self) -> anyhow::Result<Vec<String>> {
        let deadline = Instant::now() + Duration::from_secs(120);
        loop {
            let list = self.api(0).and_then(|base| ureq::get(format!("{base}/v1/languages")).call().ok());
            let list: Value = list.and_then(|mut list| list.body_mut().read_json().ok()).unwrap_or_default();
            let is_there = |id: &&&str| {
                let all = list["languages"].as_array();
                all.is_some_and(|all| all.iter().any(|l| l["id"] == **id && l["availability"]["state"] == "available"))
            };
            let there: Vec<String> = WANTED.iter().filter(is_there).map(|&id| id.to_owned()).collect();
            let late = Instant::now() >= deadline;
            if there.len() == WANTED.len() || (late && !there.is_empty()) {
                return Ok(there);
            }
            ensure!(!late, "no worker told of a language");
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Jobs that wait or run, of one language; `None` while the queue's server is down.
    pub(super) fn depth(&self, language: &str) -> Option<usize> {
        self.store.depth(language)
    }

    /// The same, and how many of them run, at one moment.
    pub(super) fn depth_and_running(&self, language: &str) -> Option<(usize, usize)> {
        self.store.depth_and_running(language)
    }

    /// The same of all; `None` while the queue's server is down.
    pub(super) fn outstanding(&self, languages: &[String]) -> Option<usize> {
        languages.iter().map(|language| self.depth(language)).sum()
    }

    /// Runs begun, reports accepted, and jobs still there.
    pub(super) fn counts(&self, languages: &[String]) -> anyhow::Result<(usize, usize, usize)> {
        let all = self.store.counts(languages).zip(self.outstanding(languages));
        let Some(((begun, finished), outstanding)) = all else { anyhow::bail!("the queue's server does not answer") };
        Ok((begun, finished, outstanding))
    }

    pub(super) fn all_submitted(&self) {
        self.submitted.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_submitted(&self) -> bool {
        self.submitted.load(Ordering::Relaxed)
    }

    pub(super) fn finish(&self) {
        self.over.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }
}
