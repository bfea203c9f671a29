//! Webhooks of what is no job: tried by whoever stores that they are due.

use std::time::Duration;

use hyper::Method;
use optimus_core::Webhook;

use super::attempt::{Message, Tried, attempt};
use super::{Policy, Secrets, Target, chance};
use crate::metrics::Metrics;

/// Sends a message once, after `tries` that failed: how long to wait before the next try, and `None` where none follows.
pub(crate) async fn tell(
    (policy, secrets, metrics): (&Policy, &Secrets, &Metrics),
    (webhook, tenant): (&Webhook, Option<&str>),
    event: &str,
    body: Vec<u8>,
    tries: u32,
) -> Option<Duration> {
    let tried = match Target::parse(&webhook.url) {
        Ok(target) => {
            attempt(policy, secrets, &target, Message { webhook, tenant, event, method: Method::POST, body }).await
        }
        Err(why) => Tried::Refused(why),
    };
    let tries = tries + 1;
    let (outcome, again) = match tried {
        Tried::Delivered => ("delivered", None),
        Tried::Failed(why) if tries < policy.attempts => {
            tracing::info!(event, tries, why, "a webhook did not arrive, and will be tried again");
            ("failed", Some(policy.backoff_after(tries, chance())))
        }
        Tried::Failed(why) => {
            tracing::warn!(event, tries, why, "a webhook is given up");
            ("given_up", None)
        }
        Tried::Refused(why) => {
            tracing::warn!(event, why, "a webhook was refused");
            ("refused", None)
        }
    };
    metrics.webhook(outcome);
    again
}
