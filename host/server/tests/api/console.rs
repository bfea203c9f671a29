//! The console at the address of the API: its places, its files, and what a browser is told of them.

use crate::support::{Answer, Server, Setup};
use optimus_server::api::Origins;

async fn server() -> Server {
    Server::with(Setup { console: true, slots: 0, ..Setup::default() }).await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_place_is_answered_with_the_page_and_nothing_else_is() {
    let server = server().await;
    for place in ["/", "/jobs", "/jobs/0197b5c2-7d1e-7b3a-9c54-3f0a6b1d2e4f", "/languages", "/?lang=toy"] {
        let page = server.get(place).await;
        assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")), "{place}");
        assert_eq!(page.header("cache-control"), Some("no-cache"));
    }
    for nowhere in ["/nowhere", "/jobs/a/b", "/console/none.js", "/console/..%2fCargo.toml", "/index.html"] {
        let answer = server.get(nowhere).await;
        assert_eq!((answer.status, answer.json()["error"]["code"].as_str()), (404, Some("no_such_path")), "{nowhere}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn its_policy_admits_this_servers_files_and_no_inline_script_or_style() {
    let server = server().await;
    let page = server.get("/").await;
    let policy = page.header("content-security-policy").unwrap();
    for part in ["default-src 'none'", "script-src 'self';", "style-src 'self';", "frame-ancestors 'none'"] {
        assert!(policy.contains(part), "{policy}");
    }
    assert!(!policy.contains("unsafe"), "{policy}");
    assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
    assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_pages_that_may_call_may_embed_it() {
    let origins = Origins::new(vec!["https://course.example".parse().unwrap()]);
    let server = Server::with(Setup { console: true, slots: 0, origins, ..Setup::default() }).await;
    let ancestors = |answer: &Answer| {
        let policy = answer.header("content-security-policy").unwrap();
        policy.split_once("frame-ancestors ").unwrap().1.to_owned()
    };
    assert_eq!(ancestors(&server.get("/?embed&lang=toy").await), "'self' https://course.example");
    assert_eq!(ancestors(&server.get("/?lang=embed").await), "'none'");
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_kept_by_browsers_and_sent_as_small_as_they_are_taken() {
    let server = server().await;
    let page = server.get("/").await.text();
    let script = page.split('"').find(|part| part.starts_with("/console/") && part.ends_with(".js")).unwrap();
    let get = async |headers: &[&str]| server.send("GET", script, headers, "").await;
    let plain = get(&[]).await;
    assert_eq!((plain.status, plain.header("content-encoding")), (200, None));
    assert_eq!(plain.header("cache-control"), Some("public, max-age=31536000, immutable"));
    for (taken, coding) in [("gzip, deflate, br", "br"), ("gzip, deflate", "deflate")] {
        let packed = get(&[&format!("accept-encoding: {taken}")]).await;
        assert_eq!(packed.header("content-encoding"), Some(coding));
        assert!(packed.body.len() * 2 < plain.body.len());
        let tag = packed.header("etag").unwrap();
        assert_ne!(Some(tag), plain.header("etag"));
        let again = get(&[&format!("accept-encoding: {taken}"), &format!("if-none-match: {tag}")]).await;
        assert_eq!((again.status, again.body.len()), (304, 0));
    }
}
