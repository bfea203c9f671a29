//! Sources of the keys of tokens: a file, or the issuer's own description (OpenID Connect Discovery).

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use futures::FutureExt as _;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio_util::sync::CancellationToken;
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};
use url::{Host, Url};

use super::key::JwkSet;
use super::{PublicKey, Tokens, pem};

/// Between two looks at the keys; issuers change them once in weeks, and a key that is not known asks sooner.
const LOOK: Duration = Duration::from_secs(300);
/// Timeout of one answer of the issuer.
const TIME: Duration = Duration::from_secs(10);
/// Maximum size of an answer.
const BYTES: u64 = 1 << 20;

/// A source of the keys of tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySource {
    /// A public key as PEM, or a JWKS. The file is read again now and then.
    File(PathBuf),
    /// The discovery document of an issuer names its JWKS.
    Issuer(Issuer),
}

/// An issuer of tokens, and the client that fetches its keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issuer {
    /// Its URL, as tokens say it.
    pub url: String,
    /// Over http too, though others could answer in its place.
    pub allow_http: bool,
    /// A private certificate authority, as PEM.
    pub authority: Option<PathBuf>,
}

#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    jwks_uri: String,
}

impl KeySource {
    /// The keys now. Blocks, within bounds.
    ///
    /// # Errors
    /// They cannot be had, or are none.
    pub fn load(&self) -> anyhow::Result<Vec<PublicKey>> {
        match self {
            Self::File(path) => {
                let bytes = std::fs::read(path).with_context(|| format!("cannot read `{}`", path.display()))?;
                let keys = match pem::read(&bytes) {
                    Some(key) => vec![key],
                    None => serde_json::from_slice::<JwkSet>(&bytes).map(JwkSet::usable).unwrap_or_default(),
                };
                ensure!(!keys.is_empty(), "`{}` holds no public key for RS256, ES256 or EdDSA", path.display());
                Ok(keys)
            }
            Self::Issuer(issuer) => issuer.load(),
        }
    }
}

impl Issuer {
    fn load(&self) -> anyhow::Result<Vec<PublicKey>> {
        let agent = self.agent()?;
        let document = format!("{}/.well-known/openid-configuration", self.url.trim_end_matches('/'));
        let found: Discovery = self.get(&agent, &document)?;
        // OpenID Connect Discovery 4.3: otherwise one tenant of a provider could speak for another.
        ensure!(found.issuer == self.url, "`{document}` is of the issuer `{}`, not `{}`", found.issuer, self.url);
        let keys = self.get::<JwkSet>(&agent, &found.jwks_uri)?.usable();
        ensure!(!keys.is_empty(), "`{}` names no key for RS256, ES256 or EdDSA", found.jwks_uri);
        Ok(keys)
    }

    fn agent(&self) -> anyhow::Result<ureq::Agent> {
        let roots = match &self.authority {
            Some(path) => authority(path)?,
            None => RootCerts::WebPki,
        };
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(TIME))
            .max_redirects(0)
            .tls_config(TlsConfig::builder().root_certs(roots).build());
        Ok(config.build().into())
    }

    fn get<T: DeserializeOwned>(&self, agent: &ureq::Agent, url: &str) -> anyhow::Result<T> {
        self.admits(url)?;
        let mut answer = agent.get(url).call().with_context(|| format!("cannot get `{url}`"))?;
        let status = answer.status();
        ensure!(status == 200, "`{url}` answered {status}");
        let body = answer.body_mut().with_config().limit(BYTES).read_json();
        body.with_context(|| format!("`{url}` sent an unexpected answer"))
    }

    /// Refuses to ask where somebody on the way could answer.
    ///
    /// # Errors
    /// It is no URL, or not `https:`, nor on this machine, nor allowed.
    pub fn admits(&self, url: &str) -> anyhow::Result<()> {
        let parsed = Url::parse(url).with_context(|| format!("`{url}` is not a URL"))?;
        let here = match parsed.host() {
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            Some(Host::Domain(name)) => name == "localhost",
            None => false,
        };
        let fine = parsed.scheme() == "https" || parsed.scheme() == "http" && (here || self.allow_http);
        ensure!(fine, "will not ask `{url}` for keys: it is not `https:`, so others could answer in its place");
        Ok(())
    }
}

fn authority(path: &Path) -> anyhow::Result<RootCerts> {
    let bytes = std::fs::read(path).with_context(|| format!("cannot read `{}`", path.display()))?;
    let certificates: Vec<_> = parse_pem(&bytes)
        .filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            _ => None,
        })
        .collect();
    ensure!(!certificates.is_empty(), "`{}` holds no certificates", path.display());
    Ok(RootCerts::new_with_certs(&certificates))
}

/// Keeps the keys as the issuer has them. While it cannot be reached, the last ones hold.
pub async fn follow(tokens: Arc<Tokens>, source: KeySource, shutdown: CancellationToken) {
    let rest = tokens.rules.rest;
    loop {
        let from = source.clone();
        let wait = match tokio::task::spawn_blocking(move || from.load()).await {
            Ok(Ok(keys)) => {
                tokens.replace(keys);
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
