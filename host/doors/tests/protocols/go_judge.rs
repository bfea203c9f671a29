//! go-judge, route by route.

use optimus_core::collect::CollectedFile;
use optimus_core::{Digest, Exit, Job, LimitHit, Report, Verdict};
use optimus_doors::Door;
use serde_json::{Value, json};

use crate::support::{House, echo, excerpt, report};

fn house(judge: impl Fn(&Job) -> Option<Report> + Send + Sync + 'static) -> House {
    House::new(Door::GoJudge, judge)
}

/// As go-judge's documentation has it.
fn cmd(changes: &Value) -> Value {
    let mut cmd = json!({
        "args": ["/usr/bin/cat", "a.txt"], "env": ["PATH=/usr/bin:/bin"],
        "files": [{"content": "hello"}, {"name": "stdout", "max": 10_240}, {"name": "stderr", "max": 10_240}],
        "cpuLimit": 10_000_000_000u64, "memoryLimit": 104_857_600, "procLimit": 50,
        "copyIn": {"a.txt": {"content": "text"}},
    });
    cmd.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    json!({"cmd": [cmd]})
}

fn left(path: &str, content: &[u8]) -> CollectedFile {
    let content = content.to_vec().into();
    CollectedFile {
        path: path.to_owned(),
        bytes: 0,
        sha256: Digest::Sha256([0; 32]),
        executable: true,
        content: Some(content),
    }
}

#[tokio::test]
async fn a_command_runs_and_its_result_has_go_judges_units() {
    let house = house(echo);
    let answer = house.post("/run", &cmd(&json!({"clockLimit": 20_000_000_001u64}))).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(
        answer.json(),
        json!([{
            "status": "Accepted", "exitStatus": 0, "time": 12_000_000, "memory": 2 << 20, "runTime": 34_000_000,
            "files": {"stdout": "hello", "stderr": ""},
        }])
    );
    let job = house.job();
    assert_eq!((job.language.as_str(), &job.args[..]), ("tool", &["/usr/bin/cat".to_owned(), "a.txt".to_owned()][..]));
    assert_eq!((job.files[0].path.as_str(), job.files[0].content.as_bytes()), ("a.txt", &b"text"[..]));
    assert_eq!(job.env["PATH"], "/usr/bin:/bin");
    let limits = job.limits;
    assert_eq!((limits.cpu_ms, limits.wall_ms, limits.memory_bytes), (10_000, 20_001, 104_857_600));
    assert_eq!((limits.processes, limits.output_bytes), (50, 10_240));
}

#[tokio::test]
async fn every_end_has_its_status() {
    let killed = Exit::Signal(9);
    for (exit, limit, status, number) in [
        (Exit::Code(0), None, "Accepted", 0),
        (Exit::Code(3), None, "Nonzero Exit Status", 3),
        (Exit::Signal(11), None, "Signalled", 11),
        (killed.clone(), Some(LimitHit::CpuTime), "Time Limit Exceeded", 9),
        (killed.clone(), Some(LimitHit::WallTime), "Time Limit Exceeded", 9),
        (killed.clone(), Some(LimitHit::Memory), "Memory Limit Exceeded", 9),
        (killed, Some(LimitHit::Output), "Output Limit Exceeded", 9),
        (Exit::Signal(31), Some(LimitHit::ForbiddenCall), "Dangerous Syscall", 31),
        (Exit::NotStarted("no such file".to_owned()), None, "Internal Error", 0),
    ] {
        let own = exit.clone();
        let house = house(move |job| {
            Some(report(job, Verdict::RuntimeError, |test| (test.exit, test.limit) = (Some(own.clone()), limit)))
        });
        let result = house.post("/run", &cmd(&json!({}))).await.json()[0].clone();
        assert_eq!((&result["status"], &result["exitStatus"]), (&json!(status), &json!(number)), "{exit:?}");
    }
}

#[tokio::test]
async fn files_are_copied_out_kept_and_used_again() {
    let house = house(|job| {
        Some(report(job, Verdict::Accepted, |test| {
            test.stdout = excerpt(job.files.first().map_or(b"", |file| file.content.as_bytes()));
            test.files = Box::new([left("a", b"binary"), left("log", b"0123456789")]);
        }))
    });
    let out = json!({"copyOut": ["stdout", "log", "none?"], "copyOutCached": ["a"]});
    let result = house.post("/run", &cmd(&out)).await.json()[0].clone();
    assert_eq!(result["files"], json!({"stdout": "text", "stderr": "", "log": "0123456789"}));
    let id = result["fileIds"]["a"].as_str().unwrap().to_owned();
    assert_eq!(house.get(&format!("/file/{id}")).await.body, b"binary");
    assert_eq!(house.get("/file").await.json(), json!({id.clone(): "a"}));
    let again = json!({"args": ["a", "a"], "copyIn": {"a": {"fileId": id}}});
    assert_eq!(house.post("/run", &cmd(&again)).await.json()[0]["files"]["stdout"], "binary");
    assert_eq!(&house.job().args[..], ["./a", "a"], "the file, and no program along PATH");
    assert_eq!(house.send("DELETE", &format!("/file/{id}"), &[], "").await.status, 200);
    assert_eq!(house.send("DELETE", &format!("/file/{id}"), &[], "").await.status, 404);
    assert_eq!(house.get(&format!("/file/{id}")).await.status, 404);
    let form = "--x\r\ncontent-disposition: form-data; name=\"file\"; filename=\"f\"\r\n\r\nbytes\r\n--x--\r\n";
    let id = house.send("POST", "/file", &["content-type: multipart/form-data; boundary=x"], form).await.json();
    assert_eq!(house.get(&format!("/file/{}", id.as_str().unwrap())).await.body, b"bytes");
    // What is missing or too large.
    let result = house.post("/run", &cmd(&json!({"copyOut": ["none", "log"], "copyOutMax": 9}))).await.json();
    assert_eq!(result[0]["status"], "File Error");
    let kinds: Vec<&Value> = result[0]["fileError"].as_array().unwrap().iter().map(|error| &error["type"]).collect();
    assert_eq!(kinds, ["CopyOutOpen", "CopyOutSizeExceeded"]);
    let cut = json!({"copyOut": ["log"], "copyOutMax": 9, "copyOutTruncate": true});
    assert_eq!(house.post("/run", &cmd(&cut)).await.json()[0]["files"]["log"], "012345678");
}

#[tokio::test]
async fn what_is_printed_can_be_kept_and_is_cut_at_its_collectors_maximum() {
    let house = house(|job| {
        Some(report(job, Verdict::Accepted, |test| {
            (test.stdout, test.stderr) = (excerpt(b"0123456789"), excerpt(b"\xff!"));
        }))
    });
    let result = house.post("/run", &cmd(&json!({"copyOutCached": ["stdout"]}))).await.json()[0].clone();
    assert_eq!(result["files"], json!({"stderr": "\u{fffd}!"}));
    let id = result["fileIds"]["stdout"].as_str().unwrap().to_owned();
    assert_eq!(house.get(&format!("/file/{id}")).await.body, b"0123456789");
    let files = json!([null, {"name": "stdout", "max": 4}, {"name": "stderr", "max": 2}]);
    let result = house.post("/run", &cmd(&json!({"files": files}))).await.json()[0].clone();
    assert_eq!((&result["status"], &result["files"]["stdout"]), (&json!("Output Limit Exceeded"), &json!("0123")));
    assert_eq!(result["fileError"][0]["type"], "CollectSizeExceeded");
    assert_eq!(result["fileError"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_file_that_is_none_is_named_even_where_it_is_optional() {
    let house = house(|job| {
        Some(report(job, Verdict::Accepted, |test| {
            test.files_message = Some("`a` is a symlink, not a file; `b` does not fit".into());
        }))
    });
    let result = house.post("/run", &cmd(&json!({"copyOut": ["a?", "b?", "c?"]}))).await.json()[0].clone();
    let errors = result["fileError"].as_array().unwrap();
    let kinds: Vec<_> = errors.iter().map(|error| (error["name"].as_str(), error["type"].as_str())).collect();
    assert_eq!(kinds, [(Some("a"), Some("CopyOutNotRegularFile")), (Some("b"), Some("CopyOutCopyContent"))]);
    assert_eq!(result["status"], "File Error");
}

#[tokio::test]
async fn fields_may_be_null_and_limits_have_an_older_name() {
    let house = house(echo);
    let nulls = json!({"env": null, "copyIn": null, "copyOut": null, "tty": null, "cpuLimit": null,
        "files": [{"src": null, "content": "hi", "streamIn": false}, null],
        "clockLimit": 9_000_000_000u64, "realCpuLimit": 3_000_000_000u64, "memoryLimit": 1u64 << 60, "stackLimit": 1});
    let answer = house.post("/run", &cmd(&nulls)).await;
    assert_eq!((answer.status, &answer.json()[0]["status"]), (200, &json!("Accepted")), "{}", answer.text());
    let (limits, cap) = (house.job().limits, optimus_core::Limits::CAP);
    assert_eq!((limits.wall_ms, limits.memory_bytes), (3_000, cap.memory_bytes));
}

#[tokio::test]
async fn commands_of_a_request_have_results_in_their_order() {
    let house = house(echo);
    let mut request = cmd(&json!({}));
    let mut second = request["cmd"][0].clone();
    second["files"][0]["content"] = json!("second");
    request["cmd"].as_array_mut().unwrap().push(second);
    let results = house.post("/run", &request).await.json();
    assert_eq!((&results[0]["files"]["stdout"], &results[1]["files"]["stdout"]), (&json!("hello"), &json!("second")));
    // All are refused with one.
    request["cmd"][1]["args"] = json!([]);
    let answer = house.post("/run", &request).await;
    assert!(answer.status == 400 && answer.text().contains("cmd[1]"), "{}", answer.text());
}

#[tokio::test]
async fn every_mistake_is_a_string() {
    let house = house(echo);
    let third = json!([null, {"name": "stdout", "max": 1}, null, {"name": "extra", "max": 1}]);
    let same = json!([null, {"name": "out", "max": 1}, {"name": "out", "max": 1}]);
    let piped = json!({"cmd": [cmd(&json!({}))["cmd"][0]], "pipeMapping": [
        {"in": {"index": 0, "fd": 1}, "out": {"index": 0, "fd": 0}}
    ]});
    for (request, words) in [
        (json!({}), "no cmd provided"),
        (json!({"cmd": []}), "no cmd provided"),
        (json!({"cmd": 7}), "cmd: invalid type"),
        (json!({"cmd": vec![json!({"args": ["a"]}); 17]}), "17 commands"),
        (piped, "pipeMapping: is not supported"),
        (cmd(&json!({"cpuLimit": 1.5})), "cmd[0].cpuLimit: invalid type"),
        (cmd(&json!({"copyIn": {"a": {"src": "/etc/passwd"}}})), "cmd[0].copyIn[\"a\"]: src: is not supported"),
        (cmd(&json!({"copyIn": {"a": {"symlink": "b"}}})), "symlink: is not supported"),
        (cmd(&json!({"copyIn": {"a": {"fileId": "nosuch"}}})), "there is no file \"nosuch\""),
        (cmd(&json!({"copyIn": {"a": {}}})), "neither content nor fileId"),
        (cmd(&json!({"files": [{"streamIn": true}]})), "files[0]: streamIn: is not supported"),
        (cmd(&json!({"files": [null, {"streamOut": true}]})), "files[1]: streamOut: is not supported"),
        (cmd(&json!({"files": [null, {"content": "x"}]})), "files[1]: is no collector"),
        (cmd(&json!({"files": third})), "more than three descriptors"),
        (cmd(&json!({"files": same})), "cannot both be \"out\""),
        (cmd(&json!({"env": ["PATH"]})), "env: \"PATH\" has no `=`"),
        (cmd(&json!({"env": ["LD_PRELOAD=x"]})), "LD_PRELOAD"),
        (cmd(&json!({"copyIn": {"../a": {"content": ""}}})), "../a"),
        (cmd(&json!({"copyOut": ["/etc/passwd"]})), "absolute"),
        (cmd(&json!({"copyOut": ["*.txt"]})), "copyOut: \"*.txt\""),
        (cmd(&json!({"args": []})), "cmd[0]: `args`"),
        (cmd(&json!({"tty": true})), "tty: is not supported"),
        (cmd(&json!({"cpuSetLimit": "0,1"})), "cpuSetLimit: is not supported"),
    ] {
        let answer = house.post("/run", &request).await;
        let text = answer.json().as_str().unwrap().to_owned();
        assert!(answer.status == 400 && text.contains(words), "{} {text}: {request}", answer.status);
    }
    assert_eq!(house.post("/run", &json!("no object")).await.status, 400);
    assert_eq!(house.send("POST", "/file", &["content-type: text/plain"], "x").await.status, 400);
    assert_eq!(house.jobs(), 0);
}

#[tokio::test]
async fn a_key_needs_the_scope_of_commands_and_sees_its_own_files() {
    let house =
        House::with_keys(Door::GoJudge, &[("one", "a", false), ("two", "b", false), ("three", "c", false)], echo);
    let none = house.get("/version").await;
    assert_eq!((none.status, none.body.len()), (401, 0));
    assert_eq!(
        house.send("POST", "/run", &["authorization: Bearer two"], cmd(&json!({})).to_string()).await.status,
        403
    );
    assert_eq!(house.send("GET", "/file", &["authorization: Bearer two"], "").await.status, 403);
    let form = "--x\r\ncontent-disposition: form-data; name=\"file\"; filename=\"f\"\r\n\r\nbytes\r\n--x--\r\n";
    let headers = ["authorization: Bearer one", "content-type: multipart/form-data; boundary=x"];
    let id = house.send("POST", "/file", &headers, form).await.json();
    let path = format!("/file/{}", id.as_str().unwrap());
    for (key, status) in [("one", 200), ("three", 404)] {
        assert_eq!(
            house.send("GET", &path, &[&format!("authorization: Bearer {key}")], "").await.status,
            status,
            "{key}"
        );
    }
    let version = house.send("GET", "/version", &["authorization: Bearer one"], "").await.json();
    assert_eq!((&version["copyOutOptional"], &version["stream"]), (&json!(true), &json!(false)));
}

#[tokio::test]
async fn a_page_may_call_only_from_an_origin_that_is_allowed() {
    let house = house(echo);
    let body = cmd(&json!({})).to_string();
    for (origin, status) in [("https://allowed.example", 200), ("http://127.0.0.1:5050", 403), ("null", 403)] {
        let answer = house.send("POST", "/run", &[&format!("origin: {origin}")], body.clone()).await;
        assert_eq!(answer.status, status, "{origin}: {}", answer.text());
    }
    assert_eq!(house.jobs(), 1);
}
