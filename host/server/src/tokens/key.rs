//! A public key that tokens are signed with, and the one algorithm that it is good for. What a token says of its
//! algorithm is compared with that and decides nothing, so no key is ever used in another's way.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{self as rs, RsaPublicKeyComponents, UnparsedPublicKey};
use serde::Deserialize;

/// The algorithms that are taken: what every issuer can do. A shared secret is not among them.
pub(super) const ALGORITHMS: [&str; 3] = [RS256, ES256, EDDSA];
const RS256: &str = "RS256";
const ES256: &str = "ES256";
const EDDSA: &str = "EdDSA";

/// A public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    /// The key id in tokens.
    pub(super) kid: Option<String>,
    kind: Kind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    Rsa {
        modulus: Vec<u8>,
        exponent: Vec<u8>,
    },
    /// An uncompressed point.
    P256(Vec<u8>),
    Ed25519(Vec<u8>),
}

/// RFC 7517 and 7518, as far as these keys go.
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    r#use: Option<String>,
    alg: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct JwkSet {
    keys: Vec<serde_json::Value>,
}

impl JwkSet {
    /// Those that tokens here may be signed with; others are for somebody else, or of the future.
    pub(super) fn usable(self) -> Vec<PublicKey> {
        self.keys.into_iter().filter_map(|key| serde_json::from_value(key).ok().and_then(PublicKey::of_jwk)).collect()
    }
}

impl PublicKey {
    pub(super) fn new(kind: Kind) -> Self {
        Self { kid: None, kind }
    }

    fn of_jwk(jwk: Jwk) -> Option<Self> {
        let bytes = |text: &Option<String>| decode(text.as_deref()?);
        let kind = match (jwk.kty.as_str(), jwk.crv.as_deref()) {
            ("RSA", _) => Kind::Rsa { modulus: bytes(&jwk.n)?, exponent: bytes(&jwk.e)? },
            ("EC", Some("P-256")) => Kind::P256([vec![4], bytes(&jwk.x)?, bytes(&jwk.y)?].concat()),
            ("OKP", Some("Ed25519")) => Kind::Ed25519(bytes(&jwk.x)?),
            _ => return None,
        };
        let key = Self { kid: jwk.kid, kind };
        let signs = jwk.r#use.is_none_or(|purpose| purpose == "sig");
        let so = jwk.alg.is_none_or(|alg| alg == key.algorithm());
        (signs && so).then_some(key)
    }

    /// The one that it is good for.
    pub(super) fn algorithm(&self) -> &'static str {
        match self.kind {
            Kind::Rsa { .. } => RS256,
            Kind::P256(_) => ES256,
            Kind::Ed25519(_) => EDDSA,
        }
    }

    /// Verifies a signature by the owner of this key.
    pub(super) fn has_signed(&self, message: &[u8], signature: &[u8]) -> bool {
        let checked = match &self.kind {
            Kind::Rsa { modulus: n, exponent: e } => {
                RsaPublicKeyComponents { n, e }.verify(&rs::RSA_PKCS1_2048_8192_SHA256, message, signature)
            }
            Kind::P256(point) => UnparsedPublicKey::new(&rs::ECDSA_P256_SHA256_FIXED, point).verify(message, signature),
            Kind::Ed25519(key) => UnparsedPublicKey::new(&rs::ED25519, key).verify(message, signature),
        };
        checked.is_ok()
    }
}

/// Bytes as JOSE writes them.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}
