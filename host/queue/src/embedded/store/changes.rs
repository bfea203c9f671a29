//! The changes of one transaction to the tables.

use optimus_core::{JobId, Report};
use redb::{Table, WriteTransaction};

use super::results::{Change, Expire, Results};
use super::{DEAD, HOOKS, JOBS, Json, KEYS, LIVE, decode, encode};
use crate::embedded::record::{DeadRecord, DoneRecord, HookRecord, KeyRecord, LiveRecord};

/// One transaction.
#[derive(Default)]
pub(in crate::embedded) struct Changes {
    pub pushes: Vec<NewJob>,
    pub updates: Vec<(JobId, LiveRecord)>,
    pub finishes: Vec<Finished>,
    /// Webhooks to be told later, or no more.
    pub hooks: Vec<(JobId, Option<HookRecord>)>,
    /// The dead that wait again.
    pub requeues: Vec<(JobId, LiveRecord)>,
    /// Those that are dead for good.
    pub discards: Vec<JobId>,
    pub expire: Option<Expire>,
}

impl Changes {
    pub(in crate::embedded) fn is_empty(&self) -> bool {
        let Self { pushes, updates, finishes, hooks, requeues, discards, expire } = self;
        let jobs = pushes.is_empty() && updates.is_empty() && finishes.is_empty();
        jobs && hooks.is_empty() && requeues.is_empty() && discards.is_empty() && expire.is_none()
    }

    fn touch_results(&self) -> bool {
        let Self { finishes, requeues, discards, expire, .. } = self;
        !(finishes.is_empty() && requeues.is_empty() && discards.is_empty() && expire.is_none())
    }
}

pub(in crate::embedded) struct NewJob {
    pub id: JobId,
    pub record: LiveRecord,
    pub job: Vec<u8>,
    pub key: Option<(String, KeyRecord)>,
}

pub(in crate::embedded) struct Finished {
    pub record: DoneRecord,
    pub json: Vec<u8>,
    pub report: Box<Report>,
    pub hook: Option<HookRecord>,
    pub dead: Option<DeadRecord>,
}

/// Applies all changes within `txn`.
pub(super) fn apply(txn: &WriteTransaction, changes: &Changes) -> Result<Change, redb::Error> {
    let (mut live, mut jobs) = (txn.open_table(LIVE)?, txn.open_table(JOBS)?);
    for new in &changes.pushes {
        live.insert(new.id.0.as_u128(), encode(&new.record)?.as_slice())?;
        jobs.insert(new.id.0.as_u128(), new.job.as_slice())?;
        if let Some((key, record)) = &new.key {
            txn.open_table(KEYS)?.insert(key.as_str(), encode(record)?.as_slice())?;
        }
    }
    for (id, record) in &changes.updates {
        live.insert(id.0.as_u128(), encode(record)?.as_slice())?;
    }
    for (id, record) in &changes.hooks {
        let mut hooks = txn.open_table(HOOKS)?;
        match record {
            Some(record) => drop(hooks.insert(id.0.as_u128(), encode(record)?.as_slice())?),
            None => drop(hooks.remove(id.0.as_u128())?),
        }
    }
    if !changes.touch_results() {
        return Ok(Change::default());
    }
    apply_to_results(txn, changes, &mut live, &mut jobs)
}

/// Stores reports, and requeues, deletes and expires finished jobs.
fn apply_to_results(
    txn: &WriteTransaction,
    changes: &Changes,
    live: &mut Table<'_, u128, Json>,
    jobs: &mut Table<'_, u128, Json>,
) -> Result<Change, redb::Error> {
    let mut results = Results::open(txn)?;
    for Finished { record, json, report, hook, dead } in &changes.finishes {
        let id = report.id.0.as_u128();
        live.remove(id)?;
        match dead {
            Some(dead) => drop(txn.open_table(DEAD)?.insert(id, encode(dead)?.as_slice())?),
            None => drop(jobs.remove(id)?),
        }
        results.add(id, record, json)?;
        if let Some(hook) = hook {
            txn.open_table(HOOKS)?.insert(id, encode(hook)?.as_slice())?;
        }
    }
    for (id, record) in &changes.requeues {
        let id = id.0.as_u128();
        live.insert(id, encode(record)?.as_slice())?;
        txn.open_table(DEAD)?.remove(id)?;
        txn.open_table(HOOKS)?.remove(id)?;
        results.forget(id)?;
    }
    for id in &changes.discards {
        let id = id.0.as_u128();
        jobs.remove(id)?;
        let dead = txn.open_table(DEAD)?.remove(id)?.map(|json| decode::<DeadRecord>(json.value())).transpose()?;
        results.bury(id, dead.map_or(0, |dead| dead.live.bytes))?;
    }
    if let Some(expire) = &changes.expire {
        for (id, record) in results.expire(expire)? {
            if let Some(key) = record.key {
                txn.open_table(KEYS)?.remove(key.as_str())?;
            }
            if record.dead {
                txn.open_table(DEAD)?.remove(id)?;
                jobs.remove(id)?;
            }
        }
    }
    Ok(results.change)
}
