//! Signing in to the console through an identity provider that follows the specifications.

use optimus_server::keys::{Key, Scope};
use optimus_server::login::Client;
use serde_json::json;

use crate::provider::browser::{Browser, OWN, ask, location};
use crate::provider::desk::{CLIENT, Quirks};
use crate::provider::{Provider, now, with_login};
use crate::support::{Server, Setup};

const CALLBACK: &str = "/v1/session/callback";

#[tokio::test(flavor = "multi_thread")]
async fn a_person_signs_in_through_the_provider_and_out() {
    let provider = Provider::start().await;
    let server = with_login(&provider, None).await;
    let mut browser = Browser::default();
    let stranger = browser.visit(&server, "/v1/me", &[OWN]).await;
    assert_eq!((stranger.status, stranger.header("optimus-sign-in")), (401, Some("/v1/session/login")));

    let begun = browser.visit(&server, "/v1/session/login?to=/jobs?state=done", &[OWN]).await;
    assert_eq!((begun.status, begun.header("cache-control")), (303, Some("no-store")));
    let url = location(&begun);
    assert!(url.starts_with(&format!("{}/authorize?response_type=code&client_id={CLIENT}&", provider.url)), "{url}");
    for part in ["&scope=openid+optimus&", "&code_challenge_method=S256", "&nonce=", "&state="] {
        assert!(url.contains(part), "{url}");
    }
    let kept = begun.cookie().unwrap();
    for attribute in ["; Path=/v1/session/callback; Max-Age=600;", "; HttpOnly; SameSite=Lax"] {
        assert!(kept.contains(attribute) && !kept.contains("Secure"), "{kept}");
    }

    let way = ask(url).await;
    assert!(way.starts_with(CALLBACK), "{way}");
    let done = browser.come_back(&server, &way).await;
    assert_eq!((done.status, location(&done).as_str()), (303, "/jobs?state=done"), "{done:?}");
    let session = done.values("set-cookie")[1];
    assert!(session.ends_with("; HttpOnly; SameSite=Strict") && session.contains("; Path=/;"), "{session}");
    let seconds: u64 = session.split_once("Max-Age=").unwrap().1.split(';').next().unwrap().parse().unwrap();
    assert!((590..=600).contains(&seconds), "as long as the token: {session}");
    assert!(browser.has("optimus_session_") && !browser.has("optimus_login_"), "{browser:?}");

    let me = browser.visit(&server, "/v1/me", &[OWN]).await;
    assert_eq!((&me.json()["tenant"], &me.json()["scopes"]), (&json!("ada"), &json!(["submit", "read"])), "{me:?}");
    assert_eq!(
        browser.visit(&server, "/v1/jobs", &["sec-fetch-site: same-site"]).await.status,
        403,
        "its own page only"
    );
    let cookie = format!("cookie: {}", session.split(';').next().unwrap());
    let out = server.send("DELETE", "/v1/session", &[&cookie, OWN], "").await;
    assert!(out.status == 204 && out.cookie().unwrap().contains("Max-Age=0"), "{out:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_signed_in_is_in_the_audit_log_and_the_token_is_not() {
    let provider = Provider::start().await;
    let server = with_login(&provider, None).await;
    let mut browser = Browser::default();
    browser.sign_in(&server, "/").await;
    let (boss, secret) = Key::new("ops", [Scope::Admin].into(), None).unwrap();
    server.keys.replace(vec![boss]);
    let list = server.send("GET", "/v1/audit", &[&format!("authorization: Bearer {secret}")], "").await;
    let entry = &list.json()["entries"][0];
    let wanted = json!({"action": format!("GET {CALLBACK}"), "target": CALLBACK, "tenant": "ada", "key": "token of ada", "outcome": "done", "status": 303});
    for (name, value) in wanted.as_object().unwrap() {
        assert_eq!(&entry[name], value, "{entry}");
    }
    let token = browser.cookies.iter().find(|(name, _, _)| name.starts_with("optimus_session_")).unwrap();
    assert!(!list.text().contains(&token.1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_with_a_secret_proves_itself_as_the_provider_takes_it() {
    let provider = Provider::start().await;
    let server = with_login(&provider, Some("s3cr3t")).await;
    assert_eq!(location(&Browser::default().sign_in(&server, "/").await), "/");
    *provider.desk.secret.lock().unwrap() = Some("another");
    assert_eq!(location(&Browser::default().sign_in(&server, "/").await), "/?signin=provider");

    let provider = Provider::start().await;
    let description = json!({"token_endpoint_auth_methods_supported": ["client_secret_post"]});
    *provider.desk.quirks.lock().unwrap() = Quirks { description, ..Quirks::default() };
    let server = with_login(&provider, Some("s3cr3t")).await;
    assert_eq!(location(&Browser::default().sign_in(&server, "/").await), "/");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_id_token_is_the_session_where_it_is_for_this_server_and_the_access_token_is_not() {
    let provider = Provider::start().await;
    let server = with_login(&provider, None).await;
    for (opaque, access_token) in [(Some("opaque"), json!({})), (None, json!({"aud": "accounts"}))] {
        let id_token = json!({"aud": [CLIENT, "optimus"], "azp": CLIENT, "scope": "optimus:read", "exp": now() + 300});
        let opaque = opaque.map(str::to_owned);
        *provider.desk.quirks.lock().unwrap() = Quirks { opaque, access_token, id_token, ..Quirks::default() };
        let mut browser = Browser::default();
        assert_eq!(location(&browser.sign_in(&server, "/").await), "/");
        assert_eq!(browser.visit(&server, "/v1/me", &[OWN]).await.json()["scopes"], json!(["read"]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn several_sign_ins_of_one_browser_do_not_disturb_each_other() {
    let provider = Provider::start().await;
    let server = with_login(&provider, None).await;
    let mut browser = Browser::default();
    let (first, second) = (browser.leave(&server, "/jobs").await, browser.leave(&server, "/keys").await);
    assert_eq!(location(&browser.come_back(&server, &first).await), "/jobs");
    assert_eq!(location(&browser.come_back(&server, &second).await), "/keys");
}

#[tokio::test(flavor = "multi_thread")]
async fn over_tls_the_provider_hears_of_https_and_cookies_are_secure() {
    let provider = Provider::start().await;
    let server = with_login(&provider, None).await;
    let headers = [OWN, "x-forwarded-proto: https"];
    let begun = Browser::default().visit(&server, "/v1/session/login", &headers).await;
    let redirect =
        format!("&redirect_uri=https%3A%2F%2F127.0.0.1%3A{}%2Fv1%2Fsession%2Fcallback&", server.address.port());
    assert!(location(&begun).contains(&redirect) && begun.cookie().unwrap().ends_with("; Secure"), "{begun:?}");

    let console = Some("https://judge.example.org".parse().unwrap());
    let client = Client { id: CLIENT.to_owned(), secret: None, scopes: Vec::new(), console };
    let login = Some((client, provider.issuer()));
    let setup = Setup { tokens: Some(provider.tokens()), login, slots: 0, ..Setup::default() };
    let server = Server::with(setup).await;
    let begun = Browser::default().visit(&server, "/v1/session/login", &[OWN]).await;
    let redirect = "&redirect_uri=https%3A%2F%2Fjudge.example.org%2Fv1%2Fsession%2Fcallback&";
    assert!(location(&begun).contains(redirect) && begun.cookie().unwrap().ends_with("; Secure"), "{begun:?}");
}
