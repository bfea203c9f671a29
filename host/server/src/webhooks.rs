//! Tells the ends of jobs to whoever asked to hear of them: signed, more than once if need be, and to nobody inside.
//!
//! In: parcels, from the queue. Out: one POST for each try, signed as [Standard Webhooks](https://www.standardwebhooks.com)
//! has it; whatever becomes of it goes back to the queue. A receiver costs a connection for a bounded time and a few
//! KiB, whatever it answers. This room judges nothing and serves nothing.

mod courier;
mod gate;
mod post;
mod secret;
mod target;

use std::sync::Arc;
use std::time::Duration;

use tokio_rustls::TlsConnector;

pub use courier::Courier;
pub use gate::{Gate, Network};
pub use post::connector;
pub use secret::{MasterPlace, Secret, Secrets};
pub use target::Target;

/// How webhooks are told.
#[derive(Clone)]
pub struct Policy {
    /// Where they may go.
    pub gate: Arc<Gate>,
    /// How often one is tried.
    pub attempts: u32,
    /// Wait before the second try; each further one waits three times as long, and a little more or less.
    pub backoff: Duration,
    /// A try that takes longer has failed: names, connection, answer and all.
    pub deadline: Duration,
    /// Whom a secure receiver must be vouched for by.
    pub tls: TlsConnector,
}

impl Policy {
    /// The longest wait between two tries.
    const LONGEST: Duration = Duration::from_secs(4 * 60 * 60);

    /// How long to wait after so many tries in vain; `chance` is from 0 to 1.
    fn backoff_after(&self, tries: u32, chance: f64) -> Duration {
        let exponent = tries.saturating_sub(1).min(20);
        let wait = self.backoff.saturating_mul(3u32.saturating_pow(exponent)).min(Self::LONGEST);
        wait.mul_f64(0.75 + chance / 2.0)
    }
}

#[cfg(test)]
mod tests;
