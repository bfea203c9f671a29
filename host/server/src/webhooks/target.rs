//! The target of a webhook. The URL is parsed once, as browsers do it, so that the address that was checked is the one
//! that is reached.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use url::{Host, Url};

use super::Gate;

/// The longest URL that is taken.
const LONGEST: usize = 2_048;

/// The target of a webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    url: Url,
    port: u16,
}

/// Why there is nothing to connect to.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoAddress {
    #[error("`{host}` resolves to {address}, which is not public")]
    Inside { host: String, address: IpAddr },
    #[error("`{host}` cannot be resolved: {why}")]
    Unresolved { host: String, why: String },
}

impl Target {
    /// Reads a URL; `Err` says what is wrong with it.
    ///
    /// # Errors
    /// It is none, or none that a webhook could go to.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.len() > LONGEST {
            return Err(format!("is longer than {LONGEST} bytes"));
        }
        let url = Url::parse(text).map_err(|error| format!("is not a URL: {error}"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(format!("begins with `{}:`, and only `https:` and `http:` are known", url.scheme()));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("holds a user's name or password, which would be shown in logs".to_owned());
        }
        let port = url.port_or_known_default().filter(|port| *port != 0).ok_or("names no port that exists")?;
        if url.host().is_none() {
            return Err("names no host".to_owned());
        }
        Ok(Self { url, port })
    }

    /// The address that the URL itself names, if it names one that webhooks may not go to.
    /// `localhost` and what ends in it are names of this machine everywhere (RFC 6761, 6.3).
    pub fn forbidden(&self, gate: &Gate) -> Option<IpAddr> {
        let is_local = |name: &str| name == "localhost" || name.ends_with(".localhost");
        let local = match self.url.host() {
            Some(Host::Domain(name)) if is_local(name.trim_end_matches('.')) => Some(Ipv4Addr::LOCALHOST.into()),
            _ => None,
        };
        self.address().or(local).filter(|address| !gate.admits(*address))
    }

    /// Host and port, as they stand in the header.
    pub(crate) fn authority(&self) -> &str {
        self.url.authority()
    }

    /// Without port and brackets.
    pub(super) fn host(&self) -> String {
        match self.url.host() {
            Some(Host::Ipv6(address)) => address.to_string(),
            _ => self.url.host_str().unwrap_or_default().to_owned(),
        }
    }

    pub(super) fn is_secure(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// Path and query.
    pub(crate) fn path(&self) -> &str {
        &self.url[url::Position::BeforePath..url::Position::AfterQuery]
    }

    /// Every address that the host resolves to now. One internal address refuses them all, since a mix is an attack.
    pub(super) async fn addresses(&self, gate: &Gate) -> Result<Vec<SocketAddr>, NoAddress> {
        let host = self.host();
        let found: std::io::Result<Vec<SocketAddr>> = match self.address() {
            Some(address) => Ok(vec![SocketAddr::new(address, self.port)]),
            None => tokio::net::lookup_host((host.as_str(), self.port)).await.map(Iterator::collect),
        };
        let addresses = match found {
            Ok(addresses) => addresses,
            Err(error) => return Err(NoAddress::Unresolved { host, why: error.to_string() }),
        };
        match addresses.iter().find(|address| !gate.admits(address.ip())) {
            Some(inside) => Err(NoAddress::Inside { host, address: inside.ip() }),
            None if addresses.is_empty() => Err(NoAddress::Unresolved { host, why: "it has no address".to_owned() }),
            None => Ok(addresses),
        }
    }

    fn address(&self) -> Option<IpAddr> {
        match self.url.host()? {
            Host::Ipv4(address) => Some(address.into()),
            Host::Ipv6(address) => Some(address.into()),
            Host::Domain(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_any_spelling_are_the_addresses_they_mean() {
        for inside in [
            "http://127.0.0.1/x",
            "http://2130706433/",
            "http://0x7f.1/",
            "http://0177.0.0.1:80/",
            "http://127.1",
            "http://[::1]/",
            "http://[::ffff:169.254.169.254]/",
            "https://169.254.169.254/latest/meta-data/",
            "http://127.0.0.1.:80/",
            "http://①②⑦.0.0.1/",
        ] {
            let target = Target::parse(inside).unwrap_or_else(|why| panic!("{inside}: {why}"));
            assert!(target.forbidden(&Gate::default()).is_some(), "{inside}");
        }
        let target = Target::parse("https://Example.org:8443/a b?c=1#d").unwrap();
        assert_eq!((target.authority(), target.path(), target.is_secure()), ("example.org:8443", "/a%20b?c=1", true));
        assert_eq!(target.forbidden(&Gate::default()), None);
        assert_eq!(Target::parse("http://[2606:4700::1111]").unwrap().host(), "2606:4700::1111");
    }

    #[test]
    fn what_no_webhook_can_go_to_is_refused() {
        let long = format!("https://example.org/{}", "x".repeat(LONGEST));
        for bad in [
            "",
            "x",
            "//example.org",
            "ftp://example.org",
            "file:///etc/passwd",
            "gopher://example.org",
            "https://",
            "http://:80",
            "https://user@example.org",
            "https://u:p@example.org",
            "http://example.org:0",
            "http://example.org:99999",
            &long,
        ] {
            assert!(Target::parse(bad).is_err(), "{bad}");
        }
    }

    #[tokio::test]
    async fn names_are_resolved_and_every_address_is_checked() {
        let target = Target::parse("http://localhost:81/").unwrap();
        assert!(matches!(target.addresses(&Gate::default()).await, Err(NoAddress::Inside { .. })));
        let gate = Gate::new(vec!["127.0.0.0/8".parse().unwrap(), "::1".parse().unwrap()]);
        assert!(target.addresses(&gate).await.unwrap().iter().all(|address| address.port() == 81));
        let nowhere = Target::parse("http://no-such-host.invalid/").unwrap();
        assert!(matches!(nowhere.addresses(&gate).await, Err(NoAddress::Unresolved { .. })));
    }
}
