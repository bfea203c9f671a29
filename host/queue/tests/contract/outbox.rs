//! Webhooks: entered with the report, handed out one at a time, and kept until somebody says that they are over.

use std::time::Duration;

use optimus_core::{JobId, Verdict, Webhook};
use optimus_queue::{DeliveryOutcome, PushOptions, Rules, WebhookDelivery};

use crate::support::*;

const LONG: Duration = Duration::from_secs(60);

fn webhook() -> Webhook {
    Webhook { url: "https://example.org/done".to_owned(), secret: Some("whsec_x".to_owned()) }
}

impl Bench {
    async fn push_hooked(&self) -> JobId {
        let tenant = optimus_core::Job { tenant: Some("t".to_owned()), ..job("toy") };
        let options = PushOptions { webhook: Some(webhook()), ..PushOptions::default() };
        self.queue.push(tenant, options).await.unwrap().id
    }

    async fn collect(&self, lease: Duration) -> Vec<WebhookDelivery> {
        self.queue.collect(lease, 10).await.unwrap()
    }

    async fn collect_one(&self, lease: Duration) -> WebhookDelivery {
        loop {
            match <[WebhookDelivery; 1]>::try_from(self.collect(lease).await) {
                Ok([delivery]) => return delivery,
                Err(none) => assert!(none.is_empty(), "{none:?}"),
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

pub(crate) async fn a_webhook_is_due_when_its_job_is_over<F: Future<Output = Bench>>(make: impl Fn(Rules) -> F) {
    let bench = make(rules()).await;
    let id = bench.push_hooked().await;
    assert!(bench.collect(LONG).await.is_empty());
    bench.push("toy").await;
    bench.run_one().await;
    bench.run_one().await;
    let delivery = bench.collect_one(LONG).await;
    assert_eq!(
        (delivery.id, delivery.tenant.as_deref(), &delivery.webhook, delivery.tries),
        (id, Some("t"), &webhook(), 0)
    );
    assert_eq!(*delivery.report.clone().unwrap(), bench.report(id).await);
    assert!(bench.collect(LONG).await.is_empty(), "it is given to one");
    bench.queue.settle(&delivery, DeliveryOutcome::Done).await.unwrap();
    assert!(bench.collect(Duration::ZERO).await.is_empty());
}

pub(crate) async fn jobs_that_nobody_judged_are_told_of_too<F: Future<Output = Bench>>(make: impl Fn(Rules) -> F) {
    let bench = make(Rules { max_attempts: 1, ..rules() }).await;
    let given_up = bench.push_hooked().await;
    let delivery = bench.take().await;
    bench.queue.release(&delivery.lease, fault(), true).await.unwrap();
    let delivery = bench.collect_one(LONG).await;
    assert_eq!((delivery.id, delivery.report.unwrap().verdict), (given_up, Verdict::InternalError));
    let cancelled = bench.push_hooked().await;
    bench.queue.cancel(cancelled).await.unwrap();
    let delivery = bench.collect_one(LONG).await;
    assert_eq!((delivery.id, delivery.report.unwrap().verdict), (cancelled, Verdict::Cancelled));
}

pub(crate) async fn a_delivery_that_nobody_settles_is_given_again<F: Future<Output = Bench>>(
    make: impl Fn(Rules) -> F,
) {
    let bench = make(rules()).await;
    bench.push_hooked().await;
    bench.run_one().await;
    let first = bench.collect_one(Duration::from_millis(50)).await;
    let second = bench.collect_one(LONG).await;
    assert_eq!((second.id, second.tries), (first.id, 0));
    assert!(second.claim > first.claim);
    bench.queue.settle(&first, DeliveryOutcome::Done).await.unwrap();
    bench.queue.settle(&first, DeliveryOutcome::Retry { after: Duration::ZERO, tries: 7 }).await.unwrap();
    assert!(bench.collect(LONG).await.is_empty(), "the first has no say any more");
    bench.queue.settle(&second, DeliveryOutcome::Retry { after: Duration::ZERO, tries: 1 }).await.unwrap();
    assert_eq!(bench.collect_one(LONG).await.tries, 1);
}

pub(crate) async fn a_failed_delivery_comes_back_in_its_time<F: Future<Output = Bench>>(make: impl Fn(Rules) -> F) {
    let bench = make(Rules { result_ttl: Duration::from_millis(200), ..rules() }).await;
    bench.push_hooked().await;
    bench.run_one().await;
    let delivery = bench.collect_one(LONG).await;
    let before = std::time::Instant::now();
    bench
        .queue
        .settle(&delivery, DeliveryOutcome::Retry { after: Duration::from_millis(400), tries: 3 })
        .await
        .unwrap();
    let again = bench.collect_one(LONG).await;
    assert!(before.elapsed() >= Duration::from_millis(390), "{:?}", before.elapsed());
    assert_eq!(
        (again.id, again.tries, &again.webhook),
        (delivery.id, 3, &webhook()),
        "also when the report has had its time"
    );
}
