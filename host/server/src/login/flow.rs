//! A sign-in under way. Its cookie holds a random number, an end, and where the person wants to go. State, nonce and PKCE
//! verifier follow from that and from a secret that the servers of a queue share, so whoever reads the cookie knows none of
//! them, and whoever changes it has other ones.

use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::{SecureRandom as _, SystemRandom};
use ring::{digest, hmac};

use crate::webhooks::Secrets;

/// Time to sign in at the provider.
pub(crate) const LIFETIME: Duration = Duration::from_secs(10 * 60);

/// Between the parts of a cookie. RFC 6265, 4.1.1 allows it there, and no part has it.
const SEPARATOR: char = '~';

/// A sign-in under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Flow {
    /// What tells it from all others.
    pub(super) random: String,
    /// Its end, in seconds since 1970.
    pub(super) end: u64,
    /// The path of the console that it leads to.
    pub(crate) to: String,
}

/// What a flow is known by.
pub(super) struct Marks {
    /// Binds the answer to the browser (RFC 6749, 10.12).
    pub(super) state: String,
    /// Binds the ID token to the flow.
    pub(super) nonce: String,
    /// Binds the code to the flow (RFC 7636): 43 characters, the least that it allows, of 256 bits.
    pub(super) verifier: String,
}

impl Marks {
    /// S256: RFC 7636, 4.2.
    pub(super) fn challenge(&self) -> String {
        URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, self.verifier.as_bytes()))
    }
}

impl Flow {
    /// A new one, `None` where the machine has no randomness.
    pub(crate) fn begin(to: String) -> Option<Self> {
        let mut random = [0; 32];
        SystemRandom::new().fill(&mut random).ok()?;
        Some(Self { random: URL_SAFE_NO_PAD.encode(random), end: (now() + LIFETIME).as_secs(), to })
    }

    /// Reads a cookie; `None`: it is none.
    pub(crate) fn of_cookie(value: &str) -> Option<Self> {
        let mut parts = value.split(SEPARATOR);
        let (Some(random), Some(end), Some(to), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
            return None;
        };
        let to = String::from_utf8(URL_SAFE_NO_PAD.decode(to).ok()?).ok()?;
        Some(Self { random: random.to_owned(), end: end.parse().ok()?, to })
    }

    /// As a cookie holds it.
    pub(crate) fn cookie(&self) -> String {
        let Self { random, end, to } = self;
        format!("{random}{SEPARATOR}{end}{SEPARATOR}{}", URL_SAFE_NO_PAD.encode(to))
    }

    pub(super) async fn marks(&self, secrets: &Secrets) -> anyhow::Result<Marks> {
        let state = self.mark(STATE, secrets).await?;
        let nonce = self.mark("login nonce", secrets).await?;
        let verifier = self.mark("login verifier", secrets).await?;
        Ok(Marks { state, nonce, verifier })
    }

    async fn mark(&self, purpose: &str, secrets: &Secrets) -> anyhow::Result<String> {
        Ok(URL_SAFE_NO_PAD.encode(hmac::sign(&secrets.key_for(purpose).await?, self.cookie().as_bytes())))
    }

    /// Its marks, if this is its state and it has not ended.
    pub(super) async fn marks_if(&self, state: &str, secrets: &Secrets) -> anyhow::Result<Option<Marks>> {
        let state = URL_SAFE_NO_PAD.decode(state).unwrap_or_default();
        let is_own = hmac::verify(&secrets.key_for(STATE).await?, self.cookie().as_bytes(), &state).is_ok();
        if is_own && now().as_secs() < self.end { self.marks(secrets).await.map(Some) } else { Ok(None) }
    }
}

const STATE: &str = "login state";

/// The time since 1970, by this machine's clock.
pub(crate) fn now() -> Duration {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}
