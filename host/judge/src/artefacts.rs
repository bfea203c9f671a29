//! A cache of compile results, by content: equal sources that the same toolchain compiles with the same steps are
//! compiled once, even when they arrive at the same time.
//!
//! The cache is in memory, bounded in bytes, and evicts the least recently used. It keeps successful results
//! only. Tenants share it, but a report does not show that: to each tenant the cache appears to hold its own
//! programs only. Otherwise `cached` would reveal that another tenant submitted the same sources.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use optimus_core::report::CompileReport;
use optimus_sandbox::Collected;
use sha2::{Digest as _, Sha256};

use super::build_spec::BuildSpec;

/// The key of an artefact: a SHA-256.
pub(super) type Key = [u8; 32];

/// The result of a successful compilation.
#[derive(Debug)]
pub(super) struct Artefact {
    /// The collected files. `None` when the run step works on the sources.
    pub(super) collected: Option<Collected>,
    /// The report of the compilation.
    pub(super) report: CompileReport,
    pub(super) known: KnownTo,
}

/// A compilation in progress, shared by all jobs that wait for it; holds its result or its failure once it is
/// over.
pub(super) type Flight = tokio::sync::Mutex<Option<Result<Arc<Artefact>, Arc<Failed>>>>;

/// A failed compilation.
#[derive(Debug)]
pub(super) struct Failed {
    pub(super) report: CompileReport,
    pub(super) known: KnownTo,
}

/// The tenants that know a result: those that compiled it or were shown it as their own compilation.
#[derive(Debug)]
pub(super) struct KnownTo(Mutex<HashSet<Option<String>>>);

impl KnownTo {
    /// Starts with the tenant that compiled it.
    pub(super) fn new(tenant: Option<&str>) -> Self {
        Self(Mutex::new([tenant.map(str::to_owned)].into()))
    }

    /// Returns true if the tenant knows the result already. Adds the tenant.
    pub(super) fn is_known(&self, tenant: Option<&str>) -> bool {
        !self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(tenant.map(str::to_owned))
    }
}

/// The cached artefacts and the compilations in progress.
pub(super) struct Artefacts {
    kept: Cache<Key, Arc<Artefact>>,
    flights: Mutex<HashMap<Key, Weak<Flight>>>,
}

impl Artefacts {
    pub(super) fn new(bytes: u64) -> Self {
        let kept = Cache::builder()
            .max_capacity(bytes)
            .weigher(|_, artefact: &Arc<Artefact>| u32::try_from(weight(artefact)).unwrap_or(u32::MAX))
            .eviction_policy(EvictionPolicy::lru())
            .build();
        Self { kept, flights: Mutex::default() }
    }

    pub(super) fn get(&self, key: &Key) -> Option<Arc<Artefact>> {
        self.kept.get(key)
    }

    pub(super) fn keep(&self, key: Key, artefact: Arc<Artefact>) {
        self.kept.insert(key, artefact);
    }

    /// The compilation for this key. The first caller that locks it and finds it empty compiles; if that
    /// caller is dropped, the next one compiles. The entry goes with its last holder, so failures are not
    /// cached.
    pub(super) fn flight(&self, key: Key) -> Arc<Flight> {
        let mut flights = self.flights.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(flight) = flights.get(&key).and_then(Weak::upgrade) {
            return flight;
        }
        flights.retain(|_, flight| flight.strong_count() > 0);
        let flight = Arc::new(Flight::default());
        flights.insert(key, Arc::downgrade(&flight));
        flight
    }
}

/// The approximate size of an artefact in memory, in bytes.
fn weight(artefact: &Artefact) -> usize {
    let report = &artefact.report;
    let said: usize = report.diagnostics.iter().map(|d| d.path.len() + d.message.len() + 128).sum();
    let collected = artefact.collected.as_ref().map_or(0, Collected::size);
    1_024 + usize::try_from(collected).unwrap_or(usize::MAX / 2) + report.output.content.len() + said
}

/// The key of an artefact: a hash of everything that can change the result. Options, entry and arguments enter it
/// through the steps that the plugin derived from them.
pub(super) fn key(spec: &BuildSpec<'_>, sandbox: &str, toolchain: &str) -> Key {
    let mut hash = Framed(Sha256::new());
    for part in [spec.plugin_digest, &spec.plan.image, sandbox, toolchain] {
        hash.part(part.as_bytes());
    }
    let steps = serde_json::to_vec(&spec.plan.compile).expect("steps have only string keys");
    hash.part(&steps);
    for file in &spec.job.files {
        hash.part(file.path.as_str().as_bytes());
        hash.part(file.content.as_bytes());
    }
    hash.0.finalize().into()
}

/// Hashes each part with its length, so that no two lists of parts give the same bytes.
struct Framed(Sha256);

impl Framed {
    fn part(&mut self, bytes: &[u8]) {
        self.0.update((bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
    }
}
