//! The cost of a shared queue: the time from a push to a waiting worker, from a report to its waiting client, and the
//! rate of pushes, with few and with many jobs waiting.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use futures::StreamExt as _;
use optimus_core::job::Policy;
use optimus_core::{Event, Job, JobRequest, Verdict};
use optimus_queue::{Backend, PushOptions, unjudged};

use super::figures::{self, Figures, Series};
use crate::cli::Bench;
use crate::serving;

/// Maximum number of pushes at the same time.
const CLIENTS: usize = 64;
/// Of no real language, so that no worker takes these jobs.
const LANGUAGE: &str = "bench-queue";

pub(super) async fn measure(args: &Bench, seconds: Duration, figures: &mut Figures) -> anyhow::Result<()> {
    let settings = args.queue_args();
    let (queue, _) = serving::queue(&settings).await?;
    let only = BTreeSet::from([LANGUAGE.to_owned()]);
    alone(&queue, &only, seconds, figures).await?;
    let (pushed, slices, pushes) = flood(&queue, seconds).await?;
    figures.put("queue_pushes_per_s".to_owned(), figures::rate(slices));
    figures.put("queue_push_under_load_ms".to_owned(), pushes.milliseconds());
    let mut takes = Series::default();
    for n in 0..pushed {
        let start = Instant::now();
        let delivery = queue.take(&only).await?;
        takes.add(start.elapsed());
        queue.finish(&delivery.lease, unjudged(&delivery.job, Verdict::Accepted, None)).await?;
        // The rest would only tell the same.
        if n > 5_000 {
            break;
        }
    }
    figures.put("queue_take_of_many_ms".to_owned(), takes.milliseconds());
    Ok(())
}

fn job() -> anyhow::Result<Job> {
    let request = serde_json::json!({"language": LANGUAGE, "source": "x", "tests": [{"stdin": "1", "expect": "1"}]});
    let request: JobRequest = serde_json::from_value(request)?;
    request.into_job(LANGUAGE, "x", &Policy::default()).map_err(|invalid| anyhow::anyhow!("{invalid}"))
}

/// One job at a time, with a waiting worker and a waiting client.
async fn alone(
    queue: &Arc<dyn Backend>,
    only: &BTreeSet<String>,
    seconds: Duration,
    figures: &mut Figures,
) -> anyhow::Result<()> {
    let (mut started, mut ended) = (Series::default(), Series::default());
    let end = Instant::now() + seconds;
    while Instant::now() < end || started.is_empty() {
        let (taker, only) = (Arc::clone(queue), only.clone());
        let taking = tokio::spawn(async move { (taker.take(&only).await, Instant::now()) });
        // It waits by now.
        tokio::time::sleep(Duration::from_millis(5)).await;
        let start = Instant::now();
        let id = queue.push(job()?, PushOptions::default()).await?.id;
        let (delivery, at) = taking.await?;
        started.add(at.saturating_duration_since(start));
        let delivery = delivery?;
        let mut events = queue.subscribe(id).await?.context("the job is gone")?;
        let hearing = tokio::spawn(async move {
            while let Some(event) = events.next().await {
                if matches!(event, Event::Done { .. }) {
                    break;
                }
            }
            Instant::now()
        });
        let finish = Instant::now();
        queue.finish(&delivery.lease, unjudged(&delivery.job, Verdict::Accepted, None)).await?;
        ended.add(hearing.await?.saturating_duration_since(finish));
    }
    figures.put("queue_push_to_start_ms".to_owned(), started.milliseconds());
    figures.put("queue_finish_to_answer_ms".to_owned(), ended.milliseconds());
    Ok(())
}

/// The number of pushes, the rate in every tenth of the time, and the time of single pushes.
async fn flood(queue: &Arc<dyn Backend>, seconds: Duration) -> anyhow::Result<(usize, Vec<f64>, Series)> {
    let (mut slices, mut series, mut pushed) = (Vec::new(), Series::default(), 0);
    for _ in 0..10 {
        let start = Instant::now();
        let client = |_| {
            let queue = Arc::clone(queue);
            tokio::spawn(async move {
                let mut took = Vec::new();
                while start.elapsed() < seconds / 10 {
                    let push = Instant::now();
                    queue.push(job()?, PushOptions::default()).await?;
                    took.push(push.elapsed());
                }
                anyhow::Ok(took)
            })
        };
        let clients: Vec<_> = (0..CLIENTS).map(client).collect();
        let before = pushed;
        for client in clients {
            let took = client.await??;
            pushed += took.len();
            took.into_iter().for_each(|push| series.add(push));
        }
        #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^53 jobs")]
        slices.push((pushed - before) as f64 / start.elapsed().as_secs_f64());
    }
    Ok((pushed, slices, series))
}
