//! A little identity provider: an issuer of tokens, and a desk where people sign in.

#[path = "provider/browser.rs"]
pub(crate) mod browser;
#[path = "provider/desk.rs"]
pub(crate) mod desk;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use optimus_server::keys::{Key, Scope};
use optimus_server::login::Client;
use optimus_server::tokens::{Issuer, KeySource, TokenRules, Tokens, follow};
use ring::hmac;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use self::desk::{CLIENT, Desk};
use crate::support::{Server, Setup};

/// An issuer of tokens: its keys, and the port that publishes them.
pub(crate) struct Provider {
    signer: Arc<Signer>,
    pub(crate) url: String,
    published: Arc<Mutex<Value>>,
    /// How often its keys were asked for.
    pub(crate) asked: Arc<AtomicUsize>,
    pub(crate) desk: Arc<Desk>,
    pub(crate) running: tokio::task::JoinHandle<()>,
}

/// Signs tokens.
pub(crate) struct Signer {
    elliptic: EcdsaKeyPair,
    edwards: Ed25519KeyPair,
    random: SystemRandom,
}

pub(crate) fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

impl Signer {
    fn new() -> Self {
        let (random, kind) = (SystemRandom::new(), &ECDSA_P256_SHA256_FIXED_SIGNING);
        let document = EcdsaKeyPair::generate_pkcs8(kind, &random).unwrap();
        let elliptic = EcdsaKeyPair::from_pkcs8(kind, document.as_ref(), &random).unwrap();
        let document = Ed25519KeyPair::generate_pkcs8(&random).unwrap();
        let edwards = Ed25519KeyPair::from_pkcs8(document.as_ref()).unwrap();
        Self { elliptic, edwards, random }
    }

    fn point(&self) -> &[u8] {
        self.elliptic.public_key().as_ref()
    }

    /// A token with this header, signed as its `alg` says; with HS256, the public key is the secret.
    pub(crate) fn token(&self, header: &Value, claims: &Value) -> String {
        let signed = format!("{}.{}", encode(header.to_string()), encode(claims.to_string()));
        let bytes = signed.as_bytes();
        let signature = match header["alg"].as_str().unwrap() {
            "EdDSA" => self.edwards.sign(bytes).as_ref().to_vec(),
            "HS256" => hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, self.point()), bytes).as_ref().to_vec(),
            "none" => Vec::new(),
            _ => self.elliptic.sign(&self.random, bytes).unwrap().as_ref().to_vec(),
        };
        format!("{signed}.{}", encode(signature))
    }
}

impl Provider {
    pub(crate) async fn start() -> Self {
        let signer = Arc::new(Signer::new());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (published, asked) = (Arc::new(Mutex::new(Value::Null)), Arc::<AtomicUsize>::default());
        let desk = Arc::new(Desk::new(url.clone(), Arc::clone(&signer)));
        let (known, count, says) = (Arc::clone(&published), Arc::clone(&asked), Arc::clone(&desk));
        let keys = move || {
            count.fetch_add(1, Ordering::SeqCst);
            let keys = known.lock().unwrap().clone();
            std::future::ready(if keys.is_null() { Err(StatusCode::BAD_GATEWAY) } else { Ok(axum::Json(keys)) })
        };
        let document = get(move || std::future::ready(axum::Json(says.description())));
        let router = Router::new()
            .route("/.well-known/openid-configuration", document)
            .route("/keys", get(keys))
            .merge(desk::router(Arc::clone(&desk)));
        let running = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { signer, url, published, asked, desk, running }
    }

    /// Makes its keys known under these names.
    pub(crate) fn publish(&self, elliptic: &str, edwards: &str) {
        let point = self.signer.point();
        let (x, y) = (encode(&point[1..33]), encode(&point[33..]));
        let ed = encode(self.signer.edwards.public_key());
        *self.published.lock().unwrap() = json!({"keys": [
            {"kty": "EC", "crv": "P-256", "kid": elliptic, "alg": "ES256", "use": "sig", "x": x, "y": y},
            {"kty": "OKP", "crv": "Ed25519", "kid": edwards, "use": "sig", "x": ed},
            {"kty": "RSA", "kid": "for encryption", "use": "enc", "n": "AQAB", "e": "AQAB"},
            {"kty": "of the future", "kid": "new"},
        ]});
    }

    pub(crate) fn token(&self, header: &Value, claims: &Value) -> String {
        self.signer.token(header, claims)
    }

    pub(crate) fn good(&self, kid: &str) -> String {
        self.token(&json!({"alg": "ES256", "kid": kid}), &self.claims())
    }

    pub(crate) fn claims(&self) -> Value {
        let scope = "openid optimus:submit optimus:read admin";
        json!({"iss": self.url, "aud": ["x", "optimus"], "exp": now() + 600, "sub": "auth0|7", "scope": scope})
    }

    pub(crate) fn with(&self, name: &str, value: Value) -> String {
        let mut claims = self.claims();
        match value {
            Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
            value => claims[name] = value,
        }
        self.token(&json!({"alg": "ES256", "kid": "one"}), &claims)
    }

    pub(crate) fn rules(&self) -> TokenRules {
        TokenRules {
            issuer: Some(self.url.clone()),
            audience: "optimus".to_owned(),
            tenant_claim: "sub".to_owned(),
            scope_claim: "scope".to_owned(),
            scope_prefix: "optimus:".to_owned(),
            rest: Duration::from_millis(300),
        }
    }

    pub(crate) fn issuer(&self) -> Issuer {
        Issuer { url: self.url.clone(), allow_http: false, authority: None }
    }

    /// Takes its tokens.
    pub(crate) fn tokens(&self) -> Arc<Tokens> {
        let tokens = Arc::new(Tokens::new(self.rules()));
        tokio::spawn(follow(Arc::clone(&tokens), KeySource::Issuer(self.issuer()), CancellationToken::new()));
        tokens
    }

    /// A server that takes its tokens, and an API key.
    pub(crate) async fn trusted(&self) -> (Server, String) {
        let server = Server::with(Setup { tokens: Some(self.tokens()), ..Setup::default() }).await;
        let (known, secret) = Key::new("a", [Scope::Read].into(), None).unwrap();
        server.keys.replace(vec![known]);
        (server, secret)
    }
}

pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// A server whose console is a client of this provider, as the provider knows it.
pub(crate) async fn with_login(provider: &Provider, secret: Option<&'static str>) -> Server {
    provider.publish("one", "two");
    let id = CLIENT.to_owned();
    let client = Client {
        id,
        secret: secret.map(|secret| secret.parse().unwrap()),
        scopes: vec!["optimus".to_owned()],
        console: None,
    };
    let login = Some((client, provider.issuer()));
    let setup = Setup { tokens: Some(provider.tokens()), login, console: true, slots: 0, ..Setup::default() };
    let server = Server::with(setup).await;
    server.keys.require();
    *provider.desk.redirect.lock().unwrap() = format!("http://{}/v1/session/callback", server.address);
    *provider.desk.secret.lock().unwrap() = secret;
    server
}
