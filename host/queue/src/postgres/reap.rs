//! Ends jobs whose last worker is lost, and removes what has expired. Every process does so; rows that another one has
//! locked are left to it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use optimus_core::{Fault, Verdict};

use super::end::{Ending, GivenUp};
use super::fault::Trouble;
use super::{Shared, lock};
use crate::QueueError;
use crate::background::Outage;

/// Rows that expire in one transaction.
const BATCH: i32 = 500;
/// Batches of one look; the rest is for the next.
const BATCHES: usize = 20;

/// A job that no `take` brings back: it was cancelled, or has no attempt left. One in a transaction, so that counts are
/// locked in their order.
const LOST: &str = "SELECT id, fence, language, payload, cancel, attempt, fault FROM job \
                    WHERE due <= clock_timestamp() AND stage = 'running' AND (cancel OR attempt >= $1) \
                    ORDER BY due LIMIT 1 FOR UPDATE SKIP LOCKED";

pub(super) async fn reap(shared: Arc<Shared>) {
    let period = (shared.rules.lease / 4).clamp(Duration::from_millis(20), Duration::from_secs(1));
    let mut outage = Outage::of("look for jobs whose worker fell silent");
    loop {
        tokio::time::sleep(period).await;
        let reaped = reap_due(&shared).await;
        outage.note(&reaped);
        if reaped.is_ok() {
            *lock(&shared.reaped) = Some(Instant::now());
        }
    }
}

async fn reap_due(shared: &Arc<Shared>) -> Result<(), QueueError> {
    while shared.database.within("look after lost jobs", give_up_lost(shared)).await? {}
    let (attempts, slots) = (shared.attempts(), shared.slots());
    // Workers do this too, but while there is none, it shows where jobs stand.
    shared.database.query_once("look after lost jobs", "SELECT promote($1, $2)", &[&attempts, &slots]).await?;
    shared.database.query_once("look after held jobs", "SELECT review_held($1)", &[&slots]).await?;
    shared.database.query_once("forget old feeds", "SELECT expire_feeds()", &[]).await?;
    for _ in 0..BATCHES {
        let more = shared.database.query_once("remove what has expired", "SELECT expire($1)", &[&BATCH]).await?;
        if !more.first().is_some_and(|row| row.try_get(0).unwrap_or(false)) {
            break;
        }
    }
    Ok(())
}

/// Ends one of them; returns whether there may be more.
async fn give_up_lost(shared: &Arc<Shared>) -> Result<bool, Trouble> {
    let mut client = shared.database.client().await?;
    let transaction = client.transaction().await?;
    let rows = transaction.query(LOST, &[&shared.attempts()]).await?;
    let mut ended = Vec::new();
    for row in &rows {
        let (is_cancelled, attempt): (bool, i32) = (row.try_get(4)?, row.try_get(5)?);
        let fault: Option<String> = row.try_get(6)?;
        let (verdict, fault) = match is_cancelled {
            true => (Verdict::Cancelled, None),
            false => (Verdict::InternalError, Some(read_fault(fault.as_deref(), attempt.unsigned_abs()))),
        };
        let job = GivenUp::of(row)?;
        if let (Ending::Done, over) = shared.give_up_in(&transaction, &job, verdict, fault).await? {
            ended.push(over);
        }
    }
    transaction.commit().await?;
    for over in ended {
        shared.tell_end(over);
    }
    Ok(!rows.is_empty())
}

/// Why the last attempt failed; that a worker fell silent, unless one said more.
fn read_fault(json: Option<&str>, attempt: u32) -> Fault {
    json.and_then(|json| serde_json::from_str(json).ok()).unwrap_or_else(|| crate::worker_lost(attempt))
}
