//! One delivery, from its start to the end of its lease.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use futures::FutureExt as _;
use optimus_core::{Event, Fault, Report, TraceContext, Verdict};
use optimus_queue::background::panic_message;
use optimus_queue::{Delivery, Heartbeat, QueueError};
use tokio::sync::OwnedSemaphorePermit;
use tokio_util::sync::CancellationToken;
use tracing::{Instrument as _, Span};

use super::{Worker, input};
use crate::spans;

/// A cancelled job is heard of within this time, also under a long lease.
const HEARTBEAT: Duration = Duration::from_millis(500);
/// Time that judging may take to end after it was cancelled.
const LAST_WORDS: Duration = Duration::from_secs(10);
/// Attempts to report an end to the queue, before the lease is left to expire.
const TRIES: u32 = 5;

/// A job that met a machine out of processes or descriptors goes back after this time.
const PAUSE: Duration = Duration::from_secs(1);
/// The code of that failure, as the judge gives it.
const BUSY: &str = "machine_busy";

/// The end of judging.
enum End {
    Judged(Box<Report>),
    Failed(Fault),
    /// The lease went to somebody else.
    Lost,
    /// This worker stops.
    Abandoned,
}

pub(super) async fn run(worker: &Worker, delivery: Delivery, slot: OwnedSemaphorePermit, abandon: &CancellationToken) {
    let span = spans::process(&delivery.job, delivery.attempt);
    carry_out(worker, delivery, slot, abandon, &span).instrument(span.clone()).await;
}

async fn carry_out(
    worker: &Worker,
    delivery: Delivery,
    slot: OwnedSemaphorePermit,
    abandon: &CancellationToken,
    span: &Span,
) {
    let running = worker.metrics.running();
    worker.metrics.job_started(&delivery.job.language);
    let start = Instant::now();
    let end = judge(worker, &delivery, abandon).await;
    let took = start.elapsed();
    // The next job need not wait until this one's report is on the disk.
    drop((running, slot));
    let Delivery { job, lease, attempt, waited } = &delivery;
    let (id, language) = (job.id, job.language.as_str());
    let trace = job.trace.as_ref().map(TraceContext::trace_id);
    match end {
        End::Judged(report) => {
            spans::processed(span, Some(report.verdict.as_str()));
            let (queued_ms, took_ms) = (whole_ms(*waited), whole_ms(took));
            tracing::info!(job = %id, trace, language, verdict = %report.verdict, attempt, queued_ms, took_ms, "judged");
            worker.metrics.job_done(&report, *waited, took);
            settle(|| worker.backend.finish(lease, (*report).clone()), &id).await;
        }
        End::Failed(fault) => {
            let Fault { code, message, hint } = &fault;
            spans::processed(span, None);
            tracing::error!(job = %id, trace, language, attempt, code, hint, "could not judge: {message}");
            worker.metrics.job_failed(code);
            let is_busy = *code == BUSY;
            if is_busy {
                // What is full empties by itself, and that is no failed attempt.
                tokio::time::sleep(PAUSE).await;
            }
            settle(|| worker.backend.release(lease, fault.clone(), !is_busy), &id).await;
        }
        End::Abandoned => {
            tracing::info!(job = %id, language, "given back");
            let reason = Fault::new("worker_stopped", "the worker was stopped");
            settle(|| worker.backend.release(lease, reason.clone(), false), &id).await;
        }
        End::Lost => {
            worker.metrics.lease_lost(language);
            tracing::warn!(job = %id, trace, language, attempt, "the lease was lost; somebody else has the job");
        }
    }
}

fn whole_ms(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

async fn judge(worker: &Worker, delivery: &Delivery, abandon: &CancellationToken) -> End {
    let Delivery { job, waited, .. } = delivery;
    let cancel = CancellationToken::new();
    let publish = |event| {
        // The queue tells of the others itself.
        if !matches!(event, Event::Queued | Event::Started | Event::Done { .. }) {
            worker.backend.publish(job.id, event);
        }
    };
    let (sender, input) = tokio::sync::mpsc::unbounded_channel();
    let (sender, input) = if job.live_stdin { (Some(sender), Some(input)) } else { (None, None) };
    let judging = AssertUnwindSafe(worker.judge.judge(job, *waited, input, &publish, &cancel)).catch_unwind();
    let mut judging = std::pin::pin!(judging);
    let stop = tokio::select! {
        biased;
        judged = &mut judging => return ended(judged),
        () = abandon.cancelled() => End::Abandoned,
        lost = beat(worker, delivery, &cancel) => lost,
        fault = input::pass_on(&*worker.backend, job.id, sender) => End::Failed(fault),
    };
    // It may have a box to close.
    cancel.cancel();
    let judged = tokio::time::timeout(LAST_WORDS, judging).await;
    match (stop, judged.map(ended)) {
        (End::Abandoned, Ok(End::Judged(report))) if report.verdict != Verdict::Cancelled => End::Judged(report),
        (stop, _) => stop,
    }
}

/// Keeps the lease, and passes on a wish to cancel. Ends when the lease is lost.
async fn beat(worker: &Worker, delivery: &Delivery, cancel: &CancellationToken) -> End {
    let period = (delivery.lease.duration / 3).clamp(Duration::from_millis(1), HEARTBEAT);
    loop {
        tokio::time::sleep(period).await;
        match worker.backend.heartbeat(&delivery.lease).await {
            Ok(Heartbeat::Continue) => {}
            Ok(Heartbeat::Cancel) => cancel.cancel(),
            Err(QueueError::Superseded(_)) => return End::Lost,
            // The lease is longer than a hiccup.
            Err(error) => tracing::warn!(job = %delivery.job.id, %error, "missed a heartbeat"),
        }
    }
}

fn ended(judged: Result<Result<Report, Fault>, Box<dyn Any + Send>>) -> End {
    match judged {
        Ok(Ok(report)) => End::Judged(Box::new(report)),
        Ok(Err(fault)) => End::Failed(fault),
        Err(panic) => {
            let text = panic_message(&*panic);
            End::Failed(
                Fault::new("judge_panicked", format!("judging panicked: {text}")).hint("this is a bug: report it"),
            )
        }
    }
}

/// Tells the queue how it ended, more than once if need be.
async fn settle<F: Future<Output = Result<(), QueueError>>>(tell: impl Fn() -> F, id: &optimus_core::JobId) {
    for n in 1..=TRIES {
        match tell().await {
            Ok(()) => return,
            Err(QueueError::Superseded(_)) => {
                return tracing::warn!(job = %id, "the lease was lost; somebody else has the job");
            }
            Err(error) if n == TRIES || matches!(error, QueueError::Closed) => {
                return tracing::error!(job = %id, %error, "the queue was not told; the lease runs out");
            }
            Err(_) => tokio::time::sleep(Duration::from_millis(50) * 4u32.pow(n - 1)).await,
        }
    }
}
