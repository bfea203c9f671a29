//! Signing in to the console through the identity provider.

use std::path::PathBuf;

use clap::Args;
use optimus_server::login::{Client, ClientSecret, ConsoleUrl};

use crate::output::Advised;

/// Signing in to the console through the identity provider.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Signing in to the console (OpenID Connect)")]
pub struct LoginArgs {
    /// Let people sign in to the console through `--oidc-issuer`, where the console has this client id, and `/v1/session/callback` of this server as redirect URI
    #[arg(long, env = "OPTIMUS_OIDC_CLIENT_ID", value_name = "ID")]
    pub oidc_client_id: Option<String>,
    /// The client's secret; without one it is a public client
    #[arg(long, env = "OPTIMUS_OIDC_CLIENT_SECRET_FILE", value_name = "FILE")]
    pub oidc_client_secret_file: Option<PathBuf>,
    /// The secret itself; give it in the environment, because other users of the machine see command lines
    #[arg(long, env = "OPTIMUS_OIDC_CLIENT_SECRET", hide_env_values = true, value_name = "SECRET")]
    pub oidc_client_secret: Option<ClientSecret>,
    /// Scopes to ask the issuer for besides `openid`; may be repeated
    #[arg(long = "oidc-scope", env = "OPTIMUS_OIDC_SCOPES", value_delimiter = ',', value_name = "SCOPE")]
    pub oidc_scopes: Vec<String>,
    /// The console's address as browsers see it [default: what `host` and `x-forwarded-proto` of a request say]
    #[arg(long, env = "OPTIMUS_CONSOLE_URL", value_name = "URL")]
    pub console_url: Option<ConsoleUrl>,
}

impl LoginArgs {
    /// The console's client at the identity provider, `None` without `--oidc-client-id`. `asks` is true if the server gets
    /// its keys from the issuer, `has_console` if it serves the console.
    ///
    /// # Errors
    /// What is given does not suffice, or the secret cannot be read.
    pub fn client(&self, asks: bool, has_console: bool) -> anyhow::Result<Option<Client>> {
        let has_secret = self.oidc_client_secret_file.is_some() || self.oidc_client_secret.is_some();
        let Some(id) = self.oidc_client_id.clone().filter(|id| !id.is_empty()) else {
            let message = "there is a client's secret for signing in to the console, and no client";
            return if has_secret { Err(wrong(message, "give `--oidc-client-id ID`")) } else { Ok(None) };
        };
        if !asks {
            let message = "people sign in where the issuer's discovery document says, and the issuer is not asked";
            return Err(wrong(message, "give `--oidc-issuer URL`, and no `--jwt-key`"));
        }
        if !has_console {
            let message = "`--oidc-client-id` is for signing in to the console, and there is none";
            return Err(wrong(message, "leave out `--oidc-client-id` or `--no-console`"));
        }
        let (secret, scopes, console) = (self.secret()?, self.oidc_scopes.clone(), self.console_url.clone());
        Ok(Some(Client { id, secret, scopes, console }))
    }

    fn secret(&self) -> anyhow::Result<Option<ClientSecret>> {
        let path = match (&self.oidc_client_secret_file, &self.oidc_client_secret) {
            (Some(path), None) => path,
            (None, secret) => return Ok(secret.clone()),
            (Some(_), Some(_)) => return Err(wrong("the client has two secrets", "give it in a file or by itself")),
        };
        let hint = "the file holds the secret that the provider shows, and nothing else";
        let text = std::fs::read_to_string(path);
        let text = text.map_err(|error| wrong(&format!("cannot read `{}`: {error}", path.display()), hint))?;
        text.parse().map(Some).map_err(|error| wrong(error, hint))
    }
}

fn wrong(message: &str, hint: &str) -> anyhow::Error {
    Advised::new("usage", message, Some(hint.to_owned())).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_id() -> LoginArgs {
        LoginArgs { oidc_client_id: Some("console".to_owned()), ..LoginArgs::default() }
    }

    #[test]
    fn a_client_needs_an_issuer_that_is_asked_and_a_console() {
        assert_eq!(LoginArgs::default().client(false, false).unwrap(), None);
        let client = with_id().client(true, true).unwrap().unwrap();
        assert_eq!((client.id.as_str(), client.secret), ("console", None));
        let secret = "x".parse::<ClientSecret>().ok();
        let file = Some(PathBuf::from("/no/such/file"));
        for (bad, asks, has_console) in [
            (with_id(), false, true),
            (with_id(), true, false),
            (LoginArgs { oidc_client_secret: secret.clone(), ..LoginArgs::default() }, true, true),
            (LoginArgs { oidc_client_secret_file: file.clone(), ..with_id() }, true, true),
            (LoginArgs { oidc_client_secret: secret, oidc_client_secret_file: file, ..with_id() }, true, true),
        ] {
            assert!(bad.client(asks, has_console).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_secret_is_read_from_a_file_and_shown_nowhere() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("secret");
        std::fs::write(&file, "s3cr3t\n").unwrap();
        let args = LoginArgs { oidc_client_secret_file: Some(file), ..with_id() };
        let client = args.client(true, true).unwrap().unwrap();
        assert_eq!(client.secret, "s3cr3t".parse().ok());
        assert!(!format!("{client:?}").contains("s3cr3t"), "{client:?}");
    }
}
