//! Tokens of an identity provider: a real little issuer, honest and otherwise.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use optimus_server::keys::{Key, Scope};
use optimus_server::tokens::{Issuer, KeySource, TokenRules, Tokens, follow};
use ring::hmac;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::support::{Answer, Server, Setup};

/// An issuer of tokens: its keys, and the port that publishes them.
struct Provider {
    elliptic: EcdsaKeyPair,
    edwards: Ed25519KeyPair,
    random: SystemRandom,
    url: String,
    published: Arc<Mutex<Value>>,
    asked: Arc<AtomicUsize>,
    running: tokio::task::JoinHandle<()>,
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

impl Provider {
    async fn start() -> Self {
        let (random, kind) = (SystemRandom::new(), &ECDSA_P256_SHA256_FIXED_SIGNING);
        let document = EcdsaKeyPair::generate_pkcs8(kind, &random).unwrap();
        let elliptic = EcdsaKeyPair::from_pkcs8(kind, document.as_ref(), &random).unwrap();
        let document = Ed25519KeyPair::generate_pkcs8(&random).unwrap();
        let edwards = Ed25519KeyPair::from_pkcs8(document.as_ref()).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (published, asked) = (Arc::new(Mutex::new(Value::Null)), Arc::default());
        let running = publish(listener, address, Arc::clone(&published), Arc::clone(&asked));
        Self { elliptic, edwards, random, url: format!("http://{address}"), published, asked, running }
    }

    /// Makes its keys known under these names.
    fn publish(&self, elliptic: &str, edwards: &str) {
        let point = self.point();
        let (x, y) = (encode(&point[1..33]), encode(&point[33..]));
        let ed = encode(self.edwards.public_key());
        *self.published.lock().unwrap() = json!({"keys": [
            {"kty": "EC", "crv": "P-256", "kid": elliptic, "alg": "ES256", "use": "sig", "x": x, "y": y},
            {"kty": "OKP", "crv": "Ed25519", "kid": edwards, "use": "sig", "x": ed},
            {"kty": "RSA", "kid": "for encryption", "use": "enc", "n": "AQAB", "e": "AQAB"},
            {"kty": "of the future", "kid": "new"},
        ]});
    }

    fn point(&self) -> &[u8] {
        self.elliptic.public_key().as_ref()
    }

    /// A token with this header, signed as its `alg` says; with HS256, the public key is the secret.
    fn token(&self, header: &Value, claims: &Value) -> String {
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

    fn good(&self, kid: &str) -> String {
        self.token(&json!({"alg": "ES256", "kid": kid}), &self.claims())
    }

    fn claims(&self) -> Value {
        let scope = "openid optimus:submit optimus:read admin";
        json!({"iss": self.url, "aud": ["x", "optimus"], "exp": now() + 600, "sub": "auth0|7", "scope": scope})
    }

    fn with(&self, name: &str, value: Value) -> String {
        let mut claims = self.claims();
        match value {
            Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
            value => claims[name] = value,
        }
        self.token(&json!({"alg": "ES256", "kid": "one"}), &claims)
    }

    fn rules(&self) -> TokenRules {
        TokenRules {
            issuer: Some(self.url.clone()),
            audience: "optimus".to_owned(),
            tenant_claim: "sub".to_owned(),
            scope_claim: "scope".to_owned(),
            scope_prefix: "optimus:".to_owned(),
            rest: Duration::from_millis(300),
        }
    }

    /// A server that takes its tokens, and an API key.
    async fn trusted(&self) -> (Server, String) {
        let tokens = Arc::new(Tokens::new(self.rules()));
        let issuer = Issuer { url: self.url.clone(), allow_http: false, authority: None };
        let following = follow(Arc::clone(&tokens), KeySource::Issuer(issuer), CancellationToken::new());
        tokio::spawn(following);
        let server = Server::with(Setup { tokens: Some(tokens), ..Setup::default() }).await;
        let (known, secret) = Key::new("a", [Scope::Read].into(), None).unwrap();
        server.keys.replace(vec![known]);
        (server, secret)
    }
}

fn publish(
    listener: TcpListener,
    address: SocketAddr,
    published: Arc<Mutex<Value>>,
    asked: Arc<AtomicUsize>,
) -> tokio::task::JoinHandle<()> {
    let says = json!({"issuer": format!("http://{address}"), "jwks_uri": format!("http://{address}/keys")});
    let keys = move || {
        asked.fetch_add(1, Ordering::SeqCst);
        let keys = published.lock().unwrap().clone();
        std::future::ready(if keys.is_null() { Err(StatusCode::BAD_GATEWAY) } else { Ok(axum::Json(keys)) })
    };
    let router = Router::new()
        .route("/.well-known/openid-configuration", get(move || std::future::ready(axum::Json(says))))
        .route("/keys", get(keys));
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() })
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

async fn ask(server: &Server, token: &str) -> Answer {
    server.send("GET", "/v1/jobs", &[&format!("authorization: Bearer {token}")], "").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_opens_the_door_for_its_tenant_and_its_scopes() {
    let provider = Provider::start().await;
    provider.publish("one", "two");
    let (server, secret) = provider.trusted().await;
    let (good, ed) = (provider.good("one"), provider.token(&json!({"alg": "EdDSA", "kid": "two"}), &provider.claims()));
    for token in [&good, &ed] {
        let head = format!("authorization: Bearer {token}");
        let head = [head.as_str(), "content-type: application/json"];
        let job = json!({"language": "toy", "source": "x"}).to_string();
        let answer = server.send("POST", "/v1/jobs?wait=30s", &head, job).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let refused = server.send("GET", "/v1/plugins", &head, "").await.error(403, "forbidden");
        assert!(refused.contains("token"), "{refused}");
    }
    assert_eq!(ask(&server, &good).await.json()["jobs"].as_array().unwrap().len(), 2, "one tenant's, by either token");
    let other = provider.with("sub", json!("another"));
    assert_eq!(ask(&server, &other).await.json()["jobs"], json!([]));
    assert_eq!(ask(&server, &secret).await.status, 200, "keys stay good");
    assert_eq!(server.get("/v1/jobs").await.header("www-authenticate"), Some("bearer"));
    assert_eq!(provider.asked.load(Ordering::SeqCst), 1, "keys are kept");
}

#[tokio::test(flavor = "multi_thread")]
async fn any_other_token_is_refused_and_told_why() {
    let (provider, stranger) = (Provider::start().await, Provider::start().await);
    provider.publish("one", "two");
    let (server, _) = provider.trusted().await;
    assert_eq!(ask(&server, &provider.good("one")).await.status, 200);
    let with = |name: &str, value: Value| provider.with(name, value);
    for (bad, said) in [
        (with("exp", json!(now() - 3_600)), "expired"),
        (with("exp", Value::Null), "`exp`"),
        (with("exp", json!("tomorrow")), "`exp`"),
        (with("nbf", json!(now() + 3_600)), "not good yet"),
        (with("iss", json!("https://id.example.com")), "another issuer"),
        (with("iss", Value::Null), "another issuer"),
        (with("nbf", json!("never")), "`nbf`"),
        (with("aud", json!("another")), "another audience"),
        (with("aud", json!(["a", "b"])), "another audience"),
        (with("aud", Value::Null), "another audience"),
        (with("aud", json!({"optimus": "optimus"})), "another audience"),
        (with("sub", Value::Null), "`sub`"),
        (with("sub", json!("{x}")), "`sub`"),
    ] {
        let answer = ask(&server, &bad).await;
        let error = answer.error(401, "unauthorized");
        assert!(error.contains(said), "{said}: {error}");
        assert_eq!(answer.header("www-authenticate"), Some("bearer error=\"invalid_token\""));
    }
    let claims = provider.claims();
    let token = |header: Value| provider.token(&header, &claims);
    let good = provider.good("one");
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let (head, _) = signed.split_once('.').unwrap();
    let forged = encode(provider.claims().to_string().replace("auth0|7", "another"));
    for bad in [
        stranger.token(&json!({"alg": "ES256", "kid": "one"}), &claims),
        format!("{head}.{forged}.{signature}"),
        format!("{signed}."),
        token(json!({"alg": "none", "kid": "one"})),
        token(json!({"alg": "None", "kid": "one"})),
        // The public key as the secret of an HMAC, and a key used in another's way.
        token(json!({"alg": "HS256", "kid": "one"})),
        token(json!({"alg": "RS256", "kid": "one"})),
        token(json!({"alg": "EdDSA", "kid": "one"})),
        token(json!({"alg": "ES256", "kid": "two"})),
        token(json!({"alg": "ES256", "kid": "for encryption"})),
        token(json!({"alg": "ES256", "kid": "new"})),
        token(json!({"alg": "ES256"})),
        token(json!({"alg": "ES256", "kid": "one", "crit": ["b64"], "b64": false})),
        // A token that brings its own key.
        stranger.token(&json!({"alg": "ES256", "jku": format!("{}/keys", stranger.url)}), &claims),
        "..".to_owned(),
        "a.b.c".to_owned(),
    ] {
        let error = ask(&server, &bad).await.error(401, "unauthorized");
        assert!(!error.contains(&provider.url), "{bad}: {error}");
    }
    assert_eq!(stranger.asked.load(Ordering::SeqCst), 0, "nobody is asked because a token says so");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotated_key_is_learned_and_the_issuer_is_not_asked_all_the_time() {
    let provider = Provider::start().await;
    provider.publish("one", "two");
    let (server, _) = provider.trusted().await;
    assert_eq!(ask(&server, &provider.good("one")).await.status, 200);
    tokio::time::sleep(provider.rules().rest * 2).await;
    provider.publish("three", "four");
    assert_eq!(ask(&server, &provider.good("three")).await.status, 200, "no request is lost to a rotation");
    ask(&server, &provider.good("one")).await.error(401, "unauthorized");
    let (before, start) = (provider.asked.load(Ordering::SeqCst), std::time::Instant::now());
    for n in 0..50 {
        ask(&server, &provider.good(&format!("unknown {n}"))).await.error(401, "unauthorized");
    }
    let periods = start.elapsed().div_duration_f64(provider.rules().rest);
    let asked = provider.asked.load(Ordering::SeqCst) - before;
    assert!(asked as f64 <= periods + 2.0, "{asked} times in {periods} periods");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_issuer_the_last_keys_hold_and_before_any_the_answer_is_503() {
    let provider = Provider::start().await;
    let (server, secret) = provider.trusted().await;
    let answer = ask(&server, &provider.good("one")).await;
    answer.error(503, "issuer_down");
    assert!(answer.header("retry-after").is_some());
    assert_eq!(ask(&server, &secret).await.status, 200, "keys do not need the issuer");
    provider.publish("one", "two");
    for attempt in 0.. {
        if ask(&server, &provider.good("one")).await.status == 200 {
            break;
        }
        assert!(attempt < 200, "its keys are never seen");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    provider.running.abort();
    tokio::time::sleep(provider.rules().rest * 2).await;
    ask(&server, &provider.good("unknown")).await.error(401, "unauthorized");
    assert_eq!(ask(&server, &provider.good("one")).await.status, 200);
}
