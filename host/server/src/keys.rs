//! API keys: authentication, tenant and permissions. Of each key only a hash is stored, so that stored data admits no one
//! in; the key itself is shown once, when it is made.

mod daily_quota;
mod store;

use std::collections::{BTreeSet, HashMap};
use std::io::Read as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use arc_swap::ArcSwap;
use optimus_queue::SharedStore;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use daily_quota::DailyQuota;
pub use daily_quota::DailyQuotaError;
pub use store::KeyStore;

/// A permission of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Submit jobs, and cancel them.
    Submit,
    /// Read reports, events and lists of its own tenant.
    Read,
    /// Store problem packages.
    Problems,
    /// Run commands: programs of an image, by their names and arguments.
    Commands,
    /// See the plugins.
    Plugins,
    /// Read the audit log of its own tenant.
    Audit,
    /// All of this, for every tenant.
    Admin,
}

impl Scope {
    /// Each of them.
    pub const ALL: [Self; 7] =
        [Self::Submit, Self::Read, Self::Problems, Self::Commands, Self::Plugins, Self::Audit, Self::Admin];
}

/// A key, without what would let anybody in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key {
    /// The beginning of the key, which names it in lists and revocations.
    pub id: String,
    /// The tenant of its jobs.
    pub tenant: String,
    /// Its permissions.
    pub scopes: BTreeSet<Scope>,
    /// Jobs that may be submitted with it in a minute; any number, when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_minute: Option<u32>,
    /// The same in a day, by UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_day: Option<u32>,
    /// Jobs of it that may wait or run (at Redis: in each language); any number, when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outstanding: Option<u64>,
    /// SHA-256 of the key, in hex.
    pub hash: String,
    /// When it was made, in seconds since 1970.
    pub created: u64,
}

impl Key {
    /// Makes a key, and returns it with what its owner has to send.
    ///
    /// # Errors
    /// This machine has no randomness to give.
    pub fn new(tenant: &str, scopes: BTreeSet<Scope>, per_minute: Option<u32>) -> std::io::Result<(Self, String)> {
        let mut random = [0; 36];
        std::fs::File::open("/dev/urandom")?.read_exact(&mut random)?;
        let (name, secret) = random.split_at(4);
        let id = format!("opt_{}", hex(name));
        let secret = format!("{id}_{}", hex(secret));
        let created = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
        let tenant = tenant.to_owned();
        let (per_day, outstanding, hash) = (None, None, hash(&secret));
        Ok((Self { id, tenant, scopes, per_minute, per_day, outstanding, hash, created }, secret))
    }

    /// A transient key with the claims of a token.
    pub(crate) fn of_token(tenant: &str, scopes: BTreeSet<Scope>) -> Self {
        let (id, tenant) = (format!("token of {tenant}"), tenant.to_owned());
        Self { id, tenant, scopes, per_minute: None, per_day: None, outstanding: None, hash: String::new(), created: 0 }
    }

    /// Returns true if it is a stored key, not one of a token.
    pub(crate) fn is_ours(&self) -> bool {
        !self.hash.is_empty()
    }

    /// Returns true if it has the permission.
    pub fn may(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope) || self.scopes.contains(&Scope::Admin)
    }
}

/// Checks the name of a key's tenant; `Err` says what it has to be.
///
/// # Errors
/// It is something else.
pub fn check_tenant(name: &str) -> Result<(), String> {
    let is_fine = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    match (1..=64).contains(&name.len()) && name.chars().all(is_fine) {
        true => Ok(()),
        false => Err("1 to 64 letters, digits, `-`, `_` or `.`".to_owned()),
    }
}

/// So long that a plain hash suffices: 2^256 keys cannot be tried.
fn hash(secret: &str) -> String {
    hex(&Sha256::digest(secret.as_bytes()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The keys that are good now. Readers never wait; the composition root replaces the whole ring.
#[derive(Debug, Default)]
pub struct KeyRing {
    by_hash: ArcSwap<HashMap<String, Arc<Key>>>,
    required: AtomicBool,
    /// True until the keys could be read.
    unknown: AtomicBool,
    /// When each key's allowance is whole again.
    spent: Mutex<HashMap<String, Instant>>,
    daily_quota: DailyQuota,
}

impl KeyRing {
    /// Puts new keys in place of the old ones. From the first key on, everybody needs one.
    pub fn replace(&self, keys: Vec<Key>) {
        self.unknown.store(false, Ordering::Release);
        if !keys.is_empty() {
            self.require();
        }
        let by_hash = keys.into_iter().map(|key| (key.hash.clone(), Arc::new(key))).collect();
        self.by_hash.store(Arc::new(by_hash));
    }

    /// Requires a key from now on.
    pub fn require(&self) {
        self.required.store(true, Ordering::Release);
    }

    /// The keys cannot be read yet: every request is refused as unavailable, not as unauthorized.
    pub fn wait(&self) {
        self.unknown.store(true, Ordering::Release);
        self.require();
    }

    /// Returns true until the keys could be read.
    pub fn is_waiting(&self) -> bool {
        self.unknown.load(Ordering::Acquire)
    }

    /// There are no keys after all: anybody comes in.
    pub fn open(&self) {
        self.required.store(false, Ordering::Release);
    }

    /// Returns true if every caller needs a key.
    pub fn is_required(&self) -> bool {
        self.required.load(Ordering::Acquire)
    }

    /// The key with this secret.
    pub fn find(&self, secret: &str) -> Option<Arc<Key>> {
        self.by_hash.load().get(&hash(secret)).cloned()
    }

    /// The key of this id.
    pub(crate) fn find_by_id(&self, id: &str) -> Option<Arc<Key>> {
        self.by_hash.load().values().find(|key| key.id == id).cloned()
    }

    /// Counts daily quotas beside the shared queue, for all processes together.
    pub fn share_daily_counts(&self, store: Arc<dyn SharedStore>) {
        self.daily_quota.share(store);
    }

    /// Counts `jobs` submissions of a key today.
    ///
    /// # Errors
    /// The day's allowance is spent, or the shared queue did not count.
    pub async fn spend_day(&self, key: &Key, jobs: u32) -> Result<(), DailyQuotaError> {
        match key.per_day {
            Some(most) => self.daily_quota.spend(&key.id, jobs, most).await,
            None => Ok(()),
        }
    }

    /// Counts `jobs` submissions against a key's allowance; `Err` says when to come back. Each API process counts its own.
    ///
    /// # Errors
    /// The allowance is spent.
    pub fn spend(&self, key: &Key, jobs: u32) -> Result<(), Duration> {
        const MINUTE: Duration = Duration::from_secs(60);
        let Some(per_minute) = key.per_minute.filter(|most| *most > 0) else { return Ok(()) };
        let (now, price) = (Instant::now(), MINUTE / per_minute);
        let mut spent = self.spent.lock().unwrap_or_else(PoisonError::into_inner);
        let whole = spent.entry(key.id.clone()).or_insert(now);
        let after = (*whole).max(now) + price * jobs;
        // The requests of a whole minute may come in a burst.
        match after.checked_duration_since(now + MINUTE).filter(|wait| !wait.is_zero()) {
            Some(wait) => Err(wait),
            None => {
                *whole = after;
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(per_minute: Option<u32>) -> (Key, String) {
        Key::new("t", [Scope::Submit].into(), per_minute).unwrap()
    }

    #[test]
    fn a_key_is_found_by_what_its_owner_sends_and_by_nothing_else() {
        let (ring, (key, secret)) = (KeyRing::default(), key(None));
        assert!(!ring.is_required());
        ring.replace(vec![key.clone()]);
        assert!(ring.is_required());
        assert_eq!(ring.find(&secret).as_deref(), Some(&key));
        for wrong in ["", &key.id, &key.hash, &secret[1..], &secret.to_uppercase()] {
            assert_eq!(ring.find(wrong), None, "{wrong}");
        }
        assert!(key.may(Scope::Submit) && !key.may(Scope::Read));
        ring.replace(Vec::new());
        assert!(ring.is_required() && ring.find(&secret).is_none(), "revoking the last key opens nothing");
    }

    #[test]
    fn what_is_stored_does_not_hold_the_key() {
        let (key, secret) = key(Some(3));
        let stored = serde_json::to_string(&key).unwrap();
        assert!(!stored.contains(&secret) && !stored.contains(secret.rsplit('_').next().unwrap()));
        assert_eq!(serde_json::from_str::<Key>(&stored).unwrap(), key);
    }

    #[test]
    fn an_allowance_is_spent_at_most() {
        let (ring, (key, _)) = (KeyRing::default(), key(Some(3)));
        for _ in 0..3 {
            ring.spend(&key, 1).unwrap();
        }
        let wait = ring.spend(&key, 1).unwrap_err();
        assert!(wait <= Duration::from_secs(20), "{wait:?}");
        let (other, _) = self::key(None);
        assert!((0..1_000).all(|_| ring.spend(&other, 1).is_ok()));
    }
}
