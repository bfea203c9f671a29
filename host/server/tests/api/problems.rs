//! Problems over HTTP: stored once, named by jobs, and refused where they cannot be honoured.

use std::path::Path;

use serde_json::{Value, json};

use crate::support::{Server, Setup};
use optimus_server::keys::{Key, Scope};

fn sample(name: &str) -> Vec<u8> {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/packages");
    optimus_package::archive(&samples.join(name)).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_package_is_stored_by_what_is_in_it() {
    let server = Server::start().await;
    let package = sample("dmoj");
    let answer = server.send("POST", "/v1/problems", &["content-type: application/zip"], package.clone()).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    let stored = answer.json();
    assert_eq!((&stored["format"], &stored["tests"], &stored["is_scored"]), (&json!("dmoj"), &json!(5), &json!(true)));
    let name = stored["problem"].as_str().unwrap();
    assert_eq!(server.get(&format!("/v1/problems/{name}")).await.json(), stored);
    let again = server.send("POST", "/v1/problems", &[], package).await.json();
    assert_eq!(again["problem"], stored["problem"]);
    // A job that names it is taken, and brings nothing of the tests.
    let job = json!({"language": "toy", "source": "x", "problem": name});
    assert_eq!(server.post("/v1/jobs", &job).await.status, 202);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_problem_that_is_removed_is_named_by_no_further_job() {
    let server = Server::start().await;
    assert_eq!(server.get("/v1/problems").await.json(), json!({"problems": []}));
    let stored = server.send("POST", "/v1/problems", &[], sample("dmoj")).await.json();
    let name = stored["problem"].as_str().unwrap();
    assert_eq!(server.get("/v1/problems").await.json(), json!({"problems": [name]}));
    let place = format!("/v1/problems/{name}");
    let removed = server.send("DELETE", &place, &[], Vec::new()).await;
    assert_eq!((removed.status, removed.json()), (200, stored.clone()));
    assert_eq!(server.send("DELETE", &place, &[], Vec::new()).await.status, 404);
    let job = json!({"language": "toy", "source": "x", "problem": name});
    assert_eq!(server.post("/v1/jobs", &job).await.json()["error"]["code"], "unknown_problem");
    assert_eq!(server.get("/v1/problems").await.json(), json!({"problems": []}));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_a_problem_is_refused_by_name() {
    let server = Server::start().await;
    let refused = async |body: &[u8]| {
        let answer = server.send("POST", "/v1/problems", &[], body).await;
        (answer.status, answer.json()["error"].clone())
    };
    let (status, error) = refused(b"no archive").await;
    assert_eq!((status, &error["code"]), (422, &json!("bad_package")));
    let unknown: &[(u16, &str, Value)] = &[
        (
            422,
            "unknown_problem",
            json!({"language": "toy", "source": "x", "problem": format!("sha256:{}", "0".repeat(64))}),
        ),
        (422, "invalid", json!({"language": "toy", "source": "x", "problem": "../../etc"})),
        (
            422,
            "invalid",
            json!({"language": "toy", "source": "x", "problem": format!("sha256:{}", "0".repeat(64)), "tests": [{}]}),
        ),
    ];
    for (status, code, job) in unknown {
        let answer = server.post("/v1/jobs", job).await;
        assert_eq!((answer.status, &answer.json()["error"]["code"]), (*status, &json!(code)), "{job}");
    }
    let missing = server.get(&format!("/v1/problems/sha256:{}", "0".repeat(64))).await;
    assert_eq!(missing.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_package_at_the_same_time_is_read_once_and_counts_for_each_tenant() {
    let server = Server::with(Setup { problem_bytes: 12_000, ..Setup::default() }).await;
    let tenant = |name: &str| Key::new(name, [Scope::Problems, Scope::Read].into(), None).unwrap();
    let [(a, by_a), (b, by_b)] = [tenant("a"), tenant("b")];
    let (boss, admin) = Key::new("boss", [Scope::Admin].into(), None).unwrap();
    server.keys.replace(vec![a, b, boss]);
    let post = async |secret: &str, path: &str, package: Vec<u8>| {
        let bearer = format!("authorization: Bearer {secret}");
        server.send("POST", path, &[&bearer], package).await
    };
    let package = sample("dmoj");
    let uploads = futures::future::join_all((0..8).map(|_| post(&by_a, "/v1/problems", package.clone()))).await;
    let name = uploads[0].json()["problem"].clone();
    assert!(uploads.iter().all(|answer| (answer.status, &answer.json()["problem"]) == (201, &name)), "{uploads:?}");
    // The same package with limits of its own is another problem, until the quota is used up.
    let mut stored = 1;
    let refused = loop {
        let answer = post(&by_a, &format!("/v1/problems?cpu_ms={}", 1_000 + stored), package.clone()).await;
        match answer.status {
            201 if stored < 100 => stored += 1,
            _ => break answer,
        }
    };
    let text = refused.error(507, "problem_quota");
    assert!(text.contains("tenant `a`") && text.contains("12000") && text.contains("--tenant-problems-mib"), "{text}");
    assert_eq!(
        post(&by_a, "/v1/problems", package.clone()).await.status,
        201,
        "what is stored already costs nothing more"
    );
    assert_eq!(
        post(&by_b, "/v1/problems", package.clone()).await.status,
        201,
        "and another tenant has a quota of its own"
    );
    // What is removed makes room; nothing goes by itself.
    let bearer = format!("authorization: Bearer {admin}");
    let listed = server.send("GET", "/v1/problems", &[&bearer], "").await.json();
    assert_eq!(listed["problems"].as_array().unwrap().len(), stored);
    server.send("DELETE", &format!("/v1/problems/{}", name.as_str().unwrap()), &[&bearer], "").await;
    assert_eq!(post(&by_a, &format!("/v1/problems?cpu_ms={}", 1_000 + stored), package).await.status, 201);
}
