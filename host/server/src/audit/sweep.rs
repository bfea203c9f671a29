//! Removes entries whose time is over, and the oldest ones of a tenant that has too many: nobody pushes another tenant's
//! entries out by making many.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use optimus_core::Timestamp;
use optimus_queue::background::Outage;
use tokio_util::sync::CancellationToken;

use super::AuditLog;
use super::entry::first_day;

/// Entries of one tenant.
const MOST: usize = 100_000;
/// Between two looks.
const EVERY: Duration = Duration::from_secs(10 * 60);
/// Characters of an id in a name.
const ID: usize = 32;

/// Removes, again and again until `shutdown`, what is older than `days` days of UTC.
pub async fn sweep(log: Arc<AuditLog>, days: u64, shutdown: CancellationToken) {
    let mut outage = Outage::of("remove old entries of the audit log");
    let sweeping = async {
        loop {
            outage
                .note(&once(&log, first_day(Timestamp::now(), days), MOST).await.map_err(|error| format!("{error:#}")));
            tokio::time::sleep(EVERY).await;
        }
    };
    shutdown.run_until_cancelled(sweeping).await;
}

/// Removes the days before `first`, and what one tenant has beyond `most`.
async fn once(log: &AuditLog, first: u64, most: usize) -> anyhow::Result<()> {
    let mut days = log.days().await?;
    days.sort_unstable();
    let mut of_tenants: HashMap<String, usize> = HashMap::new();
    // The newest count first.
    for day in days.into_iter().rev() {
        let mut names = log.names(day).await?;
        names.sort_unstable();
        for name in names.iter().rev() {
            let count = of_tenants.entry(name[ID..].to_owned()).or_default();
            *count += 1;
            if day < first || *count > most {
                log.remove(day, name).await?;
            }
        }
        if day < first {
            log.remove_day(day).await?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::Entry;
    use super::super::entry::day_at;
    use super::super::log::Wanted;
    use super::*;

    async fn add(log: &AuditLog, tenant: &str) -> Entry {
        let entry = Entry { tenant: Some(tenant.to_owned()), ..Entry::new("POST /v1/x", "/v1/x") };
        log.write(&entry).await.unwrap();
        entry
    }

    async fn ids(log: &AuditLog) -> Vec<String> {
        log.page(&Wanted::default(), None, 500).await.unwrap().entries.into_iter().map(|entry| entry.id).collect()
    }

    #[tokio::test]
    async fn a_tenant_loses_its_own_oldest_entries_and_no_others() {
        let dir = tempfile::tempdir().unwrap();
        let log = AuditLog::files(dir.path());
        let quiet = add(&log, "quiet").await.id;
        let mut loud = Vec::new();
        for _ in 0..5 {
            loud.push(add(&log, "loud").await.id);
        }
        once(&log, 0, 3).await.unwrap();
        assert_eq!(ids(&log).await, [&loud[4], &loud[3], &loud[2], &quiet].map(String::as_str));
    }

    #[tokio::test]
    async fn what_is_too_old_is_removed_with_its_day() {
        let dir = tempfile::tempdir().unwrap();
        let log = AuditLog::files(dir.path());
        let entry = add(&log, "a").await;
        once(&log, day_at(entry.at), 10).await.unwrap();
        assert_eq!(ids(&log).await, [entry.id.as_str()]);
        once(&log, day_at(entry.at) + 1, 10).await.unwrap();
        assert_eq!((ids(&log).await.len(), log.days().await.unwrap().len()), (0, 0));
        assert!(!dir.path().join(day_at(entry.at).to_string()).exists());
    }

    #[tokio::test]
    async fn pages_follow_each_other_and_an_end_replaces_a_beginning() {
        let log = AuditLog::in_memory();
        let mut all = Vec::new();
        for n in 0..5 {
            let entry = add(&log, if n % 2 == 0 { "even" } else { "odd" }).await;
            log.write(&entry.clone().ended(201, None)).await.unwrap();
            all.insert(0, entry.id);
        }
        let (mut seen, mut next) = (Vec::new(), None::<String>);
        loop {
            let page = log.page(&Wanted::default(), next.as_deref(), 2).await.unwrap();
            seen.extend(page.entries.into_iter().map(|entry| entry.id));
            next = page.next;
            if next.is_none() {
                break;
            }
        }
        assert_eq!(seen, all);
        let wanted = Wanted { tenant: Some("odd".to_owned()), ..Wanted::default() };
        let page = log.page(&wanted, None, 10).await.unwrap();
        assert_eq!(page.entries.iter().map(|entry| &entry.id).collect::<Vec<_>>(), [&all[1], &all[3]]);
        assert_eq!(page.entries[0].status, Some(201));
    }
}
