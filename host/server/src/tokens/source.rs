//! Sources of the keys of tokens: a file, or the issuer's own description (OpenID Connect Discovery).

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use futures::FutureExt as _;
use tokio_util::sync::CancellationToken;

use super::issuer::{Endpoints, Issuer};
use super::key::JwkSet;
use super::{PublicKey, Tokens, pem};

/// Between two looks at the keys; issuers change them once in weeks, and a key that is not known asks sooner.
const LOOK: Duration = Duration::from_secs(300);

/// A source of the keys of tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySource {
    /// A public key as PEM, or a JWKS. The file is read again now and then.
    File(PathBuf),
    /// The discovery document of an issuer names its JWKS.
    Issuer(Issuer),
}

/// What a source says.
#[derive(Debug)]
pub struct Loaded {
    /// The keys of tokens.
    pub keys: Vec<PublicKey>,
    /// Where people sign in; a file does not say.
    pub(super) endpoints: Option<Endpoints>,
}

impl KeySource {
    /// What it says now. Blocks, within bounds.
    ///
    /// # Errors
    /// They cannot be had, or are none.
    pub fn load(&self) -> anyhow::Result<Loaded> {
        match self {
            Self::File(path) => {
                let bytes = std::fs::read(path).with_context(|| format!("cannot read `{}`", path.display()))?;
                let keys = match pem::read(&bytes) {
                    Some(key) => vec![key],
                    None => serde_json::from_slice::<JwkSet>(&bytes).map(JwkSet::usable).unwrap_or_default(),
                };
                ensure!(!keys.is_empty(), "`{}` holds no public key for RS256, ES256 or EdDSA", path.display());
                Ok(Loaded { keys, endpoints: None })
            }
            Self::Issuer(issuer) => {
                let (keys, endpoints) = issuer.load()?;
                Ok(Loaded { keys, endpoints: Some(endpoints) })
            }
        }
    }
}

/// Keeps the keys as the issuer has them. While it cannot be reached, the last ones hold.
pub async fn follow(tokens: Arc<Tokens>, source: KeySource, shutdown: CancellationToken) {
    let rest = tokens.rules.rest;
    loop {
        let from = source.clone();
        let wait = match tokio::task::spawn_blocking(move || from.load()).await {
            Ok(Ok(loaded)) => {
                tokens.replace(loaded);
                LOOK
            }
            Ok(Err(error)) => {
                tracing::warn!(error = format!("{error:#}"), "cannot fetch the keys of tokens");
                rest * 2
            }
            // A loader that panicked has loaded nothing.
            Err(error) => {
                tracing::error!(%error, "reading the keys of tokens panicked");
                rest * 2
            }
        };
        // Requests for a fetch that arrived meanwhile are served by it.
        let _ = tokens.unknown.notified().now_or_never();
        tokens.looked.send_replace(Some(Instant::now()));
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(rest) => {}
        }
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(wait) => {}
            () = tokens.unknown.notified() => {}
        }
    }
}
