//! The exchange of a code for tokens, from server to server: no browser sees the verifier or the client's secret.

use anyhow::{Context as _, anyhow};
use serde::Deserialize;

use super::{Login, LoginError, shown};
use crate::tokens::Endpoints;

/// Tokens for a code.
#[derive(Deserialize)]
pub(super) struct Given {
    pub(super) access_token: String,
    pub(super) id_token: String,
}

/// RFC 6749, 5.1 and 5.2.
#[derive(Deserialize)]
#[serde(untagged)]
enum Answered {
    Given(Given),
    Refused { error: String },
}

impl Login {
    /// Exchanges a code, which the provider takes once.
    pub(super) async fn exchange(
        &self,
        endpoints: &Endpoints,
        code: &str,
        redirect: &str,
        verifier: &str,
    ) -> Result<Given, LoginError> {
        let Ok(permit) = self.exchanges.clone().try_acquire_owned() else { return Err(LoginError::Unreachable) };
        let named = || anyhow!("`{}` names no `token_endpoint`", self.issuer.url);
        let url = endpoints.token_endpoint.clone().ok_or_else(named).map_err(LoginError::Provider)?;
        let (client, issuer) = (self.client.clone(), self.issuer.clone());
        let taken = endpoints.token_endpoint_auth_methods_supported.clone();
        let form = [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", redirect)];
        let form = form.into_iter().chain([("code_verifier", verifier)]);
        let form: Vec<_> = form.map(|(name, value)| (name, value.to_owned())).collect();
        let asking = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            let proof = client.proof(taken.as_deref())?;
            let form = form.iter().map(|(name, value)| (*name, value.as_str()));
            let form: Vec<_> = form.chain(proof.fields.iter().copied()).collect();
            issuer.post::<Answered>(&url, &form, proof.authorization.as_deref())
        });
        let answer = asking.await.context("asking the identity provider panicked").and_then(|answer| answer);
        match answer.map_err(LoginError::Provider)? {
            (200, Answered::Given(given)) => Ok(given),
            (status, Answered::Refused { error }) => {
                Err(LoginError::Provider(anyhow!("its token endpoint answered {status} `{}`", shown(&error))))
            }
            (status, _) => Err(LoginError::Provider(anyhow!("its token endpoint answered {status}"))),
        }
    }
}
