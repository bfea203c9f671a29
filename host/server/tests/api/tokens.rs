//! Tokens of an identity provider, honest and otherwise.

use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::{Value, json};

use crate::provider::{Provider, encode, now};
use crate::support::{Answer, Server};

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
