//! Options of webhooks.

use std::path::PathBuf;

use clap::Args;
use optimus_server::webhooks::Network;

/// Options of webhooks.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Webhooks")]
pub struct WebhookArgs {
    /// Internal addresses that webhooks may reach: 10.0.0.0/8, 127.0.0.1
    #[arg(long, env = "OPTIMUS_WEBHOOK_ALLOW", value_delimiter = ',', value_name = "NETWORK")]
    pub webhook_allow: Vec<Network>,
    /// Attempts at a webhook: after 5 s, 15 s, 45 s and so on
    #[arg(long, env = "OPTIMUS_WEBHOOK_ATTEMPTS", default_value_t = 10, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=20))]
    pub webhook_attempts: u32,
    /// Timeout of one attempt, in seconds
    #[arg(long, env = "OPTIMUS_WEBHOOK_TIMEOUT_S", default_value_t = 10, value_name = "S", value_parser = clap::value_parser!(u64).range(1..=60))]
    pub webhook_timeout_s: u64,
    /// A certificate authority of your own that webhooks' receivers may have theirs from, as PEM
    #[arg(long, env = "OPTIMUS_WEBHOOK_CA", value_name = "FILE")]
    pub webhook_ca: Option<PathBuf>,
}

impl Default for WebhookArgs {
    fn default() -> Self {
        Self { webhook_allow: Vec::new(), webhook_attempts: 10, webhook_timeout_s: 10, webhook_ca: None }
    }
}
