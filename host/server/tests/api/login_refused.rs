//! Signing in through an identity provider, where somebody is not honest or something is not as it should be.

use optimus_server::login::Client;
use serde_json::{Value, json};

use crate::provider::browser::{Browser, CROSS, OWN, ask, location};
use crate::provider::desk::{CLIENT, Quirks};
use crate::provider::{Provider, now, with_login};
use crate::support::{Answer, Server, Setup};

const LOGIN: &str = "/v1/session/login";

/// Nobody is signed in, and the sign-in page says why.
#[track_caller]
fn is_refused(answer: &Answer, browser: &Browser, place: &str) {
    assert_eq!((answer.status, location(answer).as_str()), (303, place), "{answer:?}");
    assert!(!browser.has("optimus_session_"), "{browser:?}");
}

/// A parameter of the way back.
fn parameter(way: &str, name: &str) -> String {
    let url = url::Url::parse(&format!("http://console{way}")).unwrap();
    let found = url.query_pairs().find(|(known, _)| known == name);
    found.unwrap_or_else(|| panic!("{way}")).1.into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_counts_once_and_in_the_browser_that_began() {
    let provider = Provider::start().await;
    let server = with_login(&provider, None).await;
    let mut browser = Browser::default();
    let way = browser.leave(&server, "/jobs").await;
    let before = browser.clone();

    // Login CSRF: somebody else's answer, brought by a browser that began nothing, or something else.
    let mut victim = Browser::default();
    is_refused(&victim.come_back(&server, &way).await, &victim, "/?signin=stale");
    victim.leave(&server, "/keys").await;
    is_refused(&victim.come_back(&server, &way).await, &victim, "/?signin=stale");
    // Even with the other flow's cookie renamed, its state is another.
    let own = parameter(&way, "state");
    victim.cookies[0].0 = format!("optimus_login_{}", &own[..8]);
    is_refused(&victim.come_back(&server, &way).await, &victim, "/keys?signin=stale");

    let similar = format!("{}{}", &own[..8], "x".repeat(35));
    for (state, place) in [("x", "/"), ("", "/"), (similar.as_str(), "/jobs")] {
        let mut wrong = before.clone();
        let changed = way.replace(&format!("&state={own}"), &format!("&state={state}"));
        assert_ne!(changed, way);
        is_refused(&wrong.come_back(&server, &changed).await, &wrong, &format!("{place}?signin=stale"));
    }
    let mut twice = before.clone();
    is_refused(&twice.come_back(&server, &format!("{way}&state={own}")).await, &twice, "/?signin=stale");

    let done = browser.come_back(&server, &way).await;
    assert_eq!(location(&done), "/jobs", "what others tried has not ended it");
    let mut replayed = before;
    is_refused(&replayed.come_back(&server, &way).await, &replayed, "/jobs?signin=stale");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_of_another_issuer_is_refused() {
    let provider = Provider::start().await;
    let server = with_login(&provider, None).await;
    for iss in [json!("https://id.example.org"), Value::Null] {
        *provider.desk.quirks.lock().unwrap() = Quirks { answer: json!({"iss": iss}), ..Quirks::default() };
        let mut browser = Browser::default();
        is_refused(&browser.sign_in(&server, "/jobs?state=done").await, &browser, "/jobs?state=done&signin=stale");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_that_are_not_for_this_sign_in_are_refused() {
    let provider = Provider::start().await;
    let server = with_login(&provider, None).await;
    let id = |id_token: Value| Quirks { id_token, ..Quirks::default() };
    let access = |access_token: Value| Quirks { access_token, ..Quirks::default() };
    for quirks in [
        id(json!({"nonce": "another"})),
        id(json!({"nonce": null})),
        id(json!({"aud": "another"})),
        id(json!({"aud": "optimus"})),
        id(json!({"aud": null})),
        id(json!({"azp": "another"})),
        id(json!({"iss": "https://id.example.org"})),
        id(json!({"exp": now() - 3_600})),
        id(json!({"exp": null})),
        access(json!({"aud": "another"})),
        access(json!({"exp": now() - 3_600})),
        access(json!({"iss": "https://id.example.org"})),
        access(json!({"sub": "{ada}"})),
        // Longer than a cookie.
        access(json!({"groups": vec!["a group"; 1_000]})),
        Quirks { opaque: Some("opaque".to_owned()), ..Quirks::default() },
        Quirks { forged: true, ..Quirks::default() },
    ] {
        *provider.desk.quirks.lock().unwrap() = quirks.clone();
        let mut browser = Browser::default();
        let answer = browser.sign_in(&server, "/").await;
        assert_eq!(location(&answer), "/?signin=refused", "{quirks:?}");
        is_refused(&answer, &browser, "/?signin=refused");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_provider_refuses_comes_back_to_the_sign_in_page() {
    let provider = Provider::start().await;
    let server = with_login(&provider, None).await;
    let error = |error| Quirks { error: Some(error), ..Quirks::default() };
    let token = |status, body| Quirks { token: Some((status, body)), ..Quirks::default() };
    for (quirks, code) in [
        (error("access_denied"), "denied"),
        (error("server_error"), "provider"),
        (Quirks { answer: json!({"code": null}), ..Quirks::default() }, "provider"),
        (Quirks { answer: json!({"code": "another"}), ..Quirks::default() }, "provider"),
        (token(400, r#"{"error": "invalid_grant", "error_description": "the code has expired"}"#), "provider"),
        (token(500, "<html>out of order</html>"), "provider"),
        (token(200, r#"{"access_token": "a", "token_type": "Bearer"}"#), "provider"),
        (token(302, "{}"), "provider"),
    ] {
        *provider.desk.quirks.lock().unwrap() = quirks.clone();
        let mut browser = Browser::default();
        let answer = browser.sign_in(&server, "/").await;
        is_refused(&answer, &browser, &format!("/?signin={code}"));
        assert!(!browser.has("optimus_login_"), "a flow that has ended is forgotten");
        assert!(!location(&answer).contains("way"), "the provider's words are in no link");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_of_another_sign_in_is_not_exchanged() {
    let provider = Provider::start().await;
    let server = with_login(&provider, None).await;
    let stolen = parameter(&Browser::default().leave(&server, "/").await, "code");
    let mut thief = Browser::default();
    let own = thief.leave(&server, "/").await;
    let injected = own.replace(&parameter(&own, "code"), &stolen);
    is_refused(&thief.come_back(&server, &injected).await, &thief, "/?signin=provider");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_leads_nowhere_else_and_begins_on_no_other_page() {
    let provider = Provider::start().await;
    let server = with_login(&provider, None).await;
    for to in [
        "//evil.example",
        "/%5Cevil.example",
        "/\\evil.example",
        "https:",
        "https://evil.example",
        "https:%2F%2Fevil.example",
        "%2F%2Fevil.example",
        "/%09/evil.example",
        "javascript:alert(1)",
        "/v1/jobs",
        "/%2e%2e%2f%2fevil.example",
        "",
    ] {
        let answer = Browser::default().visit(&server, &format!("{LOGIN}?to={to}"), &[OWN]).await;
        let said = answer.error(400, "bad_query");
        assert!(said.contains("`to`") && answer.values("location").is_empty(), "{said}");
    }
    server.get(&format!("{LOGIN}?next=/jobs")).await.error(400, "bad_query");
    for site in [CROSS, "sec-fetch-site: same-site"] {
        let answer = Browser::default().visit(&server, &format!("{LOGIN}?to=/jobs"), &[site]).await;
        answer.error(403, "foreign_page");
        assert_eq!(answer.cookie(), None);
    }
    let bookmarked = Browser::default().visit(&server, LOGIN, &["sec-fetch-site: none"]).await;
    assert_eq!(bookmarked.status, 303);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_client_at_a_provider_there_is_no_such_sign_in() {
    let provider = Provider::start().await;
    provider.publish("one", "two");
    let (server, _) = provider.trusted().await;
    for path in [LOGIN, "/v1/session/callback?state=x&code=y"] {
        let said = server.get(path).await.error(404, "no_login");
        assert!(said.contains("--oidc-client-id"), "{said}");
    }
    let unknown = server.get("/v1/me").await;
    assert_eq!((unknown.status, unknown.header("optimus-sign-in")), (401, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_provider_is_away_the_sign_in_page_says_so() {
    let provider = Provider::start().await;
    let client = Client { id: CLIENT.to_owned(), secret: None, scopes: Vec::new(), console: None };
    let login = Some((client, provider.issuer()));
    let setup = Setup { tokens: Some(provider.tokens()), login, slots: 0, ..Setup::default() };
    let server = Server::with(setup).await;
    server.keys.require();
    let mut browser = Browser::default();
    // Its keys cannot be had yet, so nothing that it signs could be checked.
    let answer = browser.visit(&server, LOGIN, &[OWN]).await;
    is_refused(&answer, &browser, "/?signin=unreachable");
    *provider.desk.redirect.lock().unwrap() = format!("http://{}/v1/session/callback", server.address);
    provider.publish("one", "two");
    let way = loop {
        let answer = browser.visit(&server, LOGIN, &[OWN]).await;
        if !location(&answer).contains("signin=unreachable") {
            break ask(location(&answer)).await;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    };
    provider.running.abort();
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    is_refused(&browser.come_back(&server, &way).await, &browser, "/?signin=provider");
}
