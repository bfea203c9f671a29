//! Sessions of browsers: a cookie that stands for an API key and does not hold it.
//!
//! In: a key, or a cookie's value. Out: the value, or the key. Nothing is stored: the value names the key and its own end,
//! and is sealed with a secret that all servers of a queue share and with the key's hash. So it works in every process,
//! through restarts, and ends with its key. A token of an identity provider is a value by itself: it ends by its own claims.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;

use crate::keys::{Key, KeyRing};
use crate::webhooks::Secrets;

/// Lifetime of a session: a working day.
pub(crate) const LIFETIME: Duration = Duration::from_secs(12 * 60 * 60);

/// Between the parts of a value. RFC 6265, 4.1.1 allows it in cookies, and no part of a value has it.
const SEPARATOR: char = '~';
/// Separates the seal's key from those of other purposes.
const PURPOSE: &str = "session";

/// Makes sessions, and reads them.
pub(crate) struct Sessions(Arc<Secrets>);

impl Sessions {
    pub(crate) fn new(secrets: Arc<Secrets>) -> Self {
        Self(secrets)
    }

    /// The cookie's name. Servers on one host share its cookies whatever their ports are (RFC 6265, 8.5): servers of
    /// another queue have another name.
    ///
    /// # Errors
    /// The secret can be neither read nor made.
    pub(crate) async fn cookie_name(&self) -> anyhow::Result<String> {
        let name = hmac::sign(&self.0.key_for("session name").await?, &[]);
        Ok(format!("optimus_session_{}", &URL_SAFE_NO_PAD.encode(name)[..8]))
    }

    /// The value for this key, good for [`LIFETIME`].
    ///
    /// # Errors
    /// The secret can be neither read nor made.
    pub(crate) async fn begin(&self, key: &Key) -> anyhow::Result<String> {
        let end = (now() + LIFETIME).as_secs();
        Ok(format!("{}{SEPARATOR}{end}{SEPARATOR}{}", key.id, self.seal(key, end).await?))
    }

    /// The key of a value; `None`, if the session has ended, its key was revoked, or the value was made elsewhere.
    ///
    /// # Errors
    /// The secret can be neither read nor made.
    pub(crate) async fn key(&self, value: &str, ring: &KeyRing) -> anyhow::Result<Option<Arc<Key>>> {
        let mut parts = value.split(SEPARATOR);
        let (Some(id), Some(end), Some(seal), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
            return Ok(None);
        };
        let end = end.parse::<u64>().ok().filter(|end| *end > now().as_secs());
        let (Some(key), Some(end)) = (ring.find_by_id(id), end) else { return Ok(None) };
        let Ok(seal) = URL_SAFE_NO_PAD.decode(seal) else { return Ok(None) };
        let is_ours = hmac::verify(&self.0.key_for(PURPOSE).await?, sealed(&key, end).as_bytes(), &seal).is_ok();
        Ok(is_ours.then_some(key))
    }

    async fn seal(&self, key: &Key, end: u64) -> anyhow::Result<String> {
        let seal = hmac::sign(&self.0.key_for(PURPOSE).await?, sealed(key, end).as_bytes());
        Ok(URL_SAFE_NO_PAD.encode(seal))
    }
}

/// The text under the seal.
fn sealed(key: &Key, end: u64) -> String {
    format!("{}{SEPARATOR}{end}{SEPARATOR}{}", key.id, key.hash)
}

fn now() -> Duration {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::Scope;
    use crate::webhooks::MasterPlace;

    fn sessions(dir: &tempfile::TempDir) -> Sessions {
        Sessions::new(Arc::new(Secrets::new(MasterPlace::File(dir.path().join("secret")))))
    }

    fn key() -> Key {
        Key::new("school", [Scope::Read].into(), None).unwrap().0
    }

    #[tokio::test]
    async fn a_session_is_its_key_in_every_process_until_the_key_is_revoked() {
        let dir = tempfile::tempdir().unwrap();
        let (key, ring) = (key(), KeyRing::default());
        ring.replace(vec![key.clone(), self::key()]);
        let value = sessions(&dir).begin(&key).await.unwrap();
        assert!(!value.contains(&key.hash), "the value does not hold what is stored");
        assert_eq!(sessions(&dir).key(&value, &ring).await.unwrap().as_deref(), Some(&key));
        assert_eq!(sessions(&dir).cookie_name().await.unwrap(), sessions(&dir).cookie_name().await.unwrap());
        let elsewhere = tempfile::tempdir().unwrap();
        assert_eq!(sessions(&elsewhere).key(&value, &ring).await.unwrap(), None);
        assert_ne!(sessions(&elsewhere).cookie_name().await.unwrap(), sessions(&dir).cookie_name().await.unwrap());
        ring.replace(Vec::new());
        assert_eq!(sessions(&dir).key(&value, &ring).await.unwrap(), None);
    }

    #[tokio::test]
    async fn a_value_that_was_changed_or_has_ended_is_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let (sessions, ring, key, other) = (sessions(&dir), KeyRing::default(), key(), key());
        ring.replace(vec![key.clone(), other.clone()]);
        let value = sessions.begin(&key).await.unwrap();
        let (head, seal) = value.rsplit_once('~').unwrap();
        let (_, end) = head.rsplit_once('~').unwrap();
        let later = end.parse::<u64>().unwrap() + 1;
        let ended = format!("{}~1~{}", key.id, sessions.seal(&key, 1).await.unwrap());
        for wrong in [
            String::new(),
            head.to_owned(),
            format!("{value}~"),
            format!("{}~{end}~{seal}", other.id),
            format!("{}~{later}~{seal}", key.id),
            format!("{}~{end}~", key.id),
            format!("{}~end~{seal}", key.id),
            ended,
        ] {
            assert_eq!(sessions.key(&wrong, &ring).await.unwrap(), None, "{wrong}");
        }
    }
}
