//! Secrets that sign webhooks. Every tenant has a secret of its own, derived from one that the servers share, so that
//! nothing is stored for each; a job may bring another.

use std::fmt;
use std::io::Read as _;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::ensure;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use optimus_queue::SharedStore;
use ring::hmac::{HMAC_SHA256, Key};
use tokio::sync::OnceCell;

use crate::disk;

/// Sizes that Standard Webhooks allows.
const BYTES: std::ops::RangeInclusive<usize> = 24..=64;
const MASTER: &str = "webhook-secret";

/// A secret that signs webhooks.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl Secret {
    /// Reads `whsec_` and base64; `Err` says what is wrong with it.
    ///
    /// # Errors
    /// It is something else, or too short to be one.
    pub fn parse(text: &str) -> Result<Self, String> {
        let bytes = text.strip_prefix("whsec_").and_then(|text| STANDARD.decode(text).ok());
        match bytes {
            Some(bytes) if BYTES.contains(&bytes.len()) => Ok(Self(bytes)),
            _ => Err(format!("is not `whsec_` and {} to {} bytes in base64", BYTES.start(), BYTES.end())),
        }
    }

    /// As its owner has to know it.
    pub fn show(&self) -> String {
        format!("whsec_{}", STANDARD.encode(&self.0))
    }

    /// The signature of an event, as it stands in `webhook-signature`.
    pub fn sign(&self, event: &str, timestamp: u64, body: &[u8]) -> String {
        let signature = mac(&self.0, &[event.as_bytes(), b".", timestamp.to_string().as_bytes(), b".", body]);
        format!("v1,{}", STANDARD.encode(signature))
    }
}

/// HMAC-SHA256 of the parts, one after the other. ring takes keys of any length, so there is no case without a signature.
fn mac(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    let mut mac = ring::hmac::Context::with_key(&Key::new(HMAC_SHA256, key));
    parts.iter().for_each(|part| mac.update(part));
    mac.sign().as_ref().to_vec()
}

/// Storage of the secret that all others are derived from; made on first use.
pub enum MasterPlace {
    /// A file that only its owner can read, of a server in one process.
    File(PathBuf),
    /// Beside the queue, for all processes that share it.
    Shared(Arc<dyn SharedStore>),
}

/// Every tenant's secret.
pub struct Secrets {
    place: MasterPlace,
    master: OnceCell<Vec<u8>>,
}

impl Secrets {
    /// Nothing is read yet.
    pub fn new(place: MasterPlace) -> Self {
        Self { place, master: OnceCell::new() }
    }

    /// A tenant's secret; without a tenant, the common one.
    ///
    /// # Errors
    /// What it is derived from can be neither read nor made.
    pub async fn of(&self, tenant: Option<&str>) -> anyhow::Result<Secret> {
        let master = self.master.get_or_try_init(|| self.load()).await?;
        let whose = tenant.map_or_else(|| "nobody".to_owned(), |name| format!("tenant {name}"));
        Ok(Secret(mac(master, &[whose.as_bytes()])))
    }

    /// A key for another purpose than webhooks. No tenant's secret is made of the same words.
    ///
    /// # Errors
    /// What it is derived from can be neither read nor made.
    pub(crate) async fn key_for(&self, purpose: &str) -> anyhow::Result<Key> {
        let master = self.master.get_or_try_init(|| self.load()).await?;
        Ok(Key::new(HMAC_SHA256, &mac(master, &[b"purpose ", purpose.as_bytes()])))
    }

    async fn load(&self) -> anyhow::Result<Vec<u8>> {
        let mut fresh = vec![0; 32];
        std::fs::File::open("/dev/urandom")?.read_exact(&mut fresh)?;
        match &self.place {
            MasterPlace::Shared(store) => Ok(store.put_if_absent(MASTER, &fresh).await?),
            MasterPlace::File(path) => {
                let master = disk::write_first(path.clone(), fresh).await?;
                // What a crash or a hand left empty would sign with a key that everybody knows.
                ensure!(master.len() >= 32, "`{}` holds {} bytes, which is no secret", path.display(), master.len());
                Ok(master)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_that_of_the_standard() {
        for short in ["", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_plJ3nmyCDGBKInavdOK15jsl", "whsec_*"] {
            assert!(Secret::parse(short).unwrap_err().contains("24 to 64"), "{short}");
        }
        // From the specification.
        let secret = Secret(STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap());
        let body = br#"{"test": 2432232314}"#;
        let signed = secret.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body);
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        assert_eq!(Secret::parse(&secret.show()), Ok(secret));
    }

    #[tokio::test]
    async fn a_secret_that_was_emptied_signs_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("secret");
        std::fs::write(&file, "").unwrap();
        let error = Secrets::new(MasterPlace::File(file)).of(Some("a")).await.unwrap_err();
        assert!(error.to_string().contains("holds 0 bytes"), "{error}");
    }

    #[tokio::test]
    async fn tenants_have_secrets_of_their_own_that_stay() {
        let dir = tempfile::tempdir().unwrap();
        let open = || Secrets::new(MasterPlace::File(dir.path().join("secret")));
        let (first, again) = (open(), open());
        let a = first.of(Some("a")).await.unwrap();
        assert_eq!(again.of(Some("a")).await.unwrap(), a);
        assert_ne!(first.of(Some("b")).await.unwrap(), a);
        assert_ne!(first.of(None).await.unwrap(), first.of(Some("nobody")).await.unwrap());
        let elsewhere = Secrets::new(MasterPlace::File(dir.path().join("other")));
        assert_ne!(elsewhere.of(Some("a")).await.unwrap(), a);
    }
}
