//! Promises of the embedded queue alone: one file, one process, and nothing lost when that process dies.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use optimus_core::job::Policy;
use optimus_core::{Job, JobId, JobRequest, Report, Verdict};
use optimus_queue::{
    EmbeddedConfig, EmbeddedQueue, Idempotency, JobAdmin, PushOptions, Queue, QueueError, Rules, Status, unjudged,
};
use tempfile::TempDir;

fn job_of(source: &str) -> Job {
    let request: JobRequest = serde_json::from_value(serde_json::json!({"language": "toy", "source": source})).unwrap();
    request.into_job("toy", "toy", &Policy::default()).unwrap()
}

fn place() -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("queue.redb");
    (dir, path)
}

fn open(path: &Path) -> EmbeddedQueue {
    EmbeddedQueue::open(path, EmbeddedConfig::default()).unwrap()
}

async fn push(queue: &EmbeddedQueue) -> JobId {
    queue.push(job_of("x"), PushOptions::default()).await.unwrap().id
}

async fn run_one(queue: &EmbeddedQueue) -> Report {
    let delivery = queue.take(&BTreeSet::new()).await.unwrap();
    let report = unjudged(&delivery.job, Verdict::Accepted, None);
    queue.finish(&delivery.lease, report.clone()).await.unwrap();
    report
}

async fn done(queue: &EmbeddedQueue, id: JobId) -> Option<Report> {
    match queue.status(id).await.unwrap() {
        Some(Status::Done { report }) => Some(*report),
        _ => None,
    }
}

#[tokio::test]
async fn everything_is_there_after_reopening() {
    let (_dir, path) = place();
    let known = Some(Idempotency { key: "k".to_owned(), fingerprint: [7; 32] });
    let queue = open(&path);
    let finished = queue.push(job_of("x"), PushOptions { idempotency: known.clone(), ..PushOptions::default() });
    let finished = finished.await.unwrap().id;
    let report = run_one(&queue).await;
    let (running, waiting) = (push(&queue).await, push(&queue).await);
    let held = queue.take(&BTreeSet::new()).await.unwrap();
    assert_eq!(held.job.id, running);
    queue.close();
    assert!(matches!(queue.take(&BTreeSet::new()).await, Err(QueueError::Closed)));
    drop(queue);

    let queue = open(&path);
    assert_eq!(done(&queue, finished).await, Some(report));
    let again = queue.push(job_of("x"), PushOptions { idempotency: known, ..PushOptions::default() }).await.unwrap();
    assert_eq!((again.id, again.duplicate), (finished, true));
    let redelivered = queue.take(&BTreeSet::new()).await.unwrap();
    assert_eq!((redelivered.job.id, redelivered.attempt), (running, 2));
    assert!(redelivered.lease.fence > held.lease.fence);
    assert_eq!(queue.take(&BTreeSet::new()).await.unwrap().job.id, waiting);
}

#[tokio::test]
async fn the_file_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let (_dir, path) = place();
    // As an earlier version, with a wide umask, would have left it.
    fs::write(&path, "").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
    let queue = open(&path);
    push(&queue).await;
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn what_is_kept_of_each_tenant_is_known_after_reopening() {
    let (_dir, path) = place();
    let rules = Rules { tenant_result_bytes: 25_000, ..Rules::default() };
    let config = EmbeddedConfig { rules, ..EmbeddedConfig::default() };
    let mut reported = Vec::new();
    for _ in 0..4 {
        // Each time by another process.
        let queue = EmbeddedQueue::open(&path, config.clone()).unwrap();
        let job = Job { tenant: Some("t".to_owned()), ..job_of("x") };
        reported.push(queue.push(job, PushOptions::default()).await.unwrap().id);
        let delivery = queue.take(&BTreeSet::new()).await.unwrap();
        let mut report = unjudged(&delivery.job, Verdict::Accepted, None);
        report.tests[0].stdout.content = vec![b'x'; 10_000].into();
        queue.finish(&delivery.lease, report).await.unwrap();
    }
    let queue = EmbeddedQueue::open(&path, config).unwrap();
    while done(&queue, reported[1]).await.is_some() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(done(&queue, reported[0]).await.is_none());
    assert!(done(&queue, reported[2]).await.is_some() && done(&queue, reported[3]).await.is_some());
}

#[tokio::test]
async fn a_second_queue_on_the_same_file_is_refused() {
    let (_dir, path) = place();
    let _queue = open(&path);
    let error = EmbeddedQueue::open(&path, EmbeddedConfig::default()).err().unwrap();
    assert!(matches!(&error, QueueError::InUse(at) if *at == path), "{error}");
    assert!(error.to_string().contains("in use by another process"));
    assert!(error.hint().is_some());
}

#[tokio::test]
async fn what_is_not_a_queue_is_refused_by_name() {
    let (dir, path) = place();
    let queue = open(&path);
    for _ in 0..50 {
        push(&queue).await;
    }
    drop(queue);
    let good = fs::read(&path).unwrap();
    let mut holes = good.clone();
    for at in (4096..holes.len()).step_by(512) {
        holes[at..(at + 64).min(good.len())].fill(0xa5);
    }
    let mut header = good.clone();
    header[9..320].fill(0xff);
    let damaged = [("text", b"not a queue at all".repeat(500)), ("cut", good[..5000].to_vec()), ("header", header)];
    for (name, bytes) in damaged.into_iter().chain([("holes", holes)]) {
        let path = dir.path().join(name);
        fs::write(&path, bytes).unwrap();
        let error = EmbeddedQueue::open(&path, EmbeddedConfig::default()).err().unwrap_or_else(|| panic!("{name}"));
        assert!(matches!(&error, QueueError::Damaged { path: at, .. } if *at == path), "{name}: {error}");
        assert!(error.to_string().contains(name) && error.hint().is_some());
    }
    let missing = EmbeddedQueue::open(dir.path().join("no/such/dir"), EmbeddedConfig::default()).err().unwrap();
    assert!(missing.to_string().contains("no/such/dir"), "{missing}");
}

#[tokio::test]
async fn bytes_are_bounded() {
    let (_dir, path) = place();
    let rules = Rules { result_ttl: Duration::from_secs(3600), ..Rules::default() };
    let config = EmbeddedConfig { rules, queue_bytes: 100_000, result_bytes: 4_000, memory_bytes: 30_000 };
    let queue = EmbeddedQueue::open(&path, config).unwrap();
    let mut ids = Vec::new();
    loop {
        match queue.push(job_of(&"y".repeat(10_000)), PushOptions::default()).await {
            Ok(pushed) => ids.push(pushed.id),
            Err(QueueError::Full { queued }) => break assert_eq!(queued, ids.len() as u64),
            Err(other) => panic!("{other}"),
        }
    }
    assert!((8..10).contains(&ids.len()), "{}", ids.len());
    // Most of them are not in memory.
    for id in &ids {
        let delivery = queue.take(&BTreeSet::new()).await.unwrap();
        assert_eq!((delivery.job.id, delivery.job.files[0].content.len()), (*id, 10_000));
        let mut report = unjudged(&delivery.job, Verdict::Accepted, None);
        report.sandbox = "z".repeat(1_000);
        queue.finish(&delivery.lease, report).await.unwrap();
    }
    while done(&queue, ids[0]).await.is_some() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(done(&queue, ids[ids.len() - 1]).await.is_some(), "the newest stay");
}

/// The role of a child process; without it, `child` does nothing.
const ROLE: &str = "OPTIMUS_QUEUE_TEST_ROLE";

fn child(role: &str, path: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "child_process", "--nocapture"]).env(ROLE, role).env("OPTIMUS_QUEUE_TEST_PATH", path);
    command.stdout(Stdio::piped()).stderr(Stdio::null());
    command
}

#[tokio::test(flavor = "multi_thread")]
async fn child_process() {
    let Ok(role) = std::env::var(ROLE) else { return };
    let path = std::env::var("OPTIMUS_QUEUE_TEST_PATH").unwrap();
    let queue = std::sync::Arc::new(open(Path::new(&path)));
    if role == "poison" {
        let delivery = queue.take(&BTreeSet::new()).await.unwrap();
        println!("began {} attempt {}", delivery.job.id, delivery.attempt);
        std::process::abort();
    }
    if role == "fill" {
        let refused = loop {
            match queue.push(job_of(&"x".repeat(200_000)), PushOptions::default()).await {
                Ok(pushed) => println!("accepted {}", pushed.id),
                Err(error) => break error,
            }
        };
        assert!(matches!(refused, QueueError::Store { .. }), "{refused}");
        assert!(queue.stats().await.is_err(), "a queue that cannot write says so");
        return;
    }
    let worker = queue.clone();
    tokio::spawn(async move {
        loop {
            println!("finished {}", run_one(&worker).await.id);
        }
    });
    let clients = (0..4).map(|_| async {
        loop {
            println!("accepted {}", push(&queue).await);
        }
    });
    futures::future::join_all(clients).await;
}

/// Kills a child at some moment; returns the ids that it said were accepted and finished.
fn killed_child(path: &Path, lines: usize) -> (Vec<JobId>, Vec<JobId>) {
    let mut child = child("push", path).spawn().unwrap();
    let (mut accepted, mut finished) = (Vec::new(), Vec::new());
    let out = BufReader::new(child.stdout.take().unwrap());
    for (n, line) in out.lines().map_while(Result::ok).enumerate() {
        match line.rsplit_once(' ').map(|(word, id)| (word.rsplit(' ').next().unwrap(), id)) {
            Some(("accepted", id)) => accepted.extend(id.parse::<JobId>()),
            Some(("finished", id)) => finished.extend(id.parse::<JobId>()),
            _ => {}
        }
        if n == lines {
            // SIGKILL; what it has said until it dies still counts.
            child.kill().unwrap();
        }
    }
    child.wait().unwrap();
    (accepted, finished)
}

#[tokio::test]
async fn an_accepted_job_survives_kill_9_and_is_reported_once() {
    let (_dir, path) = place();
    let (mut accepted, mut finished) = (Vec::new(), BTreeSet::new());
    for round in 0..6 {
        let (more, over) = killed_child(&path, 40 + 37 * round);
        accepted.extend(more);
        for id in over {
            assert!(finished.insert(id), "{id} was finished twice");
        }
    }
    assert!(accepted.len() > 100 && finished.len() > 20, "{} {}", accepted.len(), finished.len());
    let queue = open(&path);
    for id in &accepted {
        let status = queue.status(*id).await.unwrap().unwrap_or_else(|| panic!("{id} is lost"));
        let over = matches!(status, Status::Done { .. });
        assert!(over || !finished.contains(id), "the report of {id} is lost");
    }
    while queue.stats().await.unwrap().languages.iter().any(|row| row.queued > 0) {
        assert!(!finished.contains(&run_one(&queue).await.id), "finished twice");
    }
    for id in &accepted {
        assert!(done(&queue, *id).await.is_some(), "{id}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn reading_while_it_is_written_disturbs_neither() {
    let (_dir, path) = place();
    let queue = Arc::new(open(&path));
    let ids: Vec<JobId> = futures::future::join_all((0..50).map(|_| push(&queue))).await;
    let over = Arc::new(AtomicBool::new(false));
    let readers: Vec<_> = (0..8)
        .map(|_| {
            let (queue, ids, over) = (Arc::clone(&queue), ids.clone(), Arc::clone(&over));
            tokio::spawn(async move {
                while !over.load(Ordering::Relaxed) {
                    for id in &ids {
                        assert!(queue.status(*id).await.unwrap().is_some(), "{id}");
                    }
                }
            })
        })
        .collect();
    for _ in 0..300 {
        let pushed = push(&queue).await;
        let report = tokio::time::timeout(Duration::from_secs(60), run_one(&queue)).await.unwrap();
        assert!(done(&queue, report.id).await.is_some() && queue.status(pushed).await.unwrap().is_some());
    }
    over.store(true, Ordering::Relaxed);
    for reader in readers {
        reader.await.unwrap();
    }
}

#[tokio::test]
async fn a_full_disk_refuses_jobs_and_loses_none() {
    let (_dir, path) = place();
    // A limit on the size of files meets the queue just as a full disk does.
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' XFSZ; ulimit -f 16384; exec \"$@\"", "sh"]).arg(std::env::current_exe().unwrap());
    command.args(["--exact", "child_process", "--nocapture"]).env(ROLE, "fill").env("OPTIMUS_QUEUE_TEST_PATH", &path);
    let output = command.output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    let accepted = said.lines().filter_map(|line| line.split_once("accepted ")?.1.parse::<JobId>().ok());
    let accepted: Vec<JobId> = accepted.collect();
    assert!(accepted.len() > 10, "{said}");
    let queue = open(&path);
    for id in accepted {
        assert_eq!(run_one(&queue).await.id, id);
    }
}

#[tokio::test]
async fn a_job_that_ends_the_process_is_given_up() {
    let (_dir, path) = place();
    let queue = open(&path);
    let id = push(&queue).await;
    drop(queue);
    let mut runs = 0;
    let report = loop {
        let queue = open(&path);
        tokio::time::sleep(Duration::from_millis(100)).await;
        if let Some(report) = done(&queue, id).await {
            break report;
        }
        drop(queue);
        runs += 1;
        assert!(runs <= 4, "never given up");
        assert!(!child("poison", &path).status().unwrap().success());
    };
    assert_eq!(runs, 3);
    assert_eq!(report.verdict, Verdict::InternalError);
    assert_eq!(report.error.unwrap().code, "worker_lost");
}
