//! Signing in to the console, where the operator has registered it at the identity provider.

use std::sync::Arc;

use optimus_server::auth::AuthSetup;
use optimus_server::login::Login;
use optimus_server::tokens::KeySource;
use optimus_server::webhooks::Secrets;

use crate::cli::HttpArgs;

/// Signs people in through the issuer whose tokens are taken.
///
/// # Errors
/// What the operator gives does not suffice.
pub(super) fn login(http: &HttpArgs, auth: &AuthSetup, secrets: &Arc<Secrets>) -> anyhow::Result<Option<Arc<Login>>> {
    let provider = match &auth.tokens {
        Some((tokens, KeySource::Issuer(issuer))) => Some((issuer.clone(), Arc::clone(tokens))),
        _ => None,
    };
    let client = http.tokens.login.client(provider.is_some(), !http.no_console)?;
    let shared = auth.store.beside_queue().cloned();
    Ok(client
        .zip(provider)
        .map(|(client, provider)| Arc::new(Login::new(client, provider, Arc::clone(secrets), shared))))
}
