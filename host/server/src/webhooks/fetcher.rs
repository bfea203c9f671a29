//! Requests whose answer is read: the same gate as of webhooks, the same addresses, no redirects, and a bounded answer.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::{HeaderMap, Request, StatusCode};
use tokio::sync::Semaphore;

use super::host_slots::HostSlots;
use super::post::send;
use super::target::NoAddress;
use super::{Policy, Target};

/// Requests at the same time.
const AT_ONCE: usize = 64;
/// Bytes of an answer's body that are kept.
const BODY: usize = 256 << 10;
/// Name resolution, connection and answer together.
const DEADLINE: Duration = Duration::from_secs(60);

/// Sends requests through the gate of webhooks.
pub struct Fetcher {
    policy: Policy,
    places: Semaphore,
    hosts: HostSlots,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Fetched {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    /// False: the body goes on.
    pub(crate) is_whole: bool,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unanswered {
    #[error("as many requests as may be are in flight")]
    Busy,
    #[error("{0}")]
    Inside(String),
    #[error("{0}")]
    Failed(String),
}

impl Fetcher {
    /// With the gate and the authorities of webhooks.
    pub fn new(policy: &Policy) -> Self {
        Self { policy: policy.clone(), places: Semaphore::new(AT_ONCE), hosts: HostSlots::default() }
    }

    /// The rules.
    pub(crate) fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Sends one request, and reads its answer.
    pub(crate) async fn fetch(&self, target: &Target, request: Request<Full<Bytes>>) -> Result<Fetched, Unanswered> {
        let (Ok(_place), Some(_slot)) = (self.places.try_acquire(), self.hosts.take(target.host())) else {
            return Err(Unanswered::Busy);
        };
        let late = |_| Unanswered::Failed(format!("no answer within {} s", DEADLINE.as_secs()));
        tokio::time::timeout(DEADLINE, self.exchange(target, request)).await.map_err(late)?
    }

    async fn exchange(&self, target: &Target, request: Request<Full<Bytes>>) -> Result<Fetched, Unanswered> {
        let addresses = target.addresses(&self.policy.gate).await.map_err(|error| match error {
            NoAddress::Inside { .. } => Unanswered::Inside(error.to_string()),
            NoAddress::Unresolved { .. } => Unanswered::Failed(error.to_string()),
        })?;
        let failed = |error: &dyn std::fmt::Display| Unanswered::Failed(error.to_string());
        let answer = send(target, &addresses, &self.policy.tls, request).await.map_err(|error| failed(&error))?;
        let (head, body) = answer.response.into_parts();
        let (body, is_whole) = read(body).await.map_err(|error| failed(&error))?;
        Ok(Fetched { status: head.status, headers: head.headers, body, is_whole })
    }
}

/// The beginning of a body, and whether that is all of it.
async fn read(mut body: Incoming) -> Result<(Vec<u8>, bool), hyper::Error> {
    let mut read = Vec::new();
    while let Some(frame) = body.frame().await {
        read.extend_from_slice(frame?.data_ref().map_or(&[], |data| &data[..]));
        if read.len() > BODY {
            read.truncate(BODY);
            return Ok((read, false));
        }
    }
    Ok((read, true))
}
