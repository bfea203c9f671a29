//! Accepts connections and serves HTTP/1.1 over them, within bounds of number and time.
//!
//! What a client can hold without doing anything is bounded three ways: a cap on connections below the process's
//! descriptors, one per address, and deadlines for the head of a request, for an idle connection, for a whole request and
//! for a client that does not read. At a cap the connection that has been without a request for the longest makes room;
//! only when every connection has one under way is a new one answered 503.

mod register;
mod stream;

use std::convert::Infallible;
use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

use self::register::{Register, Ticket};
use self::stream::Watched;
use crate::webhooks::Network;

/// The address of a connection's other end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer(pub(super) IpAddr);

/// Bounds of connections: their number, and the time of each phase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionLimits {
    /// Maximum number of connections.
    pub most: usize,
    /// The same from one address (of IPv6, from one /64 network), unless that is this machine's or trusted.
    pub per_address: usize,
    /// Proxies: many clients come from one address of theirs.
    pub trusted: Vec<Network>,
    /// From the first byte of a request, or from the beginning of the connection, to the end of its head.
    pub head: Duration,
    /// Between two requests.
    pub idle: Duration,
    /// From the end of a head to the end of the answer, event streams excepted.
    pub request: Duration,
    /// For a client to read any of what it is sent.
    pub stall: Duration,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self {
            most: 65_536,
            per_address: 512,
            trusted: Vec::new(),
            head: Duration::from_secs(10),
            idle: Duration::from_secs(60),
            request: Duration::from_secs(300),
            stall: Duration::from_secs(30),
        }
    }
}

impl ConnectionLimits {
    /// The number that leaves a quarter of `open_files` descriptors for boxes, the queue and webhooks.
    pub fn below(open_files: u64) -> Self {
        let default = Self::default();
        let most = usize::try_from(open_files - open_files / 4).unwrap_or(usize::MAX).min(default.most);
        Self { most, ..default }
    }

    /// The address that a connection counts for; none, where that is not counted.
    fn counted(&self, address: IpAddr) -> Option<IpAddr> {
        let address = address.to_canonical();
        if address.is_loopback() || self.trusted.iter().any(|network| network.contains(address)) {
            return None;
        }
        Some(match address {
            // A subscriber has a /64 network at least, and all addresses in it.
            IpAddr::V6(address) => IpAddr::V6((address.to_bits() >> 64 << 64).into()),
            address @ IpAddr::V4(_) => address,
        })
    }
}

/// Bytes of a connection's input that are buffered: a head has to fit.
const INPUT_BYTES: usize = 64 << 10;
/// Interval between two checks of deadlines.
const SWEEP: Duration = Duration::from_millis(250);
/// Refused clients that are still given time to read why.
const REFUSALS: usize = 64;

/// Serves until `shutdown`, then lets the answers that are under way be written for up to `last_answers`.
pub(super) async fn serve(
    listener: TcpListener,
    router: Router,
    limits: &ConnectionLimits,
    shutdown: CancellationToken,
    last_answers: Duration,
) {
    let (register, tasks) = (Register::new(limits.clone()), TaskTracker::new());
    let refusals = Arc::new(Semaphore::new(REFUSALS));
    let mut sweep = tokio::time::interval(SWEEP);
    loop {
        let accepted = tokio::select! {
            () = shutdown.cancelled() => break,
            _ = sweep.tick() => {
                register.close_overdue();
                continue;
            }
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((tcp, peer)) => match register.admit(limits.counted(peer.ip())) {
                Some(ticket) => drop(tasks.spawn(connection(tcp, peer, router.clone(), ticket, shutdown.clone()))),
                None => {
                    if let Ok(permit) = Arc::clone(&refusals).try_acquire_owned() {
                        tokio::spawn(async move {
                            refuse(tcp).await;
                            drop(permit);
                        });
                    }
                }
            },
            Err(error) => recover(&register, &error).await,
        }
    }
    drop(listener);
    tasks.close();
    // Deadlines hold during the shutdown as well, but it is shorter than they are.
    if tokio::time::timeout(last_answers, tasks.wait()).await.is_err() {
        tracing::debug!("connections are closed before their last answer");
    }
    // Connections of another protocol are no task here, and have no last answer.
    register.close_all();
}

/// accept(2): an error of the connection itself means nothing for the next one; without descriptors there is none.
async fn recover(register: &Register, error: &std::io::Error) {
    let of_the_connection = [ErrorKind::ConnectionRefused, ErrorKind::ConnectionAborted, ErrorKind::ConnectionReset];
    if of_the_connection.contains(&error.kind()) {
        return;
    }
    tracing::warn!(%error, "a connection cannot be accepted; the oldest idle one makes room");
    register.close_oldest_idle();
    tokio::time::sleep(Duration::from_millis(20)).await;
}

async fn connection(
    tcp: TcpStream,
    peer: SocketAddr,
    router: Router,
    ticket: Arc<Ticket>,
    shutdown: CancellationToken,
) {
    // Answers are small and somebody waits for them.
    if let Err(error) = tcp.set_nodelay(true) {
        tracing::debug!(%peer, %error, "TCP_NODELAY was refused");
    }
    let requests = Arc::clone(&ticket);
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(Peer(peer.ip()));
        let (router, request_guard) = (router.clone(), requests.begin_request());
        async move {
            let Ok(answer) = router.oneshot(request.map(Body::new)).await;
            Ok::<_, Infallible>(request_guard.answered(answer))
        }
    });
    let mut builder = http1::Builder::new();
    // The register's deadlines stand in place of hyper's, which has one for head and idle time together.
    builder.max_buf_size(INPUT_BYTES).header_read_timeout(None);
    let io = TokioIo::new(Watched::new(tcp, Arc::clone(&ticket)));
    let mut serving = std::pin::pin!(builder.serve_connection(io, service).with_upgrades());
    let mut stopping = false;
    loop {
        tokio::select! {
            served = serving.as_mut() => {
                if let Err(error) = served {
                    tracing::trace!(%peer, %error, "a connection broke off");
                }
                return;
            }
            () = ticket.closed() => {
                tracing::debug!(%peer, "a connection was closed: its time was up, or another needed its place");
                return;
            }
            () = shutdown.cancelled(), if !stopping => {
                stopping = true;
                serving.as_mut().graceful_shutdown();
            }
        }
    }
}

const BUSY: &str = r#"{"error":{"code":"too_many_connections","message":"this server has too many connections","hint":"try again in a second"}}"#;

/// Says why there is no connection, and reads what the client sends meanwhile: data that nobody read would make the kernel
/// reset the connection, and the client would never see the answer.
async fn refuse(mut tcp: TcpStream) {
    let head = "HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\nretry-after: 1\r\n\
        content-type: application/json\r\ncontent-length: ";
    let say = async {
        tcp.write_all(format!("{head}{}\r\n\r\n{BUSY}", BUSY.len()).as_bytes()).await?;
        tcp.shutdown().await?;
        let mut unread = [0; 4 << 10];
        while tcp.read(&mut unread).await? > 0 {}
        Ok::<_, std::io::Error>(())
    };
    if let Ok(Err(error)) = tokio::time::timeout(Duration::from_secs(1), say).await {
        tracing::trace!(%error, "a refused client left");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_counted_as_who_has_them() {
        let limits = ConnectionLimits {
            trusted: vec!["10.0.0.0/8".parse().unwrap_or_else(|_| unreachable!())],
            ..Default::default()
        };
        let counted =
            |text: &str| limits.counted(text.parse().unwrap_or_else(|_| unreachable!())).map(|ip| ip.to_string());
        for exempt in ["127.0.0.1", "::1", "::ffff:127.0.0.1", "10.1.2.3"] {
            assert_eq!(counted(exempt), None, "{exempt}");
        }
        assert_eq!(counted("::ffff:192.0.2.7").as_deref(), Some("192.0.2.7"));
        assert_eq!(counted("2001:db8:1:2:3:4:5:6").as_deref(), Some("2001:db8:1:2::"));
    }
}
