//! What one transaction does to the tables.

use optimus_core::{JobId, Report};
use redb::{ReadableTable as _, WriteTransaction};

use super::{DEAD, DONE, EXPIRY, HOOKS, JOBS, KEYS, LIVE, REPORTS, decode, encode};
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

/// Which results are to be forgotten: the oldest, at most `limit`, while they are too old or too many.
#[derive(Debug, Clone, Copy)]
pub(in crate::embedded) struct Expire {
    pub finished_before_ms: u64,
    pub excess_bytes: u64,
    pub limit: usize,
}

/// What was forgotten.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::embedded) struct Expired {
    pub results: usize,
    pub bytes: u64,
    pub dead: u64,
}

/// Does it all within `txn`.
pub(super) fn apply(txn: &WriteTransaction, changes: &Changes) -> Result<Expired, redb::Error> {
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
    if !changes.finishes.is_empty() {
        let (mut done, mut reports) = (txn.open_table(DONE)?, txn.open_table(REPORTS)?);
        let mut expiry = txn.open_table(EXPIRY)?;
        for Finished { record, json, report, hook, dead } in &changes.finishes {
            let id = report.id.0.as_u128();
            live.remove(id)?;
            match dead {
                Some(dead) => drop(txn.open_table(DEAD)?.insert(id, encode(dead)?.as_slice())?),
                None => drop(jobs.remove(id)?),
            }
            done.insert(id, encode(record)?.as_slice())?;
            reports.insert(id, json.as_slice())?;
            expiry.insert((record.finished_ms, id), (record.bytes, record.dead))?;
            if let Some(hook) = hook {
                txn.open_table(HOOKS)?.insert(id, encode(hook)?.as_slice())?;
            }
        }
    }
    for (id, record) in &changes.hooks {
        let mut hooks = txn.open_table(HOOKS)?;
        match record {
            Some(record) => drop(hooks.insert(id.0.as_u128(), encode(record)?.as_slice())?),
            None => drop(hooks.remove(id.0.as_u128())?),
        }
    }
    for (id, record) in &changes.requeues {
        live.insert(id.0.as_u128(), encode(record)?.as_slice())?;
        forget_dead(txn, *id)?;
        forget_report(txn, *id)?;
    }
    for id in &changes.discards {
        jobs.remove(id.0.as_u128())?;
        forget_dead(txn, *id)?;
    }
    drop((live, jobs));
    changes.expire.map_or(Ok(Expired::default()), |expire| apply_expire(txn, expire))
}

/// Takes a job from among the dead; its report counts as any other from now on.
fn forget_dead(txn: &WriteTransaction, id: JobId) -> Result<(), redb::Error> {
    let (mut done, mut expiry) = (txn.open_table(DONE)?, txn.open_table(EXPIRY)?);
    let Some(record) = done.get(id.0.as_u128())?.map(|json| decode::<DoneRecord>(json.value())).transpose()? else {
        return Ok(());
    };
    txn.open_table(DEAD)?.remove(id.0.as_u128())?;
    expiry.insert((record.finished_ms, id.0.as_u128()), (record.bytes, false))?;
    done.insert(id.0.as_u128(), encode(&DoneRecord { dead: false, ..record })?.as_slice())?;
    Ok(())
}

fn forget_report(txn: &WriteTransaction, id: JobId) -> Result<(), redb::Error> {
    let removed = txn.open_table(DONE)?.remove(id.0.as_u128())?.map(|json| decode::<DoneRecord>(json.value()));
    if let Some(record) = removed.transpose()? {
        txn.open_table(EXPIRY)?.remove((record.finished_ms, id.0.as_u128()))?;
    }
    txn.open_table(REPORTS)?.remove(id.0.as_u128())?;
    txn.open_table(HOOKS)?.remove(id.0.as_u128())?;
    Ok(())
}

fn apply_expire(txn: &WriteTransaction, expire: Expire) -> Result<Expired, redb::Error> {
    let mut expiry = txn.open_table(EXPIRY)?;
    let (mut done, mut reports) = (txn.open_table(DONE)?, txn.open_table(REPORTS)?);
    let mut expired = Expired::default();
    while expired.results < expire.limit {
        let Some((at, size)) = expiry.first()?.map(|(at, size)| (at.value(), size.value())) else { break };
        if at.0 >= expire.finished_before_ms && expired.bytes >= expire.excess_bytes {
            break;
        }
        expiry.remove(at)?;
        reports.remove(at.1)?;
        if let Some(record) = done.remove(at.1)?
            && let Some(key) = decode::<DoneRecord>(record.value())?.key
        {
            txn.open_table(KEYS)?.remove(key.as_str())?;
        }
        if size.1 {
            txn.open_table(DEAD)?.remove(at.1)?;
            txn.open_table(JOBS)?.remove(at.1)?;
        }
        expired.results += 1;
        expired.bytes += size.0;
        expired.dead += u64::from(size.1);
    }
    Ok(expired)
}
