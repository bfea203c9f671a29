//! Tokens of an identity provider.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use optimus_server::tokens::{Issuer, KeySource, TokenRules};

use super::LoginArgs;
use crate::output::Advised;

/// Tokens of an identity provider.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Tokens (OpenID Connect)")]
pub struct TokenArgs {
    /// Take bearer tokens (JWT) that this OpenID Connect issuer made; its keys are where its discovery document says
    #[arg(long, env = "OPTIMUS_OIDC_ISSUER", value_name = "URL")]
    pub oidc_issuer: Option<String>,
    /// Ask the issuer over http too, although others could answer in its place
    #[arg(long, env = "OPTIMUS_OIDC_ALLOW_HTTP")]
    pub oidc_allow_http: bool,
    /// A certificate authority of your own that the issuer has its certificate from, as PEM
    #[arg(long, env = "OPTIMUS_OIDC_CA", value_name = "FILE")]
    pub oidc_ca: Option<PathBuf>,
    /// Take bearer tokens (JWT) signed with the key of this file: a public key as PEM, or a JWKS. The issuer is not asked then
    #[arg(long, env = "OPTIMUS_JWT_KEY", value_name = "FILE")]
    pub jwt_key: Option<PathBuf>,
    /// Whom tokens must be for (`aud`); there is no way to take others
    #[arg(long, env = "OPTIMUS_JWT_AUDIENCE", value_name = "NAME")]
    pub jwt_audience: Option<String>,
    /// The claim that names the tenant; a dot leads into an object
    #[arg(long, env = "OPTIMUS_JWT_TENANT_CLAIM", default_value = "sub", value_name = "CLAIM")]
    pub jwt_tenant_claim: String,
    /// The claim that holds scopes: words in a string, or a list
    #[arg(long, env = "OPTIMUS_JWT_SCOPE_CLAIM", default_value = "scope", value_name = "CLAIM")]
    pub jwt_scope_claim: String,
    /// The prefix of our scopes there, as in `optimus:submit`
    #[arg(long, env = "OPTIMUS_JWT_SCOPE_PREFIX", default_value = "optimus:", value_name = "TEXT")]
    pub jwt_scope_prefix: String,
    /// Signing in to the console
    #[command(flatten)]
    pub login: LoginArgs,
}

impl Default for TokenArgs {
    fn default() -> Self {
        Self {
            oidc_issuer: None,
            oidc_allow_http: false,
            oidc_ca: None,
            jwt_key: None,
            jwt_audience: None,
            jwt_tenant_claim: "sub".to_owned(),
            jwt_scope_claim: "scope".to_owned(),
            jwt_scope_prefix: "optimus:".to_owned(),
            login: LoginArgs::default(),
        }
    }
}

/// However many tokens with unknown keys come, the issuer is not asked again within this.
const REST: Duration = Duration::from_secs(5);

impl TokenArgs {
    /// The rules for tokens and the source of their keys; `None`: tokens are not accepted.
    ///
    /// # Errors
    /// What is given does not suffice, or is not safe.
    pub fn rules(&self) -> anyhow::Result<Option<(TokenRules, KeySource)>> {
        let wrong = |message: &str, hint: &str| Advised::new("usage", message, Some(hint.to_owned()));
        let source = match (&self.jwt_key, &self.oidc_issuer) {
            (Some(path), _) => KeySource::File(path.clone()),
            (None, Some(url)) => {
                let (url, authority) = (url.clone(), self.oidc_ca.clone());
                let issuer = Issuer { url, allow_http: self.oidc_allow_http, authority };
                let unsafe_url = |error: anyhow::Error| wrong(&format!("{error:#}"), "or give `--oidc-allow-http`");
                issuer.admits(&issuer.url).map_err(unsafe_url)?;
                KeySource::Issuer(issuer)
            }
            (None, None) if self.jwt_audience.is_some() => {
                let message = "`--jwt-audience` says whom tokens are for, and nothing says whose tokens are taken";
                return Err(wrong(message, "give `--oidc-issuer URL` or `--jwt-key FILE`").into());
            }
            (None, None) => return Ok(None),
        };
        let audience = self.jwt_audience.clone().filter(|name| !name.is_empty()).ok_or_else(|| {
            let message = "tokens are taken only with `--jwt-audience`: those for others would be good here as well";
            wrong(message, "give the name that the issuer writes into `aud` for this server")
        })?;
        let rules = TokenRules {
            issuer: self.oidc_issuer.clone(),
            audience,
            tenant_claim: self.jwt_tenant_claim.clone(),
            scope_claim: self.jwt_scope_claim.clone(),
            scope_prefix: self.jwt_scope_prefix.clone(),
            rest: REST,
        };
        Ok(Some((rules, source)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(issuer: Option<&str>, key: Option<&str>, audience: Option<&str>) -> TokenArgs {
        TokenArgs {
            oidc_issuer: issuer.map(str::to_owned),
            jwt_key: key.map(PathBuf::from),
            jwt_audience: audience.map(str::to_owned),
            ..TokenArgs::default()
        }
    }

    #[test]
    fn what_would_take_too_much_is_refused() {
        assert_eq!(args(None, None, None).rules().unwrap(), None);
        for bad in [
            args(Some("https://id.example.org"), None, None),
            args(Some("https://id.example.org"), None, Some("")),
            args(None, Some("key.pem"), None),
            args(None, None, Some("optimus")),
            args(Some("http://id.example.org"), None, Some("optimus")),
            args(Some("http://localhost.example.org"), None, Some("optimus")),
            args(Some("file:///etc/passwd"), None, Some("optimus")),
            args(Some("id.example.org"), None, Some("optimus")),
        ] {
            assert!(bad.rules().is_err(), "{bad:?}");
        }
        for good in [
            args(Some("https://id.example.org"), None, Some("optimus")),
            args(Some("http://127.0.0.1:5556/dex"), None, Some("optimus")),
            args(Some("http://[::1]:5556"), None, Some("optimus")),
            args(None, Some("key.pem"), Some("optimus")),
            TokenArgs { oidc_allow_http: true, ..args(Some("http://dex.auth"), None, Some("optimus")) },
        ] {
            assert!(good.rules().unwrap().is_some(), "{good:?}");
        }
    }
}
