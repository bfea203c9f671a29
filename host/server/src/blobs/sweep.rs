//! Removes blobs that nobody has used for long and no job needs any more, and uploads that became no blob.
//!
//! A job is recorded nowhere beside the blobs that it names. When a blob was last named is, though, and a job that names it
//! was accepted before that: so it may go once no job of its tenant is left from that time, neither waiting, nor running, nor
//! among the dead, which an operator may bring back.

use std::sync::Arc;
use std::time::Duration;

use optimus_core::{JobId, Timestamp};
use optimus_queue::background::Outage;
use optimus_queue::{Backend, Filter};
use tokio_util::sync::CancellationToken;

use super::store::{Arrival, Record};
use super::{Blobs, ms};

/// An upload that has become no blob by then never will: its body has to arrive sooner.
const ABANDONED: Duration = Duration::from_secs(2 * 60 * 60);
/// By how much the clocks of processes may differ.
const SKEW: Duration = Duration::from_secs(5 * 60);

/// Removes, again and again until `shutdown`, what is not needed any more. Several processes may do so at the same time.
pub async fn sweep(blobs: Arc<Blobs>, queue: Arc<dyn Backend>, shutdown: CancellationToken) {
    let mut outage = Outage::of("remove old blobs");
    let sweeping = async {
        loop {
            let swept = blobs.once(queue.as_ref(), Timestamp::now()).await;
            outage.note(&swept.map_err(|error| format!("{error:#}")));
            tokio::time::sleep(blobs.rules.sweep).await;
        }
    };
    shutdown.run_until_cancelled(sweeping).await;
}

impl Blobs {
    pub(super) async fn once(&self, queue: &dyn Backend, now: Timestamp) -> anyhow::Result<()> {
        for (upload, arrival) in self.store.uploads().await? {
            if self.may_go(queue, &upload, &arrival, now).await? {
                self.store.remove(&upload).await?;
            }
        }
        Ok(())
    }

    /// Returns true if an upload's pieces are not needed any more; its blob is then forgotten.
    async fn may_go(
        &self,
        queue: &dyn Backend,
        upload: &str,
        arrival: &Arrival,
        now: Timestamp,
    ) -> anyhow::Result<bool> {
        let is_old = now.0.saturating_sub(arrival.begun.0) > ms(ABANDONED);
        let tenant = arrival.tenant.as_deref();
        let Some(sha256) = arrival.sha256 else { return Ok(is_old) };
        let own = |record: &Record| record.upload == upload;
        // Another upload of the same bytes may have come first, or later; who reads these pieces now has read them by then.
        let Some(record) = self.store.record(tenant, sha256).await?.filter(own) else { return Ok(is_old) };
        let last = record.used.0.saturating_add(ms(self.rules.ttl)).saturating_add(ms(self.rules.grace));
        if now.0 < last || self.is_needed(queue, tenant, &record).await? {
            return Ok(false);
        }
        // It may have been stored anew while the queue was asked.
        if self.store.record(tenant, sha256).await?.as_ref() != Some(&record) {
            return Ok(false);
        }
        self.store.remove_record(tenant, sha256).await?;
        self.known.invalidate(&(arrival.tenant.clone(), sha256));
        Ok(true)
    }

    /// Returns true if a job that may name the blob may still be judged.
    async fn is_needed(&self, queue: &dyn Backend, tenant: Option<&str>, record: &Record) -> anyhow::Result<bool> {
        let unrecorded = self.rules.step() + SKEW;
        let before = Some(id_at(record.used.0.saturating_add(ms(unrecorded))));
        let filter = |state: Option<&str>| Filter {
            tenant: tenant.map(str::to_owned),
            state: state.map(str::to_owned),
            ..Filter::default()
        };
        // A job may go from each of these states to the next while they are looked at.
        for state in ["dead", "queued", "running", "queued", "dead"] {
            let has_some = match state {
                "dead" => !queue.dead(&filter(None), before, 1).await?.is_empty(),
                state => !queue.list(&filter(Some(state)), before, 1).await?.is_empty(),
            };
            if has_some {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// The last id of that millisecond.
fn id_at(ms: u64) -> JobId {
    JobId(uuid::Builder::from_unix_timestamp_millis(ms, &[0xff; 10]).into_uuid())
}
