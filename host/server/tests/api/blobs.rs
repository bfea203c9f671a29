//! Files that are stored once and named by jobs.

use std::io::{Read as _, Write as _};

use optimus_server::blobs::Rules;
use optimus_server::keys::{Key, Scope};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::support::{Answer, Server, Setup};

const MIB: usize = 1 << 20;

fn digits(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes(length: usize) -> Vec<u8> {
    (0..length).map(|n| (n % 253) as u8).collect()
}

async fn put(server: &Server, bytes: &[u8]) -> String {
    let answer = server.send("PUT", "/v1/blobs", &[], bytes).await;
    assert!(matches!(answer.status, 200 | 201), "{}", answer.text());
    answer.json()["sha256"].as_str().unwrap().to_owned()
}

/// Asks with a key.
async fn ask(server: &Server, method: &str, path: &str, secret: &str, body: &[u8]) -> Answer {
    let bearer = format!("authorization: Bearer {secret}");
    server.send(method, path, &[&bearer, "content-type: application/json"], body).await
}

fn key(tenant: &str, scopes: &[Scope]) -> (Key, String) {
    Key::new(tenant, scopes.iter().copied().collect(), None).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blob_is_stored_once_and_read_as_it_was() {
    let server = Server::start().await;
    for length in [0, 5, 2 * MIB + 3] {
        let bytes = bytes(length);
        let sha256 = digits(&bytes);
        let path = format!("/v1/blobs/{sha256}");
        assert_eq!(server.send("HEAD", &path, &[], "").await.status, 404);
        server.get(&path).await.error(404, "unknown_blob");
        let stored = server.send("PUT", "/v1/blobs", &[], bytes.clone()).await;
        assert_eq!((stored.status, stored.header("location")), (201, Some(path.as_str())), "{}", stored.text());
        let view = stored.json();
        assert_eq!((&view["sha256"], &view["bytes"]), (&json!(sha256), &json!(length)));
        assert!(view["expires_at"].as_str().is_some_and(|time| time.ends_with('Z')), "{view}");
        assert_eq!(server.send("PUT", "/v1/blobs", &[], bytes.clone()).await.status, 200, "it was there");
        assert_eq!(server.send("PUT", &path, &[], bytes.clone()).await.status, 200);

        let head = server.send("HEAD", &path, &[], "").await;
        assert_eq!((head.status, head.body.len()), (200, 0));
        let got = server.get(&path).await;
        assert!(got.status == 200 && got.body == bytes);
        for answer in [&head, &got] {
            for (name, value) in [
                ("content-length", length.to_string().as_str()),
                ("content-type", "application/octet-stream"),
                ("content-disposition", "attachment"),
                ("x-content-type-options", "nosniff"),
                ("content-security-policy", "sandbox; default-src 'none'"),
            ] {
                assert_eq!(answer.header(name), Some(value), "{name}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_takes_only_the_bytes_that_it_names() {
    let server = Server::start().await;
    let path = format!("/v1/blobs/{}", digits(b"these"));
    let text = server.send("PUT", &path, &[], "others").await.error(422, "digest_mismatch");
    assert!(text.contains(&digits(b"these")) && text.contains(&digits(b"others")), "{text}");
    for unknown in [digits(b"these"), digits(b"others")] {
        server.get(&format!("/v1/blobs/{unknown}")).await.error(404, "unknown_blob");
    }
    assert_eq!(server.send("PUT", &path, &[], "these").await.status, 201);
    for bad in ["x", "0", &digits(b"these").to_uppercase(), &format!("sha256:{}", digits(b"these")), "..%2f..%2fetc"] {
        server.send("PUT", &format!("/v1/blobs/{bad}"), &[], "these").await.error(422, "invalid");
        server.get(&format!("/v1/blobs/{bad}")).await.error(404, "unknown_blob");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blob_may_stand_wherever_a_files_content_stands() {
    let server = Server::start().await;
    let source = put(&server, b"source").await;
    let input = put(&server, &bytes(2 * MIB)).await;
    let blob = |sha256: &str| json!({"sha256": sha256});
    let test =
        json!({"stdin": blob(&input), "expect": blob(&input), "files": [{"path": "x", "content": blob(&source)}]});
    let job = json!({"language": "toy", "source": blob(&source), "tests": [test], "collect": ["left"]});
    let done = server.post("/v1/jobs?wait=30s", &job).await.json();
    let test = &done["report"]["tests"][0];
    assert_eq!((&test["stderr"]["content"], &test["verdict"]), (&json!("source"), &json!("accepted")), "{done}");
    assert_eq!(test["files"][0]["sha256"], json!(format!("sha256:{input}")), "the program was given the bytes");
    // In every other way in as well.
    let batch = server.post("/v1/jobs/batch?wait=30s", &json!({"jobs": [job, job]})).await.json();
    assert_eq!(batch["jobs"][1]["report"]["tests"][0]["stderr"]["content"], "source", "{batch}");
    let checker = json!({"program": {"language": "toy", "protocol": "exit", "source": blob(&source)}});
    let files = json!([{"path": "a.toy", "content": blob(&source)}]);
    let judged = json!({"language": "toy", "files": files, "compare": checker, "tests": [{"expect": "x"}]});
    let done = server.post("/v1/jobs?wait=30s", &judged).await.json();
    assert_eq!(done["report"]["tests"][0]["stderr"]["content"], "source", "{done}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_blob_is_named_by_its_place() {
    let server = Server::start().await;
    let known = put(&server, b"known").await;
    let (known, unknown) = (json!({"sha256": known}), json!({"sha256": "0f".repeat(32)}));
    let program = json!({"language": "toy", "protocol": "testlib", "source": unknown});
    let with = |field: &str, value: Value| {
        let mut job = json!({"language": "toy", "source": known, "tests": [{"stdin": known}]});
        job[field] = value;
        job
    };
    for (job, place) in [
        (with("source", unknown.clone()), "`source.sha256`"),
        (with("tests", json!([{"stdin": unknown}])), "`tests[0].stdin.sha256`"),
        (with("tests", json!([{}, {"expect": unknown}])), "`tests[1].expect.sha256`"),
        (
            with("tests", json!([{"files": [{"path": "a", "content": known}, {"path": "b", "content": unknown}]}])),
            "`tests[0].files[1].content.sha256`",
        ),
        (with("interactor", program.clone()), "`interactor.source.sha256`"),
        (with("compare", json!({"program": program})), "`compare.program.source.sha256`"),
    ] {
        let text = server.post("/v1/jobs", &job).await.error(422, "unknown_blob");
        assert!(text.starts_with(place) && text.contains("PUT /v1/blobs"), "{place}: {text}");
    }
    for (sha256, what) in
        [(json!("0F".repeat(32)), "64 hexadecimal"), (json!(""), "64 hexadecimal"), (json!(7), "blob")]
    {
        let answer = server.post("/v1/jobs", &with("tests", json!([{"stdin": {"sha256": sha256}}]))).await;
        assert!(answer.status == 400 && answer.text().contains("tests[0].stdin"), "{}", answer.text());
        assert!(answer.text().contains(what), "{}", answer.text());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_tenants_blob_is_as_good_as_none() {
    let server = Server::start().await;
    let both = [Scope::Submit, Scope::Read];
    let ((a, first), (b, second)) = (key("a", &both), key("b", &both));
    let ((c, submits), (d, reads)) = (key("a", &[Scope::Submit]), key("a", &[Scope::Read]));
    server.keys.replace(vec![a, b, c, d]);
    let stored = ask(&server, "PUT", "/v1/blobs", &first, b"mine").await;
    assert_eq!(stored.status, 201);
    let path = format!("/v1/blobs/{}", digits(b"mine"));
    let job = json!({"language": "toy", "source": "x", "tests": [{"stdin": {"sha256": digits(b"mine")}}]}).to_string();
    let nowhere = format!("/v1/blobs/{}", digits(b"nobody's"));
    let nothing = job.replace(&digits(b"mine"), &digits(b"nobody's"));
    for (path, job) in [(&path, &job), (&nowhere, &nothing)] {
        ask(&server, "GET", path, &second, b"").await.error(404, "unknown_blob");
        assert_eq!(ask(&server, "HEAD", path, &second, b"").await.status, 404);
        ask(&server, "POST", "/v1/jobs", &second, job.as_bytes()).await.error(422, "unknown_blob");
    }
    let again = ask(&server, "PUT", &path, &second, b"mine").await;
    assert_eq!(again.status, 201, "the answer does not tell that another has it");
    assert_eq!(ask(&server, "POST", "/v1/jobs?wait=30s", &second, job.as_bytes()).await.status, 200);
    // Scopes: who submits stores, and looks whether it has to; who reads reads.
    assert_eq!(ask(&server, "HEAD", &path, &submits, b"").await.status, 200);
    ask(&server, "GET", &path, &submits, b"").await.error(403, "forbidden");
    assert_eq!(ask(&server, "GET", &path, &reads, b"").await.text(), "mine");
    ask(&server, "PUT", "/v1/blobs", &reads, b"x").await.error(403, "forbidden");
    server.send("PUT", "/v1/blobs", &[], "x").await.error(401, "unauthorized");
}

#[tokio::test(flavor = "multi_thread")]
async fn caps_are_said_and_not_passed() {
    let blobs = Rules {
        blob_bytes: MIB as u64 + 10,
        tenant_bytes: 2 * MIB as u64,
        job_bytes: MIB as u64 + 20,
        ..Rules::default()
    };
    let server = Server::with(Setup { blobs, ..Setup::default() }).await;
    let announced = server.send("PUT", "/v1/blobs", &[], bytes(MIB + 11)).await.error(413, "too_large");
    assert!(announced.contains("1048586") && announced.contains("--max-blob-mib"), "{announced}");
    let chunked = [b"100010\r\n".to_vec(), bytes(MIB + 16), b"\r\n0\r\n\r\n".to_vec()].concat();
    let answer = server.send("PUT", "/v1/blobs", &["transfer-encoding: chunked"], chunked).await;
    answer.error(413, "too_large");
    let large = put(&server, &bytes(MIB + 10)).await;
    let text = server.send("PUT", "/v1/blobs", &[], bytes(MIB)).await.error(507, "blob_quota");
    assert!(text.contains("2097152") && text.contains("--tenant-blobs-mib"), "{text}");
    let small = put(&server, b"and ten more bytes").await;
    let tests = json!([{"stdin": {"sha256": small}}, {"stdin": {"sha256": large}}, {"stdin": {"sha256": large}}]);
    let job = json!({"language": "toy", "source": "x", "tests": tests});
    let text = server.post("/v1/jobs", &job).await.error(422, "invalid");
    assert!(text.starts_with("`tests[1].stdin.sha256`") && text.contains("--job-blobs-mib"), "{text}");
    let job = json!({"language": "toy", "source": "x", "tests": [tests[1], tests[2]]});
    assert_eq!(server.post("/v1/jobs?wait=30s", &job).await.status, 200, "the same blob counts once");
    let limits = server.get("/v1/limits").await.json();
    assert_eq!(limits["max_blob_bytes"], MIB + 10, "{limits}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_broke_off_is_no_blob() {
    let server = Server::start().await;
    let mut tcp = std::net::TcpStream::connect(server.address).unwrap();
    let head = format!("PUT /v1/blobs HTTP/1.1\r\nhost: {}\r\ncontent-length: {}\r\n\r\n", server.address, 3 * MIB);
    tcp.write_all(head.as_bytes()).unwrap();
    tcp.write_all(&bytes(2 * MIB)).unwrap();
    tcp.shutdown(std::net::Shutdown::Write).unwrap();
    let _ = tcp.read_to_end(&mut Vec::new());
    let pieces = || {
        let dirs = std::fs::read_dir(server.dir.path().join("blobs")).into_iter().flatten().flatten();
        dirs.filter(|dir| dir.file_name().to_string_lossy().starts_with("blob-pieces")).count()
    };
    while pieces() > 0 {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    server.get(&format!("/v1/blobs/{}", digits(&bytes(2 * MIB)))).await.error(404, "unknown_blob");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_submission_is_the_earlier_job() {
    let server = Server::start().await;
    let input = put(&server, b"input").await;
    let job = json!({"language": "toy", "source": "x", "tests": [{"stdin": {"sha256": input}}]});
    let headers = ["content-type: application/json", "idempotency-key: k"];
    let first = server.send("POST", "/v1/jobs?wait=30s", &headers, job.to_string()).await;
    let second = server.send("POST", "/v1/jobs?wait=30s", &headers, job.to_string()).await;
    assert_eq!(second.header("idempotent-replayed"), Some("true"));
    assert_eq!(first.json()["id"], second.json()["id"]);
    let other = job.to_string().replace(&input, &put(&server, b"other").await);
    server.send("POST", "/v1/jobs", &headers, other).await.error(409, "key_reused");
    let mut reused = job.clone();
    reused["reuse"] = json!(true);
    let ids: Vec<Value> = [
        server.post("/v1/jobs?wait=30s", &reused).await.json()["id"].clone(),
        server.post("/v1/jobs?wait=30s", &reused).await.json()["id"].clone(),
    ]
    .into();
    assert_eq!(ids[0], ids[1]);
}
