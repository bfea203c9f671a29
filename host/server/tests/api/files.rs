//! Files that a run left.

use optimus_server::keys::{Key, Scope};
use serde_json::json;

use crate::support::{Server, Setup};

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_in_the_report_and_at_an_address_of_its_own() {
    let server = Server::start().await;
    let tests = json!([{"stdin": {"base64": "/wD+DQo="}}, {"name": "b", "stdin": "<script>"}]);
    let job = json!({"language": "toy", "source": "x", "tests": tests, "collect": ["out/a b.bin", "x.html"]});
    let done = server.post("/v1/jobs?wait=30s", &job).await.json();
    let files = &done["report"]["tests"][0]["files"];
    assert_eq!(files[0]["content"], json!({"base64": "/wD+DQo="}));
    assert_eq!(
        (&files[0]["path"], &files[0]["bytes"], &files[0]["executable"]),
        (&json!("out/a b.bin"), &json!(5), &json!(null))
    );

    let id = done["id"].as_str().unwrap();
    let file = server.get(&format!("/v1/jobs/{id}/files/out/a%20b.bin")).await;
    assert_eq!((file.status, &file.body[..]), (200, &b"\xff\x00\xfe\r\n"[..]));
    // A browser must neither show it nor run what is in it.
    let page = server.get(&format!("/v1/jobs/{id}/files/x.html?test=b")).await;
    assert_eq!(page.text(), "<script>");
    for (name, value) in [
        ("content-type", "application/octet-stream"),
        ("content-disposition", "attachment"),
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", "sandbox; default-src 'none'"),
    ] {
        assert_eq!(page.header(name), Some(value), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_not_there_is_404_and_one_of_a_job_that_runs_409() {
    let server = Server::start().await;
    let job = json!({"language": "toy", "source": "x", "collect": ["out"]});
    let done = server.post("/v1/jobs?wait=30s", &job).await.json();
    let id = done["id"].as_str().unwrap();
    for path in ["other", "out/below", "%2e%2e/out", "out?test=nosuch", "..%2f..%2fetc%2fpasswd"] {
        let answer = server.get(&format!("/v1/jobs/{id}/files/{path}")).await;
        assert!((400..500).contains(&answer.status), "{path}: {}", answer.text());
    }
    let text = server.get(&format!("/v1/jobs/{id}/files/other")).await.error(404, "no_such_file");
    assert!(text.contains("`other`") && text.contains("`collect`"), "{text}");
    server.get(&format!("/v1/jobs/{id}/files/out?tset=1")).await.error(400, "bad_query");
    server.get(&format!("/v1/jobs/{id}/files/%ff")).await.error(400, "bad_path");
    server.get("/v1/jobs/nonsense/files/out").await.error(400, "bad_id");
    let running = server.submit("hang").await;
    server.is_running(&running).await;
    server.get(&format!("/v1/jobs/{running}/files/out")).await.error(409, "not_over");
}

#[tokio::test(flavor = "multi_thread")]
async fn patterns_are_checked_before_the_job_is_accepted() {
    let server = Server::with(Setup { slots: 0, ..Setup::default() }).await;
    for (status, collect, field) in [
        (422, json!(["fine", "../x"]), "collect[1]"),
        (422, json!(["/etc/passwd"]), "collect[0]"),
        (422, json!([""]), "collect[0]"),
        (422, json!(vec!["x"; 65]), "collect"),
        (400, json!([1]), "collect"),
        (400, json!("x"), "collect"),
    ] {
        let answer = server.post("/v1/jobs", &json!({"language": "toy", "source": "x", "collect": collect})).await;
        assert_eq!(answer.status, status, "{collect}");
        assert!(answer.text().contains(field), "{collect}: {}", answer.text());
    }
    let interactor = json!({"language": "toy", "source": "x", "protocol": "testlib"});
    let job = json!({"language": "toy", "source": "x", "tests": [{}], "interactor": interactor, "collect": ["x"]});
    let answer = server.post("/v1/jobs", &job).await;
    assert!(answer.status == 422 && answer.text().contains("interactor"), "{}", answer.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn another_tenants_file_is_as_good_as_none() {
    let server = Server::start().await;
    let key = |tenant| Key::new(tenant, [Scope::Submit, Scope::Read].into_iter().collect(), None).unwrap();
    let ((a, first), (b, second)) = (key("a"), key("b"));
    server.keys.replace(vec![a, b]);
    let ask = async |method: &str, path: &str, secret: &str, body: String| {
        let bearer = format!("authorization: Bearer {secret}");
        server.send(method, path, &[&bearer, "content-type: application/json"], body).await
    };
    let job = json!({"language": "toy", "source": "x", "tests": [{"stdin": "mine"}], "collect": ["out"]}).to_string();
    let done = ask("POST", "/v1/jobs?wait=30s", &first, job).await.json();
    let path = format!("/v1/jobs/{}/files/out", done["id"].as_str().unwrap());
    assert_eq!(ask("GET", &path, &first, String::new()).await.text(), "mine");
    ask("GET", &path, &second, String::new()).await.error(404, "no_such_job");
    server.get(&path).await.error(401, "unauthorized");
}
