//! Jobs that were given up: listed with the reason, brought back, let go.

use optimus_core::{Event, Job, JobId, Verdict, Webhook};
use optimus_queue::{DeliveryOutcome, Filter, PushOptions, Rules, Status};

use crate::support::*;

fn once() -> Rules {
    Rules { max_attempts: 1, ..rules() }
}

impl Bench {
    /// A job that was given up.
    async fn dead_one(&self, language: &str, tenant: Option<&str>, webhook: Option<Webhook>) -> JobId {
        let job = Job { tenant: tenant.map(str::to_owned), ..job(language) };
        let options = PushOptions { webhook, ..PushOptions::default() };
        let id = self.queue.push(job, options).await.unwrap().id;
        let delivery = self.take().await;
        assert_eq!(delivery.job.id, id);
        self.queue.release(&delivery.lease, fault(), true).await.unwrap();
        assert_eq!(self.end(id).await.verdict, Verdict::InternalError);
        id
    }

    async fn dead_ids(&self, filter: &Filter, before: Option<JobId>, limit: usize) -> Vec<JobId> {
        self.queue.dead(filter, before, limit).await.unwrap().into_iter().map(|row| row.id).collect()
    }
}

pub(crate) async fn the_dead_are_listed_with_the_reason<F: Future<Output = Bench>>(make: impl Fn(Rules) -> F) {
    let bench = make(once()).await;
    let all = Filter::default();
    assert!(bench.dead_ids(&all, None, 10).await.is_empty());
    let (a, b, c) = (
        bench.dead_one("a", Some("t"), None).await,
        bench.dead_one("b", None, None).await,
        bench.dead_one("a", None, None).await,
    );
    bench.push("a").await;
    bench.run_one().await;
    assert_eq!(bench.dead_ids(&all, None, 10).await, [c, b, a]);
    assert_eq!(bench.dead_ids(&all, None, 2).await, [c, b]);
    assert_eq!(bench.dead_ids(&all, Some(b), 2).await, [a]);
    assert_eq!(bench.dead_ids(&Filter { language: Some("a".to_owned()), ..all.clone() }, None, 10).await, [c, a]);
    let of_t = Filter { tenant: Some("t".to_owned()), ..all };
    let row = &bench.queue.dead(&of_t, None, 10).await.unwrap()[0];
    assert_eq!((row.id, row.language.as_str(), row.tenant.as_deref(), row.attempts), (a, "a", Some("t"), 1));
    assert_eq!(row.reason, "sandbox_failed: the box broke");
    assert!(row.at_ms > 0);
    assert_eq!(bench.queue.stats().await.unwrap().dead, 3);
}

pub(crate) async fn a_dead_job_can_be_brought_back<F: Future<Output = Bench>>(make: impl Fn(Rules) -> F) {
    let bench = make(once()).await;
    let webhook = Webhook { url: "https://example.org".to_owned(), secret: None };
    let id = bench.dead_one("toy", Some("t"), Some(webhook)).await;
    assert!(bench.queue.requeue(id).await.unwrap());
    assert!(!bench.queue.requeue(id).await.unwrap(), "it is not dead any more");
    assert!(!bench.queue.discard(id).await.unwrap());
    assert!(!bench.queue.requeue(JobId::new()).await.unwrap());
    assert_eq!(bench.queue.status(id).await.unwrap(), Some(Status::Queued));
    assert_eq!(bench.queue.owner(id).await.unwrap(), Some(Some("t".to_owned())));
    let stats = bench.queue.stats().await.unwrap();
    assert_eq!((stats.dead, stats.languages[0].queued), (0, 1));
    let rows = bench.queue.list(&Filter::default(), None, 10).await.unwrap();
    assert_eq!((rows.len(), rows[0].state.as_str()), (1, "queued"));
    assert!(bench.queue.collect(std::time::Duration::ZERO, 10).await.unwrap().is_empty(), "that end was none");
    let mut events = bench.queue.subscribe(id).await.unwrap().unwrap();
    let delivery = bench.take().await;
    assert_eq!((delivery.job.id, delivery.attempt, delivery.job.tenant.as_deref()), (id, 1, Some("t")));
    bench.finish(&delivery).await.unwrap();
    assert_eq!(bench.report(id).await.verdict, Verdict::Accepted);
    while let Some(event) = futures::StreamExt::next(&mut events).await {
        if let Event::Done { report } = event {
            assert_eq!(report.verdict, Verdict::Accepted);
        }
    }
    let deliveries = bench.queue.collect(std::time::Duration::ZERO, 10).await.unwrap();
    assert_eq!((deliveries.len(), deliveries[0].generation), (1, 1), "another end, another event");
    bench.queue.settle(&deliveries[0], DeliveryOutcome::Done).await.unwrap();
    assert!(bench.dead_ids(&Filter::default(), None, 10).await.is_empty());
    assert!(bench.is_idle().await);
}

pub(crate) async fn a_job_can_die_again_and_for_good<F: Future<Output = Bench>>(make: impl Fn(Rules) -> F) {
    let bench = make(once()).await;
    let id = bench.dead_one("toy", None, None).await;
    assert!(bench.queue.requeue(id).await.unwrap());
    let delivery = bench.take().await;
    bench.queue.release(&delivery.lease, fault(), true).await.unwrap();
    assert_eq!(bench.dead_ids(&Filter::default(), None, 10).await, [id]);
    assert!(bench.queue.discard(id).await.unwrap());
    assert!(!bench.queue.discard(id).await.unwrap());
    assert!(!bench.queue.requeue(id).await.unwrap());
    assert_eq!(bench.report(id).await.verdict, Verdict::InternalError, "the report stays");
    assert_eq!(bench.queue.stats().await.unwrap().dead, 0);
    assert!(bench.is_idle().await);
}
