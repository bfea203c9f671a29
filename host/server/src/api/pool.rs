//! Something that is bounded for all clients together and for each tenant: bytes of bodies, requests, listeners.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// An amount of a resource.
pub(super) struct Pool {
    cap: usize,
    /// The most that one tenant has of it; callers without a tenant count only for `cap`.
    tenant_cap: usize,
    used: Mutex<Used>,
}

#[derive(Default)]
struct Used {
    all: usize,
    tenants: HashMap<String, usize>,
}

/// The cap that was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exhausted {
    All,
    Tenant,
}

/// A part of a pool, given back when this is dropped.
pub(super) struct Share {
    pool: Arc<Pool>,
    tenant: Option<String>,
    amount: usize,
}

impl Pool {
    pub(super) fn new(cap: usize, tenant_cap: usize) -> Arc<Self> {
        Arc::new(Self { cap, tenant_cap, used: Mutex::default() })
    }

    /// A share of nothing, which can grow.
    pub(super) fn begin(self: &Arc<Self>, tenant: Option<&str>) -> Share {
        Share { pool: Arc::clone(self), tenant: tenant.map(str::to_owned), amount: 0 }
    }

    pub(super) fn take(self: &Arc<Self>, tenant: Option<&str>, amount: usize) -> Result<Share, Exhausted> {
        let mut share = self.begin(tenant);
        share.grow(amount).map(|()| share)
    }
}

impl Share {
    pub(super) fn amount(&self) -> usize {
        self.amount
    }

    /// Takes more; nothing, when that is too much.
    pub(super) fn grow(&mut self, by: usize) -> Result<(), Exhausted> {
        let mut used = self.pool.used.lock().unwrap_or_else(PoisonError::into_inner);
        if used.all.saturating_add(by) > self.pool.cap {
            return Err(Exhausted::All);
        }
        if let Some(tenant) = self.tenant.as_ref().filter(|_| by > 0) {
            let own = used.tenants.get(tenant).copied().unwrap_or_default().saturating_add(by);
            if own > self.pool.tenant_cap {
                return Err(Exhausted::Tenant);
            }
            used.tenants.insert(tenant.clone(), own);
        }
        used.all += by;
        self.amount += by;
        Ok(())
    }

    /// Gives all of it back.
    pub(super) fn clear(&mut self) {
        let mut used = self.pool.used.lock().unwrap_or_else(PoisonError::into_inner);
        used.all -= self.amount;
        if let Some(tenant) = &self.tenant
            && let Some(own) = used.tenants.get_mut(tenant)
        {
            *own -= self.amount;
            if *own == 0 {
                used.tenants.remove(tenant);
            }
        }
        self.amount = 0;
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_never_has_all_of_it() {
        let pool = Pool::new(4, 2);
        let _own = pool.take(Some("a"), 2);
        assert_eq!(pool.take(Some("a"), 1).err(), Some(Exhausted::Tenant));
        let other = pool.take(Some("b"), 2);
        assert!(other.is_ok());
        assert_eq!(pool.take(None, 1).err(), Some(Exhausted::All));
        drop(other);
        assert!(pool.take(None, 2).is_ok(), "what was given back can be had again");
        assert_eq!(pool.used.lock().unwrap_or_else(PoisonError::into_inner).tenants.len(), 1);
    }
}
