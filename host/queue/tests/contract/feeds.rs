//! Feeds: what happened to all of a tenant's, in one order, and what is no longer known of it.

use std::time::Duration;

use optimus_core::{Job, Verdict};
use optimus_queue::{EventId, FEED_EVENTS, FeedEvent, FeedPage, Rules};
use serde_json::{Value, json};

use crate::support::*;

fn of(tenant: &str) -> Job {
    Job { tenant: Some(tenant.to_owned()), ..job("toy") }
}

impl Bench {
    /// A tenant's feed, once all is written.
    async fn feed(&self, tenant: Option<&str>, after: Option<EventId>, limit: usize) -> FeedPage {
        self.queue.flush_feeds().await;
        self.queue.feed(tenant, after, limit).await.unwrap()
    }

    /// Types and jobs of a tenant's events, without those of other jobs.
    async fn told(&self, tenant: Option<&str>, job: &Job) -> Vec<(String, Value)> {
        let events = self.feed(tenant, None, 100).await.events.into_iter().map(|(_, event)| event);
        let own = events.filter(|event| event.data["job"] == json!(job.id));
        own.map(|event| (event.kind.into_owned(), event.data)).collect()
    }
}

fn kinds(told: &[(String, Value)]) -> Vec<&str> {
    told.iter().map(|(kind, _)| kind.as_str()).collect()
}

pub(crate) async fn a_feed_tells_of_each_job_of_its_tenant<F: Future<Output = Bench>>(make: impl Fn(Rules) -> F) {
    let bench = make(rules()).await;
    let (one, nobodys) = (of("a"), job("toy"));
    bench.push_job(one.clone()).await.unwrap();
    bench.run_one().await;
    bench.push_job(nobodys.clone()).await.unwrap();
    bench.run_one().await;
    let told = bench.told(Some("a"), &one).await;
    assert_eq!(kinds(&told), ["job.submitted", "job.started", "job.done"]);
    assert_eq!(told[1].1, json!({"job": one.id, "language": "toy", "attempt": 1}));
    assert_eq!(told[2].1, json!({"job": one.id, "language": "toy", "verdict": Verdict::Accepted}));
    assert_eq!(bench.told(Some("a"), &nobodys).await, []);
    assert_eq!(kinds(&bench.told(None, &nobodys).await), ["job.submitted", "job.started", "job.done"]);
    assert_eq!(bench.feed(Some("b"), None, 100).await, FeedPage::default());
}

pub(crate) async fn a_feed_tells_of_jobs_that_no_worker_finished<F: Future<Output = Bench>>(make: impl Fn(Rules) -> F) {
    let bench = make(Rules { max_attempts: 1, lease: Duration::from_millis(200), ..rules() }).await;
    let ends = async |job: &Job, verdict: Verdict| {
        let told = loop {
            let told = bench.told(Some("a"), job).await;
            if told.last().is_some_and(|(kind, _)| kind == "job.done") {
                break told;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        assert_eq!(told.last().unwrap().1["verdict"], json!(verdict));
        assert_eq!(kinds(&told).iter().filter(|kind| **kind == "job.done").count(), 1);
    };
    let cancelled = of("a");
    bench.push_job(cancelled.clone()).await.unwrap();
    bench.queue.cancel(cancelled.id).await.unwrap();
    ends(&cancelled, Verdict::Cancelled).await;
    let failed = of("a");
    bench.push_job(failed.clone()).await.unwrap();
    let delivery = bench.take().await;
    // A lease that has run out meanwhile ends the job as well.
    drop(bench.queue.release(&delivery.lease, fault(), true).await);
    ends(&failed, Verdict::InternalError).await;
    let silent = of("a");
    bench.push_job(silent.clone()).await.unwrap();
    bench.take().await;
    ends(&silent, Verdict::InternalError).await;
}

pub(crate) async fn a_feed_is_read_on_from_any_of_its_events<F: Future<Output = Bench>>(make: impl Fn(Rules) -> F) {
    let bench = make(rules()).await;
    let announce = |number: u64| bench.queue.announce(Some("a"), FeedEvent::new("x", json!(number)));
    (0..5).for_each(announce);
    let page = bench.feed(Some("a"), None, 3).await;
    let numbers = |page: &FeedPage| page.events.iter().map(|(_, event)| event.data.clone()).collect::<Vec<_>>();
    assert_eq!(numbers(&page), [0, 1, 2]);
    assert_eq!((page.first, page.last.unwrap().number), (Some(page.events[0].0), 5));
    let rest = bench.feed(Some("a"), Some(page.events[2].0), 100).await;
    assert_eq!(numbers(&rest), [3, 4]);
    let head = bench.feed(Some("a"), None, 0).await;
    assert_eq!((head.events.len(), head.last), (0, rest.last));
    announce(5);
    assert_eq!(numbers(&bench.feed(Some("a"), rest.last, 100).await), [5]);
    let EventId { epoch, number } = page.events[2].0;
    let (earlier, later) = (EventId { epoch: epoch - 1, number: 99 }, EventId { epoch: epoch + 1, number });
    assert_eq!(bench.feed(Some("a"), Some(earlier), 100).await.events.len(), 6, "what is before all is before all");
    assert_eq!(bench.feed(Some("a"), Some(later), 100).await.events.len(), 0);
}

pub(crate) async fn a_feed_forgets_its_oldest_events<F: Future<Output = Bench>>(make: impl Fn(Rules) -> F) {
    let bench = make(rules()).await;
    let more = 7;
    for number in 0..FEED_EVENTS + more {
        bench.queue.announce(Some("a"), FeedEvent::new("x", json!(number)));
        if number % 2_000 == 0 {
            bench.queue.flush_feeds().await;
        }
    }
    let mut page = bench.feed(Some("a"), None, 1).await;
    while page.last.is_none_or(|last| last.number < FEED_EVENTS + more) {
        page = bench.feed(Some("a"), None, 1).await;
    }
    let (first, last) = (page.first.unwrap(), page.last.unwrap());
    assert_eq!((first.number, last.number), (more + 1, FEED_EVENTS + more));
    assert_eq!(page.events[0].1.data, json!(more), "the oldest that is kept");
    assert_eq!(bench.feed(Some("a"), Some(last), 10).await.events, []);
}
