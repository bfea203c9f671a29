//! A Docker daemon elsewhere: over TCP with certificates on both sides, named by Docker's own variables.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Output;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::RootCertStore;
use rustls::pki_types::PrivateKeyDer;
use rustls::server::WebPkiClientVerifier;
use tokio::net::{TcpListener, UnixStream};
use tokio_rustls::TlsAcceptor;

use crate::support::{command, json, root, skip, stdout};

const SOCKET: &str = "/var/run/docker.sock";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_daemon_behind_tls_judges_whoever_has_a_certificate() {
    if !Path::new(SOCKET).exists() {
        return skip("no Docker daemon here");
    }
    let (ours, theirs) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let daemon = listen(authority(ours.path())).await;
    // Another authority's, with the right one to trust: the daemon must refuse it.
    authority(theirs.path());
    std::fs::copy(ours.path().join("ca.pem"), theirs.path().join("ca.pem")).unwrap();
    let state = tempfile::tempdir().unwrap();
    let judged = |certificates: &Path| run(daemon, certificates, state.path());
    let good = tokio::task::block_in_place(|| judged(ours.path()));
    if stdout(&good).contains("no image") {
        return skip("the image is not here: `cargo xtask images` builds it");
    }
    assert_eq!(json(&good)["verdict"], "accepted", "{good:?}");
    let bad = tokio::task::block_in_place(|| judged(theirs.path()));
    assert_eq!(bad.status.code(), Some(2), "{bad:?}");
    assert!(stdout(&bad).contains("the Docker daemon cannot be reached"), "{bad:?}");
}

fn run(daemon: SocketAddr, certificates: &Path, state: &Path) -> Output {
    let sample = root().join("languages/bash/samples/hello.sh");
    let mut command = command(&["run", sample.to_str().unwrap(), "--json", "--sandbox", "docker", "--no-pull"]);
    command.env("DOCKER_HOST", format!("tcp://{daemon}")).env("DOCKER_TLS_VERIFY", "1");
    command.env("DOCKER_CERT_PATH", certificates).env("OPTIMUS_STATE", state).output().unwrap()
}

/// Makes an authority, and a client's certificate by it, as Docker's client looks for them; returns what a daemon needs
/// to have such clients alone.
fn authority(dir: &Path) -> TlsAcceptor {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let issue = |names: &[&str]| {
        let key = KeyPair::generate().unwrap();
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        (CertificateParams::new(names).unwrap().signed_by(&key, &authority).unwrap(), key)
    };
    let (client, client_key) = issue(&["worker"]);
    for (name, pem) in
        [("ca.pem", authority.pem()), ("cert.pem", client.pem()), ("key.pem", client_key.serialize_pem())]
    {
        std::fs::write(dir.join(name), pem).unwrap();
    }
    let (server, server_key) = issue(&["127.0.0.1"]);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut roots = RootCertStore::empty();
    roots.add(authority.der().clone()).unwrap();
    let clients = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider)).build().unwrap();
    let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let key = PrivateKeyDer::try_from(server_key.serialize_der()).unwrap();
    let config = config.with_client_cert_verifier(clients).with_single_cert(vec![server.der().clone()], key).unwrap();
    TlsAcceptor::from(Arc::new(config))
}

/// The daemon that is here, behind TLS.
async fn listen(acceptor: TlsAcceptor) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let mut daemon = UnixStream::connect(SOCKET).await.unwrap();
                if let Ok(mut tls) = acceptor.accept(tcp).await {
                    let _ = tokio::io::copy_bidirectional(&mut tls, &mut daemon).await;
                }
            });
        }
    });
    address
}
