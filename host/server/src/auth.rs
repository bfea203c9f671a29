//! Authentication at start and afterwards: API keys that are read again each second, and the issuer's keys for tokens.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::api::Exposed;
use crate::keys::{KeyRing, KeyStore};
use crate::metrics::Metrics;
use crate::tokens::{KeySource, TokenRules, Tokens};
use optimus_queue::background::Outage;

/// Time between two reads of the keys.
const READ_KEYS_EVERY: Duration = Duration::from_secs(1);

/// Keys and tokens as they are when a server starts to listen.
pub struct AuthSetup {
    /// The API keys.
    pub ring: Arc<KeyRing>,
    /// Tokens, and where the keys are that they are verified with.
    pub tokens: Option<(Arc<Tokens>, KeySource)>,
    /// Where the API keys are stored.
    pub store: Arc<KeyStore>,
    /// Without keys everybody may call, and it could not be read yet whether there are any.
    may_open: bool,
}

impl AuthSetup {
    /// Reads the keys. `exposed` says why the server may not listen without any.
    ///
    /// # Errors
    /// The token's key file cannot be read; or there are no keys, and then why they are needed.
    pub async fn prepare(
        store: Arc<KeyStore>,
        tokens: Option<(TokenRules, KeySource)>,
        exposed: Result<(), Exposed>,
    ) -> anyhow::Result<Self> {
        let (ring, mut may_open) = (Arc::<KeyRing>::default(), false);
        if let Some(shared) = store.beside_queue() {
            ring.share_daily_counts(Arc::clone(shared));
        }
        let tokens = tokens.map(|(rules, source)| (Arc::new(Tokens::new(rules)), source));
        if let Some((_, source)) = &tokens {
            if matches!(source, KeySource::File(_)) {
                source.load()?;
            }
            ring.require();
        }
        match (store.load().await, exposed) {
            (Ok(keys), Err(exposed)) if keys.is_empty() => return Err(exposed.into()),
            (Ok(keys), _) => ring.replace(keys),
            // Whether there are keys is not known yet: no request is let in until it is.
            (Err(error), exposed) => {
                tracing::warn!(error = format!("{error:#}"), "the keys cannot be read yet");
                ring.wait();
                may_open = exposed.is_ok() && tokens.is_none();
            }
        }
        Ok(Self { ring, tokens, store, may_open })
    }

    /// Follows what is created and revoked, until `shutdown`. While the keys cannot be read, the last ones stay valid: that
    /// is logged, and `optimus_last_success_age_seconds{task="keys"}` grows.
    pub async fn follow_keys(self, metrics: Arc<Metrics>, shutdown: CancellationToken) {
        let Self { ring, mut may_open, store, .. } = self;
        let mut outage = Outage::of("read the keys, so the last ones stay valid");
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = tokio::time::sleep(READ_KEYS_EVERY) => {}
            }
            let read = store.load().await.map_err(|error| format!("{error:#}"));
            outage.note(&read);
            if let Ok(keys) = read {
                metrics.succeeded("keys");
                if std::mem::take(&mut may_open) && keys.is_empty() {
                    ring.open();
                }
                ring.replace(keys);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::{Key, Scope};

    #[tokio::test]
    async fn keys_that_cannot_be_read_again_are_seen_in_the_metrics() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("keys.json");
        let (key, secret) = Key::new("t", [Scope::Submit].into(), None).unwrap();
        KeyStore::file(file.clone()).add(&key).await.unwrap();
        let setup = AuthSetup::prepare(Arc::new(KeyStore::file(file.clone())), None, Ok(())).await.unwrap();
        let (ring, metrics, shutdown) = (Arc::clone(&setup.ring), Arc::<Metrics>::default(), CancellationToken::new());
        let following = tokio::spawn(setup.follow_keys(Arc::clone(&metrics), shutdown.clone()));
        let age = || {
            let text = metrics.write(None, std::iter::empty());
            let line = text.lines().find(|line| line.starts_with("optimus_last_success_age_seconds{task=\"keys\"}"));
            line.and_then(|line| line.rsplit(' ').next()?.parse::<f64>().ok())
        };
        while age().is_none() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        std::fs::write(&file, "no keys at all").unwrap();
        tokio::time::sleep(READ_KEYS_EVERY * 5 / 2).await;
        assert!(age().unwrap() > 1.0, "{:?}", age());
        assert!(ring.find(&secret).is_some(), "the last keys stay valid");
        shutdown.cancel();
        following.await.unwrap();
    }
}
