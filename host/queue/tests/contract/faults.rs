//! Faults that only Redis has: of an operator, of the network, of other users, and of a stream that KEDA counts.

use std::time::{Duration, Instant};

use optimus_queue::{PushOptions, Queue as _, QueueError, RedisConfig, RedisQueue, Rules, Status};

use crate::server::{Node, is_skipped};
use crate::support::*;

const DURABLE: [&str; 4] = ["--appendonly", "yes", "--appendfsync", "always"];

async fn open(url: &str) -> Result<Bench, QueueError> {
    let queue = RedisQueue::connect(url, RedisConfig { rules: rules(), ..RedisConfig::default() }).await?;
    Ok(Bench { queue: std::sync::Arc::new(queue), keep: Box::new(()) })
}

/// A server of its own, and a queue on it.
async fn fresh(args: &[&str]) -> Option<(Node, Bench)> {
    if is_skipped("redis faults") {
        return None;
    }
    let node = Node::start(args);
    let bench = open(&node.url()).await.unwrap();
    Some((node, bench))
}

fn number(node: &Node, words: &[&str]) -> i64 {
    redis::from_redis_value(node.command(words).unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_stream_is_as_long_as_the_outstanding_work() {
    let Some((node, bench)) = fresh(&[]).await else { return };
    let depth = || number(&node, &["XLEN", "optimus:{toy}:q"]);
    for _ in 0..3 {
        bench.push("toy").await;
    }
    assert_eq!(depth(), 3);
    let (first, second) = (bench.take().await, bench.take().await);
    assert_eq!(depth(), 3, "those that run count");
    bench.queue.release(&first.lease, fault(), true).await.unwrap();
    assert_eq!(depth(), 3, "those that rest count");
    bench.finish(&second).await.unwrap();
    assert_eq!(depth(), 2);
    let waiting = bench.push("toy").await;
    bench.queue.cancel(waiting).await.unwrap();
    within(async { (bench.run_one().await, bench.run_one().await) }).await;
    assert_eq!(depth(), 0, "nothing is left behind, also of a cancelled one");
    assert_eq!(number(&node, &["EXISTS", "optimus:{toy}:leases", "optimus:{toy}:rests", "optimus:{toy}:live"]), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_wakes_whoever_waits() {
    let Some((_node, bench)) = fresh(&[]).await else { return };
    let other = bench.queue.clone();
    bench.push("toy").await;
    bench.run_one().await;
    let start = Instant::now();
    for _ in 0..20 {
        let queue = other.clone();
        let taking = tokio::spawn(async move { queue.take(&["toy".to_owned()].into()).await.unwrap() });
        tokio::time::sleep(Duration::from_millis(20)).await;
        bench.push("toy").await;
        bench.finish(&within(taking).await.unwrap()).await.unwrap();
    }
    // Whoever only looked now and then would have needed half a second for each.
    assert!(start.elapsed() < Duration::from_secs(8), "{:?}", start.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_accepted_survives_a_redis_that_is_killed() {
    let Some((mut node, bench)) = fresh(&DURABLE).await else { return };
    let (done, running, waiting) = (bench.push("toy").await, bench.push("toy").await, bench.push("toy").await);
    bench.run_one().await;
    let held = bench.take().await;
    node.kill();
    let refused = within(bench.push_job(job("toy"))).await;
    assert!(matches!(refused, Err(QueueError::Redis { .. })), "{refused:?}");
    assert!(within(bench.queue.stats()).await.is_err());
    node.restart();
    assert!(matches!(bench.queue.status(done).await.unwrap(), Some(Status::Done { .. })));
    assert_eq!(bench.queue.status(running).await.unwrap(), Some(Status::Running));
    bench.finish(&held).await.unwrap();
    assert_eq!(within(bench.run_one()).await, waiting);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_comes_later_is_found() {
    if is_skipped("redis faults") {
        return;
    }
    let mut node = Node::start(&[]);
    node.kill();
    let bench = within(open(&node.url())).await.unwrap();
    comes_later(&bench, "redis", || node.restart()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_password_is_said_at_the_start_and_not_repeated() {
    if is_skipped("redis faults") {
        return;
    }
    let node = Node::start(&["--requirepass", "right"]);
    for (url, says) in [("redis://:wr0ng@127.0.0.1", "wr0ng"), ("redis://127.0.0.1", "NOPE")] {
        let Err(error) = open(&format!("{url}:{}", node.port)).await else { panic!("{url} was let in") };
        assert!(error.hint().unwrap().contains("OPTIMUS_REDIS_PASSWORD"), "{error}");
        assert!(!error.to_string().contains(says), "{error}");
    }
    let config = RedisConfig { password: Some("right".to_owned()), rules: Rules::default(), ..RedisConfig::default() };
    let queue = RedisQueue::connect(&node.url(), config).await.unwrap();
    queue.push(job("toy"), PushOptions::default()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_that_may_only_what_is_documented_is_enough() {
    let Some((node, _)) = fresh(&[]).await else { return };
    let docs = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/redis-user.acl");
    let rules = std::fs::read_to_string(docs).unwrap();
    let mut words: Vec<&str> =
        rules.lines().filter(|line| !line.starts_with('#')).flat_map(str::split_whitespace).collect();
    words.splice(0..1, ["ACL", "SETUSER"]);
    node.command(&words).unwrap();
    let bench = open(&format!("redis://optimus:secret@127.0.0.1:{}", node.port)).await.unwrap();
    let id = bench.push("toy").await;
    let events = bench.queue.subscribe(id).await.unwrap().unwrap();
    let delivery = within(bench.take()).await;
    bench.queue.heartbeat(&delivery.lease).await.unwrap();
    bench.finish(&delivery).await.unwrap();
    assert_eq!(within(futures::StreamExt::count(events)).await, 3, "queued, started, done");
    let queue = bench.queue.clone();
    let taking = tokio::spawn(async move { queue.take(&["toy".to_owned()].into()).await.unwrap() });
    let other = bench.push("toy").await;
    assert_eq!(within(taking).await.unwrap().job.id, other);
    assert_eq!(bench.queue.list(&Default::default(), None, 10).await.unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_of_another_type_is_named_as_such() {
    let Some((node, bench)) = fresh(&[]).await else { return };
    node.command(&["SET", "optimus:{toy}:q", "mine"]).unwrap();
    let error = bench.push_job(job("toy")).await.unwrap_err();
    assert!(error.hint().unwrap().contains("another program uses the same keys"), "{error}");
    let id = bench.push("other").await;
    assert_eq!(within(bench.take()).await.job.id, id, "other languages have keys of their own");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forgotten_scripts_and_data_are_no_trouble() {
    let Some((node, bench)) = fresh(&[]).await else { return };
    bench.push("toy").await;
    node.command(&["SCRIPT", "FLUSH"]).unwrap();
    bench.run_one().await;
    let queue = bench.queue.clone();
    let taking = tokio::spawn(async move { queue.take(&["toy".to_owned()].into()).await.unwrap().job.id });
    tokio::time::sleep(Duration::from_millis(50)).await;
    // The consumer group goes with it, under a reader that waits there.
    node.command(&["FLUSHALL"]).unwrap();
    let id = bench.push("toy").await;
    assert_eq!(within(taking).await.unwrap(), id);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_master_is_found_through_a_sentinel() {
    let Some((master, _)) = fresh(&[]).await else { return };
    let sentinel = Node::start_sentinel(master.port);
    let bench = open(&format!("redis+sentinel://127.0.0.1:{}/main", sentinel.port)).await.unwrap();
    let id = bench.push("toy").await;
    let events = bench.queue.subscribe(id).await.unwrap().unwrap();
    assert_eq!(within(bench.run_one()).await, id);
    assert_eq!(within(futures::StreamExt::count(events)).await, 3);
    assert_eq!(number(&master, &["XLEN", "optimus:{toy}:q"]), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_dead_are_kept_with_the_reason() {
    let Some((node, bench)) = fresh(&[]).await else { return };
    let id = bench.push("toy").await;
    for _ in 0..Rules::default().max_attempts {
        let delivery = within(bench.take()).await;
        bench.queue.release(&delivery.lease, fault(), true).await.unwrap();
    }
    let why = node.command(&["HGET", &format!("optimus:{{toy}}:job:{id}"), "why"]).unwrap();
    assert_eq!(redis::from_redis_value::<String>(why).unwrap(), "sandbox_failed: the box broke");
    assert_eq!(number(&node, &["ZCARD", "optimus:{toy}:dead"]), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_has_had_its_time_leaves_nothing_behind() {
    if is_skipped("redis faults") {
        return;
    }
    let node = Node::start(&[]);
    let rules = Rules { result_ttl: Duration::from_millis(20), ..rules() };
    let queue = RedisQueue::connect(&node.url(), RedisConfig { rules, ..RedisConfig::default() }).await.unwrap();
    let bench = Bench { queue: std::sync::Arc::new(queue), keep: Box::new(()) };
    for _ in 0..30 {
        bench.push_job(optimus_core::Job { tenant: Some("t".to_owned()), ..job("toy") }).await.unwrap();
        bench.run_one().await;
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    for set in ["optimus:{toy}:done", "optimus:{toy}:done:t"] {
        assert!(number(&node, &["ZCARD", set]) < 10, "{set}");
    }
}
