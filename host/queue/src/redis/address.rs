//! Addresses of Redis: `redis://`, `redis+sentinel://` and `redis+cluster://`, each with `rediss` for TLS.

use std::fmt;
use std::time::Duration;

use redis::aio::PubSub;
use redis::io::tcp::TcpSettings;
use redis::sentinel::{SentinelClientBuilder, SentinelServerType};
use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, ConnectionInfo, IntoConnectionInfo as _, RedisResult,
    TlsCertificates, TlsMode,
};

use super::connection::Connection;
use super::greeting;
use crate::QueueError;

/// Timeout for opening a connection.
const CONNECT: Duration = Duration::from_secs(2);

/// The address of a Redis server, cluster or sentinel group, with credentials.
pub struct Address {
    kind: Kind,
    nodes: Vec<ConnectionInfo>,
    certificates: Option<TlsCertificates>,
    /// Without the password.
    shown: String,
}

enum Kind {
    Single,
    Cluster,
    Sentinel { master: String },
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl Address {
    /// Reads `redis://[USER[:PASSWORD]@]HOST[:PORT][/DB]`, `redis+cluster://…@HOST:PORT,HOST:PORT` or
    /// `redis+sentinel://…@HOST:PORT,HOST:PORT/MASTER[/DB]`; with `rediss`, over TLS, and `?ca=FILE` for a private CA.
    ///
    /// # Errors
    /// The URL is malformed, or the CA file cannot be read.
    pub fn parse(url: &str, username: Option<&str>, password: Option<&str>) -> Result<Self, QueueError> {
        let (scheme, rest) = url
            .split_once("://")
            .ok_or_else(|| bad(url, "it does not begin with `redis://`, `rediss://` or `postgres://`"))?;
        let (plain, flavour) = scheme.split_once('+').unwrap_or((scheme, ""));
        if !matches!(plain, "redis" | "rediss") {
            return Err(bad(url, "it does not begin with `redis://`, `rediss://` or `postgres://`"));
        }
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (credentials, places) = rest.rsplit_once('@').map_or(("", rest), |(who, places)| (who, places));
        let (hosts, path) = places.split_once('/').unwrap_or((places, ""));
        let at = if credentials.is_empty() { "" } else { "@" };
        let (kind, db) = match flavour {
            "" => (Kind::Single, path),
            "cluster" => (Kind::Cluster, ""),
            "sentinel" => {
                let (master, db) = path.split_once('/').unwrap_or((path, ""));
                if master.is_empty() {
                    return Err(bad(url, "the name of the master is missing: write `…:26379/mymaster`"));
                }
                (Kind::Sentinel { master: master.to_owned() }, db)
            }
            _ => return Err(bad(url, "only `cluster` or `sentinel` may follow the `+`")),
        };
        let node = |host: &str| {
            let info = format!("{plain}://{credentials}{at}{host}/{db}").into_connection_info();
            info.map(|info| settle(info, username, password)).map_err(|e| bad(url, &e.to_string()))
        };
        let nodes = hosts.split(',').map(node).collect::<Result<Vec<_>, _>>()?;
        let secure = plain == "rediss";
        if secure {
            // rustls needs one crypto provider to be chosen when several are linked; an earlier choice stands.
            let _ = rustls::crypto::ring::default_provider().install_default();
        }
        let certificates = certificates(query).map_err(|reason| bad(url, &reason))?.filter(|_| secure);
        Ok(Self { kind, nodes, certificates, shown: format!("{scheme}://{places}") })
    }

    pub(super) fn is_cluster(&self) -> bool {
        matches!(self.kind, Kind::Cluster)
    }

    fn client(&self, node: &ConnectionInfo) -> RedisResult<Client> {
        match &self.certificates {
            Some(certificates) => Client::build_with_tls(node.clone(), certificates.clone()),
            None => Client::open(node.clone()),
        }
    }

    /// Opens a separate connection with the given response timeout.
    pub(super) async fn connect(&self, answer: Duration) -> RedisResult<Connection> {
        let config =
            AsyncConnectionConfig::new().set_connection_timeout(Some(CONNECT)).set_response_timeout(Some(answer));
        match &self.kind {
            Kind::Single => {
                let client = self.client(&self.nodes[0])?;
                match client.get_multiplexed_async_connection_with_config(&config).await {
                    Ok(connection) => Ok(Connection::Node(connection)),
                    Err(error) => Err(greeting::explained(error, self.nodes[0].addr()).await),
                }
            }
            Kind::Sentinel { .. } => {
                let client = self.master().await?;
                Ok(Connection::Node(client.get_multiplexed_async_connection_with_config(&config).await?))
            }
            Kind::Cluster => {
                let mut builder = redis::cluster::ClusterClient::builder(self.nodes.clone());
                builder = builder.connection_timeout(CONNECT).response_timeout(answer).retries(4).max_retry_wait(200);
                if let Some(certificates) = &self.certificates {
                    builder = builder.certs(certificates.clone());
                }
                let connecting = builder.build()?.get_async_connection().await;
                Ok(Connection::Cluster(connecting?))
            }
        }
    }

    /// Opens a connection for pub/sub.
    pub(super) async fn listen(&self) -> RedisResult<PubSub> {
        let connecting = async {
            match &self.kind {
                Kind::Sentinel { .. } => self.master().await?.get_async_pubsub().await,
                // A cluster forwards published messages to all its nodes.
                Kind::Single | Kind::Cluster => {
                    let mut last = None;
                    for node in &self.nodes {
                        match self.client(node)?.get_async_pubsub().await {
                            Ok(pubsub) => return Ok(pubsub),
                            Err(error) => last = Some(error),
                        }
                    }
                    Err(last.unwrap_or_else(|| (redis::ErrorKind::InvalidClientConfig, "no node is named").into()))
                }
            }
        };
        let late = |_| std::io::Error::new(std::io::ErrorKind::TimedOut, "no node answered within 4 s");
        tokio::time::timeout(CONNECT * 2, connecting).await.map_err(late)?
    }

    /// Asks the sentinels for the current master.
    async fn master(&self) -> RedisResult<Client> {
        let Kind::Sentinel { master } = &self.kind else { return self.client(&self.nodes[0]) };
        let sentinels = self.nodes.iter().map(|node| node.addr().clone());
        let mut builder = SentinelClientBuilder::new(sentinels, master, SentinelServerType::Master)?;
        let settings = self.nodes[0].redis_settings();
        builder = builder.set_client_to_redis_db(settings.db()).set_client_to_redis_tcp_settings(tcp());
        if let Some(username) = settings.username() {
            builder = builder.set_client_to_redis_username(username);
        }
        if let Some(password) = settings.password() {
            builder = builder.set_client_to_redis_password(password);
        }
        if matches!(self.nodes[0].addr(), ConnectionAddr::TcpTls { .. }) {
            builder = builder.set_client_to_redis_tls_mode(TlsMode::Secure);
            if let Some(certificates) = &self.certificates {
                builder = builder.set_client_to_redis_certificates(certificates.clone());
                builder = builder.set_client_to_sentinel_certificates(certificates.clone());
            }
        }
        let late = |_| std::io::Error::new(std::io::ErrorKind::TimedOut, "no sentinel answered");
        let mut client = builder.build()?;
        tokio::time::timeout(CONNECT * 2, client.async_get_client()).await.map_err(late)?
    }
}

fn tcp() -> TcpSettings {
    // Commands are small and a caller waits for each.
    TcpSettings::default().set_nodelay(true)
}

fn settle(info: ConnectionInfo, username: Option<&str>, password: Option<&str>) -> ConnectionInfo {
    let mut settings = info.redis_settings().clone();
    if let Some(username) = username {
        settings = settings.set_username(username);
    }
    if let Some(password) = password {
        settings = settings.set_password(password);
    }
    info.set_redis_settings(settings).set_tcp_settings(tcp())
}

/// Reads `ca=FILE` (PEM), which replaces the system's certificates.
fn certificates(query: &str) -> Result<Option<TlsCertificates>, String> {
    let mut found = None;
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let Some(("ca", path)) = pair.split_once('=') else {
            // Not repeated: it may be the end of a password with a `?` in it.
            return Err("the only parameter after `?` is `ca=FILE`".to_owned());
        };
        let root_cert = std::fs::read(path).map_err(|error| format!("`{path}`: {error}"))?;
        found = Some(TlsCertificates { client_tls: None, root_cert: Some(root_cert) });
    }
    Ok(found)
}

/// A URL may hold a password, so it is not repeated.
fn bad(url: &str, reason: &str) -> QueueError {
    let scheme = url.split_once("://").map_or("", |(scheme, _)| scheme);
    // In a mistyped URL the part before `://` may be a password.
    let scheme = scheme.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '+').take(32).collect();
    QueueError::BadAddress { scheme, reason: reason.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_and_never_show_a_password() {
        for (url, shown) in [
            ("redis://localhost", "redis://localhost"),
            ("redis://u:p@h:1/2", "redis://h:1/2"),
            ("redis+cluster://u:p@a:1,b:2", "redis+cluster://a:1,b:2"),
            ("redis+sentinel://:p@a:1,b:2/main/3", "redis+sentinel://a:1,b:2/main/3"),
        ] {
            let address = Address::parse(url, None, None).unwrap();
            assert_eq!(address.to_string(), shown);
            assert_eq!(address.nodes.len(), shown.split(',').count());
        }
        let sentinel = Address::parse("redis+sentinel://:p@a:1/main/3", None, Some("q")).unwrap();
        assert_eq!(sentinel.nodes[0].redis_settings().db(), 3);
        assert_eq!(sentinel.nodes[0].redis_settings().password(), Some("q"));
    }

    #[test]
    fn nonsense_is_refused_without_repeating_it() {
        let none = "rediss://:secret@h?ca=/no/such/file";
        // The last two were found by fuzzing.
        let mistyped = ["rediss/:secret@h:6379://", "redis://:a?secret@h"];
        let known = ["localhost", "http://:secret@h", "redis+raft://:secret@h", "redis+sentinel://:secret@h", none];
        for url in known.into_iter().chain(mistyped) {
            let Err(error) = Address::parse(url, None, None) else { panic!("{url} was taken") };
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }
}
