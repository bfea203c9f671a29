//! What manifests say of the queue: where workers find it, what KEDA asks it, and who may reach it.

use clap::ValueEnum;

/// Where the queue is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum QueueKind {
    /// The Redis of `k8s/base`
    Redis,
    /// A PostgreSQL server elsewhere, with the component `postgres`
    Postgres,
}

impl QueueKind {
    /// Fills in the parts of a template that are the queue's.
    pub(super) fn fill(self, template: &str) -> String {
        let parts = match self {
            Self::Redis => [
                ("store", "Redis"),
                ("queue_env", include_str!("queue/redis-env.yaml")),
                ("queue_trigger", include_str!("queue/redis-trigger.yaml")),
                ("queue_authentication", include_str!("queue/redis-authentication.yaml")),
                ("queue_egress", include_str!("queue/redis-egress.yaml")),
            ],
            Self::Postgres => [
                ("store", "PostgreSQL"),
                ("queue_env", include_str!("queue/postgres-env.yaml")),
                ("queue_trigger", include_str!("queue/postgres-trigger.yaml")),
                ("queue_authentication", include_str!("queue/postgres-authentication.yaml")),
                ("queue_egress", include_str!("queue/postgres-egress.yaml")),
            ],
        };
        parts
            .iter()
            .fold(template.to_owned(), |text, (key, value)| text.replace(&format!("{{{key}}}"), value.trim_end()))
    }
}
