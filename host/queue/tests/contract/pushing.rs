//! Jobs come out as they went in: in order, within bounds, once.

use std::collections::BTreeSet;
use std::num::NonZeroU32;
use std::time::Duration;

use optimus_core::{Content, Job, TraceContext, Verdict};
use optimus_queue::{Cancelled, Priority, PushOptions, QueueError, Rules, Status};

use crate::support::*;

pub(crate) async fn a_job_comes_out_as_it_went_in<F: Future<Output = Bench>>(make: impl Fn(Rules) -> F) {
    let bench = make(rules()).await;
    let mut sent = job("toy");
    sent.files[0].content = Content::from(vec![0xff, 0, b'\r', b'\n']);
    sent.tenant = Some("t".to_owned());
    assert_eq!(bench.queue.status(sent.id).await.unwrap(), None);
    assert_eq!(bench.push_job(sent.clone()).await.unwrap(), sent.id);
    assert_eq!(bench.queue.status(sent.id).await.unwrap(), Some(Status::Queued));
    let delivery = bench.take().await;
    assert_eq!(delivery.job, sent);
    assert_eq!((delivery.attempt, delivery.lease.id), (1, sent.id));
    assert_eq!(bench.queue.status(sent.id).await.unwrap(), Some(Status::Running));
    bench.finish(&delivery).await.unwrap();
    assert_eq!(bench.report(sent.id).await, report(&sent));
    assert!(matches!(bench.finish(&delivery).await, Err(QueueError::Superseded(_))), "only once");
    assert!(bench.is_idle().await);
}

pub(crate) async fn a_trace_goes_along_into_each_attempt<F: Future<Output = Bench>>(make: impl Fn(Rules) -> F) {
    let bench = make(rules()).await;
    let trace = TraceContext::new("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", Some("a=1"));
    let sent = Job { trace: trace.clone(), ..job("toy") };
    bench.push_job(sent).await.unwrap();
    for attempt in 1..=2 {
        let delivery = bench.take().await;
        assert!(trace.is_some() && delivery.job.trace == trace, "{attempt}: {:?}", delivery.job.trace);
        bench.queue.release(&delivery.lease, fault(), false).await.unwrap();
    }
}

pub(crate) async fn take_waits_for_a_job_of_its_languages<F: Future<Output = Bench>>(make: impl Fn(Rules) -> F) {
    let bench = make(rules()).await;
    let wanted = BTreeSet::from(["b".to_owned(), "c".to_owned()]);
    let other = bench.push("a").await;
    let queue = bench.queue.clone();
    let taking = tokio::spawn(async move { queue.take(&wanted).await.unwrap().job.id });
    tokio::time::sleep(Duration::from_millis(30)).await;
    assert!(!taking.is_finished());
    let id = bench.push("c").await;
    assert_eq!(taking.await.unwrap(), id);
    assert_eq!(bench.run_one().await, other);
}

pub(crate) async fn high_priority_first_then_the_oldest<F: Future<Output = Bench>>(make: impl Fn(Rules) -> F) {
    let bench = make(rules()).await;
    let mut ids = Vec::new();
    for priority in [Priority::Low, Priority::Normal, Priority::High, Priority::Normal, Priority::High] {
        let options = PushOptions { priority, ..PushOptions::default() };
        ids.push(bench.queue.push(job("toy"), options).await.unwrap().id);
    }
    for expected in [2, 4, 1, 3, 0] {
        assert_eq!(bench.run_one().await, ids[expected]);
    }
}

pub(crate) async fn no_priority_waits_for_ever<F: Future<Output = Bench>>(make: impl Fn(Rules) -> F) {
    let bench = make(rules()).await;
    let push = async |priority| {
        let options = PushOptions { priority, ..PushOptions::default() };
        bench.queue.push(job("toy"), options).await.unwrap().id
    };
    let (low, normal) = (push(Priority::Low).await, push(Priority::Normal).await);
    let mut order = Vec::new();
    push(Priority::High).await;
    for _ in 0..30 {
        // There is always one of high priority that waits.
        push(Priority::High).await;
        order.push(bench.run_one().await);
    }
    assert!(order.contains(&low) && order.contains(&normal), "a stream of high ones does not starve the others");
    let first = order.iter().position(|id| *id == low || *id == normal).unwrap();
    assert!(first >= 5, "but they go first: {first}");
}

pub(crate) async fn tenants_take_turns<F: Future<Output = Bench>>(make: impl Fn(Rules) -> F) {
    let bench = make(rules()).await;
    let of = |tenant: &str| optimus_core::Job { tenant: Some(tenant.to_owned()), ..job("toy") };
    let mut flood = Vec::new();
    for _ in 0..40 {
        flood.push(bench.push_job(of("a")).await.unwrap());
    }
    for id in &flood[..5] {
        assert_eq!(bench.run_one().await, *id);
    }
    let mut few = Vec::new();
    for _ in 0..5 {
        few.push(bench.push_job(of("b")).await.unwrap());
    }
    let mut order = Vec::new();
    for _ in 0..12 {
        order.push(bench.run_one().await);
    }
    let theirs: Vec<_> = order.iter().filter(|id| few.contains(id)).copied().collect();
    assert_eq!(theirs, few, "whoever sent few does not wait for whoever sent many, and keeps the order");
    let others: Vec<_> = order.iter().filter(|id| !few.contains(id)).copied().collect();
    assert_eq!(others, flood[5..12], "who sent many goes on in between");
}

/// A flood in one language holds up nobody in another.
pub(crate) async fn tenants_take_turns_across_languages<F: Future<Output = Bench>>(make: impl Fn(Rules) -> F) {
    let bench = make(rules()).await;
    let of = |tenant: &str, language: &str| optimus_core::Job { tenant: Some(tenant.to_owned()), ..job(language) };
    for _ in 0..40 {
        bench.push_job(of("a", "toy")).await.unwrap();
    }
    let mut few = BTreeSet::new();
    for _ in 0..3 {
        few.insert(bench.push_job(of("b", "other")).await.unwrap());
    }
    for _ in 0..10 {
        few.remove(&bench.run_one().await);
    }
    assert!(few.is_empty(), "{} of 3 still wait for the flood", few.len());
}

fn one_slot() -> Rules {
    Rules { tenant_slots: NonZeroU32::new(1), ..rules() }
}

fn of(tenant: &str) -> optimus_core::Job {
    optimus_core::Job { tenant: Some(tenant.to_owned()), ..job("toy") }
}

pub(crate) async fn a_tenant_holds_no_more_than_its_slots<F: Future<Output = Bench>>(make: impl Fn(Rules) -> F) {
    let bench = make(one_slot()).await;
    let mut flood = Vec::new();
    for _ in 0..4 {
        flood.push(bench.push_job(of("a")).await.unwrap());
    }
    let first = bench.take().await;
    assert_eq!(first.job.id, flood[0]);
    assert!(bench.is_idle().await, "it has all that it may have");
    let other = bench.push_job(of("b")).await.unwrap();
    assert_eq!(bench.take().await.job.id, other, "another tenant does not wait for it");
    let nobodys = [bench.push("toy").await, bench.push("toy").await];
    assert_eq!([bench.take().await.job.id, bench.take().await.job.id], nobodys, "no tenant, no bound");
    assert_eq!(bench.queue.cancel(flood[1]).await.unwrap(), Cancelled::AtOnce, "held jobs are as any that wait");
    assert_eq!(bench.end(flood[1]).await.verdict, Verdict::Cancelled);
    // Given back, it has its old place again.
    bench.queue.release(&first.lease, fault(), false).await.unwrap();
    let again = bench.take().await;
    assert_eq!(again.job.id, flood[0]);
    bench.finish(&again).await.unwrap();
    assert_eq!([bench.run_one().await, bench.run_one().await], flood[2..]);
    assert!(bench.is_idle().await);
}

/// Somebody waits for a job while the only ones that there are are held; and a worker falls silent.
pub(crate) async fn what_is_held_begins_when_another_ends<F: Future<Output = Bench>>(make: impl Fn(Rules) -> F) {
    let bench = make(Rules { lease: Duration::from_millis(400), ..one_slot() }).await;
    let ids = [bench.push_job(of("a")).await.unwrap(), bench.push_job(of("a")).await.unwrap()];
    let first = bench.take().await;
    let (second, ()) = within(async {
        tokio::join!(bench.take(), async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            bench.finish(&first).await.unwrap();
        })
    })
    .await;
    assert_eq!((first.job.id, second.job.id), (ids[0], ids[1]));
    // Its worker says no more, so that it is not running either.
    let again = within(bench.take()).await;
    assert_eq!((again.job.id, again.attempt), (ids[1], 2));
    bench.finish(&again).await.unwrap();
    let third = bench.push_job(of("a")).await.unwrap();
    assert_eq!(within(bench.run_one()).await, third, "nothing counts twice");
}

pub(crate) async fn beyond_the_cap_jobs_are_refused<F: Future<Output = Bench>>(make: impl Fn(Rules) -> F) {
    let bench = make(Rules { cap: 2, ..rules() }).await;
    bench.push("toy").await;
    bench.push("toy").await;
    assert!(matches!(bench.push_job(job("toy")).await, Err(QueueError::Full { queued: 2 })));
    bench.run_one().await;
    bench.push("toy").await;
}

pub(crate) async fn beyond_its_cap_a_tenant_is_refused<F: Future<Output = Bench>>(make: impl Fn(Rules) -> F) {
    let bench = make(Rules { tenant_cap: 1, ..rules() }).await;
    let of = |tenant: &str| optimus_core::Job { tenant: Some(tenant.to_owned()), ..job("toy") };
    bench.push_job(of("a")).await.unwrap();
    let refused = bench.push_job(of("a")).await;
    assert!(matches!(refused, Err(QueueError::TenantFull { tenant, queued: 1 }) if tenant == "a"));
    bench.push_job(of("b")).await.unwrap();
    bench.push("toy").await;
    bench.run_one().await;
    bench.push_job(of("a")).await.unwrap();
}

pub(crate) async fn the_same_key_is_the_same_job<F: Future<Output = Bench>>(make: impl Fn(Rules) -> F) {
    let bench = make(rules()).await;
    let first = bench.queue.push(job("toy"), keyed("k", 1)).await.unwrap();
    assert!(!first.duplicate);
    let again = bench.queue.push(job("toy"), keyed("k", 1)).await.unwrap();
    assert_eq!((again.id, again.duplicate), (first.id, true));
    let other = bench.queue.push(job("toy"), keyed("k", 2)).await;
    assert!(matches!(other, Err(QueueError::KeyReused(key)) if key == "k"));
    let tenant = optimus_core::Job { tenant: Some("t".to_owned()), ..job("toy") };
    assert!(!bench.queue.push(tenant, keyed("k", 2)).await.unwrap().duplicate, "keys are a tenant's own");
    assert_eq!(bench.run_one().await, first.id);
    let late = bench.queue.push(job("toy"), keyed("k", 1)).await.unwrap();
    assert_eq!((late.id, late.duplicate), (first.id, true), "also when the job is over");
    bench.run_one().await;
    assert!(bench.is_idle().await);
}

pub(crate) async fn the_same_key_at_the_same_time_is_one_job<F: Future<Output = Bench>>(make: impl Fn(Rules) -> F) {
    let bench = make(rules()).await;
    let pushes = (0..20).map(|_| bench.queue.push(job("toy"), keyed("k", 1)));
    let pushed: Vec<_> = futures::future::join_all(pushes).await.into_iter().map(Result::unwrap).collect();
    assert!(pushed.iter().all(|p| p.id == pushed[0].id));
    assert_eq!(pushed.iter().filter(|p| !p.duplicate).count(), 1);
    bench.run_one().await;
    assert!(bench.is_idle().await);
}

pub(crate) async fn results_and_keys_are_forgotten_in_time<F: Future<Output = Bench>>(make: impl Fn(Rules) -> F) {
    let bench = make(Rules { result_ttl: Duration::from_millis(50), ..rules() }).await;
    let id = bench.queue.push(job("toy"), keyed("k", 1)).await.unwrap().id;
    bench.run_one().await;
    while bench.queue.status(id).await.unwrap().is_some() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    while bench.queue.push(job("toy"), keyed("k", 2)).await.is_err() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_ne!(bench.run_one().await, id);
}

pub(crate) async fn beyond_its_quota_a_key_is_refused<F: Future<Output = Bench>>(make: impl Fn(Rules) -> F) {
    let bench = make(Rules { max_attempts: 1, ..rules() }).await;
    let with = |key: &str| {
        let quota = Some(optimus_queue::Quota { key: key.to_owned(), most: 2 });
        bench.queue.push(job("toy"), PushOptions { quota, ..PushOptions::default() })
    };
    with("k").await.unwrap();
    with("k").await.unwrap();
    let refused = with("k").await;
    assert!(matches!(&refused, Err(QueueError::QuotaFull { key, queued: 2 }) if key == "k"), "{refused:?}");
    with("other").await.unwrap();
    bench.push("toy").await;
    let delivery = bench.take().await;
    assert!(with("k").await.is_err(), "what runs counts");
    bench.queue.release(&delivery.lease, fault(), true).await.unwrap();
    bench.end(delivery.job.id).await;
    with("k").await.unwrap();
    bench.queue.requeue(delivery.job.id).await.unwrap();
    assert!(with("k").await.is_err(), "what was brought back counts");
}
