//! Carries parcels: takes those that are due, tries each, and says what became of it.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http_body_util::Full;
use hyper::{Request, StatusCode, header};
use optimus_core::{JobId, Report, Verdict};
use optimus_queue::{Backend, Parcel, QueueError, Sent};
use serde::Serialize;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::post::post;
use super::target::NoAddress;
use super::{Policy, Secret, Secrets, Target};
use crate::metrics::Metrics;

/// Parcels under way at once.
const AT_ONCE: usize = 64;
/// Of them, to one host: one that hangs holds up nobody else.
const PER_HOST: usize = 8;
/// Whoever finds its host busy comes again after this.
const HOST_BUSY: Duration = Duration::from_secs(2);
/// Between two looks for parcels.
const LOOK: Duration = Duration::from_millis(200);
/// Between two tries to reach a queue that fails.
const PAUSE: Duration = Duration::from_secs(1);
/// A report that is longer is left out; its receiver asks for it.
const REPORT_BYTES: usize = 1 << 20;

/// Carries parcels from a queue to their receivers.
pub struct Courier {
    /// Where parcels come from.
    pub queue: Arc<dyn Backend>,
    /// What they are signed with.
    pub secrets: Arc<Secrets>,
    /// Where they may go, and how often.
    pub policy: Policy,
    /// Where they are counted.
    pub metrics: Arc<Metrics>,
}

/// What came of one try.
enum Tried {
    Delivered,
    /// It may work later.
    Failed(String),
    /// It never will.
    Refused(String),
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

/// Which hosts have how many parcels under way.
type Hosts = Arc<Mutex<HashMap<String, usize>>>;

impl Courier {
    /// Works until `shutdown`, and returns when what was under way has ended.
    pub async fn run(self, shutdown: CancellationToken) {
        let (courier, hosts) = (Arc::new(self), Hosts::default());
        let (places, trips) = (Arc::new(Semaphore::new(AT_ONCE)), TaskTracker::new());
        loop {
            let free = tokio::select! {
                () = shutdown.cancelled() => break,
                place = places.acquire() => place.map_or(0, |_| places.available_permits() + 1),
            };
            let found = courier.collect(free).await;
            let pause = match &found {
                Ok(parcels) if parcels.is_empty() => LOOK,
                Ok(_) => Duration::ZERO,
                Err(QueueError::Closed) => break,
                Err(error) => {
                    tracing::debug!(%error, "cannot look for webhooks");
                    PAUSE
                }
            };
            for parcel in found.unwrap_or_default() {
                let Ok(place) = Arc::clone(&places).acquire_owned().await else { break };
                let (courier, hosts) = (Arc::clone(&courier), Arc::clone(&hosts));
                trips.spawn(async move {
                    courier.carry(&parcel, &hosts).await;
                    drop(place);
                });
            }
            tokio::select! {
                () = shutdown.cancelled() => break,
                () = tokio::time::sleep(pause) => {}
            }
        }
        trips.close();
        trips.wait().await;
    }

    async fn collect(&self, limit: usize) -> Result<Vec<Parcel>, QueueError> {
        // Nobody else may have it while we still could succeed.
        self.queue.collect(self.policy.deadline * 2 + Duration::from_secs(20), limit).await
    }

    async fn carry(&self, parcel: &Parcel, hosts: &Hosts) {
        let id = parcel.id;
        let target = match Target::parse(&parcel.webhook.url) {
            Ok(target) => target,
            Err(why) => return self.end(parcel, Tried::Refused(why)).await,
        };
        let Some(_place) = Place::take(hosts, target.host()) else {
            let later = Sent::Later { after: HOST_BUSY.mul_f64(0.5 + chance()), tries: parcel.tries };
            return self.settle(parcel, later).await;
        };
        let tried = tokio::time::timeout(self.policy.deadline, self.attempt(parcel, &target)).await;
        let late = || Tried::Failed(format!("no answer within {} s", self.policy.deadline.as_secs_f32()));
        let tried = tried.unwrap_or_else(|_| late());
        tracing::debug!(job = %id, host = target.host(), tries = parcel.tries + 1, "a webhook was tried");
        self.end(parcel, tried).await;
    }

    async fn attempt(&self, parcel: &Parcel, target: &Target) -> Tried {
        let addresses = match target.addresses(&self.policy.gate).await {
            Ok(addresses) => addresses,
            Err(error @ NoAddress::Inside { .. }) => return Tried::Refused(error.to_string()),
            Err(error) => return Tried::Failed(error.to_string()),
        };
        let secret = match &parcel.webhook.secret {
            Some(own) => Secret::parse(own).map_err(anyhow::Error::msg),
            None => self.secrets.of(parcel.tenant.as_deref()).await,
        };
        let request = secret.and_then(|secret| request(parcel, target, &secret));
        let request = match request {
            Ok(request) => request,
            Err(error) => return Tried::Failed(format!("it cannot be signed: {error:#}")),
        };
        match post(target, &addresses, &self.policy.tls, request).await {
            Ok(status) => of_status(status),
            Err(error) => Tried::Failed(error.to_string()),
        }
    }

    async fn end(&self, parcel: &Parcel, tried: Tried) {
        let (id, tries) = (parcel.id, parcel.tries + 1);
        let (outcome, sent) = match tried {
            Tried::Delivered => ("delivered", Sent::Over),
            Tried::Failed(why) if tries < self.policy.attempts => {
                tracing::info!(job = %id, tries, why, "a webhook did not arrive, and will be tried again");
                ("failed", Sent::Later { after: self.policy.backoff_after(tries, chance()), tries })
            }
            Tried::Failed(why) => {
                tracing::warn!(job = %id, tries, why, "a webhook is given up");
                ("given_up", Sent::Over)
            }
            Tried::Refused(why) => {
                tracing::warn!(job = %id, why, "a webhook was refused");
                ("refused", Sent::Over)
            }
        };
        self.metrics.webhook(outcome);
        self.settle(parcel, sent).await;
    }

    /// More than once if need be: what arrived and is not noted will arrive again.
    async fn settle(&self, parcel: &Parcel, sent: Sent) {
        for n in 0..5 {
            match self.queue.settle(parcel, sent).await {
                Ok(()) => return,
                Err(error) if n == 4 || matches!(error, QueueError::Closed) => {
                    tracing::warn!(job = %parcel.id, %error, "what became of a webhook was not noted");
                    return;
                }
                Err(_) => tokio::time::sleep(Duration::from_millis(100) * 3u32.pow(n)).await,
            }
        }
    }
}

/// A receiver that is broken or busy may be whole again later; one that says no means it. Redirects are not followed:
/// they could lead anywhere.
fn of_status(status: StatusCode) -> Tried {
    let why = format!("it answered {}", status.as_u16());
    match status.as_u16() {
        200..=299 => Tried::Delivered,
        408 | 425 | 429 | 500..=599 => Tried::Failed(why),
        _ => Tried::Refused(why),
    }
}

fn request(parcel: &Parcel, target: &Target, secret: &Secret) -> anyhow::Result<Request<Full<Bytes>>> {
    let event = match parcel.round {
        0 => format!("evt_{}", parcel.id),
        round => format!("evt_{}_{round}", parcel.id),
    };
    let body = body(parcel)?;
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
    let request = Request::post(target.path())
        .header(header::HOST, target.authority())
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::USER_AGENT, concat!("optimus/", env!("CARGO_PKG_VERSION")))
        .header(header::CONNECTION, "close")
        .header("webhook-id", &event)
        .header("webhook-timestamp", now)
        .header("webhook-signature", secret.sign(&event, now, &body));
    Ok(request.body(Full::new(body.into()))?)
}

fn body(parcel: &Parcel) -> serde_json::Result<Vec<u8>> {
    let report = parcel.report.as_deref();
    let data = Data { id: parcel.id, state: "done", verdict: report.map(|report| report.verdict), report };
    let whole = serde_json::to_vec(&Body { r#type: "job.done", data })?;
    if whole.len() <= REPORT_BYTES {
        return Ok(whole);
    }
    let data = Data { id: parcel.id, state: "done", verdict: report.map(|report| report.verdict), report: None };
    serde_json::to_vec(&Body { r#type: "job.done", data })
}

/// From 0 to 1, so that those who failed together do not come again together.
fn chance() -> f64 {
    let random = RandomState::new().build_hasher().finish() >> 32;
    f64::from(u32::try_from(random).unwrap_or_default()) / f64::from(u32::MAX)
}

/// One of the parcels that a host may have under way.
struct Place {
    hosts: Hosts,
    host: String,
}

impl Place {
    fn take(hosts: &Hosts, host: String) -> Option<Self> {
        let mut under_way = hosts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = under_way.entry(host.clone()).or_default();
        if *count >= PER_HOST {
            return None;
        }
        *count += 1;
        Some(Self { hosts: Arc::clone(hosts), host })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut under_way = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = under_way.get_mut(&self.host) {
            *count -= 1;
            if *count == 0 {
                under_way.remove(&self.host);
            }
        }
    }
}
