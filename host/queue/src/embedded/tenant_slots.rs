//! Number of running jobs for each tenant, and the waiting jobs of tenants that have reached their quota. These are in
//! no line, so that `first` never visits them; for each job that ends, the first of each priority and language lines up
//! again.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::num::NonZeroU32;

use optimus_core::JobId;

use crate::Priority;

#[derive(Default)]
pub(super) struct TenantSlots {
    /// Tenants with a running or a held job.
    tenants: HashMap<String, Tenant>,
}

#[derive(Default)]
struct Tenant {
    running: u32,
    /// In the order of their turns; none is empty.
    held: BTreeMap<(Priority, String), BTreeSet<(u64, JobId)>>,
}

impl TenantSlots {
    /// Returns true if no further job of `tenant` may start.
    pub(super) fn is_full(&self, tenant: Option<&String>, slots: Option<NonZeroU32>) -> bool {
        let running = tenant.and_then(|tenant| self.tenants.get(tenant)).map_or(0, |tenant| tenant.running);
        slots.is_some_and(|slots| running >= slots.get())
    }

    pub(super) fn hold(&mut self, tenant: Option<&String>, (priority, language): (Priority, &str), at: (u64, JobId)) {
        if let Some(tenant) = tenant {
            let tenant = self.tenants.entry(tenant.clone()).or_default();
            tenant.held.entry((priority, language.to_owned())).or_default().insert(at);
        }
    }

    pub(super) fn unhold(&mut self, tenant: Option<&String>, (priority, language): (Priority, &str), at: (u64, JobId)) {
        let line = (priority, language.to_owned());
        self.update(tenant, |tenant| {
            if let Some(jobs) = tenant.held.get_mut(&line) {
                jobs.remove(&at);
                if jobs.is_empty() {
                    tenant.held.remove(&line);
                }
            }
        });
    }

    pub(super) fn job_started(&mut self, tenant: Option<&String>) {
        if let Some(tenant) = tenant {
            self.tenants.entry(tenant.clone()).or_default().running += 1;
        }
    }

    /// Frees a slot, and returns the held jobs that may line up again.
    pub(super) fn job_ended(&mut self, tenant: Option<&String>) -> Vec<JobId> {
        let mut next = Vec::new();
        self.update(tenant, |tenant| {
            tenant.running -= 1;
            next.extend(tenant.held.values().filter_map(|jobs| jobs.first()).map(|(_, id)| *id));
        });
        next
    }

    fn update(&mut self, name: Option<&String>, change: impl FnOnce(&mut Tenant)) {
        let Some(name) = name else { return };
        let Some(tenant) = self.tenants.get_mut(name) else { return };
        change(tenant);
        if tenant.running == 0 && tenant.held.is_empty() {
            self.tenants.remove(name);
        }
    }
}
