//! One attempt to deliver a signed message.

use std::time::SystemTime;

use bytes::Bytes;
use http_body_util::Full;
use hyper::{Method, Request, StatusCode, header};
use optimus_core::Webhook;

use super::post::post;
use super::target::NoAddress;
use super::{Policy, Secret, Secrets, Target};

/// The result of one attempt.
pub(crate) enum Tried {
    Delivered,
    /// It may work later.
    Failed(String),
    /// It never will.
    Refused(String),
}

/// A message to a receiver.
pub(super) struct Message<'a> {
    pub(super) webhook: &'a Webhook,
    pub(super) tenant: Option<&'a str>,
    /// The same for each attempt.
    pub(super) event: &'a str,
    pub(super) method: Method,
    pub(super) body: Vec<u8>,
}

/// Tries once, within the deadline.
pub(super) async fn attempt(policy: &Policy, secrets: &Secrets, target: &Target, message: Message<'_>) -> Tried {
    let late = || Tried::Failed(format!("no answer within {} s", policy.deadline.as_secs_f32()));
    let trying = send(policy, secrets, target, message);
    tokio::time::timeout(policy.deadline, trying).await.unwrap_or_else(|_| late())
}

async fn send(policy: &Policy, secrets: &Secrets, target: &Target, message: Message<'_>) -> Tried {
    let addresses = match target.addresses(&policy.gate).await {
        Ok(addresses) => addresses,
        Err(error @ NoAddress::Inside { .. }) => return Tried::Refused(error.to_string()),
        Err(error) => return Tried::Failed(error.to_string()),
    };
    let secret = match &message.webhook.secret {
        Some(own) => Secret::parse(own).map_err(anyhow::Error::msg),
        None => secrets.of(message.tenant).await,
    };
    let request = match secret.and_then(|secret| signed(message, target, &secret)) {
        Ok(request) => request,
        Err(error) => return Tried::Failed(format!("it cannot be signed: {error:#}")),
    };
    match post(target, &addresses, &policy.tls, request).await {
        Ok(status) => of_status(status),
        Err(error) => Tried::Failed(error.to_string()),
    }
}

/// A receiver that is broken or busy may recover; any other refusal is final. Redirects are not followed, because they
/// could lead to an internal address.
fn of_status(status: StatusCode) -> Tried {
    let why = format!("it answered {}", status.as_u16());
    match status.as_u16() {
        200..=299 => Tried::Delivered,
        408 | 425 | 429 | 500..=599 => Tried::Failed(why),
        _ => Tried::Refused(why),
    }
}

fn signed(message: Message<'_>, target: &Target, secret: &Secret) -> anyhow::Result<Request<Full<Bytes>>> {
    let Message { event, method, body, .. } = message;
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
    let request = Request::builder()
        .method(method)
        .uri(target.path())
        .header(header::HOST, target.authority())
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::USER_AGENT, concat!("optimus/", env!("CARGO_PKG_VERSION")))
        .header(header::CONNECTION, "close")
        .header("webhook-id", event)
        .header("webhook-timestamp", now)
        .header("webhook-signature", secret.sign(event, now, &body));
    Ok(request.body(Full::new(body.into()))?)
}
