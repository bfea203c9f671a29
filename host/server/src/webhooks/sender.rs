//! Sends webhooks: collects the deliveries that are due, tries each, and records the result.

use std::sync::Arc;
use std::time::Duration;

use hyper::Method;
use optimus_core::{JobId, Report, Verdict};
use optimus_queue::background::Outage;
use optimus_queue::{Backend, DeliveryOutcome, QueueError, WebhookDelivery};
use serde::Serialize;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::attempt::{Message, Tried, attempt};
use super::host_slots::HostSlots;
use super::{Policy, Secrets, Target, chance};
use crate::metrics::Metrics;

/// Maximum number of deliveries in flight.
const AT_ONCE: usize = 64;
/// A delivery whose host has all its tries in flight is tried again after this.
const HOST_BUSY: Duration = Duration::from_secs(2);
/// Time between two looks for deliveries.
const LOOK: Duration = Duration::from_millis(200);
/// Time between two tries to reach a queue that fails.
const PAUSE: Duration = Duration::from_secs(1);
/// A longer report is left out; the receiver can ask for it by the job's id.
const REPORT_BYTES: usize = 1 << 20;

/// Sends the webhooks of a queue's outbox to their receivers.
pub struct WebhookSender {
    /// The queue with the outbox.
    pub queue: Arc<dyn Backend>,
    /// The secrets.
    pub secrets: Arc<Secrets>,
    /// Rules of sending.
    pub policy: Policy,
    /// The metrics.
    pub metrics: Arc<Metrics>,
}

#[derive(Serialize)]
struct Body<'a> {
    r#type: &'static str,
    data: Data<'a>,
}

#[derive(Serialize)]
struct Data<'a> {
    id: JobId,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    verdict: Option<Verdict>,
    #[serde(skip_serializing_if = "Option::is_none")]
    report: Option<&'a Report>,
}

impl WebhookSender {
    /// Sends until `shutdown`, and returns when no delivery is in flight.
    pub async fn run(self, shutdown: CancellationToken) {
        let (sender, hosts) = (Arc::new(self), HostSlots::default());
        let (places, in_flight) = (Arc::new(Semaphore::new(AT_ONCE)), TaskTracker::new());
        let mut outage = Outage::of("look for webhooks that are due");
        loop {
            let free = tokio::select! {
                () = shutdown.cancelled() => break,
                place = places.acquire() => place.map_or(0, |_| places.available_permits() + 1),
            };
            let found = sender.collect(free).await;
            outage.note(&found);
            let pause = match &found {
                Ok(due) if due.is_empty() => LOOK,
                Ok(_) => Duration::ZERO,
                Err(QueueError::Closed) => break,
                Err(_) => PAUSE,
            };
            if found.is_ok() {
                sender.metrics.succeeded("webhooks");
            }
            for delivery in found.unwrap_or_default() {
                let Ok(place) = Arc::clone(&places).acquire_owned().await else { break };
                let (sender, hosts) = (Arc::clone(&sender), hosts.clone());
                in_flight.spawn(async move {
                    sender.deliver(&delivery, &hosts).await;
                    drop(place);
                });
            }
            tokio::select! {
                () = shutdown.cancelled() => break,
                () = tokio::time::sleep(pause) => {}
            }
        }
        in_flight.close();
        in_flight.wait().await;
    }

    async fn collect(&self, limit: usize) -> Result<Vec<WebhookDelivery>, QueueError> {
        // Leased for longer than a try can take, so that two processes never attempt one delivery at the same time.
        self.queue.collect(self.policy.deadline * 2 + Duration::from_secs(20), limit).await
    }

    async fn deliver(&self, delivery: &WebhookDelivery, hosts: &HostSlots) {
        let id = delivery.id;
        let target = match Target::parse(&delivery.webhook.url) {
            Ok(target) => target,
            Err(why) => return self.end(delivery, Tried::Refused(why)).await,
        };
        let Some(_slot) = hosts.take(target.host()) else {
            let later = DeliveryOutcome::Retry { after: HOST_BUSY.mul_f64(0.5 + chance()), tries: delivery.tries };
            return self.settle(delivery, later).await;
        };
        let tried = self.attempt(delivery, &target).await;
        tracing::debug!(job = %id, host = target.host(), tries = delivery.tries + 1, "a webhook was tried");
        self.end(delivery, tried).await;
    }

    async fn attempt(&self, delivery: &WebhookDelivery, target: &Target) -> Tried {
        let (event, message) = (event_of(delivery), message(delivery));
        let (method, body) = match message {
            Ok(message) => message,
            Err(error) => return Tried::Failed(format!("it cannot be written: {error}")),
        };
        let (webhook, tenant) = (&delivery.webhook, delivery.tenant.as_deref());
        attempt(&self.policy, &self.secrets, target, Message { webhook, tenant, event: &event, method, body }).await
    }

    async fn end(&self, delivery: &WebhookDelivery, tried: Tried) {
        let (id, tries) = (delivery.id, delivery.tries + 1);
        let (outcome, sent) = match tried {
            Tried::Delivered => ("delivered", DeliveryOutcome::Done),
            Tried::Failed(why) if tries < self.policy.attempts => {
                tracing::info!(job = %id, tries, why, "a webhook did not arrive, and will be tried again");
                ("failed", DeliveryOutcome::Retry { after: self.policy.backoff_after(tries, chance()), tries })
            }
            Tried::Failed(why) => {
                tracing::warn!(job = %id, tries, why, "a webhook is given up");
                ("given_up", DeliveryOutcome::Done)
            }
            Tried::Refused(why) => {
                tracing::warn!(job = %id, why, "a webhook was refused");
                ("refused", DeliveryOutcome::Done)
            }
        };
        self.metrics.webhook(outcome);
        self.settle(delivery, sent).await;
    }

    /// Records the result, with retries: a delivery whose success is not recorded is sent again.
    async fn settle(&self, delivery: &WebhookDelivery, sent: DeliveryOutcome) {
        for n in 0..5 {
            match self.queue.settle(delivery, sent).await {
                Ok(()) => return,
                Err(error) if n == 4 || matches!(error, QueueError::Closed) => {
                    tracing::warn!(job = %delivery.id, %error, "what became of a webhook was not noted");
                    return;
                }
                Err(_) => tokio::time::sleep(Duration::from_millis(100) * 3u32.pow(n)).await,
            }
        }
    }
}

fn event_of(delivery: &WebhookDelivery) -> String {
    match delivery.generation {
        0 => format!("evt_{}", delivery.id),
        round => format!("evt_{}_{round}", delivery.id),
    }
}

/// A job that came through a door has its end told as that door's engine tells it.
fn message(delivery: &WebhookDelivery) -> serde_json::Result<(Method, Vec<u8>)> {
    Ok(match delivery.report.as_deref().and_then(optimus_doors::callback) {
        Some(callback) => (Method::PUT, serde_json::to_vec(&callback)?),
        None => (Method::POST, body(delivery)?),
    })
}

fn body(delivery: &WebhookDelivery) -> serde_json::Result<Vec<u8>> {
    let report = delivery.report.as_deref();
    let data = Data { id: delivery.id, state: "done", verdict: report.map(|report| report.verdict), report };
    let whole = serde_json::to_vec(&Body { r#type: "job.done", data })?;
    if whole.len() <= REPORT_BYTES {
        return Ok(whole);
    }
    let data = Data { id: delivery.id, state: "done", verdict: report.map(|report| report.verdict), report: None };
    serde_json::to_vec(&Body { r#type: "job.done", data })
}
