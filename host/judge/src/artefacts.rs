//! What compiling left, kept by content: equal sources, compiled by the same steps with the same toolchain, are compiled
//! once, also when they arrive at the same time.
//!
//! Kept in memory, within a number of bytes, the least recently used going first. Only what compiled is kept. Tenants
//! share it, and a report does not say so: to each tenant the cache looks as if it held its own programs only. Otherwise
//! `cached` would tell one tenant that another has submitted the very same sources.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use optimus_core::report::CompileReport;
use optimus_sandbox::Collected;
use sha2::{Digest as _, Sha256};

use super::execute::PlannedJob;

/// The name of an artefact.
pub(super) type Key = [u8; 32];

/// What compiling left.
#[derive(Debug)]
pub(super) struct Artefact {
    /// None when the run step works on the sources.
    pub(super) collected: Option<Collected>,
    /// How it went, the first time.
    pub(super) report: CompileReport,
    pub(super) known: KnownTo,
}

/// A compilation that all who want its result wait for; holds that result, or its failure.
pub(super) type Flight = tokio::sync::Mutex<Option<Result<Arc<Artefact>, Arc<Failed>>>>;

/// How a compilation failed.
#[derive(Debug)]
pub(super) struct Failed {
    pub(super) report: CompileReport,
    pub(super) known: KnownTo,
}

/// The tenants that have compiled something, or believe so.
#[derive(Debug)]
pub(super) struct KnownTo(Mutex<HashSet<Option<String>>>);

impl KnownTo {
    /// The tenant that did compile it.
    pub(super) fn new(tenant: Option<&str>) -> Self {
        Self(Mutex::new([tenant.map(str::to_owned)].into()))
    }

    /// Whether this tenant knows of it already; from now on it does.
    pub(super) fn is_known(&self, tenant: Option<&str>) -> bool {
        !self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(tenant.map(str::to_owned))
    }
}

/// The kept artefacts and the compilations under way.
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

    /// The compilation of this artefact. Whoever locks it first and finds it empty compiles; if that one goes away, the
    /// next one does. It is forgotten with its last holder, and so are failures.
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

/// Roughly the bytes that it holds on to.
fn weight(artefact: &Artefact) -> usize {
    let report = &artefact.report;
    let said: usize = report.diagnostics.iter().map(|d| d.path.len() + d.message.len() + 128).sum();
    let collected = artefact.collected.as_ref().map_or(0, Collected::size);
    1_024 + usize::try_from(collected).unwrap_or(usize::MAX / 2) + report.output.content.len() + said
}

/// The artefact's name: everything that could make a difference to what compiling leaves. Options, entry and arguments
/// are in it as far as they matter, through the steps that the plugin made of them.
pub(super) fn key(planned: &PlannedJob<'_>, sandbox: &str, toolchain: &str) -> Key {
    let mut hash = Framed(Sha256::new());
    for part in [planned.plugin_digest, &planned.plan.image, sandbox, toolchain] {
        hash.part(part.as_bytes());
    }
    let steps = serde_json::to_vec(&planned.plan.compile).expect("steps have only string keys");
    hash.part(&steps);
    for file in &planned.job.files {
        hash.part(file.path.as_str().as_bytes());
        hash.part(file.content.as_bytes());
    }
    hash.0.finalize().into()
}

/// Each part with its length, so that no two lists of parts are the same bytes.
struct Framed(Sha256);

impl Framed {
    fn part(&mut self, bytes: &[u8]) {
        self.0.update((bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
    }
}
