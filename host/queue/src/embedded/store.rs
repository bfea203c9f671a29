//! The file: which tables it has, and what one transaction does to them. Only the writer commits; anybody reads.

mod changes;
mod results;

use std::any::Any;
use std::fs::{OpenOptions, Permissions};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock};

use optimus_core::{Job, JobId, Report};
use redb::{
    Database, DatabaseError, ReadOnlyTable, ReadableDatabase, ReadableTable, ReadableTableMetadata as _, StorageError,
    TableDefinition, WriteTransaction,
};
use serde::de::DeserializeOwned;
use uuid::Uuid;

pub(super) use changes::{Changes, Finished, NewJob};
pub(super) use results::{Change, Expire};

use super::index::Results;
use super::record::{DeadRecord, DoneRecord, HookRecord, KeyRecord, LiveRecord};
use crate::{DeadJob, Filter, QueueError, Summary};

type Json = &'static [u8];
const LIVE: TableDefinition<u128, Json> = TableDefinition::new("live");
const JOBS: TableDefinition<u128, Json> = TableDefinition::new("jobs");
const DONE: TableDefinition<u128, Json> = TableDefinition::new("done");
const REPORTS: TableDefinition<u128, Json> = TableDefinition::new("reports");
const KEYS: TableDefinition<&str, Json> = TableDefinition::new("keys");
/// Jobs that were given up: they stay among the jobs, too.
const DEAD: TableDefinition<u128, Json> = TableDefinition::new("dead");
const HOOKS: TableDefinition<u128, Json> = TableDefinition::new("hooks");
/// Finished jobs in the order in which they are forgotten: (finished_ms, id) → (size of the report, given up).
const EXPIRY: TableDefinition<(u64, u128), (u64, bool)> = TableDefinition::new("expiry");

/// The same of each tenant: (tenant, finished_ms, id) → size.
const TENANTS: TableDefinition<(&str, u64, u128), u64> = TableDefinition::new("tenants");

/// Size of redb's cache; the kernel's page cache does the rest.
const CACHE_BYTES: usize = 16 << 20;

pub(super) struct Store {
    path: PathBuf,
    /// `None` only when reopening after a failed commit did not succeed either.
    db: RwLock<Option<Database>>,
}

/// The state that an earlier process left.
#[derive(Default)]
pub(super) struct Found {
    pub live: Vec<(JobId, LiveRecord)>,
    /// Webhooks that are still to be told, and when.
    pub hooks: Vec<(JobId, u64)>,
    pub results: Results,
    pub dead: u64,
}

type Result<T> = std::result::Result<T, QueueError>;

impl Store {
    pub(super) fn open(path: &Path) -> Result<(Self, Found)> {
        let open = || -> Result<(Database, Found)> {
            let db = open_database(path)?;
            let found = find(&db).map_err(|error| damaged_or(path, "read", error))?;
            Ok((db, found))
        };
        // redb asserts its own invariants, and a damaged file breaks them: that is the file's fault, not ours.
        let (db, found) = caught(open, |reason| QueueError::Damaged { path: path.to_owned(), reason })?;
        Ok((Self { path: path.to_owned(), db: RwLock::new(Some(db)) }, found))
    }

    /// After a failed commit redb refuses all further ones: open the file again.
    pub(super) fn reopen(&self) -> Result<()> {
        let mut db = self.db.write().unwrap_or_else(PoisonError::into_inner);
        let panicked = |reason| QueueError::Damaged { path: self.path.clone(), reason };
        let old = db.take();
        let reopened = || {
            drop(old);
            open_database(&self.path)
        };
        *db = Some(caught(reopened, panicked)?);
        Ok(())
    }

    pub(super) fn commit(&self, changes: &Changes) -> Result<Change> {
        let commit = || {
            self.with("write", |db| {
                let txn = db.begin_write()?;
                let change = changes::apply(&txn, changes)?;
                txn.commit()?;
                Ok(change)
            })
        };
        // A writer that dies would leave a queue that takes jobs and never ends one.
        caught(commit, |reason| QueueError::Store {
            doing: format!("write `{}`", self.path.display()),
            source: reason.into(),
        })
    }

    pub(super) fn job(&self, id: JobId) -> Result<Option<Job>> {
        self.get(JOBS, id)
    }

    pub(super) fn report(&self, id: JobId) -> Result<Option<Report>> {
        self.get(REPORTS, id)
    }

    pub(super) fn dead_record(&self, id: JobId) -> Result<Option<DeadRecord>> {
        self.get(DEAD, id)
    }

    /// Those that were given up, newest first.
    pub(super) fn dead(&self, filter: &Filter, before: JobId, limit: usize) -> Result<Vec<DeadJob>> {
        self.newest("list the dead of", DEAD, before, limit, |id, record: DeadRecord| {
            let DeadRecord { live, reason, at_ms } = record;
            let LiveRecord { language, tenant, attempt: attempts, .. } = live;
            matches(filter, tenant.as_deref(), &language).then_some(DeadJob {
                id,
                language,
                tenant,
                attempts,
                reason,
                at_ms,
            })
        })
    }

    pub(super) fn hook(&self, id: JobId) -> Result<Option<HookRecord>> {
        self.get(HOOKS, id)
    }

    /// The tenant of a finished job.
    pub(super) fn owner(&self, id: JobId) -> Result<Option<Option<String>>> {
        self.get::<DoneRecord>(DONE, id).map(|found| found.map(|record| record.tenant))
    }

    pub(super) fn key(&self, key: &str) -> Result<Option<KeyRecord>> {
        self.look("read a key in", KEYS, |table| table.get(key)?.map(|json| decode(json.value())).transpose())
    }

    /// Finished jobs, newest first.
    pub(super) fn list(&self, filter: &Filter, before: JobId, limit: usize) -> Result<Vec<Summary>> {
        self.newest("list", DONE, before, limit, |id, record: DoneRecord| {
            let DoneRecord { language, tenant, verdict, .. } = record;
            let is_wanted = matches(filter, tenant.as_deref(), &language);
            is_wanted.then(|| Summary {
                id,
                language,
                state: "done".to_owned(),
                verdict: Some(verdict),
                created_at: id.created_at(),
            })
        })
    }

    /// Maps the records of a table with `pick`, from the newest job before `before` on.
    fn newest<R: DeserializeOwned, T>(
        &self,
        doing: &str,
        table: TableDefinition<u128, Json>,
        before: JobId,
        limit: usize,
        mut pick: impl FnMut(JobId, R) -> Option<T>,
    ) -> Result<Vec<T>> {
        self.look(doing, table, |table| {
            let mut found = Vec::new();
            for row in table.range(..before.0.as_u128())?.rev() {
                if found.len() == limit {
                    break;
                }
                let (id, json) = row?;
                found.extend(pick(job_id(id.value()), decode(json.value())?));
            }
            Ok(found)
        })
    }

    fn get<T: DeserializeOwned>(&self, table: TableDefinition<u128, Json>, id: JobId) -> Result<Option<T>> {
        self.look("read", table, |table| table.get(id.0.as_u128())?.map(|json| decode(json.value())).transpose())
    }

    /// The transaction outlives whatever is found in it: redb's guards do not hold it, and the writer would free their pages.
    fn look<T, K: redb::Key, V: redb::Value>(
        &self,
        doing: &str,
        table: TableDefinition<K, V>,
        f: impl FnOnce(&ReadOnlyTable<K, V>) -> std::result::Result<T, redb::Error>,
    ) -> Result<T> {
        self.with(doing, |db| {
            let txn = db.begin_read()?;
            let table = txn.open_table(table)?;
            f(&table)
        })
    }

    fn with<T>(&self, doing: &str, f: impl FnOnce(&Database) -> std::result::Result<T, redb::Error>) -> Result<T> {
        let db = self.db.read().unwrap_or_else(PoisonError::into_inner);
        let result = db.as_ref().ok_or(redb::Error::DatabaseClosed).and_then(f);
        result.map_err(|error| QueueError::Store {
            doing: format!("{doing} `{}`", self.path.display()),
            source: Box::new(error),
        })
    }
}

/// Returns true if a job matches the filter.
pub(super) fn matches(filter: &Filter, tenant: Option<&str>, language: &str) -> bool {
    filter.tenant.as_deref().is_none_or(|wanted| Some(wanted) == tenant)
        && filter.language.as_deref().is_none_or(|wanted| wanted == language)
}

fn open_database(path: &Path) -> Result<Database> {
    keep_private(path)
        .map_err(|error| QueueError::Store { doing: format!("open `{}`", path.display()), source: Box::new(error) })?;
    let database = Database::builder().set_cache_size(CACHE_BYTES).create(path);
    database.map_err(|error| match error {
        DatabaseError::DatabaseAlreadyOpen => QueueError::InUse(path.to_owned()),
        error => damaged_or(path, "open", error.into()),
    })
}

/// Jobs are confidential: no other user of this machine may read the file, whatever the umask.
fn keep_private(path: &Path) -> std::io::Result<()> {
    let file = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(path)?;
    let permissions = file.metadata()?.permissions();
    if permissions.mode() & 0o077 != 0 {
        file.set_permissions(Permissions::from_mode(permissions.mode() & !0o077))?;
    }
    Ok(())
}

fn damaged_or(path: &Path, doing: &str, error: redb::Error) -> QueueError {
    let damaged = match &error {
        redb::Error::Corrupted(_) | redb::Error::UpgradeRequired(_) | redb::Error::RepairAborted => true,
        redb::Error::TableTypeMismatch { .. } | redb::Error::TypeDefinitionChanged { .. } => true,
        redb::Error::Io(io) => {
            matches!(io.kind(), std::io::ErrorKind::InvalidData | std::io::ErrorKind::UnexpectedEof)
        }
        _ => false,
    };
    match damaged {
        true => QueueError::Damaged { path: path.to_owned(), reason: error.to_string() },
        false => QueueError::Store { doing: format!("{doing} `{}`", path.display()), source: Box::new(error) },
    }
}

/// Makes the tables where they are missing, and reads what has to be known before the first `take`.
fn find(db: &Database) -> std::result::Result<Found, redb::Error> {
    let txn = db.begin_write()?;
    let mut found = Found::default();
    {
        let jobs = txn.open_table(JOBS)?;
        for row in txn.open_table(LIVE)?.iter()? {
            let (id, json) = row?;
            // Written in one transaction with its job; without it there is nothing to run.
            if jobs.get(id.value())?.is_some() {
                found.live.push((job_id(id.value()), decode(json.value())?));
            }
        }
        for row in txn.open_table(EXPIRY)?.iter()? {
            let (bytes, dead) = row?.1.value();
            found.results.all += bytes;
            found.dead += u64::from(dead);
        }
        for row in txn.open_table(HOOKS)?.iter()? {
            let (id, json) = row?;
            found.hooks.push((job_id(id.value()), decode::<HookRecord>(json.value())?.due_ms));
        }
        txn.open_table(DEAD)?;
        find_tenants(&txn, &mut found)?;
        txn.open_table(REPORTS)?;
        txn.open_table(KEYS)?;
    }
    txn.commit()?;
    Ok(found)
}

/// Bytes stored for each tenant. A file of an earlier version has no figure for each tenant yet.
fn find_tenants(txn: &WriteTransaction, found: &mut Found) -> std::result::Result<(), redb::Error> {
    let (done, mut tenants) = (txn.open_table(DONE)?, txn.open_table(TENANTS)?);
    if tenants.is_empty()? {
        for row in done.iter()? {
            let (id, json) = row?;
            let record: DoneRecord = decode(json.value())?;
            if let Some(tenant) = &record.tenant {
                tenants.insert((tenant.as_str(), record.finished_ms, id.value()), record.bytes)?;
            }
        }
    }
    for row in tenants.iter()? {
        let (key, bytes) = row?;
        *found.results.tenants.entry(key.value().0.to_owned()).or_default() += bytes.value();
    }
    Ok(())
}

fn job_id(key: u128) -> JobId {
    JobId(Uuid::from_u128(key))
}

fn encode<T: serde::Serialize>(value: &T) -> std::result::Result<Vec<u8>, redb::Error> {
    serde_json::to_vec(value).map_err(|error| redb::Error::Corrupted(format!("cannot be written: {error}")))
}

fn decode<T: DeserializeOwned>(json: &[u8]) -> std::result::Result<T, redb::Error> {
    serde_json::from_slice(json)
        .map_err(|error| StorageError::Corrupted(format!("a record is not ours: {error}")).into())
}

/// redb asserts its invariants by panicking.
fn caught<T>(f: impl FnOnce() -> Result<T>, error: impl FnOnce(String) -> QueueError) -> Result<T> {
    catch_unwind(AssertUnwindSafe(f)).unwrap_or_else(|panic| Err(error(panic_text(panic.as_ref()))))
}

fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("it ended in a panic").to_owned()
}
