//! Plugins in registries, laid out as the CNCF has it for WebAssembly: an image of one layer, which is the component, with
//! its signature as an annotation.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::process::ExitCode;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{SecondsFormat, Utc};
use docker_credential::{CredentialRetrievalError, DockerCredential};
use oci_client::client::{ClientConfig, ClientProtocol, Config, ImageLayer};
use oci_client::errors::OciDistributionError;
use oci_client::manifest::{OciDescriptor, OciImageManifest};
use oci_client::secrets::RegistryAuth;
use oci_client::{Client, Reference};
use optimus_plugin::{Loaded, Plugin, SIGNATURE_BYTES, sha256};
use serde_json::json;
use tokio_stream::StreamExt as _;

use super::super::runtime;
use super::load_trusting;
use super::signed_file::SignedFile;
use crate::cli::Push;
use crate::engine;
use crate::output::{Advised, Output};

/// The prefix of a reference.
pub(super) const SCHEME: &str = "oci://";

/// The media type of the CNCF: <https://tag-runtime.cncf.io/wgs/wasm/deliverables/wasm-oci-artifact/>.
const LAYER: &str = "application/wasm";
const CONFIG: &str = "application/vnd.wasm.config.v0+json";
/// Holds what would lie in `NAME.wasm.sig`, in Base64: canonical JSON leaves ends of lines as they are, which no registry
/// takes.
const SIGNATURE: &str = "dev.optimus.plugin.signature";

/// A plugin, as it came.
pub(super) struct Pulled {
    /// A name for the file.
    pub(super) name: String,
    pub(super) wasm: Vec<u8>,
    pub(super) signature: Option<Vec<u8>>,
}

/// `optimus plugin push`: what passes the load gate may be published.
pub(super) fn push(args: &Push, output: Output) -> anyhow::Result<ExitCode> {
    let Loaded { plugin, .. } = load_trusting(&args.file, engine::trust(&args.trust)?)?;
    let SignedFile { wasm, signature } = SignedFile::read(&args.file)?;
    let reference = parse(&args.to)?;
    let published = runtime()?.block_on(publish(&reference, &plugin, wasm, signature));
    let digest = published.map_err(|error| failed("push to", &args.to, &error))?;
    let pinned = format!("{SCHEME}{}/{}@{digest}", reference.registry(), reference.repository());
    output.print(&json!({"pushed": args.to, "pinned": pinned}), |_| format!("{pinned}\n"))?;
    Ok(ExitCode::SUCCESS)
}

/// Fetches the plugin that a reference (`oci://HOST/PATH:TAG`, or `@sha256:…`) stands for.
///
/// # Errors
/// The registry cannot be reached or does not have it; it is no plugin, too large, or not what its digest says.
pub(super) fn pull(said: &str, max_bytes: u64) -> anyhow::Result<Pulled> {
    let reference = parse(said)?;
    let not_one = |why: String| {
        let hint =
            "`optimus plugin push FILE oci://…` publishes a plugin, and so does any tool for WebAssembly components";
        Advised::new("not_a_plugin", format!("`{said}` is not a plugin: {why}"), Some(hint.to_owned()))
    };
    runtime()?.block_on(async {
        let (client, auth) = (client(&reference), credential(reference.registry()));
        let pulled = client.pull_image_manifest(&reference, &auth).await;
        let (manifest, _) = pulled.map_err(|error| failed("pull", said, &error))?;
        let [layer] = &manifest.layers[..] else {
            return Err(not_one(format!("it has {} layers", manifest.layers.len())).into());
        };
        if layer.media_type != LAYER {
            return Err(not_one(format!("its layer is `{}`", layer.media_type.escape_debug())).into());
        }
        let wasm = blob(&client, &reference, layer, max_bytes).await.map_err(|error| failed("pull", said, &error))?;
        let wasm = wasm.ok_or_else(|| not_one(format!("it is larger than {} MiB", max_bytes >> 20)))?;
        if layer.digest != format!("sha256:{}", sha256(&wasm)) {
            return Err(not_one(format!("its bytes are not those of `{}`", layer.digest.escape_debug())).into());
        }
        let signature = manifest.annotations.and_then(|of| STANDARD.decode(of.get(SIGNATURE)?).ok());
        let signature = signature.filter(|text| text.len() as u64 <= SIGNATURE_BYTES);
        let last = reference.repository().rsplit('/').next().unwrap_or_default();
        Ok(Pulled { name: format!("{last}.wasm"), wasm, signature })
    })
}

/// Returns true if a reference may stand for something else tomorrow.
pub(super) fn is_movable(said: &str) -> bool {
    said.starts_with(SCHEME) && !said.contains("@sha256:")
}

/// The manifest's digest.
async fn publish(
    reference: &Reference,
    plugin: &Plugin,
    wasm: Vec<u8>,
    signature: Option<Vec<u8>>,
) -> Result<String, OciDistributionError> {
    let (client, auth) = (client(reference), credential(reference.registry()));
    let created = Utc::now().to_rfc3339_opts(SecondsFormat::Secs, true);
    let layers = [ImageLayer::new(wasm, LAYER.to_owned(), None)];
    let config = json!({
        "created": &created,
        "architecture": "wasm",
        "os": "wasip2",
        "layerDigests": [layers[0].sha256_digest()],
        "component": {"imports": plugin.imports(), "exports": plugin.exports(), "target": null},
    });
    let config = Config::new(config.to_string(), CONFIG.to_owned(), None);
    let descriptor = plugin.descriptor();
    let mut annotations = BTreeMap::from([
        ("org.opencontainers.image.created".to_owned(), created),
        ("org.opencontainers.image.title".to_owned(), descriptor.id.clone()),
        ("org.opencontainers.image.version".to_owned(), descriptor.version.clone()),
    ]);
    annotations.extend(signature.map(|signature| (SIGNATURE.to_owned(), STANDARD.encode(signature))));
    let manifest = OciImageManifest::build(&layers, &config, Some(annotations));
    client.push(reference, &layers, config, &auth, Some(manifest)).await?;
    client.fetch_manifest_digest(reference, &auth).await
}

/// A layer's bytes, unless there are too many, whatever the manifest says of how many there are.
async fn blob(
    client: &Client,
    reference: &Reference,
    layer: &OciDescriptor,
    max_bytes: u64,
) -> Result<Option<Vec<u8>>, OciDistributionError> {
    let mut parts = client.pull_blob_stream(reference, layer).await?;
    let mut bytes = Vec::new();
    while let Some(part) = parts.next().await {
        bytes.extend_from_slice(&part?);
        if bytes.len() as u64 > max_bytes {
            return Ok(None);
        }
    }
    Ok(Some(bytes))
}

fn parse(said: &str) -> anyhow::Result<Reference> {
    let reference = said.strip_prefix(SCHEME).unwrap_or_default().parse();
    Ok(reference.map_err(|error: oci_client::ParseError| {
        let hint = "it is written `oci://HOST/PATH:TAG` or `oci://HOST/PATH@sha256:DIGEST`".to_owned();
        Advised::new("bad_reference", format!("`{}` is not a reference: {error}", said.escape_debug()), Some(hint))
    })?)
}

/// Over TLS, but for a registry on this machine, as everybody has it.
fn client(reference: &Reference) -> Client {
    // Nothing else here sets one for the whole process; who did has it already.
    drop(rustls::crypto::ring::default_provider().install_default());
    let registry = reference.resolve_registry();
    let host = registry.rsplit_once(':').map_or(registry, |(host, _)| host).trim_matches(['[', ']']);
    let is_here = host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback());
    let plain = if is_here { vec![registry.to_owned()] } else { Vec::new() };
    Client::new(ClientConfig {
        protocol: ClientProtocol::HttpsExcept(plain),
        connect_timeout: Some(Duration::from_secs(10)),
        read_timeout: Some(Duration::from_secs(30)),
        user_agent: concat!("optimus/", env!("CARGO_PKG_VERSION")),
        ..ClientConfig::default()
    })
}

/// The credential that `docker login` stored; without one, anonymous.
fn credential(registry: &str) -> RegistryAuth {
    match docker_credential::get_credential(registry) {
        Ok(DockerCredential::UsernamePassword(name, password)) => RegistryAuth::Basic(name, password),
        Ok(DockerCredential::IdentityToken(token)) => RegistryAuth::Bearer(token),
        Err(CredentialRetrievalError::NoCredentialConfigured | CredentialRetrievalError::ConfigNotFound) => {
            RegistryAuth::Anonymous
        }
        Err(error) => {
            tracing::warn!(%error, registry, "cannot read the registry's credential; trying without");
            RegistryAuth::Anonymous
        }
    }
}

fn failed(what: &str, said: &str, error: &OciDistributionError) -> Advised {
    let hint = match error {
        OciDistributionError::UnauthorizedError { .. } | OciDistributionError::AuthenticationFailure(_) => {
            Some("log in to the registry: `docker login HOST`".to_owned())
        }
        _ => None,
    };
    Advised::new("registry", format!("cannot {what} `{said}`: {}", engine::chain(error)), hint)
}
