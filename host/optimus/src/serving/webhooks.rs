//! Wires what tells webhooks: their secret lies where the keys lie, their rules come from the command line.

use optimus_server::webhooks::{Gate, MasterPlace, Policy, Secrets, connector};

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::QueueHandle;
use crate::cli::WebhookArgs;

/// Wait before the second try.
const BACKOFF: Duration = Duration::from_secs(5);
const SECRET_FILE: &str = "webhook-secret";

/// The secrets that sign webhooks, and the rules of delivery.
pub(super) struct Hooks {
    pub(super) secrets: Arc<Secrets>,
    pub(super) policy: Policy,
}

impl Hooks {
    pub(super) fn new(args: &WebhookArgs, queue: &QueueHandle, state: &Path) -> anyhow::Result<Self> {
        let master = match &queue.shared {
            Some(shared) => MasterPlace::Shared(Arc::clone(shared)),
            None => MasterPlace::File(state.join(SECRET_FILE)),
        };
        let policy = Policy {
            gate: Arc::new(Gate::new(args.webhook_allow.clone())),
            attempts: args.webhook_attempts,
            backoff: BACKOFF,
            deadline: Duration::from_secs(args.webhook_timeout_s),
            tls: connector(args.webhook_ca.as_deref())?,
        };
        Ok(Self { secrets: Arc::new(Secrets::new(master)), policy })
    }
}
