//! Whatever is wrong with a request, the answer names it and the remedy, and the server goes on.

use optimus_server::api::Origins;
use serde_json::{Value, json};

use crate::support::{Server, Setup};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_json_is_refused_by_line_and_column() {
    let server = Server::start().await;
    let error = server.send("POST", "/v1/jobs", &[], "{\n  \"language\": toy\n}").await.error(400, "bad_json");
    assert!(error.starts_with("line 2, column "), "{error}");
    for body in ["", "{", "nul", "{\"language\":\"toy\"", "\u{0}", "[1,2", "[]", "7", "{\"language\":\"\\ud800\"}"] {
        server.send("POST", "/v1/jobs", &[], body).await.error(400, "bad_json");
    }
    server.send("POST", "/v1/jobs", &[], vec![b'{', b'"', 0xff, b'"', b'}']).await.error(400, "bad_json");
    server.send("POST", "/v1/jobs", &[], "[".repeat(100_000)).await.error(400, "bad_json");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_json_but_no_job_is_refused_by_its_field() {
    let server = Server::start().await;
    for (body, named) in [
        (json!({}), "language"),
        (json!({"language": 7}), "line 1"),
        (json!({"language": "toy", "sorce": ""}), "sorce"),
        (json!({"language": "toy", "source": {"base64": "*"}}), "base64"),
        (json!({"language": "toy", "source": "", "tests": [{"input": ""}]}), "input"),
        (json!({"language": "toy", "source": "", "limits": {"cpu": 1}}), "cpu"),
        (json!({"language": "toy", "source": "", "compare": "fuzzy"}), "fuzzy"),
    ] {
        let error = server.post("/v1/jobs", &body).await.error(400, "bad_job");
        assert!(error.contains(named), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_job_may_not_ask_for_is_refused_by_its_place() {
    let server = Server::start().await;
    let with = |field: &str, value: Value| {
        let mut job = json!({"language": "toy"});
        job[field] = value;
        job
    };
    let file = |path: &str| with("files", json!([{"path": "ok", "content": ""}, {"path": path, "content": ""}]));
    let limit = |name: &str, value: Value| {
        let mut job = with("source", json!("x"));
        job["limits"] = json!({ name: value });
        job
    };
    for (job, place) in [
        (json!({"language": "toy"}), "source"),
        (file("../x"), "files[1].path"),
        (file("/etc/passwd"), "files[1].path"),
        (file("a/../b"), "files[1].path"),
        (file("nul\u{0}"), "files[1].path"),
        (file("ok"), "files[1].path"),
        (file(""), "files[1].path"),
        (json!({"language": "toy", "source": "", "compare": {"regex": "("}}), "compare"),
        (json!({"language": "toy", "source": "", "compare": {"kattis": {"float_tolerance": -1}}}), "compare"),
        (
            json!({"language": "toy", "source": "", "compare": {"program": {"language": "toy", "protocol": "exit"}}}),
            "compare.program.source",
        ),
        (limit("cpu_ms", json!(0)), "limits.cpu_ms"),
        (limit("wall_ms", json!(-1)), "limits.wall_ms"),
        (limit("memory_bytes", json!("NaN")), "limits.memory_bytes"),
        (limit("processes", json!(1.5)), "limits.processes"),
        (limit("output_bytes", json!(1u64 << 60)), "limits.output_bytes"),
    ] {
        let error = server.post("/v1/jobs", &job).await.error(422, "invalid");
        assert!(error.contains(&format!("`{place}`")), "{error}");
    }
    // JSON has no NaN.
    let nan = r#"{"language":"toy","source":"","limits":{"cpu_ms":NaN}}"#;
    server.send("POST", "/v1/jobs", &[], nan).await.error(400, "bad_json");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_language_comes_with_the_nearest_name() {
    let server = Server::start().await;
    let post = async |name: &str| server.post("/v1/jobs", &json!({"language": name, "source": ""})).await;
    let error = post("tpy").await.error(422, "unknown_language");
    assert!(error.contains("`tpy`") && error.contains("`toy`"), "{error}");
    assert!(post("xxxxxxxx").await.error(422, "unknown_language").contains("/v1/languages"));
    let error = post("absent").await.error(422, "language_unavailable");
    assert!(error.contains("no `toy`") && error.contains("get it"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_places_and_methods_are_refused_in_the_same_shape() {
    let server = Server::start().await;
    assert!(server.get("/v2/jobs").await.error(404, "no_such_path").contains("/v2/jobs"));
    assert!(server.get("/v1/jobs/").await.error(404, "no_such_path").contains("`/v1/jobs`"));
    let wrong = server.send("PATCH", "/v1/jobs", &[], "").await;
    wrong.error(405, "wrong_method");
    assert!(wrong.header("allow").is_some_and(|allow| allow.contains("post")));
    let unknown = "/v1/jobs/0197b5c2-7d1e-7b3a-9c54-3f0a6b1d2e4f";
    server.get(unknown).await.error(404, "no_such_job");
    server.get(&format!("{unknown}?wait=10s")).await.error(404, "no_such_job");
    server.get(&format!("{unknown}/events")).await.error(404, "no_such_job");
    server.send("DELETE", unknown, &[], "").await.error(404, "no_such_job");
    assert!(server.get("/v1/jobs/42").await.error(400, "bad_id").contains("`42`"));
}

#[tokio::test(flavor = "multi_thread")]
async fn queries_are_read_strictly() {
    let server = Server::start().await;
    let job = json!({"language": "toy", "source": ""});
    for wait in ["x", "-1s", "1h", "1.5s"] {
        assert!(server.post(&format!("/v1/jobs?wait={wait}"), &job).await.error(400, "bad_query").contains("wait"));
    }
    for query in ["state=waiting", "limit=0", "limit=501", "limit=x", "sort=up"] {
        server.get(&format!("/v1/jobs?{query}")).await.error(400, "bad_query");
    }
    server.get("/v1/jobs?before=x").await.error(400, "bad_id");
}

#[tokio::test(flavor = "multi_thread")]
async fn types_that_cannot_be_json_are_refused_and_sloppy_ones_are_not() {
    let server = Server::start().await;
    let job = json!({"language": "toy", "source": ""}).to_string();
    for kind in
        ["application/json; charset=utf-8", "text/plain", "application/x-www-form-urlencoded", "application/vnd.x+json"]
    {
        let answer = server.send("POST", "/v1/jobs", &[&format!("content-type: {kind}")], job.as_str()).await;
        assert_eq!(answer.status, 202, "{kind}");
    }
    for header in ["content-type: multipart/form-data; boundary=x", "content-type: text/xml", "content-encoding: gzip"]
    {
        server.send("POST", "/v1/jobs", &[header], job.as_str()).await.error(415, "not_json");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_another_site_cannot_submit() {
    let server = Server::start().await;
    let job = json!({"language": "toy", "source": ""}).to_string();
    server.send("POST", "/v1/jobs", &["sec-fetch-site: cross-site"], job.as_str()).await.error(403, "foreign_page");
    assert_eq!(server.send("POST", "/v1/jobs", &["sec-fetch-site: same-origin"], job).await.status, 202);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_named_sites_may_call_and_others_may_not() {
    let origins = Origins::new(vec!["https://judge.example.org".parse().unwrap()]);
    let server = Server::with(Setup { origins, ..Setup::default() }).await;
    let job = json!({"language": "toy", "source": ""}).to_string();
    let from = |origin: &str| [format!("origin: {origin}"), "sec-fetch-site: cross-site".to_owned()];
    for (origin, allowed) in [("https://judge.example.org", true), ("https://evil.example.org", false), ("null", false)]
    {
        let headers = from(origin);
        let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
        let asked =
            [&headers[..], &["access-control-request-method: POST", "access-control-request-headers: authorization"]];
        let preflight = server.send("OPTIONS", "/v1/jobs", &asked.concat(), "").await;
        assert_eq!(preflight.header("access-control-allow-origin"), allowed.then_some(origin));
        assert!(!allowed || preflight.header("access-control-allow-headers").unwrap().contains("authorization"));
        let methods = preflight.header("access-control-allow-methods").unwrap_or_default();
        assert!(
            !allowed || ["get", "post", "put", "patch", "delete"].iter().all(|one| methods.contains(one)),
            "{methods}"
        );
        let answer = server.send("POST", "/v1/jobs", &headers, job.as_str()).await;
        assert_eq!(answer.status, if allowed { 202 } else { 403 }, "{origin}");
        assert_eq!(answer.header("access-control-allow-origin"), allowed.then_some(origin));
    }
    let server = Server::with(Setup { origins: Origins::new(vec!["*".parse().unwrap()]), ..Setup::default() }).await;
    let headers = from("https://anybody.example");
    let answer = server.send("POST", "/v1/jobs", &[&headers[0], &headers[1]], job).await;
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (202, Some("*")));
    for bad in ["example.org", "https://example.org/", "https://example.org/x", "ftp://example.org", "", "https://"] {
        assert!(bad.parse::<optimus_server::api::Origin>().is_err(), "{bad}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parameter_that_is_not_known_is_refused_everywhere() {
    let server = Server::start().await;
    for path in ["/v1/jobs?stat=done", "/v1/languages?x=1", "/v1/limits?wait=1s", "/v1/problems?limit=1"] {
        let error = server.get(path).await.error(400, "bad_query");
        assert!(error.contains("is not a parameter of"), "{error}");
    }
    let job = json!({"language": "toy", "source": ""});
    for path in ["/v1/jobs?wiat=1s", "/v1/jobs/batch?sync=1", "/submit?base64_encoded=true"] {
        server.post(path, &job).await.error(400, "bad_query");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bare_list_is_told_what_a_batch_is() {
    let server = Server::start().await;
    let error = server.post("/v1/jobs/batch", &json!([{"language": "toy", "source": ""}])).await.error(400, "bad_job");
    assert!(error.starts_with("the body is a list"), "{error}");
}
