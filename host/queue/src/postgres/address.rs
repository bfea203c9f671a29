//! Addresses of PostgreSQL: `postgres://USER:PASSWORD@HOST:PORT/DATABASE`, with several hosts for failover.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode, TargetSessionAttrs};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::QueueError;

/// Timeout for opening a connection.
pub(super) const CONNECT: Duration = Duration::from_secs(2);
/// A server that acknowledges nothing for this long is gone.
const SILENCE: Duration = Duration::from_secs(10);

/// The address of a server, with credentials.
pub(super) struct Address {
    pub(super) config: Config,
    pub(super) tls: MakeRustlsConnect,
    /// Without the password.
    shown: String,
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl Address {
    /// Reads `postgres://` or `postgresql://`, with libpq's parameters after `?`, and `ca=FILE` for a private CA. Without
    /// `sslmode`, TLS is required unless the server is on this machine; its certificate is always verified.
    pub(super) fn parse(url: &str, username: Option<&str>, password: Option<&str>) -> Result<Self, QueueError> {
        let (url, tls) = split_tls(url)?;
        // Not with the parser's words: they may repeat a part of the password.
        let mut config: Config = url.parse().map_err(|_| bad("it is no URL of a PostgreSQL server"))?;
        if let Some(username) = username {
            config.user(username);
        }
        if let Some(password) = password {
            config.password(password);
        }
        if config.get_hosts().is_empty() {
            return Err(bad("the host is missing: write `postgres://USER@HOST:5432/DATABASE`"));
        }
        if config.get_user().is_none() {
            return Err(bad("the user is missing: write `postgres://USER@HOST:5432/DATABASE`"));
        }
        let is_here = |host: &Host| match host {
            Host::Tcp(name) => matches!(name.as_str(), "localhost" | "127.0.0.1" | "::1"),
            Host::Unix(_) => true,
        };
        let required = tls.required.unwrap_or_else(|| !config.get_hosts().iter().all(is_here));
        config.ssl_mode(if required { SslMode::Require } else { SslMode::Disable });
        config.application_name("optimus").connect_timeout(CONNECT).tcp_user_timeout(SILENCE);
        config.keepalives_idle(SILENCE).target_session_attrs(TargetSessionAttrs::ReadWrite);
        let shown = shown(&config);
        Ok(Self { config, tls: MakeRustlsConnect::new(client(tls.ca.as_deref(), required)?), shown })
    }
}

/// What the URL says of TLS.
#[derive(Default)]
struct Tls {
    required: Option<bool>,
    ca: Option<String>,
}

/// The URL without `sslmode` and `ca`, and these.
fn split_tls(url: &str) -> Result<(String, Tls), QueueError> {
    let (address, query) = url.split_once('?').unwrap_or((url, ""));
    let (mut tls, mut rest) = (Tls::default(), Vec::new());
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        match pair.split_once('=') {
            Some(("sslmode", "disable")) => tls.required = Some(false),
            Some(("sslmode", "require" | "verify-ca" | "verify-full")) => tls.required = Some(true),
            Some(("sslmode", _)) => {
                return Err(bad("`sslmode` is `disable`, or `require` (which always verifies the certificate)"));
            }
            Some(("ca" | "sslrootcert", path)) => tls.ca = Some(path.to_owned()),
            _ => rest.push(pair),
        }
    }
    let separator = if rest.is_empty() { "" } else { "?" };
    Ok((format!("{address}{separator}{}", rest.join("&")), tls))
}

/// Trusts the certificates of `ca`, or the system's.
fn client(ca: Option<&str>, required: bool) -> Result<ClientConfig, QueueError> {
    let mut roots = RootCertStore::empty();
    if let Some(path) = ca {
        let unreadable = |error: &dyn fmt::Display| bad(&format!("`{path}`: {error}"));
        for certificate in CertificateDer::pem_file_iter(Path::new(path)).map_err(|error| unreadable(&error))? {
            let certificate = certificate.map_err(|error| unreadable(&error))?;
            roots.add(certificate).map_err(|error| unreadable(&error))?;
        }
        if roots.is_empty() {
            return Err(unreadable(&"it holds no certificate"));
        }
    } else if required {
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.map_err(|error| bad(&error.to_string()))?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

fn shown(config: &Config) -> String {
    let port = |n: usize| config.get_ports().get(n).or(config.get_ports().first()).copied().unwrap_or(5432);
    let hosts = config.get_hosts().iter().enumerate().map(|(n, host)| match host {
        Host::Tcp(name) => format!("{name}:{}", port(n)),
        Host::Unix(path) => path.display().to_string(),
    });
    let database = config.get_dbname().or(config.get_user()).unwrap_or_default();
    format!("postgres://{}/{database}", hosts.collect::<Vec<_>>().join(","))
}

/// A URL may hold a password, so it is not repeated.
fn bad(reason: &str) -> QueueError {
    QueueError::BadAddress { scheme: "postgres".to_owned(), reason: reason.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(url: &str) -> Address {
        Address::parse(url, None, None).unwrap()
    }

    #[test]
    fn addresses_are_read_and_never_show_a_password() {
        for (url, shown) in [
            ("postgres://u:secret@h/d", "postgres://h:5432/d"),
            ("postgresql://u@a:1,b:2/d", "postgres://a:1,b:2/d"),
            ("postgres://u@localhost?connect_timeout=9", "postgres://localhost:5432/u"),
            ("postgres://u@%2Frun%2Fpostgresql/d", "postgres:///run/postgresql/d"),
        ] {
            assert_eq!(parse(url).to_string(), shown);
        }
        let address = Address::parse("postgres://u:p@h/d", Some("v"), Some("q")).unwrap();
        assert_eq!((address.config.get_user(), address.config.get_password()), (Some("v"), Some(&b"q"[..])));
    }

    #[test]
    fn tls_is_required_of_another_machine() {
        for (url, mode) in [
            ("postgres://u@127.0.0.1/d", SslMode::Disable),
            ("postgres://u@db.example.org/d", SslMode::Require),
            ("postgres://u@127.0.0.1,db.example.org/d", SslMode::Require),
            ("postgres://u@db.example.org/d?sslmode=disable", SslMode::Disable),
            ("postgres://u@localhost/d?sslmode=verify-full", SslMode::Require),
        ] {
            assert_eq!(parse(url).config.get_ssl_mode(), mode, "{url}");
        }
    }

    #[test]
    fn nonsense_is_refused_without_repeating_it() {
        for (url, says) in [
            ("postgres://u:secret@h:port/d", "no URL"),
            ("postgres:///d", "host is missing"),
            ("postgres://h/d", "user is missing"),
            ("postgres://u:secret@h/d?sslmode=prefer", "`sslmode` is"),
            ("postgres://u:secret@h/d?ca=/no/such/file", "/no/such/file"),
        ] {
            let Err(error) = Address::parse(url, None, None) else { panic!("{url} was taken") };
            let error = error.to_string();
            assert!(error.contains(says) && !error.contains("secret"), "{url}: {error}");
        }
    }
}
