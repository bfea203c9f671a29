//! Webhooks: a signed POST to the URL that a job named, when the job is over. Never to an internal address.
//!
//! In: deliveries, from the queue's outbox. Out: one POST for each try, signed as
//! [Standard Webhooks](https://www.standardwebhooks.com) specifies; its result goes back to the queue. A receiver costs
//! one connection for a bounded time and a few KiB, whatever it answers. Requests of pipelines' steps go through the same
//! gate, and have their answers read.

mod attempt;
mod fetcher;
mod gate;
mod host_slots;
mod post;
mod secret;
mod sender;
mod target;
mod tell;

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::sync::Arc;
use std::time::Duration;

use tokio_rustls::TlsConnector;

pub use fetcher::Fetcher;
pub(crate) use fetcher::{Fetched, Unanswered};
pub use gate::{Gate, Network};
pub use post::connector;
pub use secret::{MasterPlace, Secret, Secrets};
pub use sender::WebhookSender;
pub use target::Target;
pub(crate) use tell::tell;

/// Rules of sending: addresses, retries, bounds.
#[derive(Clone)]
pub struct Policy {
    /// The networks that may be reached.
    pub gate: Arc<Gate>,
    /// Tries for each delivery.
    pub attempts: u32,
    /// Wait before the second try; each further one is three times as long, ± 25 %.
    pub backoff: Duration,
    /// A try fails after this: name resolution, connection and answer together.
    pub deadline: Duration,
    /// The authorities that a receiver's certificate may come from.
    pub tls: TlsConnector,
}

impl Policy {
    /// The longest wait between two tries.
    const LONGEST: Duration = Duration::from_secs(4 * 60 * 60);

    /// The wait after `tries` failed tries; `chance` is from 0 to 1.
    fn backoff_after(&self, tries: u32, chance: f64) -> Duration {
        let exponent = tries.saturating_sub(1).min(20);
        let wait = self.backoff.saturating_mul(3u32.saturating_pow(exponent)).min(Self::LONGEST);
        wait.mul_f64(0.75 + chance / 2.0)
    }
}

/// A random number from 0 to 1: deliveries that failed together are not retried together.
fn chance() -> f64 {
    let random = RandomState::new().build_hasher().finish() >> 32;
    f64::from(u32::try_from(random).unwrap_or_default()) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests;
