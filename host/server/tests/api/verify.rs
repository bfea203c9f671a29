//! Verifying a stored problem over HTTP: its author's submissions become jobs, and nobody is shown what is in them.

use serde_json::{Value, json};

use crate::support::{Server, Setup};
use optimus_server::keys::{Key, Scope};

/// A package of DMOJ with a submission for each verdict, in the tests' own language.
fn package(submissions: &[(&str, &str)]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let put = |path: &str, text: &str| {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    put(
        "init.yml",
        "test_cases:\n- batched:\n  - {in: 1.in, out: 1.out}\n  points: 40\n- {in: 2.in, out: 2.out, points: 60}\n",
    );
    for name in ["1", "2"] {
        put(&format!("{name}.in"), name);
        put(&format!("{name}.out"), name);
    }
    submissions.iter().for_each(|(path, source)| put(&format!("submissions/{path}"), source));
    optimus_package::archive(folder.path()).unwrap()
}

const SUBMISSIONS: [(&str, &str); 3] =
    [("accepted/good.toy", "SECRET"), ("wrong_answer/lucky.toy", "SECRET"), ("wrong_answer/other.xyz", "SECRET")];

async fn store(server: &Server, headers: &[&str], package: Vec<u8>) -> (String, Value) {
    let answer = server.send("POST", "/v1/problems?cpu_ms=1000", headers, package).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    let stored = answer.json();
    (format!("/v1/problems/{}", stored["problem"].as_str().unwrap()), stored)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stored_problem_says_its_limits_groups_and_tests() {
    let server = Server::start().await;
    let (place, stored) = store(&server, &[], package(&SUBMISSIONS)).await;
    assert_eq!(server.get(&place).await.json(), stored);
    assert_eq!((&stored["limits"]["cpu_ms"], &stored["tests"]), (&json!(1_000), &json!(2)));
    let (groups, listed) = (stored["groups"].as_array().unwrap(), stored["listed"].as_array().unwrap());
    let points: f64 = groups.iter().filter_map(|group| group["points"].as_f64()).sum();
    assert_eq!((points, listed.len()), (100.0, 2), "{stored}");
    let known = |test: &Value| groups.iter().any(|group| group["name"] == test["group"]);
    assert!(listed.iter().all(|test| test["name"].is_string() && known(test)), "{stored}");
    assert!(!stored.to_string().contains("SECRET"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_came_of_a_submission_is_compared_with_what_is_expected() {
    let server = Server::start().await;
    let (place, _) = store(&server, &[], package(&SUBMISSIONS)).await;
    let listed = server.get(&format!("{place}/submissions")).await;
    assert!(!listed.text().contains("SECRET"));
    let listed = listed.json()["submissions"].clone();
    let rows: Vec<Value> =
        listed.as_array().unwrap().iter().map(|one| json!([one["number"], one["expected"], one["files"]])).collect();
    assert_eq!(rows.len(), 3);
    assert_eq!(rows[0], json!([1, "only accepted", 1]));
    let mut found = Vec::new();
    for number in [1, 2] {
        let jobs = format!("{place}/submissions/{number}/jobs");
        let answer = server.send("POST", &jobs, &[], "").await;
        assert_eq!(answer.status, 202, "{}", answer.text());
        let job = answer.json()["id"].as_str().unwrap().to_owned();
        let report = server.get(&format!("/v1/jobs/{job}?wait=30s")).await.json();
        assert_eq!(report["report"]["verdict"], "accepted", "it echoes what it reads");
        found.push(server.get(&format!("{jobs}/{job}")).await.json());
    }
    assert_eq!((&found[0]["verdict"], found[0].get("mismatch")), (&json!("accepted"), None), "{found:?}");
    assert_eq!(found[1]["mismatch"], "no test is wrong_answer");
    let third = server.send("POST", &format!("{place}/submissions/3/jobs"), &[], "").await;
    assert!(third.error(422, "unknown_language").contains("other.xyz"));
    for number in ["0", "4", "x", "-1"] {
        let jobs = format!("{place}/submissions/{number}/jobs");
        assert!(server.send("POST", &jobs, &[], "").await.error(404, "no_such_submission").contains("it has 3"));
    }
    server.get(&format!("{place}/submissions/1/jobs/x")).await.error(400, "bad_id");
    let gone = server.send("DELETE", &place, &[], "").await;
    assert_eq!(gone.status, 200);
    server.get(&format!("{place}/submissions")).await.error(404, "unknown_problem");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_submission_that_still_runs_has_no_verdict() {
    let server = Server::with(Setup { slots: 0, ..Setup::default() }).await;
    let (place, _) = store(&server, &[], package(&SUBMISSIONS)).await;
    let jobs = format!("{place}/submissions/1/jobs");
    let job = server.send("POST", &jobs, &[], "").await.json()["id"].as_str().unwrap().to_owned();
    let found = server.get(&format!("{jobs}/{job}")).await.json();
    assert_eq!(found, json!({"job": job, "state": "queued", "expected": "only accepted"}));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_who_brought_the_package_verifies_it() {
    let server = Server::start().await;
    let key = |tenant: &str, scopes: &[Scope]| Key::new(tenant, scopes.iter().copied().collect(), None).unwrap();
    let (author, by_author) = key("author", &[Scope::Problems, Scope::Submit, Scope::Read]);
    let (other, by_other) = key("other", &[Scope::Problems, Scope::Submit, Scope::Read]);
    let (reader, by_reader) = key("author", &[Scope::Read, Scope::Submit]);
    let (storing, by_storing) = key("author", &[Scope::Problems]);
    let (boss, by_boss) = key("boss", &[Scope::Admin]);
    server.keys.replace(vec![author, other, reader, storing, boss]);
    let bearer = |secret: &str| format!("authorization: Bearer {secret}");
    let (place, _) = store(&server, &[&bearer(&by_author)], package(&SUBMISSIONS)).await;
    let list = async |secret: &str| server.send("GET", &format!("{place}/submissions"), &[&bearer(secret)], "").await;
    let submit =
        async |secret: &str| server.send("POST", &format!("{place}/submissions/1/jobs"), &[&bearer(secret)], "").await;
    assert_eq!((list(&by_author).await.status, list(&by_boss).await.status), (200, 200));
    assert!(list(&by_other).await.error(403, "forbidden").contains("tenant `other` has not stored"));
    list(&by_reader).await.error(403, "forbidden");
    assert_eq!(submit(&by_author).await.status, 202);
    submit(&by_other).await.error(403, "forbidden");
    assert!(submit(&by_storing).await.error(403, "forbidden").contains("submit"));
    // Whoever brings the same bytes knows them.
    store(&server, &[&bearer(&by_other)], package(&SUBMISSIONS)).await;
    assert_eq!(list(&by_other).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_problem_of_an_earlier_version_is_stored_again_for_its_submissions() {
    let server = Server::start().await;
    let (place, stored) = store(&server, &[], package(&SUBMISSIONS)).await;
    let digest = stored["problem"].as_str().unwrap().trim_start_matches("sha256:").to_owned();
    std::fs::remove_file(server.dir.path().join(format!("problems/{digest}.submissions"))).unwrap();
    let refused = server.get(&format!("{place}/submissions")).await.error(409, "no_submissions");
    assert!(refused.contains("store its package again"), "{refused}");
    store(&server, &[], package(&SUBMISSIONS)).await;
    assert_eq!(server.get(&format!("{place}/submissions")).await.json()["submissions"].as_array().unwrap().len(), 3);
}
