//! Ends jobs whose last worker is lost, and finishes ends that were begun. Every process does so, one at a time.

use std::sync::Arc;
use std::time::{Duration, Instant};

use optimus_core::{Fault, JobId, Verdict};
use redis::{Cmd, ExistenceCheck, SetExpiry, SetOptions};

use super::script::{Args, REAP};
use super::{GRACE, Shared, lock, ms};
use crate::QueueError;
use crate::background::Outage;

pub(super) async fn reap(shared: Arc<Shared>) {
    let period = (shared.rules.lease / 4).clamp(Duration::from_millis(20), Duration::from_secs(1));
    let mut outage = Outage::of("look for jobs whose worker fell silent");
    loop {
        tokio::time::sleep(period).await;
        let reaped = reap_due(&shared, period).await;
        outage.note(&reaped);
        if reaped.is_ok() {
            *lock(&shared.reaped) = Some(Instant::now());
        }
    }
}

async fn reap_due(shared: &Shared, period: Duration) -> Result<(), QueueError> {
    let options =
        SetOptions::default().conditional_set(ExistenceCheck::NX).with_expiration(SetExpiry::PX(ms(period * 3 / 4)));
    let turn = Cmd::set_options(format!("{}:reaper", shared.prefix), "here", options);
    if shared.connection.query::<Option<String>>("look after lost jobs", &turn).await?.is_none() {
        return Ok(());
    }
    for language in shared.languages().await? {
        let args = Args::default().with(shared.rules.max_attempts).with(ms(GRACE));
        let lost: Vec<(String, Vec<u8>, u32, u64, u8, String)> =
            shared.run_once("look after lost jobs", &REAP, &language, &args).await?;
        for (id, payload, attempt, fence, cancel, fault) in lost {
            let Ok(id) = id.parse::<JobId>() else { continue };
            let (verdict, fault) = match cancel {
                0 => (Verdict::InternalError, Some(read_fault(&fault, attempt))),
                _ => (Verdict::Cancelled, None),
            };
            shared.give_up(&language, id, fence, &payload, verdict, fault).await?;
        }
    }
    Ok(())
}

/// Why the last attempt failed; that a worker fell silent, unless one said more.
fn read_fault(json: &str, attempt: u32) -> Fault {
    serde_json::from_str(json).unwrap_or_else(|_| crate::worker_lost(attempt))
}
