//! Into the queue: a job, its language, and where its id leads.

use std::time::Duration;

use optimus_core::{Job, JobId};
use redis::{Cmd, SetExpiry, SetOptions};

use super::outbox::HOOKED;
use super::script::{Args, SUBMIT};
use super::{Shared, lock, ms};
use crate::{FeedEvent, Idempotency, Priority, PushOptions, Pushed, QueueError};

/// Far longer than any job waits. What is left of it when the job ends is harmless.
const ROUTE: Duration = Duration::from_secs(30 * 24 * 60 * 60);

impl Shared {
    pub(super) async fn push(&self, job: Job, options: PushOptions) -> Result<Pushed, QueueError> {
        let (id, language) = (job.id, job.language.as_str());
        let write =
            |error: serde_json::Error| QueueError::Store { doing: "write as JSON".to_owned(), source: error.into() };
        let payload = serde_json::to_vec(&job).map_err(write)?;
        let webhook = options.webhook.as_ref().map(serde_json::to_vec).transpose().map_err(write)?;
        if webhook.is_some() {
            self.enter(HOOKED, language).await?;
        }
        let tenant = job.tenant.as_deref().unwrap_or_default();
        // A tenant's name cannot hold a NUL, so two tenants' keys never meet.
        let key = options.idempotency.as_ref().map(|known| format!("{tenant}\0{}", known.key));
        let claimed = match (&key, &options.idempotency) {
            (Some(key), Some(known)) => self.claim(key, language, known).await?,
            _ => false,
        };
        let expiry = SetOptions::default().with_expiration(SetExpiry::PX(ms(ROUTE + self.rules.result_ttl)));
        let route = Cmd::set_options(self.route_key(id), language, expiry);
        let fingerprint = options.idempotency.as_ref().map_or_else(String::new, |known| hex(&known.fingerprint));
        let args = Args::default()
            .with(id.to_string())
            .with(payload)
            .with(tenant)
            .with(class(options.priority))
            .with(self.rules.cap)
            .with(self.rules.tenant_cap)
            .with(key.as_deref().unwrap_or_default())
            .with(fingerprint)
            .with(webhook.unwrap_or_default())
            .with(options.quota.as_ref().map_or("", |quota| quota.key.as_str()))
            .with(options.quota.as_ref().map_or(0, |quota| quota.most))
            .with(self.rules.tenant_queue_bytes);
        let (_, (), answer) = tokio::try_join!(
            self.enter("langs", language),
            self.connection.query::<()>("note where a job is", &route),
            self.run::<(String, redis::Value)>("push", &SUBMIT, language, &args),
        )?;
        let pushed = self.pushed(id, tenant, answer, &options);
        match (&pushed, &key) {
            (Ok(pushed), _) => {
                lock(&self.routes).add(pushed.id, language);
                if !pushed.duplicate {
                    self.feeds.announce(job.tenant.as_deref(), &FeedEvent::submitted(id, language));
                }
            }
            (
                Err(
                    QueueError::Full { .. }
                    | QueueError::TenantFull { .. }
                    | QueueError::TenantBytes { .. }
                    | QueueError::QuotaFull { .. },
                ),
                Some(key),
            ) if claimed => {
                self.connection.query::<()>("forget a key", &Cmd::del(self.claim_key(key))).await?;
            }
            _ => {}
        }
        pushed
    }

    /// A key is known to its language's slot; this keeps another language from using it too. Whether it is new.
    async fn claim(&self, key: &str, language: &str, known: &Idempotency) -> Result<bool, QueueError> {
        let options = SetOptions::default()
            .conditional_set(redis::ExistenceCheck::NX)
            .with_expiration(SetExpiry::PX(ms(self.rules.result_ttl)));
        let set = Cmd::set_options(self.claim_key(key), language, options);
        if self.connection.query::<Option<String>>("note a key", &set).await?.is_some() {
            return Ok(true);
        }
        let earlier: Option<String> = self.connection.query("look a key up", &Cmd::get(self.claim_key(key))).await?;
        match earlier {
            Some(earlier) if earlier != language => Err(QueueError::KeyReused(known.key.clone())),
            _ => Ok(false),
        }
    }

    fn claim_key(&self, key: &str) -> String {
        format!("{}:idem:{key}", self.prefix)
    }

    fn pushed(
        &self,
        id: JobId,
        tenant: &str,
        (what, value): (String, redis::Value),
        options: &PushOptions,
    ) -> Result<Pushed, QueueError> {
        let number = || redis::from_redis_value_ref::<u64>(&value).unwrap_or_default();
        match what.as_str() {
            "pushed" => Ok(Pushed { id, duplicate: false }),
            "known" => {
                let earlier: String = redis::from_redis_value_ref(&value).unwrap_or_default();
                let odd =
                    |_| QueueError::Store { doing: "read an earlier id".to_owned(), source: earlier.clone().into() };
                Ok(Pushed { id: earlier.parse().map_err(odd)?, duplicate: true })
            }
            "full" => Err(QueueError::Full { queued: number() }),
            "tenant" => Err(QueueError::TenantFull { tenant: tenant.to_owned(), queued: number() }),
            "bytes" => {
                let (tenant, cap) = (tenant.to_owned(), self.rules.tenant_queue_bytes);
                Err(QueueError::TenantBytes { tenant, bytes: number(), cap })
            }
            "quota" => {
                let key = options.quota.as_ref().map_or_else(String::new, |quota| quota.key.clone());
                Err(QueueError::QuotaFull { key, queued: number() })
            }
            _ => {
                let known = options.idempotency.as_ref();
                Err(QueueError::KeyReused(known.map_or_else(String::new, |known| known.key.clone())))
            }
        }
    }
}

fn class(priority: Priority) -> u8 {
    match priority {
        Priority::High => 0,
        Priority::Normal => 1,
        Priority::Low => 2,
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
