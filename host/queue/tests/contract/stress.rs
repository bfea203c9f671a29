//! Many clients, many workers, trouble of every kind: nothing is lost, nothing is reported twice.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use optimus_core::{JobId, Verdict};
use optimus_queue::{Backend, Cancelled, Delivery, Priority, PushOptions, Rules};

use crate::support::*;

const CLIENTS: u64 = 8;
const JOBS: u64 = 60;

pub(crate) async fn every_job_is_reported_once<F: Future<Output = Bench>>(make: impl Fn(Rules) -> F) {
    let lease = Duration::from_millis(500);
    let bench = make(Rules { lease, max_attempts: 20, backoff: Duration::from_millis(1), ..rules() }).await;
    // How many finishes of a job were accepted.
    let finished: Arc<Mutex<HashMap<JobId, u32>>> = Arc::default();
    let workers: Vec<_> = (0..6).map(|n| tokio::spawn(work(bench.queue.clone(), finished.clone(), n))).collect();
    let clients: Vec<_> = (0..CLIENTS).map(|n| tokio::spawn(submit(bench.queue.clone(), n))).collect();
    let mut cancelled = BTreeSet::new();
    let mut ids = Vec::new();
    for client in clients {
        let (pushed, at_once) = client.await.unwrap();
        ids.extend(pushed);
        cancelled.extend(at_once);
    }
    let mut judged = HashMap::new();
    for id in &ids {
        // A job that was running when it was cancelled ends either way.
        let verdict = bench.end(*id).await.verdict;
        assert!(verdict == Verdict::Cancelled || (verdict == Verdict::Accepted && !cancelled.contains(id)), "{id}");
        judged.insert(*id, verdict == Verdict::Accepted);
    }
    workers.iter().for_each(tokio::task::JoinHandle::abort);
    assert!(bench.queue.stats().await.unwrap().languages.is_empty());
    let finished = finished.lock().unwrap();
    for id in &ids {
        assert_eq!(finished.get(id).copied().unwrap_or(0), u32::from(judged[id]), "{id}");
    }
    assert_eq!(ids.len() as u64, CLIENTS * JOBS);
}

async fn submit(queue: Arc<dyn Backend>, client: u64) -> (Vec<JobId>, Vec<JobId>) {
    let (mut pushed, mut cancelled) = (Vec::new(), Vec::new());
    for n in 0..JOBS {
        let priority = [Priority::Low, Priority::Normal, Priority::High][(n % 3) as usize];
        let options = PushOptions { priority, may_delay_commit: n % 4 == 0, ..PushOptions::default() };
        let id = queue.push(job(["a", "b"][((client + n) % 2) as usize]), options).await.unwrap().id;
        pushed.push(id);
        if n % 10 == 3 && queue.cancel(id).await.unwrap() == Cancelled::AtOnce {
            cancelled.push(id);
        }
    }
    (pushed, cancelled)
}

async fn work(queue: Arc<dyn Backend>, finished: Arc<Mutex<HashMap<JobId, u32>>>, worker: u64) {
    let languages = [BTreeSet::new(), BTreeSet::from(["a".to_owned()]), BTreeSet::from(["b".to_owned()])];
    let mut taken = worker;
    loop {
        let languages = &languages[(worker % 3) as usize];
        // Now and then a worker stops waiting; sometimes just as it gets a job.
        let patience = Duration::from_micros(200 + 300 * (taken % 5));
        let Ok(delivery) = tokio::time::timeout(patience, queue.take(languages)).await else { continue };
        taken += 1;
        treat(&*queue, &finished, delivery.unwrap(), taken).await;
    }
}

async fn treat(queue: &dyn Backend, finished: &Mutex<HashMap<JobId, u32>>, delivery: Delivery, turn: u64) {
    match turn % 11 {
        // It dies.
        0 => {}
        1 => queue.release(&delivery.lease, fault(), true).await.unwrap(),
        2 => queue.release(&delivery.lease, fault(), false).await.unwrap(),
        _ => {
            // A cancel that came too late for `AtOnce` is ignored by this worker, which is allowed.
            if queue.finish(&delivery.lease, report(&delivery.job)).await.is_ok() {
                *finished.lock().unwrap().entry(delivery.job.id).or_default() += 1;
            }
        }
    }
}
