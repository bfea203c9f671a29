//! An issuer of tokens, and the client that asks it: for its description (OpenID Connect Discovery), its keys, and the tokens of
//! somebody who signs in.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use ureq::http::Response;
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Body};
use url::{Host, Url};

use super::PublicKey;
use super::key::JwkSet;

/// Timeout of one answer of the issuer.
const TIME: Duration = Duration::from_secs(10);
/// Maximum size of an answer.
const BYTES: u64 = 1 << 20;

/// An issuer of tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issuer {
    /// Its URL, as tokens say it.
    pub url: String,
    /// Over http too, though others could answer in its place.
    pub allow_http: bool,
    /// A private certificate authority, as PEM.
    pub authority: Option<PathBuf>,
}

/// Where people sign in, and how, as the issuer describes it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Endpoints {
    /// The page that people are sent to.
    pub(crate) authorization_endpoint: Option<String>,
    /// Where a code is exchanged for tokens.
    pub(crate) token_endpoint: Option<String>,
    /// How a client says there who it is.
    pub(crate) token_endpoint_auth_methods_supported: Option<Vec<String>>,
    /// Whether an answer that people bring names the issuer (RFC 9207).
    #[serde(default)]
    pub(crate) authorization_response_iss_parameter_supported: bool,
}

#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    jwks_uri: String,
    #[serde(flatten)]
    endpoints: Endpoints,
}

impl Issuer {
    pub(super) fn load(&self) -> anyhow::Result<(Vec<PublicKey>, Endpoints)> {
        let agent = self.agent()?;
        let document = format!("{}/.well-known/openid-configuration", self.url.trim_end_matches('/'));
        let found: Discovery = self.get(&agent, &document)?;
        // OpenID Connect Discovery 4.3: otherwise one tenant of a provider could speak for another.
        ensure!(found.issuer == self.url, "`{document}` is of the issuer `{}`, not `{}`", found.issuer, self.url);
        let keys = self.get::<JwkSet>(&agent, &found.jwks_uri)?.usable();
        ensure!(!keys.is_empty(), "`{}` names no key for RS256, ES256 or EdDSA", found.jwks_uri);
        Ok((keys, found.endpoints))
    }

    fn agent(&self) -> anyhow::Result<Agent> {
        let roots = match &self.authority {
            Some(path) => authority(path)?,
            None => RootCerts::WebPki,
        };
        let config = Agent::config_builder()
            .timeout_global(Some(TIME))
            .max_redirects(0)
            .http_status_as_error(false)
            .tls_config(TlsConfig::builder().root_certs(roots).build());
        Ok(config.build().into())
    }

    fn get<T: DeserializeOwned>(&self, agent: &Agent, url: &str) -> anyhow::Result<T> {
        self.admits(url)?;
        let answer = agent.get(url).call().with_context(|| format!("cannot get `{url}`"))?;
        let status = answer.status();
        ensure!(status == 200, "`{url}` answered {status}");
        json(answer, url)
    }

    /// Sends a form, and returns the status and the JSON of the answer. Blocks, within bounds.
    ///
    /// # Errors
    /// It may not be asked there, does not answer, or not with JSON.
    pub(crate) fn post<T: DeserializeOwned>(
        &self,
        url: &str,
        form: &[(&str, &str)],
        authorization: Option<&str>,
    ) -> anyhow::Result<(u16, T)> {
        self.admits(url)?;
        let request = self.agent()?.post(url).header("accept", "application/json");
        let request = match authorization {
            Some(value) => request.header("authorization", value),
            None => request,
        };
        let answer = request.send_form(form.iter().copied()).with_context(|| format!("cannot post to `{url}`"))?;
        Ok((answer.status().as_u16(), json(answer, url)?))
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
        ensure!(fine, "will not ask `{url}`: it is not `https:`, so others could answer in its place");
        Ok(())
    }
}

fn json<T: DeserializeOwned>(mut answer: Response<Body>, url: &str) -> anyhow::Result<T> {
    let status = answer.status();
    let body = answer.body_mut().with_config().limit(BYTES).read_json();
    body.with_context(|| format!("`{url}` answered {status} with something unexpected"))
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
