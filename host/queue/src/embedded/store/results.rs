//! Reports that are kept, in the order in which they are forgotten, and how many bytes they are: in all, and of each tenant.

use std::collections::HashMap;

use redb::{ReadableTable as _, Table, WriteTransaction};

use super::{DONE, EXPIRY, Json, REPORTS, TENANTS, decode, encode};
use crate::embedded::record::DoneRecord;

/// Which results are to be forgotten: the oldest, at most `limit`, while they are too old or too many.
#[derive(Debug, Clone)]
pub(in crate::embedded) struct Expire {
    pub finished_before_ms: u64,
    pub excess_bytes: u64,
    /// Tenants that have too much, and how much that is.
    pub tenants: Vec<(String, u64)>,
    pub limit: usize,
}

/// The change in stored bytes.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::embedded) struct Change {
    pub bytes: i64,
    pub tenants: HashMap<String, i64>,
    pub dead: i64,
    /// Results that were forgotten.
    pub expired: usize,
}

/// The tables of reports within one transaction. Only here are they changed, so that the sums are right.
pub(super) struct Results<'txn> {
    done: Table<'txn, u128, Json>,
    reports: Table<'txn, u128, Json>,
    expiry: Table<'txn, (u64, u128), (u64, bool)>,
    tenants: Table<'txn, (&'static str, u64, u128), u64>,
    pub(super) change: Change,
}

/// Results that were forgotten.
type Forgotten = Vec<(u128, DoneRecord)>;

impl<'txn> Results<'txn> {
    pub(super) fn open(txn: &'txn WriteTransaction) -> Result<Self, redb::Error> {
        let (done, reports) = (txn.open_table(DONE)?, txn.open_table(REPORTS)?);
        let (expiry, tenants) = (txn.open_table(EXPIRY)?, txn.open_table(TENANTS)?);
        Ok(Self { done, reports, expiry, tenants, change: Change::default() })
    }

    pub(super) fn add(&mut self, id: u128, record: &DoneRecord, json: &[u8]) -> Result<(), redb::Error> {
        self.reports.insert(id, json)?;
        self.note(id, record)
    }

    /// Forgets a report; `None`, if there is none.
    pub(super) fn forget(&mut self, id: u128) -> Result<Option<DoneRecord>, redb::Error> {
        let Some(record) = self.unnote(id)? else { return Ok(None) };
        self.reports.remove(id)?;
        Ok(Some(record))
    }

    /// A job that was given up is kept no longer: its report counts as any other from now on.
    pub(super) fn bury(&mut self, id: u128, job_bytes: u64) -> Result<(), redb::Error> {
        let Some(record) = self.unnote(id)? else { return Ok(()) };
        let bytes = record.bytes.saturating_sub(job_bytes);
        self.note(id, &DoneRecord { dead: false, bytes, ..record })
    }

    /// Forgets what is too old or too much.
    pub(super) fn expire(&mut self, expire: &Expire) -> Result<Forgotten, redb::Error> {
        let mut forgotten = Vec::new();
        let excess = i64::try_from(expire.excess_bytes).unwrap_or(i64::MAX);
        let before = self.change.bytes;
        while forgotten.len() < expire.limit {
            let Some(at) = self.expiry.first()?.map(|(at, _)| at.value()) else { break };
            if at.0 >= expire.finished_before_ms && before - self.change.bytes >= excess {
                break;
            }
            match self.forget(at.1)? {
                Some(record) => forgotten.push((at.1, record)),
                // A row without a result says nothing.
                None => drop(self.expiry.remove(at)?),
            }
        }
        for (tenant, excess) in &expire.tenants {
            self.expire_tenant(tenant, *excess, expire.limit, &mut forgotten)?;
        }
        self.change.expired = forgotten.len();
        Ok(forgotten)
    }

    /// The oldest of a tenant's, but never the newest.
    fn expire_tenant(
        &mut self,
        tenant: &str,
        excess: u64,
        limit: usize,
        forgotten: &mut Forgotten,
    ) -> Result<(), redb::Error> {
        let mut oldest = Vec::new();
        let mut covered = 0;
        let mut rows = self.tenants.range((tenant, 0, 0)..=(tenant, u64::MAX, u128::MAX))?;
        let newest = rows.next_back().transpose()?.map(|(key, _)| key.value().2);
        for row in rows {
            if covered >= excess || oldest.len() + forgotten.len() >= limit {
                break;
            }
            let (key, bytes) = row?;
            covered += bytes.value();
            oldest.push(key.value().2);
        }
        for id in oldest.into_iter().filter(|id| Some(*id) != newest) {
            if let Some(record) = self.forget(id)? {
                forgotten.push((id, record));
            }
        }
        Ok(())
    }

    fn note(&mut self, id: u128, record: &DoneRecord) -> Result<(), redb::Error> {
        self.done.insert(id, encode(record)?.as_slice())?;
        self.expiry.insert((record.finished_ms, id), (record.bytes, record.dead))?;
        if let Some(tenant) = &record.tenant {
            self.tenants.insert((tenant.as_str(), record.finished_ms, id), record.bytes)?;
        }
        self.count(record, 1);
        Ok(())
    }

    fn unnote(&mut self, id: u128) -> Result<Option<DoneRecord>, redb::Error> {
        let Some(record) = self.done.remove(id)?.map(|json| decode::<DoneRecord>(json.value())).transpose()? else {
            return Ok(None);
        };
        self.expiry.remove((record.finished_ms, id))?;
        if let Some(tenant) = &record.tenant {
            self.tenants.remove((tenant.as_str(), record.finished_ms, id))?;
        }
        self.count(&record, -1);
        Ok(Some(record))
    }

    fn count(&mut self, record: &DoneRecord, sign: i64) {
        let bytes = sign * i64::try_from(record.bytes).unwrap_or(i64::MAX);
        self.change.bytes += bytes;
        self.change.dead += sign * i64::from(record.dead);
        if let Some(tenant) = &record.tenant {
            *self.change.tenants.entry(tenant.clone()).or_default() += bytes;
        }
    }
}
