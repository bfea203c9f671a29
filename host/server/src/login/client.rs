//! The console as a client of the identity provider (RFC 6749, 2): its name there, and how it says at the token endpoint that
//! it is the one.

use std::fmt;
use std::str::FromStr;

use anyhow::ensure;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use url::Url;
use url::form_urlencoded::byte_serialize;

/// A client of the identity provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// Its id there.
    pub id: String,
    /// Its secret; a public client has none.
    pub secret: Option<ClientSecret>,
    /// Scopes that are asked for besides `openid`.
    pub scopes: Vec<String>,
    /// The console's address as browsers see it; absent: as each request says it.
    pub console: Option<ConsoleUrl>,
}

/// `https://judge.example.org`: the console is at the root of a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsoleUrl(pub(super) Url);

impl FromStr for ConsoleUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        let url = url.filter(|url| url.origin().ascii_serialization() == text.trim_end_matches('/'));
        url.map(Self).ok_or_else(|| format!("`{text}` is no address of a host, like `https://judge.example.org`"))
    }
}

/// A client's secret, which is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct ClientSecret(String);

impl FromStr for ClientSecret {
    type Err = &'static str;

    /// Without the end of its line.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.trim() {
            "" => Err("the client's secret is empty"),
            secret => Ok(Self(secret.to_owned())),
        }
    }
}

impl fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientSecret(…)")
    }
}

const BASIC: &str = "client_secret_basic";
const POST: &str = "client_secret_post";

/// How a client proves itself: a header, or fields of the form.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Proof<'a> {
    pub(super) authorization: Option<String>,
    pub(super) fields: Vec<(&'static str, &'a str)>,
}

impl Client {
    /// The proof that the provider takes, of those that need no key of ours. OpenID Connect Discovery, 3: a provider that
    /// lists none takes HTTP's basic authentication.
    pub(super) fn proof(&self, taken: Option<&[String]>) -> anyhow::Result<Proof<'_>> {
        let Some(ClientSecret(secret)) = &self.secret else {
            return Ok(Proof { authorization: None, fields: vec![("client_id", &self.id)] });
        };
        let takes = |method: &str| taken.is_none_or(|taken| taken.iter().any(|name| name == method));
        if takes(BASIC) {
            // RFC 6749, 2.3.1: each is encoded as in a form before.
            let encode = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
            let pair = STANDARD.encode(format!("{}:{}", encode(&self.id), encode(secret)));
            return Ok(Proof { authorization: Some(format!("Basic {pair}")), fields: Vec::new() });
        }
        ensure!(takes(POST), "its token endpoint takes clients with a secret neither by {BASIC} nor by {POST}");
        Ok(Proof { authorization: None, fields: vec![("client_id", &self.id), ("client_secret", secret)] })
    }
}
