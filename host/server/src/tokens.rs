//! Bearer tokens (JWT) of an identity provider: checked against its public keys, read as a tenant and scopes.
//!
//! In: a token. Out: a transient [`Key`]. [`follow`] keeps the issuer's keys; while it cannot be reached, the last
//! ones hold. Only signatures that others cannot make are taken, and nothing is believed before one was checked.

mod issuer;
mod key;
mod pem;
mod source;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use arc_swap::ArcSwapOption;
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::{Notify, watch};

use crate::keys::{Key, Scope};

pub(crate) use issuer::Endpoints;
pub use issuer::Issuer;
pub use key::PublicKey;
pub use source::{KeySource, Loaded, follow};

/// Rules for accepting tokens and reading their claims.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenRules {
    /// The required `iss`. Absent: any issuer whose key is in the file.
    pub issuer: Option<String>,
    /// The required audience, `aud`.
    pub audience: String,
    /// The claim that names the tenant; a dot leads into an object.
    pub tenant_claim: String,
    /// The claim that holds the scopes: words in a string, or a list.
    pub scope_claim: String,
    /// Prefix of the claims that are scopes of ours.
    pub scope_prefix: String,
    /// However many tokens with unknown keys come, the issuer is not asked again within this.
    pub rest: Duration,
}

/// A refused token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It is not good here, or not any more.
    #[error("invalid token: {0}")]
    Bad(String),
    /// The issuer's keys could not be fetched yet.
    #[error("the issuer's keys cannot be fetched at the moment")]
    NoKeys,
}

/// The issuer's keys, and the rules.
#[derive(Debug)]
pub struct Tokens {
    rules: TokenRules,
    keys: ArcSwapOption<Vec<PublicKey>>,
    /// Where people sign in, if the issuer was asked and has said so.
    endpoints: ArcSwapOption<Endpoints>,
    /// A token came whose key is not known: there may be new ones.
    unknown: Notify,
    /// When the keys were looked at last, whatever came of it.
    looked: watch::Sender<Option<Instant>>,
}

/// By how much clocks may differ, in seconds.
const LEEWAY: f64 = 30.0;
/// Maximum time that a request waits for the issuer's new keys.
const PATIENCE: Duration = Duration::from_secs(3);
/// Maximum length of a subject in OpenID Connect, and so of a tenant's name.
const LONGEST_TENANT: usize = 255;

/// The header of a token. `crit` names extensions that must be understood, and none is.
#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    crit: Option<Value>,
}

impl Tokens {
    /// No key is known yet.
    pub fn new(rules: TokenRules) -> Self {
        let (unknown, looked) = (Notify::new(), watch::Sender::new(None));
        Self { rules, keys: ArcSwapOption::empty(), endpoints: ArcSwapOption::empty(), unknown, looked }
    }

    /// The transient key of a token. A token with an unknown key id makes the issuer's keys be fetched, and waits a
    /// little.
    ///
    /// # Errors
    /// It is not good here, or that cannot be said.
    pub async fn read(&self, token: &str) -> Result<Key, Refused> {
        self.identity(&self.verify(token, &self.rules.audience).await?)
    }

    /// The claims of a token for this audience.
    ///
    /// # Errors
    /// It is not good for that, or that cannot be said.
    pub(crate) async fn verify(&self, token: &str, audience: &str) -> Result<Value, Refused> {
        let (signed, signature) = token.rsplit_once('.').ok_or_else(|| bad("it is none"))?;
        let (header, claims) = signed.split_once('.').ok_or_else(|| bad("it is none"))?;
        let header: Header = json(header).filter(is_taken).ok_or_else(|| bad(UNREADABLE))?;
        let key = match self.key(&header) {
            Some(key) => key,
            None => {
                self.look_again().await;
                self.key(&header).ok_or_else(|| self.no_such_key())?
            }
        };
        if key.algorithm() != header.alg {
            return Err(bad("it is signed in another way than its key is for"));
        }
        let signature = key::decode(signature).unwrap_or_default();
        if !key.has_signed(signed.as_bytes(), &signature) {
            return Err(bad("its signature does not hold"));
        }
        let claims: Value = json(claims).ok_or_else(|| bad("its claims cannot be read"))?;
        self.check(&claims, audience)?;
        Ok(claims)
    }

    /// The session that a token is good for: whose it is, and when it ends, in seconds since 1970.
    ///
    /// # Errors
    /// It is not good here, or that cannot be said.
    pub(crate) async fn session(&self, token: &str) -> Result<(Key, f64), Refused> {
        let claims = self.verify(token, &self.rules.audience).await?;
        let end = claims["exp"].as_f64().ok_or_else(|| bad("it has no claim `exp`"))?;
        Ok((self.identity(&claims)?, end))
    }

    /// Where people sign in; `None`: the issuer has not been reached yet. Waits a little.
    pub(crate) async fn endpoints(&self) -> Option<Arc<Endpoints>> {
        if self.endpoints.load().is_none() {
            self.look_again().await;
        }
        self.endpoints.load_full()
    }

    /// Puts new keys in place of the old ones.
    fn replace(&self, loaded: Loaded) {
        self.keys.store(Some(Arc::new(loaded.keys)));
        self.endpoints.store(loaded.endpoints.map(Arc::new));
    }

    /// The key of this name; the only one, when the token or that key has no name.
    fn key(&self, header: &Header) -> Option<PublicKey> {
        let keys = self.keys.load();
        let keys = keys.as_ref()?.as_slice();
        let only = if let [only] = keys { Some(only) } else { None };
        let found = match &header.kid {
            Some(kid) => {
                let named = keys.iter().find(|key| key.kid.as_ref() == Some(kid));
                named.or(only.filter(|key| key.kid.is_none()))
            }
            None => only,
        };
        found.cloned()
    }

    fn no_such_key(&self) -> Refused {
        match self.keys.load().is_some() {
            true => bad("it is signed with a key that its issuer does not name"),
            false => Refused::NoKeys,
        }
    }

    /// Has the keys fetched again, unless that was just done; returns when they are, or after a timeout.
    async fn look_again(&self) {
        let mut looked = self.looked.subscribe();
        if looked.borrow_and_update().is_some_and(|at| at.elapsed() < self.rules.rest) {
            return;
        }
        self.unknown.notify_one();
        let _ = tokio::time::timeout(PATIENCE, looked.changed()).await;
    }

    /// Checks audience, issuer and times. A claim of the wrong type is as bad as a wrong one.
    fn check(&self, claims: &Value, audience: &str) -> Result<(), Refused> {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs_f64();
        let time = |name: &str| match claims.get(name) {
            None => Ok(None),
            Some(value) => value.as_f64().map(Some).ok_or_else(|| bad(format!("its claim `{name}` is no time"))),
        };
        let expires = time("exp")?.ok_or_else(|| bad("it has no claim `exp`"))?;
        if now > expires + LEEWAY {
            return Err(bad("it has expired"));
        }
        if time("nbf")?.is_some_and(|begins| now < begins - LEEWAY) {
            return Err(bad("it is not good yet"));
        }
        let issuer = claims.get("iss").and_then(Value::as_str);
        if self.rules.issuer.as_deref().is_some_and(|wanted| issuer != Some(wanted)) {
            return Err(bad("its claim `iss` names another issuer"));
        }
        let wanted = Value::from(audience);
        let is_ours = match claims.get("aud") {
            Some(Value::Array(all)) => all.contains(&wanted),
            audience => audience == Some(&wanted),
        };
        if is_ours { Ok(()) } else { Err(bad("its claim `aud` names another audience")) }
    }

    fn identity(&self, claims: &Value) -> Result<Key, Refused> {
        let tenant = at(claims, &self.rules.tenant_claim).and_then(Value::as_str).unwrap_or_default();
        // Names are part of keys in the queue, where braces mean something.
        let fine = |byte: u8| byte.is_ascii_graphic() && !b"{}".contains(&byte);
        if !(1..=LONGEST_TENANT).contains(&tenant.len()) || !tenant.bytes().all(fine) {
            return Err(bad(format!("it has no claim `{}` that could name a tenant", self.rules.tenant_claim)));
        }
        let scopes = at(claims, &self.rules.scope_claim).map(|value| self.scopes(value)).unwrap_or_default();
        Ok(Key::of_token(tenant, scopes))
    }

    fn scopes(&self, value: &Value) -> BTreeSet<Scope> {
        let words: Vec<&str> = match value {
            Value::String(text) => text.split_whitespace().collect(),
            Value::Array(list) => list.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        let ours = words.into_iter().filter_map(|word| word.strip_prefix(self.rules.scope_prefix.as_str()));
        ours.filter_map(|name| serde_json::from_value(Value::from(name)).ok()).collect()
    }
}

const UNREADABLE: &str = "its header cannot be read, or names another algorithm than RS256, ES256 and EdDSA";

fn bad(why: impl Into<String>) -> Refused {
    Refused::Bad(why.into())
}

fn is_taken(header: &Header) -> bool {
    key::ALGORITHMS.contains(&header.alg.as_str()) && header.crit.is_none()
}

/// A part of a token.
fn json<T: for<'a> Deserialize<'a>>(part: &str) -> Option<T> {
    serde_json::from_slice(&key::decode(part)?).ok()
}

/// `realm.roles` is `roles` in `realm`; a claim may also have a dot in its own name.
fn at<'a>(claims: &'a Value, path: &str) -> Option<&'a Value> {
    claims.get(path).or_else(|| path.split('.').try_fold(claims, |value, name| value.get(name)))
}
