//! People sign in to the console through the identity provider: OpenID Connect's authorization code flow with PKCE.
//!
//! In: a browser that wants to sign in, and later the provider's answer, which that browser brings. Out: the provider's URL,
//! and later a token that is good here, checked as any bearer token is. Of a flow under way the browser has a cookie and the
//! server nothing; what is stored is only which flows have ended.

mod client;
mod exchange;
mod flow;
mod used;

use std::sync::Arc;
use std::time::Duration;

use optimus_queue::SharedStore;
use serde::Deserialize;
use tokio::sync::Semaphore;
use url::Url;

use crate::keys::Key;
use crate::tokens::{Endpoints, Issuer, Refused, Tokens};
use crate::webhooks::Secrets;

pub use client::{Client, ClientSecret, ConsoleUrl};
pub(crate) use flow::{Flow, LIFETIME, now};
use used::Used;

/// Answers of the provider that are exchanged at once: each holds a thread for as long as the provider takes.
const EXCHANGES: usize = 16;

/// Characters of a text of the provider in our log.
const LONGEST_TEXT: usize = 200;

/// Signs people in.
pub struct Login {
    client: Client,
    issuer: Issuer,
    tokens: Arc<Tokens>,
    secrets: Arc<Secrets>,
    used: Used,
    exchanges: Arc<Semaphore>,
}

/// Why somebody is not signed in.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LoginError {
    /// The provider says that the person, or the provider itself, does not want it.
    #[error("the identity provider answered `{error}`: {description}")]
    Denied {
        /// One of OAuth's words.
        error: String,
        /// For people.
        description: String,
    },
    /// The answer belongs to no flow that this browser has begun, or to one that has ended.
    #[error("{0}")]
    Stale(&'static str),
    /// The provider does not answer as it should.
    #[error("the identity provider does not complete the sign-in")]
    Provider(#[source] anyhow::Error),
    /// The provider cannot be asked at the moment.
    #[error("the identity provider cannot be asked at the moment")]
    Unreachable,
    /// What it gave is not good here.
    #[error("the identity provider's tokens are not good here: {0}")]
    Refused(String),
    /// Ours: the secret of flows, or the record of those that ended.
    #[error("a sign-in cannot be checked at the moment")]
    Failed(#[source] anyhow::Error),
}

impl LoginError {
    /// What the console is told: it has a sentence for each.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Denied { error, .. } if error == "access_denied" => "denied",
            Self::Denied { .. } | Self::Provider(_) => "provider",
            Self::Stale(_) => "stale",
            Self::Unreachable | Self::Failed(_) => "unreachable",
            Self::Refused(_) => "refused",
        }
    }
}

impl From<Refused> for LoginError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Bad(why) => Self::Refused(why),
            Refused::NoKeys => Self::Unreachable,
        }
    }
}

/// What the provider has the browser bring (RFC 6749, 4.1.2; RFC 9207). Providers add more.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Answer {
    pub(crate) state: Option<String>,
    code: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
    iss: Option<String>,
}

/// Somebody who is signed in.
pub(crate) struct SignedIn {
    /// The token that is the session.
    pub(crate) token: String,
    /// Whose it is.
    pub(crate) key: Key,
    /// When it ends, in seconds since 1970.
    pub(crate) end: f64,
}

impl Login {
    /// Nobody signs in yet. Servers of one queue record in `shared` which flows have ended.
    pub fn new(
        client: Client,
        (issuer, tokens): (Issuer, Arc<Tokens>),
        secrets: Arc<Secrets>,
        shared: Option<Arc<dyn SharedStore>>,
    ) -> Self {
        let exchanges = Arc::new(Semaphore::new(EXCHANGES));
        Self { client, issuer, tokens, secrets, used: Used::new(shared), exchanges }
    }

    /// The console's address as browsers see it, if the operator has given it.
    pub(crate) fn console_url(&self) -> Option<&Url> {
        self.client.console.as_ref().map(|console| &console.0)
    }

    /// Where the browser is sent to begin this flow, and its state.
    pub(crate) async fn begin(&self, flow: &Flow, redirect: &str) -> Result<(String, String), LoginError> {
        let endpoints = self.tokens.endpoints().await.ok_or(LoginError::Unreachable)?;
        let mut url = self.authorization_endpoint(&endpoints).map_err(LoginError::Provider)?;
        let marks = flow.marks(&self.secrets).await.map_err(LoginError::Failed)?;
        let scope = std::iter::once("openid").chain(self.client.scopes.iter().map(String::as_str));
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.client.id)
            .append_pair("redirect_uri", redirect)
            .append_pair("scope", &scope.collect::<Vec<_>>().join(" "))
            .append_pair("state", &marks.state)
            .append_pair("nonce", &marks.nonce)
            .append_pair("code_challenge", &marks.challenge())
            .append_pair("code_challenge_method", "S256");
        Ok((url.into(), marks.state))
    }

    fn authorization_endpoint(&self, endpoints: &Endpoints) -> anyhow::Result<Url> {
        let url = endpoints.authorization_endpoint.as_deref();
        let url = url.ok_or_else(|| anyhow::anyhow!("`{}` names no `authorization_endpoint`", self.issuer.url))?;
        self.issuer.admits(url)?;
        Ok(Url::parse(url)?)
    }

    /// Ends this browser's flow with the provider's answer; `flow` is what its cookie holds.
    pub(crate) async fn end(
        &self,
        flow: Option<&Flow>,
        answer: &Answer,
        redirect: &str,
    ) -> Result<SignedIn, LoginError> {
        let flow = flow.ok_or(LoginError::Stale("this browser has begun no such sign-in"))?;
        let state = answer.state.as_deref().unwrap_or_default();
        let marks = flow.marks_if(state, &self.secrets).await.map_err(LoginError::Failed)?;
        let marks = marks.ok_or(LoginError::Stale("this browser has begun another sign-in, or it took too long"))?;
        if !self.used.note(flow).await.map_err(|error| LoginError::Failed(error.into()))? {
            return Err(LoginError::Stale("this sign-in has ended already"));
        }
        let endpoints = self.tokens.endpoints().await.ok_or(LoginError::Unreachable)?;
        self.check_issuer(answer, &endpoints)?;
        if let Some(error) = &answer.error {
            let description = answer.error_description.as_deref().unwrap_or("it does not say more");
            return Err(LoginError::Denied { error: shown(error), description: shown(description) });
        }
        let none = || LoginError::Provider(anyhow::anyhow!("its answer has neither `code` nor `error`"));
        let code = answer.code.as_deref().ok_or_else(none)?;
        let given = self.exchange(&endpoints, code, redirect, &marks.verifier).await?;
        self.check_id_token(&given.id_token, &marks.nonce).await?;
        self.session(given).await
    }

    /// RFC 9207, 2.4: an answer that names another issuer was meant for another client.
    fn check_issuer(&self, answer: &Answer, endpoints: &Endpoints) -> Result<(), LoginError> {
        match answer.iss.as_deref() {
            Some(issuer) if issuer != self.issuer.url => Err(LoginError::Stale("the answer is of another issuer")),
            None if endpoints.authorization_response_iss_parameter_supported => {
                Err(LoginError::Stale("the answer does not name its issuer"))
            }
            _ => Ok(()),
        }
    }

    /// OpenID Connect Core 3.1.3.7: the ID token says that this flow is what the person signed in for.
    async fn check_id_token(&self, token: &str, nonce: &str) -> Result<(), LoginError> {
        let claims = self.tokens.verify(token, &self.client.id).await?;
        let refused = |claim: &str| LoginError::Refused(format!("the ID token's `{claim}` is of another sign-in"));
        if claims["nonce"] != nonce {
            return Err(refused("nonce"));
        }
        match claims.get("azp") {
            Some(party) if *party != self.client.id => Err(refused("azp")),
            _ => Ok(()),
        }
    }

    /// The access token, if it is good as a bearer token here; otherwise the ID token, if that is.
    async fn session(&self, given: exchange::Given) -> Result<SignedIn, LoginError> {
        let mut why = None;
        for token in [given.access_token, given.id_token] {
            match self.tokens.session(&token).await {
                Ok((key, end)) => return Ok(SignedIn { token, key, end }),
                Err(refused) => why = why.or(Some(refused)),
            }
        }
        Err(why.map_or(LoginError::Unreachable, LoginError::from))
    }
}

/// For our log.
fn shown(text: &str) -> String {
    text.escape_debug().take(LONGEST_TEXT).collect()
}

/// How long a session lasts: as long as its token, and never longer than `most`.
pub(crate) fn remaining(end: f64, now: Duration, most: Duration) -> Duration {
    Duration::try_from_secs_f64((end - now.as_secs_f64()).clamp(0.0, most.as_secs_f64())).unwrap_or_default()
}

#[cfg(test)]
mod tests;
