//! Where people sign in: the authorization and token endpoints of OpenID Connect Core 3.1, with PKCE (RFC 7636). It refuses
//! what the specifications have it refuse, so a client that does not follow them signs nobody in.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::extract::{Form, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{Signer, encode, now};

/// How it differs from an honest provider.
#[derive(Debug, Clone, Default)]
pub(crate) struct Quirks {
    /// Claims of ID tokens in place of the right ones; null: left out.
    pub(crate) id_token: Value,
    /// The same of access tokens.
    pub(crate) access_token: Value,
    /// An access token of its own kind, which nobody else can read.
    pub(crate) opaque: Option<String>,
    /// What people are sent back with instead of a code.
    pub(crate) error: Option<&'static str>,
    /// Parameters of the way back in place of the right ones; null: left out.
    pub(crate) answer: Value,
    /// Members of its description in place of the right ones.
    pub(crate) description: Value,
    /// What the token endpoint answers instead of tokens.
    pub(crate) token: Option<(u16, &'static str)>,
    /// Tokens are signed by a stranger.
    pub(crate) forged: bool,
}

/// The desk, and the one client that it knows.
pub(crate) struct Desk {
    issuer: String,
    signer: Arc<Signer>,
    /// The client's redirect URI.
    pub(crate) redirect: Mutex<String>,
    /// The client's secret; a public client has none.
    pub(crate) secret: Mutex<Option<&'static str>>,
    pub(crate) quirks: Mutex<Quirks>,
    /// What each code was given for, until it is exchanged.
    codes: Mutex<HashMap<String, HashMap<String, String>>>,
}

type Fields = HashMap<String, String>;

/// The client's id.
pub(crate) const CLIENT: &str = "console";

pub(super) fn router(desk: Arc<Desk>) -> Router {
    Router::new().route("/authorize", get(authorize)).route("/token", post(token)).with_state(desk)
}

impl Desk {
    pub(super) fn new(issuer: String, signer: Arc<Signer>) -> Self {
        let (redirect, secret, quirks, codes) = Default::default();
        Self { issuer, signer, redirect, secret, quirks, codes }
    }

    pub(super) fn description(&self) -> Value {
        let at = |path: &str| format!("{}{path}", self.issuer);
        let says = json!({
            "issuer": self.issuer, "jwks_uri": at("/keys"), "authorization_endpoint": at("/authorize"),
            "token_endpoint": at("/token"), "response_types_supported": ["code"], "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["ES256", "EdDSA"], "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": true,
        });
        patched(says, &self.quirks.lock().unwrap().description)
    }

    /// Tokens of the person for whom a code was given.
    fn tokens(&self, asked: &Fields) -> Value {
        let quirks = self.quirks.lock().unwrap().clone();
        let stranger = Signer::new();
        let signer = if quirks.forged { &stranger } else { &*self.signer };
        let sign = |claims| signer.token(&json!({"alg": "ES256", "kid": "one"}), &claims);
        let common = json!({"iss": self.issuer, "sub": "ada", "exp": now() + 600, "iat": now()});
        let id = json!({"aud": CLIENT, "nonce": asked.get("nonce")});
        let access = json!({"aud": ["optimus"], "scope": "openid optimus:read optimus:submit", "client_id": CLIENT});
        let id_token = sign(patched(patched(common.clone(), &id), &quirks.id_token));
        let access_token =
            quirks.opaque.unwrap_or_else(|| sign(patched(patched(common, &access), &quirks.access_token)));
        json!({"access_token": access_token, "token_type": "Bearer", "expires_in": 600, "id_token": id_token})
    }

    /// RFC 6749, 2.3.1.
    fn knows(&self, headers: &HeaderMap, form: &Fields) -> bool {
        let field = |name: &str| form.get(name).map(String::as_str);
        let basic = headers.get("authorization").and_then(|value| value.to_str().ok()?.strip_prefix("Basic "));
        let basic = basic.map(|pair| String::from_utf8(STANDARD.decode(pair).unwrap()).unwrap());
        let takes_post = self.description()["token_endpoint_auth_methods_supported"] == json!(["client_secret_post"]);
        match (*self.secret.lock().unwrap(), basic) {
            (None, None) => field("client_id") == Some(CLIENT) && field("client_secret").is_none(),
            (Some(secret), Some(basic)) => !takes_post && basic == format!("{CLIENT}:{secret}"),
            (Some(secret), None) => {
                takes_post && (field("client_id"), field("client_secret")) == (Some(CLIENT), Some(secret))
            }
            (None, Some(_)) => false,
        }
    }
}

/// Sets members, or removes those that are null.
fn patched(mut object: Value, patch: &Value) -> Value {
    for (name, value) in patch.as_object().into_iter().flatten() {
        match value {
            Value::Null => drop(object.as_object_mut().unwrap().remove(name)),
            value => object[name] = value.clone(),
        }
    }
    object
}

/// Everybody who comes is Ada, who says yes.
async fn authorize(State(desk): State<Arc<Desk>>, Query(asked): Query<Fields>) -> Response {
    let is = |name: &str, wanted: &str| asked.get(name).map(String::as_str) == Some(wanted);
    // To an address that is not the client's, nobody is sent (RFC 6749, 4.1.2.1).
    if !is("client_id", CLIENT) || !is("redirect_uri", &desk.redirect.lock().unwrap()) {
        return (StatusCode::BAD_REQUEST, "a client that is not known").into_response();
    }
    let scope = asked.get("scope").map(String::as_str).unwrap_or_default();
    let fine = is("response_type", "code")
        && is("code_challenge_method", "S256")
        && asked.get("code_challenge").is_some_and(|challenge| challenge.len() == 43)
        && scope.split(' ').any(|word| word == "openid");
    let quirks = desk.quirks.lock().unwrap().clone();
    let mut answer = json!({"state": asked.get("state"), "iss": desk.issuer, "session_state": "more"});
    match quirks.error.or((!fine).then_some("invalid_request")) {
        Some(error) => {
            answer["error"] = json!(error);
            answer["error_description"] = json!("<b>no\nway</b>");
        }
        None => {
            let code = encode(Sha256::digest(json!(asked).to_string()));
            answer["code"] = json!(code);
            desk.codes.lock().unwrap().insert(code, asked.clone());
        }
    }
    let answer = patched(answer, &quirks.answer);
    let mut url = url::Url::parse(&asked["redirect_uri"]).unwrap();
    for (name, value) in answer.as_object().unwrap() {
        url.query_pairs_mut().append_pair(name, value.as_str().unwrap());
    }
    Redirect::to(url.as_str()).into_response()
}

/// RFC 6749, 4.1.3, and RFC 7636, 4.6: a code is exchanged once, by the client that asked for it.
async fn token(State(desk): State<Arc<Desk>>, headers: HeaderMap, Form(form): Form<Fields>) -> Response {
    let refused = |status: StatusCode, error: &str| (status, Json(json!({"error": error}))).into_response();
    if let Some((status, body)) = desk.quirks.lock().unwrap().token {
        return (StatusCode::from_u16(status).unwrap(), body).into_response();
    }
    if !desk.knows(&headers, &form) {
        return refused(StatusCode::UNAUTHORIZED, "invalid_client");
    }
    let code = form.get("code").and_then(|code| desk.codes.lock().unwrap().remove(code));
    let challenge = form.get("code_verifier").map(|verifier| encode(Sha256::digest(verifier)));
    match code {
        Some(asked)
            if form["grant_type"] == "authorization_code"
                && form.get("redirect_uri") == asked.get("redirect_uri")
                && challenge.as_ref() == asked.get("code_challenge") =>
        {
            Json(desk.tokens(&asked)).into_response()
        }
        _ => refused(StatusCode::BAD_REQUEST, "invalid_grant"),
    }
}
