//! Stored bytes of each tenant are bounded.

use optimus_core::{Content, Job, JobId};
use optimus_queue::{QueueError, Rules};

use crate::support::*;

/// A job of about so many bytes.
fn sized(tenant: &str, bytes: usize) -> Job {
    let mut job = Job { tenant: Some(tenant.to_owned()), ..job("toy") };
    job.files[0].content = Content::from(vec![b'x'; bytes]);
    job
}

impl Bench {
    /// Judges the job that is next, with a report of about so many bytes.
    async fn report_of(&self, bytes: usize) -> JobId {
        let delivery = self.take().await;
        let mut report = report(&delivery.job);
        report.tests[0].stdout.content = Content::from(vec![b'x'; bytes]);
        self.queue.finish(&delivery.lease, report).await.unwrap();
        delivery.job.id
    }

    async fn is_kept(&self, id: JobId) -> bool {
        self.queue.status(id).await.unwrap().is_some()
    }

    /// Waits until one is forgotten.
    async fn is_forgotten(&self, id: JobId) {
        while self.is_kept(id).await {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }
}

pub(crate) async fn a_tenants_jobs_hold_only_so_many_bytes<F: Future<Output = Bench>>(make: impl Fn(Rules) -> F) {
    let bench = make(Rules { tenant_queue_bytes: 50_000, ..rules() }).await;
    bench.push_job(sized("a", 30_000)).await.unwrap();
    let refused = bench.push_job(sized("a", 30_000)).await;
    let cap = 50_000;
    assert!(
        matches!(&refused, Err(QueueError::TenantBytes { tenant, bytes: 30_000..31_000, cap: 50_000 }) if tenant == "a"),
        "{refused:?}"
    );
    assert!(refused.unwrap_err().to_string().contains(&cap.to_string()));
    bench.push_job(sized("a", 10_000)).await.unwrap();
    bench.push_job(sized("b", 30_000)).await.unwrap();
    for _ in 0..3 {
        bench.report_of(10).await;
    }
    bench.push_job(sized("a", 30_000)).await.unwrap();
}

pub(crate) async fn a_tenants_oldest_reports_are_forgotten_early<F: Future<Output = Bench>>(make: impl Fn(Rules) -> F) {
    let bench = make(Rules { tenant_result_bytes: 25_000, ..rules() }).await;
    let mut of_a = Vec::new();
    bench.push_job(sized("b", 1)).await.unwrap();
    let of_b = bench.report_of(20_000).await;
    for _ in 0..4 {
        bench.push_job(sized("a", 1)).await.unwrap();
        of_a.push(bench.report_of(10_000).await);
    }
    bench.is_forgotten(of_a[0]).await;
    bench.is_forgotten(of_a[1]).await;
    assert!(bench.is_kept(of_a[2]).await && bench.is_kept(of_a[3]).await && bench.is_kept(of_b).await);
    bench.push_job(sized("a", 1)).await.unwrap();
    let large = bench.report_of(60_000).await;
    bench.is_forgotten(of_a[3]).await;
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    assert!(bench.is_kept(large).await, "the newest stays, however large it is");
}

pub(crate) async fn what_was_given_up_counts_until_it_is_gone<F: Future<Output = Bench>>(make: impl Fn(Rules) -> F) {
    let (tenant_queue_bytes, tenant_result_bytes) = (60_000, 60_000);
    let bench = make(Rules { max_attempts: 1, tenant_queue_bytes, tenant_result_bytes, ..rules() }).await;
    let dead = async || {
        bench.push_job(sized("a", 40_000)).await.unwrap();
        let delivery = bench.take().await;
        bench.queue.release(&delivery.lease, fault(), true).await.unwrap();
        bench.end(delivery.job.id).await;
        delivery.job.id
    };
    let first = dead().await;
    assert!(bench.queue.discard(first).await.unwrap());
    let second = dead().await;
    assert!(bench.is_kept(first).await, "of one that was let go only the report is kept");
    assert!(bench.queue.requeue(second).await.unwrap());
    let refused = bench.push_job(sized("a", 40_000)).await;
    assert!(
        matches!(refused, Err(QueueError::TenantBytes { .. })),
        "one that waits again counts among those that wait"
    );
    let again = bench.take().await;
    bench.queue.release(&again.lease, fault(), true).await.unwrap();
    bench.end(second).await;
    dead().await;
    bench.is_forgotten(second).await;
}
