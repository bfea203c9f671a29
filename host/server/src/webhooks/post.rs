//! One request to an address that was checked: no name is looked up again, and no redirect is followed.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;

use super::Target;

/// An address that does not answer within this does not: another one may.
const CONNECT: Duration = Duration::from_secs(3);
/// Bytes of an answer that are read, so that the receiver can finish in peace, and the time for that.
const ANSWER_BYTES: usize = 4 << 10;
const ANSWER_TIME: Duration = Duration::from_secs(1);
/// Maximum size of the head of an answer.
const HEAD_BYTES: usize = 16 << 10;

/// Why there was no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoAnswer {
    #[error("{0}: {1}")]
    Connect(SocketAddr, std::io::Error),
    #[error("`{0}` is not a name that a certificate can have")]
    Name(String),
    #[error("no secure connection: {0}")]
    Tls(std::io::Error),
    #[error("no answer: {0}")]
    Http(#[from] hyper::Error),
}

/// Trusts whom Mozilla trusts, and the authority of a file.
///
/// # Errors
/// The file holds no certificates.
pub fn connector(authority: Option<&Path>) -> anyhow::Result<TlsConnector> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    if let Some(path) = authority {
        let wrong = || format!("`{}` holds no certificates", path.display());
        for certificate in CertificateDer::pem_file_iter(path).with_context(wrong)? {
            roots.add(certificate.with_context(wrong)?).with_context(wrong)?;
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(TlsConnector::from(Arc::new(config.with_root_certificates(roots).with_no_client_auth())))
}

/// Sends a request to the first address that lets us in. Of its answer the status alone is wanted.
pub(super) async fn post(
    target: &Target,
    addresses: &[SocketAddr],
    tls: &TlsConnector,
    request: Request<Full<Bytes>>,
) -> Result<StatusCode, NoAnswer> {
    let answer = send(target, addresses, tls, request).await?;
    let status = answer.response.status();
    let _ = tokio::time::timeout(ANSWER_TIME, drain(answer.response.into_body())).await;
    Ok(status)
}

/// An answer, whose connection ends with it.
pub(super) struct Answer {
    pub(super) response: Response<Incoming>,
    _driving: JoinSet<hyper::Result<()>>,
}

/// Sends a request to the first address that lets us in.
pub(super) async fn send(
    target: &Target,
    addresses: &[SocketAddr],
    tls: &TlsConnector,
    request: Request<Full<Bytes>>,
) -> Result<Answer, NoAnswer> {
    let tcp = connect(addresses).await?;
    if !target.is_secure() {
        return exchange(tcp, request).await;
    }
    let host = target.host();
    let name = ServerName::try_from(host.clone()).map_err(|_| NoAnswer::Name(host))?;
    exchange(tls.connect(name, tcp).await.map_err(NoAnswer::Tls)?, request).await
}

async fn connect(addresses: &[SocketAddr]) -> Result<TcpStream, NoAnswer> {
    let mut last = None;
    for address in addresses {
        let late = || std::io::Error::new(std::io::ErrorKind::TimedOut, "nobody answers");
        match tokio::time::timeout(CONNECT, TcpStream::connect(address)).await.unwrap_or_else(|_| Err(late())) {
            Ok(tcp) => return Ok(tcp),
            Err(error) => last = Some(NoAnswer::Connect(*address, error)),
        }
    }
    let nowhere = || NoAnswer::Connect(SocketAddr::from(([0; 4], 0)), std::io::ErrorKind::AddrNotAvailable.into());
    Err(last.unwrap_or_else(nowhere))
}

async fn exchange<T>(stream: T, request: Request<Full<Bytes>>) -> Result<Answer, NoAnswer>
where
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut http = http1::Builder::new();
    http.max_buf_size(HEAD_BYTES);
    let (mut sender, connection) = http.handshake(TokioIo::new(stream)).await?;
    let mut driving = JoinSet::new();
    driving.spawn(connection);
    let response = sender.send_request(request).await?;
    Ok(Answer { response, _driving: driving })
}

async fn drain(mut body: Incoming) {
    let mut read = 0;
    while let Some(Ok(frame)) = body.frame().await {
        read += frame.data_ref().map_or(0, Bytes::len);
        if read >= ANSWER_BYTES {
            return;
        }
    }
}
